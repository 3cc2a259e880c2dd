"""A team over one PostgreSQL: pages, two listeners and two couriers apart, and a teammate without JavaScript."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk import Desk, wait_for
from tests.end_to_end.customers import Customers, texts
from tests.plain_browser import PlainBrowser
from tests.servers.jetstream import Jetstream
from tests.servers.pds import Pds
from tests.servers.postgres import Postgres

pytestmark = [pytest.mark.pds, pytest.mark.postgres, pytest.mark.timeout(400)]

PEOPLE = 6
POSTS = 60
HEARD_S_MAX = 120
SENT_S_MAX = 90
PASSWORD = "a window of minutes"


@pytest.fixture
def desk(tmp_path: Path, postgres: Postgres) -> Iterator[Desk]:
    with Desk(tmp_path / "desk", database=postgres.create_database()) as one:
        yield one


def test_separate_processes_hear_each_post_once_and_send_each_answer_once(
    desk: Desk, pds: Pds, jetstream: Jetstream
) -> None:
    customers = Customers.arrive(pds, count=PEOPLE, name="team")
    link = desk.run("teammate", "add", "ines", "--admin").strip()
    connect(desk, customers, jetstream)
    for command in ("listen", "listen", "courier", "courier"):
        desk.start(command)
    desk.web()
    desk.wait_until(lambda state: bool(state["networks"][0]["heard_at"]), within_s=HEARD_S_MAX)
    customers.write(texts(POSTS))
    state = desk.wait_until(lambda state: state["posts"] >= POSTS, within_s=HEARD_S_MAX)
    assert (state["database"], state["posts"], state["waiting"]) == ("postgresql", POSTS, PEOPLE)

    with PlainBrowser(desk.url) as browser:
        browser.open(link)
        browser.submit("", name="Ines Aubert", password=PASSWORD)
        browser.open("/")
        conversations = browser.links("/conversations/")
        assert len(conversations) == PEOPLE
        answer_by_password(browser, conversations[0], "answer 0")
        for number, conversation in enumerate(conversations[1:], start=1):
            answer(browser, conversation, f"answer {number}")
        desk.wait_until(lambda state: state["outbox"] == 0, within_s=SENT_S_MAX)
        wait_for(lambda: len(pds.records(customers.brand)) >= PEOPLE or None, within_s=SENT_S_MAX, why=desk.logs)
        browser.open(conversations[0])
        assert "signed in" in browser.text
    sent = pds.records(customers.brand)
    assert Counter(record["value"]["text"] for record in sent) == {f"answer {n}": 1 for n in range(PEOPLE)}
    assert len({record["value"]["reply"]["parent"]["uri"] for record in sent}) == PEOPLE
    assert desk.run("verify")


def connect(desk: Desk, customers: Customers, stream: Jetstream) -> None:
    desk.run(
        *("connect", "bluesky", f"--set=handle={customers.brand.handle}"),
        *(f"--set=service={customers.pds.url}", f"--set=jetstream={stream.url}"),
        stdin=customers.pds.create_app_password(customers.brand) + "\n",
    )


def answer_by_password(browser: PlainBrowser, conversation: str, text: str) -> None:
    """Send without having shown to be there: the words are kept, the password is asked for, then they leave."""
    browser.open(conversation)
    browser.submit("/reply", text=text)
    assert "/presence/" in browser.url
    browser.submit("/presence/", password=PASSWORD)
    assert browser.form("/reply").fields["text"] == text
    browser.submit("/reply")


def answer(browser: PlainBrowser, conversation: str, text: str) -> None:
    browser.open(conversation)
    browser.submit("/reply", text=text)
    assert "/conversations/" in browser.url
