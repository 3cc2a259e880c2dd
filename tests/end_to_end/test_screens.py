"""Many open screens on a team's desk: each holds a stream, and none of them holds what the others need."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.desk import Desk
from tests.servers.postgres import Postgres
from vivavoce.desk.databases import POOL_CONNECTIONS_MAX

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(200)]

CALL_S_MAX = 30


@pytest.fixture
def desk(tmp_path: Path, postgres: Postgres) -> Iterator[Desk]:
    with Desk(tmp_path / "desk", database=postgres.create_database()) as one:
        yield one


def test_more_open_screens_than_connections_leave_the_desk_answering(desk: Desk) -> None:
    link = desk.run("teammate", "add", "ines").strip()
    desk.web()
    limits = httpx.Limits(max_connections=None)
    with httpx.Client(base_url=desk.url, follow_redirects=True, timeout=CALL_S_MAX, limits=limits) as browser:
        browser.get(link).raise_for_status()
        with ExitStack() as screens:
            for _screen in range(POOL_CONNECTIONS_MAX + 5):
                stream = screens.enter_context(browser.stream("GET", "/live/?topics=queue"))
                assert "event: hello" in next(stream.iter_text())
            assert browser.get("/").status_code == httpx.codes.OK
