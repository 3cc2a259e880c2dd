"""Enrols the software passkey with a teammate as allauth does, and answers the desk's options as a browser does."""

import hashlib
import secrets
from typing import Any

from allauth.mfa.models import Authenticator
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from tests.presence.passkey import FLAG, VERIFIED, Passkey
from vivavoce.desk.team.models import Teammate


def enrol(teammate: Teammate, passkey: Passkey) -> bytes:
    """Add a passkey to a teammate; returns its credential id."""
    credential_id = secrets.token_bytes(16)
    attested = AttestedCredentialData.create(Aaguid.NONE, credential_id, _cose(passkey))
    rp_hash = hashlib.sha256(passkey.rp_id.encode()).digest()
    data = AuthenticatorData.create(rp_hash, VERIFIED | FLAG.AT, 0, attested)
    client = CollectedClientData.create("webauthn.create", secrets.token_bytes(32), passkey.origin)
    credential = {
        "id": websafe_encode(credential_id),
        "rawId": websafe_encode(credential_id),
        "type": "public-key",
        "clientExtensionResults": {"credProps": {"rk": True}},
        "response": {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        },
    }
    Authenticator.objects.create(
        user=teammate, type=Authenticator.Type.WEBAUTHN, data={"name": "test", "credential": credential}
    )
    return credential_id


def answer(passkey: Passkey, credential_id: bytes, options: dict[str, Any], **attack: Any) -> dict[str, Any]:
    """Sign the desk's options (``publicKey``) and return the JSON that a browser's credential gives."""
    client, data, signature = passkey.assertion(websafe_decode(options["challenge"]), **attack)
    return {
        "id": websafe_encode(credential_id),
        "rawId": websafe_encode(credential_id),
        "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
        },
    }


def _cose(passkey: Passkey) -> Any:
    return ES256.from_cryptography_key(passkey.key.public_key())  # type: ignore[no-untyped-call]
