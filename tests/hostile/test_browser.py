"""A real browser, without the policy that guards it, before pages full of hostile words: nothing runs."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page

from tests.desk import Desk
from tests.end_to_end.teammate import Teammate

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CHECKOUT = Path(__file__).parents[2]
SEED_S_MAX = 90
CALL_S_MAX = 20
PAGES = (
    "/",
    "/?scope=unassigned",
    "/overheard/",
    "/outbox/",
    "/outcomes/",
    "/ledger/",
    "/networks/",
    "/teammates/",
    "/me/",
)
CONVERSATIONS_MAX = 40
ROWS_MIN = 15  # most of the hostile wait; fewer would mean that this looks at nothing
RAW = (
    b"GET /" + b"%ff%00%ed%a0%80" * 20 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /?q=" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\nCookie: \xff=\x80\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"POST /language/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
    b"POST /language/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\nx",
    b"POST /language/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"BREW http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\x00" * 1000,
)
"""Requests that no client of a test would build."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Desk(tmp_path_factory.mktemp("hostile-desk")) as one:
        one.run("teammate", "add", "first", "--admin")
        subprocess.run(
            [sys.executable, "-m", "tests.hostile.world"],
            cwd=CHECKOUT,
            env=one.environment,
            check=True,
            timeout=SEED_S_MAX,
        )
        yield one


@pytest.fixture(scope="module")
def link(desk: Desk) -> str:
    return desk.up()


def test_nothing_that_hostile_people_wrote_runs(desk: Desk, link: str, chromium_browser: Browser) -> None:
    with chromium_browser.new_context(bypass_csp=True, locale="en-GB") as context:
        teammate = Teammate(context)
        opened = dialogues(context)
        teammate.enrol(link, name="Ines")
        rows = teammate.queue(desk.url)
        assert len(rows) >= ROWS_MIN
        for address in (*PAGES, *(row.address for row in rows[:CONVERSATIONS_MAX])):
            teammate.page.goto(address if "://" in address else desk.url + address)
            assert_nothing_ran(teammate.page)
            assert opened == []


def dialogues(context: BrowserContext) -> list[str]:
    """Collect each dialogue that a page opens."""
    opened: list[str] = []

    def close(dialogue: Dialog) -> None:
        opened.append(dialogue.message)
        dialogue.dismiss()

    def note(page: Page) -> None:
        page.on("dialog", close)

    for page in context.pages:
        note(page)
    context.on("page", note)
    return opened


def assert_nothing_ran(page: Page) -> None:
    """Wake what waits for a focus or a pointer, follow what a click would follow, and look whether anything ran."""
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.evaluate("document.querySelectorAll('a, button, input, textarea, img').forEach(one => one.focus())")
    scripts = (
        "a => ['href', 'src', 'action'].some(name => /^\\s*(javascript|data:text|vbscript):/i.test(a[name] || ''))"
    )
    assert page.evaluate(f"[...document.querySelectorAll('[href], [src], [action]')].filter({scripts}).length") == 0
    assert page.evaluate("window.__hit") is None, page.url


@pytest.mark.parametrize("request_bytes", RAW, ids=range(len(RAW)))
def test_the_server_survives_what_is_no_request(desk: Desk, link: str, request_bytes: bytes) -> None:
    assert link
    with closing(socket.create_connection(("127.0.0.1", desk.port), timeout=CALL_S_MAX)) as line:
        answer = b""
        with suppress(OSError):  # a server may hang up on such a client at any point
            line.sendall(request_bytes)
            line.shutdown(socket.SHUT_WR)
            answer = line.recv(65536)
    assert not answer.startswith(b"HTTP/1.1 5"), answer[:200]
    state = desk.health()
    assert state is not None
    assert state["status"] == "ok"
