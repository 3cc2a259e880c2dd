"""That a given teammate is at the keyboard, for these very words: *proved* by a passkey, or *signed in* by a window."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext as _
from fido2 import cbor
from fido2.utils import websafe_encode
from fido2.webauthn import AttestedCredentialData, AuthenticationResponse

from vivavoce.desk import keys
from vivavoce.desk.replies.evidence import evidence_of, presence_of, text_sha256
from vivavoce.desk.replies.models import Challenge, PasskeyUse, Presence
from vivavoce.desk.replies.window import OpenWindow, is_open
from vivavoce.errors import RefusedError
from vivavoce.networks.permit import ProvedPresence, SignedInPresence, challenge, check

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from vivavoce.desk.inbox.models import Conversation
    from vivavoce.desk.team.models import Teammate

CHALLENGE_S_MAX = 300
"""Touching a key takes seconds; finding the phone that holds it, minutes."""

CHALLENGES_MAX = 20
"""Each teammate has at most so many open at once; older ones are forgotten."""

ASK_MS_MAX = 120_000
"""How long the browser shows its own dialogue."""

NONCE_BYTES = 24


@dataclass(frozen=True, slots=True)
class PasskeyAnswer:
    """What a browser's ``navigator.credentials.get`` gave, as JSON, for a nonce of ours."""

    nonce: str
    assertion: Mapping[str, Any]


Shown = PasskeyAnswer | OpenWindow
"""What a teammate shows to let a reply leave."""


def challenge_give(*, conversation: Conversation, teammate: Teammate, text: str, now: datetime) -> dict[str, Any]:
    """Give a teammate's browser a nonce for these words in this conversation, to be signed once.

    Returns:
        ``nonce``, and ``publicKey``: the options of ``navigator.credentials.get`` as JSON (WebAuthn level 3,
        ``PublicKeyCredentialRequestOptionsJSON``). ``passkeys`` is how many the teammate has; with none there is no
        ``publicKey``.
    """
    _forget(teammate, now=now)
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    Challenge.objects.create(
        nonce=nonce, teammate=teammate, conversation=conversation, text_sha256=text_sha256(text), made_at=now
    )
    allowed = [
        {"type": "public-key", "id": websafe_encode(credential.credential_id)}
        for _authenticator, credential in _credentials(teammate)
    ]
    given: dict[str, Any] = {"nonce": nonce, "passkeys": len(allowed)}
    if allowed:
        signed = challenge(conversation=str(conversation.pk), text=text, nonce=nonce)
        given["publicKey"] = {
            "challenge": websafe_encode(signed),
            "rpId": settings.RP_ID,
            "allowCredentials": allowed,
            "userVerification": "required",
            "timeout": ASK_MS_MAX,
        }
    return given


def presence_take(
    shown: Shown, *, conversation: Conversation, teammate: Teammate, text: str, now: datetime
) -> Presence:
    """Check what a teammate shows, use it up, and store the presence. Inside the transaction that queues the reply.

    Raises:
        RefusedError: it is not this teammate's, not for these words, too old, or used before.
    """
    if isinstance(shown, PasskeyAnswer):
        return _proved(shown, conversation=conversation, teammate=teammate, text=text, now=now)
    if type(shown) is OpenWindow and shown.teammate_id == teammate.pk and is_open(shown, now=now):
        return _signed_in(shown, conversation=conversation, teammate=teammate, text=text, now=now)
    raise RefusedError(_("Confirm first that you are there; your words are kept as a draft."))


def check_again(presence: Presence, *, text: str) -> ProvedPresence | SignedInPresence:
    """Check a stored presence anew, against the words that are about to leave.

    Raises:
        RefusedError: it was tampered with, or is not of this desk.
    """
    stored = presence_of(presence.evidence)
    ours = stored.nonce == presence.nonce and presence.evidence["kind"] == presence.kind
    if isinstance(stored, SignedInPresence):
        ours = ours and stored.desk_key == keys.chain_public_key()
    if not ours:
        message = "The record of presence is not this desk's; nothing was sent."
        raise RefusedError(message)
    check(stored, conversation=str(presence.conversation_id), text=text)
    return stored


