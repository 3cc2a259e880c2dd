"""Attacks on presence: every way to let words leave without their author at the keyboard."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.outbox.world import World
from tests.presence.enrol import answer, enrol
from tests.presence.passkey import FLAG, Passkey

from vivavoce.desk import keys
from vivavoce.desk.replies import services
from vivavoce.desk.replies.evidence import evidence_of, presence_of, wording
from vivavoce.desk.replies.models import Challenge, Presence, Reply
from vivavoce.desk.replies.presence import CHALLENGE_S_MAX, CHALLENGES_MAX, PasskeyAnswer, challenge_give, check_again
from vivavoce.desk.replies.window import OpenWindow
from vivavoce.errors import BadInputError, RefusedError

TEXT = "Je suis là."


def send(world: World, shown: Any, *, text: str = TEXT, **other: Any) -> Reply:
    values: dict[str, Any] = {"conversation": world.conversation, "teammate": world.anne, "now": world.now} | other
    return services.reply_send(text=text, presence=shown, **values)


def refused(world: World, shown: Any, **other: Any) -> None:
    with pytest.raises(RefusedError):
        send(world, shown, **other)
    assert not Reply.objects.exists()
    assert not Presence.objects.exists()
    world.post.refresh_from_db()
    assert world.post.waits


def test_a_passkey_over_the_very_words_lets_them_leave(world: World) -> None:
    reply = send(world, world.proof(TEXT))
    assert (reply.state, reply.text, reply.presence.kind, reply.presence.method) == (
        "queued",
        TEXT,
        "proved",
        "passkey",
    )
    check_again(reply.presence, text=TEXT)


def test_new_lines_of_a_form_do_not_break_the_signature(world: World) -> None:
    proof = world.proof(wording("un\ndeux"))
    assert send(world, proof, text="un\r\ndeux ").text == "un\ndeux"


def test_other_words_than_the_signed_ones_are_refused(world: World) -> None:
    refused(world, world.proof("D'autres mots."))


def test_a_signature_for_another_conversation_is_refused(world: World) -> None:
    other = world.asks("Et moi ?").conversation
    refused(world, world.proof(TEXT, conversation=other))


def test_another_teammates_challenge_is_refused(world: World) -> None:
    refused(world, world.proof(TEXT), teammate=world.bruno)


def test_another_teammates_passkey_is_refused(world: World) -> None:
    stolen = Passkey()
    stolen_id = enrol(world.bruno, stolen)
    given_ = challenge_give(conversation=world.conversation, teammate=world.anne, text=TEXT, now=world.now)
    signed = answer(stolen, stolen_id, given_["publicKey"])
    refused(world, PasskeyAnswer(given_["nonce"], signed))


def test_another_key_under_ones_own_credential_id_is_refused(world: World) -> None:
    given_ = challenge_give(conversation=world.conversation, teammate=world.anne, text=TEXT, now=world.now)
    signed = answer(Passkey(), world.credential_id, given_["publicKey"])
    refused(world, PasskeyAnswer(given_["nonce"], signed))


@pytest.mark.parametrize(
    "attack",
    [
        {"flags": FLAG.UP},
        {"flags": FLAG.UV},
        {"origin": "http://localhost:9999"},
        {"origin": "https://evil.example"},
        {"rp_id": "evil.example"},
        {"kind": "webauthn.create"},
        {"cross_origin": True},
    ],
    ids=str,
)
def test_an_answer_that_is_not_this_person_at_this_site_is_refused(world: World, attack: dict[str, Any]) -> None:
    given_ = challenge_give(conversation=world.conversation, teammate=world.anne, text=TEXT, now=world.now)
    signed = answer(world.passkey, world.credential_id, given_["publicKey"], **attack)
    refused(world, PasskeyAnswer(given_["nonce"], signed))


def test_a_challenge_is_too_old_after_some_minutes(world: World) -> None:
    proof = world.proof(TEXT)
    world.passes(seconds=CHALLENGE_S_MAX)
    refused(world, proof)


def test_a_challenge_serves_once(world: World) -> None:
    proof = world.proof(TEXT)
    send(world, proof)
    world.passes(minutes=1)
    world.asks("Toujours rien.", conversation=world.conversation)
    with pytest.raises(RefusedError):
        send(world, proof)
    assert Reply.objects.count() == 1


def test_a_made_up_challenge_is_refused(world: World) -> None:
    proof = world.proof(TEXT)
    refused(world, dataclasses.replace(proof, nonce="A" * 32))


def test_a_passkey_that_counts_backwards_is_a_copy(world: World) -> None:
    world.passkey.uses = 7
    send(world, world.proof(TEXT))
    world.asks("Encore.", conversation=world.conversation)
    world.passkey.uses = 3
    with pytest.raises(RefusedError, match="newer"):
        send(world, world.proof("Encore moi."), text="Encore moi.")


def test_a_passkey_that_never_counts_is_not_suspected(world: World) -> None:
    for text in ("un", "deux"):
        world.passkey.uses = -1
        send(world, world.proof(text), text=text)
    assert Reply.objects.count() == 2


def test_a_removed_passkey_proves_nothing_any_more(world: World) -> None:
    proof = world.proof(TEXT)
    Authenticator.objects.filter(user=world.anne).delete()
    refused(world, proof)


@pytest.mark.parametrize("garbage", [None, [], "x", 7, {}, {"id": "x"}, {"rawId": 3, "response": []}], ids=str)
def test_garbage_is_refused_and_never_breaks_the_desk(world: World, garbage: Any) -> None:
    nonce = world.proof(TEXT).nonce
    refused(world, PasskeyAnswer(nonce, garbage))


def test_an_open_window_lets_words_leave_as_signed_in_and_never_as_proved(world: World) -> None:
    reply = send(world, world.window())
    assert (reply.presence.kind, reply.presence.method) == ("signed_in", "password")
    assert reply.presence.window_opened_at == world.now
    check_again(reply.presence, text=TEXT)


@pytest.mark.parametrize("minutes", [15, 16, 10_000, -1])
def test_a_window_that_is_over_or_in_the_future_lets_nothing_leave(world: World, minutes: int) -> None:
    window = world.window()
    world.passes(minutes=minutes)
    refused(world, window)


def test_another_teammates_window_lets_nothing_leave(world: World) -> None:
    refused(world, world.window(world.bruno))


@pytest.mark.parametrize(
    "shown", [None, True, "signed in", {"method": "password"}, object()], ids=lambda s: type(s).__name__
)
def test_without_presence_nothing_leaves(world: World, shown: Any) -> None:
    refused(world, shown)


def test_a_lookalike_of_a_window_lets_nothing_leave(world: World) -> None:
    class Always(OpenWindow):
        pass

    refused(world, Always(world.anne.pk, "password", world.now))


def test_each_teammate_has_few_challenges_open(world: World) -> None:
    for number in range(CHALLENGES_MAX + 5):
        challenge_give(conversation=world.conversation, teammate=world.anne, text=f"{number}", now=world.now)
    assert Challenge.objects.count() == CHALLENGES_MAX
    later = world.now + timedelta(seconds=CHALLENGE_S_MAX)
    challenge_give(conversation=world.conversation, teammate=world.anne, text=TEXT, now=later)
    assert Challenge.objects.count() == 1


def test_a_teammate_without_passkey_is_asked_for_none(world: World) -> None:
    given_ = challenge_give(conversation=world.conversation, teammate=world.bruno, text=TEXT, now=world.now)
    assert given_["passkeys"] == 0
    assert "publicKey" not in given_


def test_a_presence_signed_by_another_desk_does_not_hold(world: World, tmp_path: Any, settings: Any) -> None:
    reply = send(world, world.window())
    keys.prepare(tmp_path)
    settings.DATA = tmp_path
    with pytest.raises(RefusedError):
        check_again(reply.presence, text=TEXT)


def test_a_stored_presence_does_not_hold_for_other_words_or_another_place(world: World) -> None:
    presence = send(world, world.proof(TEXT)).presence
    with pytest.raises(RefusedError):
        check_again(presence, text="D'autres mots.")
    presence.conversation_id = world.asks("Et moi ?").conversation_id or 0
    with pytest.raises(RefusedError):
        check_again(presence, text=TEXT)


@pytest.mark.parametrize("evidence", [{}, {"kind": "proved"}, {"kind": "model"}, {"kind": ["proved"]}], ids=str)
def test_emptied_evidence_does_not_hold(evidence: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        presence_of(evidence)


def test_evidence_is_stored_without_loss() -> None:
    proved = Passkey().prove(TEXT, conversation="1", nonce="n")
    assert presence_of(evidence_of(proved)) == proved


@given(st.text(max_size=300))
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_wording_is_stable_and_storable(text: str) -> None:
    words = wording(text)
    assert wording(words) == words
    words.encode()
    assert "\x00" not in words
    assert "\r" not in words


@pytest.mark.parametrize("text", ["", "  \r\n ", "a" * 20_001])
def test_nothing_and_far_too_much_are_not_sent(world: World, text: str) -> None:
    with pytest.raises(BadInputError):
        send(world, world.window(), text=text)


@pytest.mark.parametrize(
    ("network", "text", "fits"),
    [
        ("bluesky", "👩‍👩‍👧‍👦" * 300, True),
        ("bluesky", "a" * 301, False),
        ("demo", "a" * 300, True),
        ("demo", "a" * 301, False),
    ],
    ids=["families", "letters", "fits", "too long"],
)
def test_a_text_is_counted_as_its_network_counts(world: World, network: str, text: str, *, fits: bool) -> None:
    world.account.network = network
    world.account.save()
    world.conversation.refresh_from_db()
    if fits:
        services.wording_check(conversation=world.conversation, text=text)
    else:
        with pytest.raises(BadInputError, match="300"):
            services.wording_check(conversation=world.conversation, text=text)


@pytest.mark.parametrize("network", ["archive", "nobody-has-this"])
def test_where_nobody_can_be_answered_nothing_is_signed(world: World, network: str) -> None:
    world.account.network = network
    world.account.save()
    refused(world, world.window())
