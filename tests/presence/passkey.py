"""A passkey in software: it signs what a platform authenticator would, with a person who is always there."""

import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256
from fido2.webauthn import AuthenticatorData, CollectedClientData

from vivavoce.networks.permit import ProvedPresence, challenge

FLAG = AuthenticatorData.FLAG
VERIFIED = FLAG.UP | FLAG.UV


@dataclass
class Passkey:
    """An ES256 credential (P-256, SHA-256) of one person at one site."""

    rp_id: str = "localhost"
    origin: str = "http://localhost:8000"
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    uses: int = 0

    @property
    def credential_key(self) -> bytes:
        """The COSE public key, as it was stored when the passkey was enrolled."""
        return cbor.encode(ES256.from_cryptography_key(self.key.public_key()))  # type: ignore[no-untyped-call]

    def assertion(  # noqa: PLR0913 - each one is a way to attack
        self,
        expected: bytes,
        *,
        flags: AuthenticatorData.FLAG = VERIFIED,
        origin: str = "",
        rp_id: str = "",
        kind: str = "webauthn.get",
        cross_origin: bool = False,
    ) -> tuple[bytes, bytes, bytes]:
        """Return client data, authenticator data and signature for a challenge of 32 bytes."""
        self.uses += 1
        client = CollectedClientData.create(kind, expected, origin or self.origin, cross_origin)
        rp_hash = hashlib.sha256((rp_id or self.rp_id).encode()).digest()
        data = AuthenticatorData.create(rp_hash, flags, self.uses)
        return bytes(client), bytes(data), self.key.sign(data + client.hash, ECDSA(SHA256()))

    def prove(self, text: str, *, conversation: str, nonce: str) -> ProvedPresence:
        """Sign for these words in this conversation."""
        return self.presence(
            self.assertion(challenge(conversation=conversation, text=text, nonce=nonce)),
            conversation=conversation,
            nonce=nonce,
        )

    def presence(self, signed: tuple[bytes, bytes, bytes], *, conversation: str, nonce: str) -> ProvedPresence:
        """Wrap an assertion as the desk records it."""
        client, data, signature = signed
        return ProvedPresence(
            conversation=conversation,
            nonce=nonce,
            rp_id=self.rp_id,
            origin=self.origin,
            credential_key=self.credential_key,
            client_data=client,
            authenticator_data=data,
            signature=signature,
        )
