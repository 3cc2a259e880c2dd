"""The stream of signals as a browser reads it, from a real server over SQLite and over PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.desk import Desk
from tests.plain_browser import PlainBrowser

PASSWORD = "a calm and patient desk"
EVENT_S_MAX = 20
"""A signal takes under a second; a busy machine is given time."""

pytestmark = pytest.mark.timeout(200)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    database = ""
    if request.param == "postgresql":
        database = request.getfixturevalue("postgres").create_database()
    with Desk(tmp_path / "desk", database=database) as one:
        yield one


def events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Read (event, data), heartbeats left out."""
    kind = ""
    for line in lines:
        name, _colon, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, value


def test_a_change_is_told_to_whom_it_concerns_and_an_open_stream_does_not_hold_the_server(desk: Desk) -> None:
    link = desk.run("teammate", "add", "lea", "--admin").strip()
    web = desk.web()
    with PlainBrowser(desk.url) as browser:
        browser.open(link)
        browser.submit("", name="Léa Martin", password=PASSWORD)
        address = f"{desk.url}/live/?topics=queue,conversation:7,nonsense"
        cookies = {"vivavoce": browser._http.cookies["vivavoce"]}
        with httpx.stream("GET", address, cookies=cookies, timeout=EVENT_S_MAX) as answer:
            assert answer.headers["content-type"] == "text/event-stream"
            heard = events(answer.iter_lines())
            assert next(heard) == ("hello", "[]")
            browser.open("/rule/")
            browser.submit("", time_zone="Europe/Paris", presence_window_min="20")
            assert next(heard) == ("changed", '["queue"]')
            web.ask_to_stop()
            assert list(heard) == []


def test_a_stranger_hears_nothing(desk: Desk) -> None:
    desk.web()
    answer = httpx.get(f"{desk.url}/live/?topics=queue", timeout=EVENT_S_MAX)
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (302, "/accounts/login/")
