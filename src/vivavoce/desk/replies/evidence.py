"""A presence as it is stored, and as cryptography checks it again. Pure: no database, no clock."""

from __future__ import annotations

import hashlib
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from fido2.utils import websafe_decode, websafe_encode

from vivavoce.errors import RefusedError
from vivavoce.networks.permit import ProvedPresence, SignedInPresence
from vivavoce.posts import REPLACEMENT, UNSTORABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vivavoce.networks.permit import Presence

KINDS: Mapping[str, type[ProvedPresence | SignedInPresence]] = {
    "proved": ProvedPresence,
    "signed_in": SignedInPresence,
}

NEW_LINES = re.compile(r"\r\n?")


def wording(text: str) -> str:
    """Return a teammate's words as they are signed, stored and sent.

    Browsers send each new line of a form as CR LF; a signature must not depend on that.
    """
    return UNSTORABLE.sub(REPLACEMENT, NEW_LINES.sub("\n", text)).strip()


def text_sha256(text: str) -> str:
    """Return SHA-256 of a wording, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def evidence_of(presence: Presence) -> dict[str, str]:
    """Return a presence as JSON: its kind, and its fields, bytes in base64url."""
    kind = next(name for name, made in KINDS.items() if type(presence) is made)
    values = {field.name: getattr(presence, field.name) for field in fields(presence)}
    return {
        "kind": kind,
        **{name: websafe_encode(value) if isinstance(value, bytes) else value for name, value in values.items()},
    }


def presence_of(evidence: Mapping[str, Any]) -> Presence:
    """Return the presence that ``evidence_of`` stored.

    Raises:
        RefusedError: it was emptied or tampered with.
    """
    try:
        made = KINDS[evidence["kind"]]
        values = {field.name: _field(evidence[field.name], str(field.type)) for field in fields(made)}
        return made(**values)  # type: ignore[arg-type] # bytes and str by the fields' own types
    except (KeyError, TypeError, ValueError) as error:
        message = "The record of presence is not whole; sign the reply again."
        raise RefusedError(message) from error


def _field(value: object, kind: str) -> str | bytes:
    if not isinstance(value, str):
        raise TypeError(kind)
    return websafe_decode(value) if kind == "bytes" else value
