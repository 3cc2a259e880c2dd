import copy
import gc
import pickle
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fido2 import cbor
from hypothesis import given
from hypothesis import strategies as st
from tests.presence.passkey import FLAG, Passkey

from vivavoce.errors import RefusedError
from vivavoce.networks.base import Record, Words
from vivavoce.networks.permit import Permit, Presence, ProvedPresence, SignedInPresence, challenge, issue, spend

CONVERSATION = "conversation 7"
NONCE = "n-1"
RECORD = Record(
    network="demo",
    account="brand",
    key="k1",
    created_at=datetime(2026, 1, 5, 9, 0, tzinfo=UTC),
    words=Words(text="J'arrive à 14 h.", reply_to="p1", reply_to_version="v1", root="p1", root_version="v1"),
    payload="{}",
)
PASSKEY = Passkey()
DESK = Ed25519PrivateKey.generate()
PROVED = PASSKEY.prove(RECORD.words.text, conversation=CONVERSATION, nonce=NONCE)


def signed_in(text: str, conversation: str = CONVERSATION, nonce: str = NONCE) -> SignedInPresence:
    expected = challenge(conversation=conversation, text=text, nonce=nonce)
    key = DESK.public_key().public_bytes_raw()
    return SignedInPresence(conversation, nonce, key, DESK.sign(b"signed in" + expected))


SIGNED_IN = signed_in(RECORD.words.text)


def refused(record: Record, presence: object, conversation: str = CONVERSATION) -> None:
    with pytest.raises(RefusedError):
        issue(record, cast("Presence", presence), conversation=conversation)


def spent(permit: object, network: str = "demo", account: str = "brand") -> Record:
    return spend(cast("Permit", permit), network=network, account=account)


def changed(presence: ProvedPresence, name: str, value: bytes) -> ProvedPresence:
    changes: dict[str, Any] = {name: value}
    return replace(presence, **changes)


def worded(text: str) -> Record:
    return replace(RECORD, words=replace(RECORD.words, text=text))


@pytest.fixture(params=[PROVED, SIGNED_IN], ids=["proved", "signed in"])
def presence(request: pytest.FixtureRequest) -> Presence:
    return cast("Presence", request.param)


def test_a_presence_over_the_words_lets_them_leave_once(presence: Presence) -> None:
    permit = issue(RECORD, presence, conversation=CONVERSATION)
    assert spent(permit) is RECORD
    with pytest.raises(RefusedError):
        spent(permit)


def test_a_permit_cannot_be_built() -> None:
    for build in (Permit, lambda: Permit(RECORD, PROVED), lambda: cast("Any", Permit).__new__(Permit)):
        with pytest.raises(RefusedError):
            build()
    with pytest.raises(RefusedError):
        spent(object.__new__(Permit))


def test_a_permit_cannot_be_copied_or_stored(presence: Presence) -> None:
    permit = issue(RECORD, presence, conversation=CONVERSATION)
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(RefusedError):
            copied(permit)
    assert spent(permit) is RECORD


def test_a_permit_has_no_variants() -> None:
    with pytest.raises(RefusedError):
        type("Wider", (cast("Any", Permit),), {})


def test_something_that_calls_itself_a_permit_is_none() -> None:
    class Disguised:
        __slots__ = ("__weakref__",)

    disguised = Disguised()
    cast("Any", disguised).__class__ = Permit
    forgeries: tuple[object, ...] = (disguised, None, RECORD, "permit", 7, [], {})
    for forged in forgeries:
        with pytest.raises(RefusedError):
            spent(forged)


def test_a_permit_dies_with_its_last_holder_and_its_place_in_memory_serves_nobody(presence: Presence) -> None:
    for _ in range(50):
        issue(RECORD, presence, conversation=CONVERSATION)
    gc.collect()
    for _ in range(50):
        with pytest.raises(RefusedError):
            spent(object.__new__(Permit))


def test_of_many_threads_with_one_permit_one_succeeds(presence: Presence) -> None:
    permit = issue(RECORD, presence, conversation=CONVERSATION)
    together = threading.Barrier(16)
    outcomes: list[str] = []

    def run() -> None:
        together.wait(10)
        try:
            spent(permit)
        except RefusedError:
            outcomes.append("refused")
        else:
            outcomes.append("sent")

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(outcomes) == ["refused"] * 15 + ["sent"]


def test_a_permit_for_another_network_or_account_is_refused_and_gone(presence: Presence) -> None:
    for network, account in (("bluesky", "brand"), ("demo", "another"), ("", "")):
        permit = issue(RECORD, presence, conversation=CONVERSATION)
        with pytest.raises(RefusedError):
            spent(permit, network=network, account=account)
        with pytest.raises(RefusedError):
            spent(permit)


@pytest.mark.parametrize("name", ["network", "account", "key", "created_at", "payload"])
def test_a_record_changed_after_the_permit_is_refused(presence: Presence, name: str) -> None:
    record = replace(RECORD)
    permit = issue(record, presence, conversation=CONVERSATION)
    object.__setattr__(record, name, datetime(2026, 1, 6, tzinfo=UTC) if name == "created_at" else "changed")
    with pytest.raises(RefusedError):
        spent(permit, network=record.network, account=record.account)


@pytest.mark.parametrize("name", ["text", "reply_to", "reply_to_version", "root", "root_version", "languages"])
def test_words_changed_after_the_permit_are_refused(presence: Presence, name: str) -> None:
    record = worded(RECORD.words.text)
    permit = issue(record, presence, conversation=CONVERSATION)
    object.__setattr__(record.words, name, ("xx",) if name == "languages" else "changed")
    with pytest.raises(RefusedError):
        spent(permit)


