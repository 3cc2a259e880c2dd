"""Every address, by everybody, with everything: never a failure of the desk, never another's draft, never markup."""

import html
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from tests.hostile.addresses import RAW_PARTS, Address, addresses
from tests.hostile.bodies import FIELDS, HEADERS, VALUES, Body, broken, everything, form, request_arguments
from tests.hostile.markup import what_would_run
from tests.hostile.world import HIT, MARKUP, SECRET, World
from tests.servers.postgres import Postgres
from vivavoce.desk.replies.models import Draft, Reply
from vivavoce.desk.team.models import Teammate

CHECKOUT = Path(__file__).parents[2]
SUITE_S_MAX = 500

NOBODY = "nobody"
ASKERS = (NOBODY, "bob", "chief")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "BREW")
FAILURE = 500
FIELD_CHARACTERS = 20_001  # one more than any text may have; all fields together stay under what Django takes
PAGE_BYTES_MAX = 3_000_000  # a page that carries a long text whole would not be a page any more

ADDRESSES = addresses()
OURS = [address for address in ADDRESSES if not address.form.startswith(("admin/", "accounts/"))]
"""What this project wrote; the admin and the sign-in are Django's and allauth's, attacked with less."""


@pytest.fixture(autouse=True)
def _quiet_log() -> Iterator[None]:
    log = logging.getLogger("django")
    log.disabled = True  # thousands of refusals would bury the one failure in a report
    yield
    log.disabled = False


