"""What a browser, and whoever pretends to be one, can do at the addresses of replies."""

import json
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.socialaccount.models import SocialAccount
from django.conf import settings as django_settings
from django.contrib.auth import login
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings
from tests.outbox.world import World
from tests.presence.enrol import answer

from vivavoce.desk.replies import services
from vivavoce.desk.replies.models import Draft, Presence, Reply
from vivavoce.desk.replies.window import FRESH_S_MAX, SESSION_KEY, window_of

TEXT = "Je suis là."
PAGES = {
    "replies/presence.html": "{{ error }}|{{ methods|join:',' }}|{{ next }}",
    "replies/outbox.html": "{{ outbox }}",
    "account/login.html": "",
}


@pytest.fixture(autouse=True)
def _addresses(settings: Settings, data_folder: Path) -> None:
    settings.STATIC_ROOT = data_folder
    settings.ROOT_URLCONF = "tests.outbox.urls"
    engine: dict[str, Any] = dict(django_settings.TEMPLATES[0])
    loaders = [("django.template.loaders.locmem.Loader", PAGES)]
    options = {**engine["OPTIONS"], "loaders": loaders}
    settings.TEMPLATES = [{**engine, "APP_DIRS": False, "OPTIONS": options}]
    cache.clear()


@pytest.fixture
def world(db: None) -> World:  # noqa: ARG001 - opens the database
    return World(now=datetime.now(UTC))


@pytest.fixture
def browser(world: World) -> Client:
    client = Client()
    client.force_login(world.anne)
    return client


def url(world: World, what: str) -> str:
    return f"/conversations/{world.conversation.pk}/{what}"


def confirmed(browser: Client, password: str = "une longue phrase") -> HttpResponse:  # noqa: S107 - a test's
    response: HttpResponse = browser.post("/presence/", {"password": password, "next": "/outbox/"})  # type: ignore[assignment]
    return response


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def asked(browser: Client, world: World, text: str = TEXT) -> dict[str, Any]:
    given: dict[str, Any] = browser.post(url(world, "challenge"), {"text": text}).json()
    return given


def signed(browser: Client, world: World, text: str = TEXT) -> dict[str, str]:
    given = asked(browser, world, text)
    assertion = answer(world.passkey, world.credential_id, given["publicKey"])
    return {"text": text, "nonce": given["nonce"], "assertion": json.dumps(assertion)}


def test_a_passkey_sends_from_the_browser(browser: Client, world: World) -> None:
    response = browser.post(url(world, "reply"), signed(browser, world))
    assert (response.status_code, response["Location"]) == (303, url(world, ""))
    assert Reply.objects.get().presence.kind == "proved"


def test_without_presence_the_words_stay_a_draft_and_the_desk_asks(browser: Client, world: World) -> None:
    response = browser.post(url(world, "reply"), {"text": TEXT})
    assert response.status_code == 303
    assert response["Location"].startswith("/presence/?next=%2Fconversations%2F")
    assert not Reply.objects.exists()
    assert Draft.objects.get().text == TEXT


def test_a_password_given_anew_opens_a_window_and_the_form_sends(browser: Client, world: World) -> None:
    response = confirmed(browser)
    assert (response.status_code, response["Location"]) == (303, "/outbox/")
    browser.post(url(world, "reply"), {"text": TEXT})
    presence = Reply.objects.get().presence
    assert (presence.kind, presence.method) == ("signed_in", "password")


def test_who_confirmed_for_a_reply_is_told_to_press_send(browser: Client, world: World) -> None:
    onward = url(world, "")
    response = browser.post("/presence/", {"password": "une longue phrase", "next": onward})
    assert response["Location"] == onward
    assert "press Send" in said(response)


def test_a_reply_that_has_left_already_is_shown_in_its_conversation(browser: Client, world: World) -> None:
    reply = world.sends(TEXT)
    Reply.objects.filter(pk=reply.pk).update(state=Reply.State.SENDING)
    response = browser.post(f"/replies/{reply.pk}/withdraw")
    assert response["Location"] == url(world, "")


def test_a_code_given_anew_opens_a_window_once(browser: Client, world: World) -> None:
    TOTP.activate(world.anne, "JBSWY3DPEHPK3PXP")
    now = next(iter(yield_hotp_counters_from_time()))
    code = format_hotp_value(hotp_value("JBSWY3DPEHPK3PXP", now))
    assert browser.post("/presence/", {"code": code}).status_code == 303
    assert browser.session[SESSION_KEY]["method"] == "totp"
    assert browser.post("/presence/", {"code": code}).status_code == 422


@pytest.mark.parametrize("given", [{}, {"password": "x"}, {"code": "000000"}, {"password": "x" * 100_000}])
def test_what_is_not_right_opens_nothing(browser: Client, given: dict[str, str]) -> None:
    assert browser.post("/presence/", given).status_code == 422
    assert SESSION_KEY not in browser.session


def test_guessing_is_stopped(browser: Client) -> None:
    codes = [confirmed(browser, f"guess {number}").status_code for number in range(15)]
    assert codes[-1] == 429
    assert confirmed(browser).status_code == 429


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\x00", ""])
def test_the_way_on_stays_in_the_house(browser: Client, onward: str) -> None:
    response = browser.post("/presence/", {"password": "une longue phrase", "next": onward})
    assert response["Location"] == "/"


