"""The desk's own keys: Django's secret, the chain's signing key, and the key that seals accounts' secrets.

They lie in ``keys/`` of the data folder, or in the folder that ``VIVAVOCE_KEYS`` names, for teams whose machines share
one database: each machine must have the same three files.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings

from vivavoce.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DJANGO = "django"
CHAIN = "chain.pem"
SEALING = "sealing"


def folder(data: Path | None = None) -> Path:
    """Return where the keys of a data folder (the desk's own) lie: ``VIVAVOCE_KEYS``, or ``keys`` in the folder."""
    named = os.environ.get("VIVAVOCE_KEYS")
    if named:
        return Path(named).absolute()
    return (data or settings.DATA) / "keys"


def prepare(data: Path) -> None:
    """Make the keys that are missing, readable by their owner alone; those that are there stay.

    Raises:
        SetupError: the folder cannot be made or written.
    """
    keys = folder(data)
    makers: Mapping[str, Callable[[], bytes]] = {
        DJANGO: lambda: secrets.token_urlsafe(48).encode(),
        CHAIN: lambda: Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        SEALING: Fernet.generate_key,
    }
    try:
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, make in makers.items():
            if not (keys / name).exists():
                _write_once(keys / name, make())
    except OSError as error:
        message = f"The keys cannot be kept in {keys} ({error.strerror}). Make it writable, or set VIVAVOCE_KEYS."
        raise SetupError(message) from error


def chain_key() -> Ed25519PrivateKey:
    """Return the key that signs the chain and signed-in presences.

    Raises:
        SetupError: it is missing or not an Ed25519 key.
    """
    message = f"{_path(CHAIN)} is not the chain's key. Put the file back from your copy."
    try:
        key = load_pem_private_key(_read(CHAIN), password=None)
    except ValueError as error:
        raise SetupError(message) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SetupError(message)
    return key


def chain_public_key() -> bytes:
    """Return the 32 bytes by which the chain's signatures are checked."""
    return chain_key().public_key().public_bytes_raw()


def seal(values: Mapping[str, str]) -> str:
    """Encrypt an account's secrets for the database."""
    return _fernet().encrypt(json.dumps(dict(values), sort_keys=True).encode()).decode("ascii")


def unseal(sealed: str) -> dict[str, str]:
    """Decrypt what ``seal`` made; nothing gives nothing.

    Raises:
        SetupError: the key is missing, or another one sealed it.
    """
    if not sealed:
        return {}
    try:
        opened = json.loads(_fernet().decrypt(sealed.encode()))
    except InvalidToken as error:
        message = f"The account's secrets were sealed with another key than {_path(SEALING)}. Connect it again."
        raise SetupError(message) from error
    return {str(name): str(value) for name, value in opened.items()}


def _fernet() -> Fernet:
    try:
        return Fernet(_read(SEALING))
    except ValueError as error:
        message = f"{_path(SEALING)} is not a sealing key. Put the file back from your copy."
        raise SetupError(message) from error


def _path(name: str) -> Path:
    return folder() / name


def _read(name: str) -> bytes:
    path = _path(name)
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"The key {path} cannot be read ({error.strerror}). Start `vivavoce up` or `vivavoce web` once."
        raise SetupError(message) from error


def _write_once(path: Path, content: bytes) -> None:
    """Write a whole key or none; of two processes that start at once, the first one's key stays."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
