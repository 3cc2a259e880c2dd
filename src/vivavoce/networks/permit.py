"""The permit: the one thing that makes a network take a reply, and it takes a person's presence to get one.

``issue`` checks with cryptography that a presence covers the very words of a frozen record; ``spend`` lets one send
happen with it. A permit has no public constructor, cannot be copied or stored, and serves once, in this process.

Invariant: only ``vivavoce.desk.workers.courier`` and the networks' contract suite call ``issue``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import NoReturn, Self, final
from weakref import WeakKeyDictionary

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.utils import websafe_encode
from fido2.webauthn import AuthenticatorData, CollectedClientData

from vivavoce.errors import RefusedError
from vivavoce.networks.base import Record, Words


def challenge(*, conversation: str, text: str, nonce: str) -> bytes:
    """Return the 32 bytes that a presence signs: SHA-256 over conversation, words and nonce."""
    whole = json.dumps(["vivavoce presence 1", conversation, text, nonce], ensure_ascii=True)
    return hashlib.sha256(whole.encode()).digest()


@dataclass(frozen=True, slots=True)
class ProvedPresence:
    """A WebAuthn assertion with user verification, whose challenge covers the words.

    ``credential_key`` is the enrolled credential's COSE public key (CBOR); the next three are the assertion's bytes.
    """

    conversation: str
    nonce: str
    rp_id: str
    origin: str
    credential_key: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedInPresence:
    """The desk's own word that a teammate had just given a password, a code or a fresh sign-in.

    ``signature`` is by the desk's Ed25519 key, over ``b"signed in"`` and the challenge.
    """

    conversation: str
    nonce: str
    desk_key: bytes
    signature: bytes


Presence = ProvedPresence | SignedInPresence


NO_COPY = "A permit cannot be copied or stored; it serves once, in this process."


@final
class Permit:
    """Leave to put one frozen record on its network, once. Made by ``issue`` alone."""

    __slots__ = ("__weakref__",)

    def __new__(cls, *_args: object, **_kwargs: object) -> Self:
        """Refuse: only ``issue`` makes one."""
        message = "A permit is issued by the courier from a verified presence; it cannot be built."
        raise RefusedError(message)

    def __copy__(self) -> NoReturn:
        raise RefusedError(NO_COPY)

    def __deepcopy__(self, _memo: object) -> NoReturn:
        raise RefusedError(NO_COPY)

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise RefusedError(NO_COPY)

    def __init_subclass__(cls) -> None:
        message = "A permit has no variants."
        raise RefusedError(message)


_live: WeakKeyDictionary[Permit, tuple[Record, str]] = WeakKeyDictionary()


def issue(record: Record, presence: Presence, *, conversation: str) -> Permit:
    """Issue a permit for ``record``, a reply in ``conversation``, if ``presence`` covers its words there.

    Raises:
        RefusedError: the presence is for other words or another conversation, or its signature is not good.
    """
    if type(record) is not Record or type(record.words) is not Words:  # a subclass could lie about its digest
        message = "Only a frozen record can be permitted."
        raise RefusedError(message)
    check(presence, conversation=conversation, text=record.words.text)
    permit = object.__new__(Permit)
    _live[permit] = (record, record.digest)
    return permit


def check(presence: Presence, *, conversation: str, text: str) -> None:
    """Check with cryptography that a presence covers these words in this conversation.

    Raises:
        RefusedError: it is for other words or another conversation, or its signature is not good.
    """
    if type(presence) not in (ProvedPresence, SignedInPresence):
        message = "Only a proved or a signed-in presence lets a reply leave."
        raise RefusedError(message)
    if presence.conversation != conversation:
        message = "The presence was given in another conversation; sign the reply again."
        raise RefusedError(message)
    expected = challenge(conversation=conversation, text=text, nonce=presence.nonce)
    if isinstance(presence, ProvedPresence):
        _check_assertion(presence, expected)
    else:
        _check_signature(presence, expected)


def spend(permit: Permit, *, network: str, account: str) -> Record:
    """Take the record out of a permit; a network calls this first in ``send``.

    Raises:
        RefusedError: not a permit, used before, for another network or account, or its record was tampered with.
    """
    record, digest = _live.pop(permit, (None, "")) if type(permit) is Permit else (None, "")
    if record is None or record.digest != digest:
        message = "This permit was used before or was not issued by the courier; nothing was sent."
        raise RefusedError(message)
    if (record.network, record.account) != (network, account):
        message = f"This permit is for {record.network}, not for {network}; nothing was sent."
        raise RefusedError(message)
    return record


def _check_assertion(presence: ProvedPresence, expected: bytes) -> None:
    try:
        client = CollectedClientData(presence.client_data)
        data = AuthenticatorData(presence.authenticator_data)
        key = CoseKey.parse(_cbor(presence.credential_key))
        key.verify(presence.authenticator_data + client.hash, presence.signature)
    except Exception as error:  # whatever the parsers make of garbage, it proves nobody's presence
        message = "The passkey's answer does not verify; sign the reply again."
        raise RefusedError(message) from error
    covers = (
        client.type == CollectedClientData.TYPE.GET
        and websafe_encode(client.challenge) == websafe_encode(expected)
        and client.origin == presence.origin
        and not client.cross_origin
        and data.rp_id_hash == hashlib.sha256(presence.rp_id.encode()).digest()
    )
    if not covers or not data.is_user_present() or not data.is_user_verified():
        message = "The passkey signed other words, or did not verify the person; sign the reply again."
        raise RefusedError(message)


def _cbor(data: bytes) -> dict[int, object]:
    decoded = cbor.decode(data)
    if not isinstance(decoded, dict):
        message = "not a COSE key"
        raise TypeError(message)
    return decoded


def _check_signature(presence: SignedInPresence, expected: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(presence.desk_key).verify(presence.signature, b"signed in" + expected)
    except (TypeError, ValueError, InvalidSignature) as error:
        message = "The record of your sign-in does not cover these words; confirm the reply again."
        raise RefusedError(message) from error