def test_a_window_of_one_teammate_does_not_follow_another_into_the_same_browser(browser: Client, world: World) -> None:
    confirmed(browser)
    kept = browser.session[SESSION_KEY]
    browser.force_login(world.bruno)
    assert SESSION_KEY not in browser.session
    session = browser.session
    session[SESSION_KEY] = kept
    session.save()
    browser.post(url(world, "reply"), {"text": TEXT})
    assert not Reply.objects.exists()


def test_a_session_prepared_before_the_sign_in_opens_nothing(world: World) -> None:
    attacker = Client()
    attacker.get("/accounts/login/")
    session = attacker.session
    session[SESSION_KEY] = {"teammate": world.anne.pk, "method": "password", "opened_at": world.now.isoformat()}
    session.save()
    attacker.force_login(world.anne)
    assert SESSION_KEY not in attacker.session


@pytest.mark.parametrize(
    "kept", ["x", [], {"teammate": 1}, {"teammate": None, "method": 1, "opened_at": "soon"}], ids=str
)
def test_a_broken_window_is_none(browser: Client, world: World, kept: Any) -> None:
    session = browser.session
    session[SESSION_KEY] = kept
    session.save()
    assert browser.post(url(world, "reply"), {"text": TEXT}).status_code == 303
    assert not Reply.objects.exists()


def test_a_sign_in_with_a_password_opens_a_window(world: World) -> None:
    browser = Client()
    browser.post("/accounts/login/", {"login": world.bruno.username, "password": "une autre phrase"})
    browser.post(url(world, "reply"), {"text": TEXT})
    assert Reply.objects.get().presence.method == "password"


def test_a_sign_in_without_asking_the_person_opens_nothing(world: World) -> None:
    browser = Client()
    browser.force_login(world.bruno)
    browser.post(url(world, "reply"), {"text": TEXT})
    assert not Reply.objects.exists()


