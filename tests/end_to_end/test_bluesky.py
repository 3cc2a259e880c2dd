"""A teammate's whole afternoon: 500 people's posts on Bluesky, one answer by passkey, and what came of it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.desk import Desk, wait_for
from tests.end_to_end.customers import Customers, texts
from tests.end_to_end.teammate import Row, Teammate
from tests.servers.jetstream import Jetstream
from tests.servers.network import Network
from tests.servers.pds import Ref

pytestmark = [pytest.mark.appview, pytest.mark.browser, pytest.mark.timeout(400)]

POSTS = 500
PEOPLE = 40
HEARD_S_MAX = 120
SENT_S_MAX = 60
CALM = "We are sorry. Your refund left today and the engineer comes tomorrow at nine. Ines"
HAPPY = "Thank you so much, Ines! You solved it, great service, I am really happy. 😊"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path / "desk") as one:
        yield one


@pytest.fixture
def jetstream_of_all(bluesky_network: Network) -> Iterator[Jetstream]:
    with Jetstream(bluesky_network.pds.firehose_url) as stream:
        yield stream


def test_a_post_on_bluesky_is_answered_by_a_person_and_the_person_answers(
    desk: Desk, bluesky_network: Network, jetstream_of_all: Jetstream, chromium_browser: Browser
) -> None:
    pds = bluesky_network.pds
    customers = Customers.arrive(pds, count=PEOPLE, name="e2e")
    bluesky_network.wait_for(lambda: bluesky_network.notifications(customers.brand) == [])
    connect(desk, bluesky_network, jetstream_of_all, customers)
    link = desk.up()
    desk.wait_until(lambda state: bool(state["networks"][0]["heard_at"]), within_s=HEARD_S_MAX)
    customers.write(texts(POSTS))
    with chromium_browser.new_context(locale="en-GB") as context:
        teammate = Teammate(context)
        teammate.enrol(link, name="Ines Aubert")
        assert teammate.credentials() == 1
        state = desk.wait_until(lambda state: state["posts"] >= POSTS, within_s=HEARD_S_MAX)
        assert (state["posts"], state["conversations"], state["waiting"]) == (POSTS, POSTS, PEOPLE)
        rows = teammate.queue(desk.url)
        assert_in_due_order(rows, desk.data)

        asked = open_first_unhappy(teammate, rows, desk.data)
        teammate.answer(CALM)
        answer = wait_for(lambda: the_answer(bluesky_network, customers), within_s=SENT_S_MAX, why=desk.logs)
        assert answer["value"]["text"] == CALM
        assert answer["value"]["reply"] == {"root": asked.json(), "parent": asked.json()}
        teammate.sees("#thread .post--ours .tag", "proved")
        desk.wait_until(lambda state: state["outbox"] == 0, within_s=SENT_S_MAX)

        person = customers.of(asked.uri.split("/")[2])
        pds.post(person, HAPPY, parent=Ref(answer["uri"], answer["cid"]), root=asked)
        teammate.sees("#felt", "good")
        assert teammate.felt() == ("unhappy", "good")
        teammate.page.goto(f"{desk.url}/outcomes/")
        teammate.sees("main section .big", "100%")
    assert len(pds.records(customers.brand)) == 1
    assert desk.run("verify")


def connect(desk: Desk, network: Network, stream: Jetstream, customers: Customers) -> None:
    settings = {"handle": customers.brand.handle, "service": network.url, "jetstream": stream.url}
    told = desk.run(
        *("connect", "bluesky"),
        *(f"--set={name}={value}" for name, value in settings.items()),
        stdin=network.pds.create_app_password(customers.brand) + "\n",
    )
    assert f"as {customers.brand.handle}" in told


def rows_of(data: Path, query: str, *values: object) -> list[Any]:
    """Ask the desk's own database, which stays as it is."""
    with closing(sqlite3.connect(f"file:{data / 'vivavoce.sqlite3'}?mode=ro", uri=True)) as database:
        return database.execute(query, values).fetchall()


def assert_in_due_order(rows: list[Row], data: Path) -> None:
    """Everybody is there once, and stands where their most pressing post puts them."""
    assert [row.place for row in rows] == sorted(row.place for row in rows)
    assert len(rows) == PEOPLE
    waiting = rows_of(
        data,
        "SELECT conversation.person_id, post.lane = 0, post.due_at FROM inbox_post AS post "
        "JOIN inbox_conversation AS conversation ON conversation.id = post.conversation_id "
        "WHERE post.waits ORDER BY post.lane DESC, post.due_at DESC",
    )
    assert len(waiting) == POSTS
    most_pressing = {
        person: (bool(danger), datetime.fromisoformat(due).replace(tzinfo=UTC)) for person, danger, due in waiting
    }
    assert {row.person: (row.danger, row.due_at) for row in rows} == most_pressing


def open_first_unhappy(teammate: Teammate, rows: list[Row], data: Path) -> Ref:
    """Open the conversation of the first in the queue who began unhappy, and return the post to answer."""
    for row in rows:
        teammate.page.goto(row.address)
        if teammate.felt() == ("unhappy", "unhappy"):
            post = int(row.address.rpartition("#post-")[2])
            ((uri, cid),) = rows_of(data, "SELECT remote_id, version FROM inbox_post WHERE id = ?", post)
            return Ref(uri, cid)
    pytest.fail("nobody in the queue is said to be unhappy")


def the_answer(network: Network, customers: Customers) -> dict[str, Any] | None:
    """Return what the brand has put on the network, read back from there."""
    found = network.pds.records(customers.brand)
    return found[0] if found else None