def _proved(
    answer: PasskeyAnswer, *, conversation: Conversation, teammate: Teammate, text: str, now: datetime
) -> Presence:
    _use_up(answer.nonce, conversation=conversation, teammate=teammate, text=text, now=now)
    response = _parsed(answer.assertion)
    authenticator, credential = _owned(teammate, response.raw_id)
    proved = ProvedPresence(
        conversation=str(conversation.pk),
        nonce=answer.nonce,
        rp_id=settings.RP_ID,
        origin=settings.PUBLIC_URL,
        credential_key=cbor.encode(dict(credential.public_key)),
        client_data=bytes(response.response.client_data),
        authenticator_data=bytes(response.response.authenticator_data),
        signature=response.response.signature,
    )
    check(proved, conversation=str(conversation.pk), text=text)
    _count(credential.credential_id, response.response.authenticator_data.counter)
    authenticator.last_used_at = now
    authenticator.save(update_fields=["last_used_at"])
    return Presence.objects.create(
        teammate=teammate,
        conversation=conversation,
        kind=Presence.Kind.PROVED,
        method="passkey",
        nonce=answer.nonce,
        evidence=evidence_of(proved),
        at=now,
    )


def _signed_in(
    window: OpenWindow, *, conversation: Conversation, teammate: Teammate, text: str, now: datetime
) -> Presence:
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    key = keys.chain_key()
    expected = challenge(conversation=str(conversation.pk), text=text, nonce=nonce)
    signed = SignedInPresence(
        conversation=str(conversation.pk),
        nonce=nonce,
        desk_key=key.public_key().public_bytes_raw(),
        signature=key.sign(b"signed in" + expected),
    )
    return Presence.objects.create(
        teammate=teammate,
        conversation=conversation,
        kind=Presence.Kind.SIGNED_IN,
        method=window.method,
        nonce=nonce,
        evidence=evidence_of(signed),
        window_opened_at=window.opened_at,
        at=now,
    )


def _use_up(nonce: str, *, conversation: Conversation, teammate: Teammate, text: str, now: datetime) -> None:
    """Take a challenge away; whoever takes it first has it, and only for what it was given for."""
    mine = Challenge.objects.filter(
        nonce=nonce, teammate=teammate, conversation=conversation, made_at__gt=now - timedelta(seconds=CHALLENGE_S_MAX)
    )
    if not mine.filter(text_sha256=text_sha256(text)).delete()[0]:
        raise RefusedError(_("Your signature is too old, was used before, or is for other words. Sign once more."))


def _forget(teammate: Teammate, *, now: datetime) -> None:
    of_teammate = Challenge.objects.filter(teammate=teammate)
    of_teammate.filter(made_at__lte=now - timedelta(seconds=CHALLENGE_S_MAX)).delete()
    surplus = list(of_teammate.order_by("-pk").values_list("pk", flat=True)[CHALLENGES_MAX - 1 :])
    Challenge.objects.filter(pk__in=surplus).delete()


def _credentials(teammate: Teammate) -> Iterator[tuple[Authenticator, AttestedCredentialData]]:
    for authenticator in Authenticator.objects.filter(user=teammate, type=Authenticator.Type.WEBAUTHN):
        credential = authenticator.wrap().authenticator_data.credential_data
        if credential is not None:
            yield authenticator, credential


def _owned(teammate: Teammate, credential_id: bytes) -> tuple[Authenticator, AttestedCredentialData]:
    for authenticator, credential in _credentials(teammate):
        if credential.credential_id == credential_id:
            return authenticator, credential
    raise RefusedError(_("This passkey is not one of yours. Use your own, or add it on your page first."))


def _parsed(assertion: Mapping[str, Any]) -> AuthenticationResponse:
    message = _("The passkey's answer cannot be read. Sign once more.")
    try:
        parsed = AuthenticationResponse.from_dict(assertion)
    except Exception as error:  # whatever the parser makes of garbage, it is no passkey's answer
        raise RefusedError(message) from error
    if not isinstance(parsed, AuthenticationResponse):  # it lets None through
        raise RefusedError(message)
    return parsed


def _count(credential_id: bytes, counter: int) -> None:
    """Refuse a signature older than the last one (WebAuthn, 7.2): the passkey was copied, or the answer replayed.

    Passkeys that are kept in step between devices do not count and always say 0.
    """
    name = hashlib.sha256(credential_id).hexdigest()
    PasskeyUse.objects.get_or_create(credential_sha256=name, defaults={"counter": 0})
    last = PasskeyUse.objects.select_for_update().get(pk=name)
    if counter <= last.counter and (counter or last.counter):
        raise RefusedError(_("This passkey has signed something newer. Sign once more; if that fails, renew it."))
    last.counter = counter
    last.save(update_fields=["counter"])