def test_a_record_that_lies_about_its_digest_gets_no_permit(presence: Presence) -> None:
    @dataclass(frozen=True)
    class Liar(Record):
        @property
        def digest(self) -> str:
            return "always the same"

    @dataclass(frozen=True)
    class LiarsWords(Words):
        pass

    fields = {name: getattr(RECORD, name) for name in RECORD.__slots__}
    refused(Liar(**fields), presence)
    words = {name: getattr(RECORD.words, name) for name in RECORD.words.__slots__}
    refused(replace(RECORD, words=LiarsWords(**words)), presence)


def test_what_is_no_presence_gives_no_permit() -> None:
    class Charmed(SignedInPresence):
        pass

    charmed = Charmed(CONVERSATION, NONCE, SIGNED_IN.desk_key, SIGNED_IN.signature)
    for forged in (None, "present", object(), charmed, RECORD):
        refused(RECORD, forged)


def test_a_presence_for_other_words_gives_no_permit(presence: Presence) -> None:
    for text in ("", "J'arrive à 15 h.", RECORD.words.text + " ", RECORD.words.text.upper()):
        refused(worded(text), presence)


def test_a_presence_given_in_another_conversation_gives_no_permit(presence: Presence) -> None:
    refused(RECORD, presence, conversation="conversation 8")
    refused(RECORD, replace(presence, conversation="conversation 8"), conversation="conversation 8")
    refused(RECORD, replace(presence, nonce="n-2"))


def test_the_parts_of_a_challenge_cannot_be_shifted_into_each_other() -> None:
    assert challenge(conversation='a", "b', text="c", nonce="n") != challenge(
        conversation="a", text='b", "c', nonce="n"
    )


@given(st.text(max_size=50), st.text(max_size=50))
def test_words_that_differ_never_share_a_presence(said: str, sent: str) -> None:
    if said == sent:
        assert spent(issue(worded(sent), signed_in(said), conversation=CONVERSATION)).words.text == said
    else:
        refused(worded(sent), signed_in(said))


EXPECTED = challenge(conversation=CONVERSATION, text=RECORD.words.text, nonce=NONCE)


@pytest.mark.parametrize(
    "signed",
    [
        pytest.param(PASSKEY.assertion(EXPECTED, flags=FLAG.UP), id="the person was not verified"),
        pytest.param(PASSKEY.assertion(EXPECTED, flags=FLAG.UV), id="the person did not touch"),
        pytest.param(PASSKEY.assertion(EXPECTED, flags=FLAG(0)), id="nobody was there"),
        pytest.param(PASSKEY.assertion(EXPECTED, origin="http://evil.example"), id="another site's page"),
        pytest.param(PASSKEY.assertion(EXPECTED, origin="http://localhost:8001"), id="another port"),
        pytest.param(PASSKEY.assertion(EXPECTED, rp_id="evil.example"), id="another site's key"),
        pytest.param(PASSKEY.assertion(EXPECTED, kind="webauthn.create"), id="an enrolment"),
        pytest.param(PASSKEY.assertion(EXPECTED, cross_origin=True), id="inside another site's frame"),
        pytest.param(PASSKEY.assertion(EXPECTED[:-1]), id="a part of the challenge"),
        pytest.param(PASSKEY.assertion(b""), id="no challenge"),
        pytest.param(Passkey().assertion(EXPECTED), id="another person's key"),
    ],
)
def test_an_assertion_that_is_not_quite_it_gives_no_permit(signed: tuple[bytes, bytes, bytes]) -> None:
    refused(RECORD, PASSKEY.presence(signed, conversation=CONVERSATION, nonce=NONCE))


def test_the_parts_of_two_assertions_do_not_mix() -> None:
    other = PASSKEY.prove("D'autres mots.", conversation=CONVERSATION, nonce=NONCE)
    for name in ("client_data", "authenticator_data", "signature"):
        refused(RECORD, changed(PROVED, name, getattr(other, name)))


@pytest.mark.parametrize("key", [{}, {3: 0}, {3: -7}, {3: -999}, {1: 2, 3: -7, -1: 1, -2: b"", -3: b""}, {3: "x"}])
def test_a_credential_that_is_no_key_gives_no_permit(key: dict[int, object]) -> None:
    refused(RECORD, replace(PROVED, credential_key=cbor.encode(cast("Any", key))))


@given(
    st.sampled_from(["credential_key", "client_data", "authenticator_data", "signature"]),
    st.one_of(st.binary(max_size=300), st.just(b"\x81" * 5_000), st.just(b"[" * 50_000), st.just(b"[]")),
)
def test_garbage_gives_no_permit_and_no_other_error(name: str, garbage: bytes) -> None:
    refused(RECORD, changed(PROVED, name, garbage))


@given(st.data())
def test_one_flipped_bit_anywhere_gives_no_permit(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["client_data", "authenticator_data", "signature"]))
    whole = bytearray(getattr(PROVED, name))
    place = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[place // 8] ^= 1 << place % 8
    refused(RECORD, changed(PROVED, name, bytes(whole)))


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_a_desk_key_or_signature_of_garbage_gives_no_permit(key: bytes, signature: bytes) -> None:
    refused(RECORD, replace(SIGNED_IN, desk_key=key))
    refused(RECORD, replace(SIGNED_IN, signature=signature))


def test_fields_of_the_wrong_kind_give_no_permit() -> None:
    refused(RECORD, replace(SIGNED_IN, signature=cast("bytes", None)))
    refused(RECORD, replace(PROVED, client_data=cast("bytes", None)))
    assert isinstance(PROVED, ProvedPresence)