def opened(world: World, method: str, **record: Any) -> str | None:
    """Sign in after one of allauth's records; return the window's method."""
    request = RequestFactory().get("/")
    request.session = Client().session
    record_authentication(request, world.anne, method, **record)
    login(request, world.anne, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    window = window_of(request.session, teammate=world.anne, now=datetime.now(UTC))
    return window.method if window else None


@pytest.mark.parametrize(
    ("method", "record", "expected"),
    [
        ("password", {}, "password"),
        ("mfa", {"id": 1, "type": "totp"}, "totp"),
        ("mfa", {"id": 1, "type": "webauthn", "passwordless": True}, "passkey_sign_in"),
        ("mfa", {"id": 1, "type": "webauthn"}, None),
        ("mfa", {"id": 1, "type": "recovery_codes"}, None),
        ("password_reset", {}, None),
        ("code", {}, None),
        ("socialaccount", {"provider": "sso", "uid": "nobody"}, None),
    ],
    ids=str,
)
def test_only_a_sign_in_that_asked_the_person_opens_a_window(
    world: World, method: str, record: dict[str, Any], expected: str | None
) -> None:
    assert opened(world, method, **record) == expected


@pytest.mark.parametrize(
    ("age_s", "expected"), [(1, "sso"), (FRESH_S_MAX + 60, None), (-3600, None), (None, None), (True, None)]
)
def test_single_sign_on_counts_only_when_the_person_was_asked_now(
    world: World, age_s: int | None, expected: str | None
) -> None:
    token = {} if age_s is None else {"auth_time": age_s if age_s is True else time.time() - age_s}
    SocialAccount.objects.create(user=world.anne, provider="sso", uid="anne", extra_data={"id_token": token})
    assert opened(world, "socialaccount", provider="sso", uid="anne") == expected


def test_who_is_not_signed_in_gets_nowhere(world: World) -> None:
    stranger = Client()
    reply = world.sends()
    for what in ("challenge", "reply", "draft"):
        assert stranger.post(url(world, what), {"text": TEXT})["Location"].startswith("/accounts/login/")
    for what in ("withdraw", "decide", "edit"):
        assert stranger.post(f"/replies/{reply.pk}/{what}")["Location"].startswith("/accounts/login/")
    assert Reply.objects.count() == 1


def test_a_form_from_another_site_is_refused(world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.anne)
    assert browser.post(url(world, "reply"), {"text": TEXT}).status_code == 403


def test_looking_changes_nothing(browser: Client, world: World) -> None:
    for what, status in (("challenge", 405), ("reply", 303), ("draft", 405)):
        assert browser.get(url(world, what)).status_code == status


@pytest.mark.parametrize(
    "text",
    ["\x00", "\ud83d", "\u202eabc", "👩‍👩‍👧", "<script>", "javascript:alert(1)", "é" * 300_000, ""],
    ids=lambda text: ascii(text)[:20],
)
def test_hostile_words_never_break_a_page(browser: Client, world: World, text: str) -> None:
    data = {"text": text.encode("utf-8", "surrogatepass"), "nonce": "\x00", "assertion": "{"}
    for what in ("challenge", "draft", "reply"):
        assert browser.post(url(world, what), data).status_code < 500
    assert browser.post(url(world, "reply"), {"text": data["text"]}).status_code < 500
    assert not Reply.objects.exists()


@pytest.mark.parametrize(
    "assertion", ["{", "[]", "null", "[" * 10_000, '{"id": 1}', "x" * 30_000, "7"], ids=lambda a: a[:9]
)
def test_a_hostile_assertion_is_refused_in_words(browser: Client, world: World, assertion: str) -> None:
    nonce = asked(browser, world)["nonce"]
    response = browser.post(url(world, "reply"), {"text": TEXT, "nonce": nonce, "assertion": assertion})
    assert response.status_code == 303
    assert "Sign once more" in said(response)
    assert Draft.objects.get().text == TEXT
    assert not Reply.objects.exists()


@pytest.mark.parametrize("number", ["999999999999999999999999", "0", "-1", "1e3", "\u0661"])
def test_a_conversation_that_is_not_there_is_not_found(browser: Client, number: str) -> None:
    for what in ("challenge", "reply", "draft"):
        assert browser.post(f"/conversations/{number}/{what}", {"text": TEXT}).status_code == 404


def test_a_reply_that_is_not_there_is_not_found(browser: Client) -> None:
    for what in ("withdraw", "decide", "edit"):
        assert browser.post(f"/replies/{uuid.uuid4()}/{what}", {"decision": "there"}).status_code == 404


def test_an_answer_meanwhile_is_shown_first_and_sending_again_adds_to_it(browser: Client, world: World) -> None:
    services.reply_send(
        conversation=world.conversation, teammate=world.bruno, text="Moi aussi.",
        presence=world.window(world.bruno), now=world.now,
    )  # fmt: skip
    confirmed(browser)
    refused = browser.post(url(world, "reply"), {"text": TEXT})
    assert "Bruno has answered meanwhile" in said(refused)
    assert Reply.objects.count() == 1
    assert Draft.objects.get(teammate=world.anne).text == TEXT
    browser.post(url(world, "reply"), {"text": TEXT})
    assert Reply.objects.count() == 2


def test_a_double_click_is_one_reply(browser: Client, world: World) -> None:
    confirmed(browser)
    for _click in range(2):
        browser.post(url(world, "reply"), {"text": TEXT})
    assert Reply.objects.count() == 1
    assert Presence.objects.count() == 1


def test_who_signs_in_again_after_sending_comes_back_to_the_conversation(browser: Client, world: World) -> None:
    browser.logout()
    there = browser.post(url(world, "reply"), {"text": TEXT})["Location"]
    assert there.endswith(f"next={url(world, 'reply')}")
    browser.force_login(world.anne)
    assert browser.get(url(world, "reply"))["Location"] == url(world, "")
    assert not Reply.objects.exists()


def test_drafts_are_kept_and_emptied(browser: Client, world: World) -> None:
    assert browser.post(url(world, "draft"), {"text": "J'écris"}).status_code == 204
    assert Draft.objects.get().text == "J'écris"
    assert browser.post(url(world, "draft"), {"text": " "}).status_code == 204
    assert not Draft.objects.exists()


def test_the_challenge_says_what_is_wrong_before_anybody_signs(browser: Client, world: World) -> None:
    response = browser.post(url(world, "challenge"), {"text": "  "})
    assert (response.status_code, list(response.json())) == (422, ["error"])


def test_the_challenge_says_whether_a_window_is_open(browser: Client, world: World) -> None:
    assert asked(browser, world)["signed_in"] is False
    confirmed(browser)
    assert asked(browser, world)["signed_in"] is True


def test_only_the_author_takes_back_and_takes_up(browser: Client, world: World) -> None:
    reply = world.sends(TEXT)
    other = Client()
    other.force_login(world.bruno)
    other.post(f"/replies/{reply.pk}/withdraw")
    reply.refresh_from_db()
    assert reply.state == "queued"
    browser.post(f"/replies/{reply.pk}/withdraw")
    reply.refresh_from_db()
    assert (reply.state, reply.problem_code) == ("returned", "withdrawn")
    assert Draft.objects.get(teammate=world.anne).text == TEXT


def test_the_outbox_shows_what_is_not_simply_sent(browser: Client, world: World) -> None:
    reply = world.sends(TEXT)
    assert str(reply.pk) in browser.get("/outbox/").content.decode()


def test_a_decision_is_one_of_two(browser: Client, world: World) -> None:
    reply = world.sends(TEXT)
    assert browser.post(f"/replies/{reply.pk}/decide", {"decision": "whatever"}).status_code == 422
    assert browser.post(f"/replies/{reply.pk}/decide", {"decision": "there"}).status_code == 303
    reply.refresh_from_db()
    assert reply.state == "queued"


def test_the_page_says_by_what_a_teammate_can_confirm(browser: Client, world: World) -> None:
    assert b"passkey,password" in browser.get("/presence/").content
    Authenticator.objects.filter(user=world.anne).delete()
    assert b"|password|" in browser.get("/presence/").content