class Asker:
    """Somebody who goes on asking: signs in again when a request signed them out."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._client = Client()

    def asks(self, method: str, address: str, body: Body, headers: dict[str, str] | None = None) -> HttpResponseBase:
        """Ask, and hold the answer against what must always be true of one."""
        self._sign_in()
        response = self._client.generic(method, address, **request_arguments(body, headers or {}))
        assert response.status_code < FAILURE, (method, address, response.status_code)
        location = response.headers.get("Location", "")
        assert "evil.test" not in location.partition("?")[0], (method, address, location)
        if not isinstance(response, StreamingHttpResponse):  # the stream of signals; nobody began to read it
            assert len(response.content) < PAGE_BYTES_MAX
            if response.headers.get("Content-Type", "").startswith("text/html"):
                assert_harmless(response, (method, address))
        return response

    def _sign_in(self) -> None:
        if self._name == NOBODY:
            self._client.cookies.clear()
            return
        known = self._client.cookies.get(settings.SESSION_COOKIE_NAME)
        if known is None or not Session.objects.filter(pk=known.value).exists():
            teammate = Teammate.objects.get(username=self._name)
            self._client.force_login(teammate, "django.contrib.auth.backends.ModelBackend")


def assert_harmless(response: HttpResponseBase, where: tuple[str, str]) -> None:
    """Hold a page against what must be true of all: no draft of another, nothing that runs."""
    text = response.getvalue().decode()
    assert SECRET not in text, where
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    if "__hit" in text or "alert(" in text:
        assert not list(what_would_run(text)), where


def known_id(world: World, address: Address) -> str:
    """Return what an address of ours names, where there is such a thing."""
    return world.known.get(address.form.partition("/")[0], ("1",))[0]


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize("method", METHODS)
def test_no_address_fails_whatever_stands_in_it(world: World, asker: str, method: str) -> None:
    somebody = Asker(asker)
    for address in ADDRESSES:
        wrong = address.parts if method in {"GET", "POST"} else address.parts[:2]
        for part in (*wrong, *world.known.get(address.form.partition("/")[0], ())[: len(address.holes) * 3]):
            somebody.asks(method, address.filled(part), form({}))


def test_nobody_who_is_not_signed_in_is_shown_anything(world: World) -> None:
    nobody = Asker(NOBODY)
    for address in ADDRESSES:
        response = nobody.asks("GET", address.filled(known_id(world, address)), form({}))
        shown = response.content.decode() if isinstance(response, HttpResponse) else ""
        assert HIT not in html.unescape(shown), address
        assert "enemy" not in shown


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_no_field_and_no_query_fails_whatever_is_in_it(world: World, value: str) -> None:
    filled = form(everything(value[:FIELD_CHARACTERS]))
    query = "&".join(f"{name}={quote(value[:1_000], errors='surrogatepass')}" for name in FIELDS)
    bob, chief = Asker("bob"), Asker("chief")
    for address in ADDRESSES if value in VALUES[::5] else OURS:
        there = address.filled(known_id(world, address))
        chief.asks("POST", there, filled)
        bob.asks("POST", there, filled, {"HX-Request": "true"})
        bob.asks("GET", f"{there}?{query}", form({}))


@pytest.mark.parametrize("headers", HEADERS, ids=range(len(HEADERS)))
def test_no_header_fails(world: World, headers: dict[str, str]) -> None:
    bob, nobody = Asker("bob"), Asker(NOBODY)
    for address in ADDRESSES:
        there = address.filled(known_id(world, address))
        bob.asks("GET", there, form({}), headers)
        nobody.asks("POST", there, form({"text": "x"}), headers)


@pytest.mark.parametrize("value", ["x", MARKUP[0], "\x00\ud800"], ids=["plain", "markup", "unstorable"])
def test_no_broken_body_fails(world: World, value: str) -> None:
    chief = Asker("chief")
    for address in ADDRESSES if value == "x" else OURS:
        for body in broken(value):
            chief.asks("POST", address.filled(known_id(world, address)), body)


parts = st.one_of(st.sampled_from(RAW_PARTS), st.text().map(lambda text: quote(text, safe="", errors="surrogatepass")))
texts = st.one_of(st.sampled_from(VALUES), st.text(max_size=300))


@given_settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    address=st.sampled_from(ADDRESSES),
    asker=st.sampled_from(ASKERS),
    method=st.sampled_from(METHODS),
    part=parts,
    fields=st.dictionaries(st.one_of(st.sampled_from(FIELDS), st.text(max_size=20)), texts, max_size=8),
    headers=st.sampled_from(HEADERS),
)
def test_no_mixture_of_these_fails(  # noqa: PLR0913, PLR0917 - each is a part of a request
    world: World, address: Address, asker: str, method: str, part: str, fields: dict[str, str], headers: dict[str, str]
) -> None:
    assert world.people
    query = form(fields).content.decode()
    Asker(asker).asks(method, f"{address.filled(part)}?{query}", form(fields), headers)


def test_nobody_can_read_change_or_send_anothers_words(world: World) -> None:
    for somebody in (Asker("bob"), Asker("chief")):
        for address in (address for address in OURS if not address.form.endswith("/erase/")):
            for part in world.known.get(address.form.partition("/")[0], ("1",)):
                somebody.asks("GET", f"{address.filled(part)}?user=ann&teammate={world.people['ann']}", form({}))
                for fields in ({}, {"text": ""}, {"teammate": str(world.people["ann"]), "user": "ann"}):
                    somebody.asks("POST", address.filled(part), form(fields))
    kept = Draft.objects.filter(teammate=world.people["ann"], text=SECRET)
    assert kept.count() == 4
    assert not Reply.objects.filter(text=SECRET).exists()


@pytest.mark.postgres
@pytest.mark.timeout(SUITE_S_MAX + 60)
@pytest.mark.skipif(bool(os.environ.get("VIVAVOCE_DATABASE")), reason="this is the run on PostgreSQL")
def test_all_this_holds_on_postgresql(postgres: Postgres) -> None:
    here = str(Path(__file__).relative_to(CHECKOUT))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "GET or field or body or mixture", here],
        cwd=CHECKOUT,
        env=os.environ | {"VIVAVOCE_DATABASE": postgres.dsn("hostile")},
        capture_output=True,
        text=True,
        timeout=SUITE_S_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8_000:]
