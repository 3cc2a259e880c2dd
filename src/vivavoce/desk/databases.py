"""Which database the desk stands on: SQLite in the data folder, or a team's PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from vivavoce.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

SQLITE_WAIT_S_MAX = 20
"""A write waits this long for the one writer: the machine's batches last 50 ms, so longer means something is wrong."""

POOL_CONNECTIONS_MAX = 20
"""Each web process keeps at most so many connections open; PostgreSQL's default for all is 100."""

SQLITE_PRAGMAS = "; ".join(
    f"PRAGMA {pragma}"
    for pragma in (
        "journal_mode = WAL",  # readers never wait for the writer
        "synchronous = NORMAL",  # a killed process loses nothing; a power cut only whole last transactions
        "foreign_keys = ON",
        "cache_size = -65536",  # 64 MiB
        "mmap_size = 268435456",
        "temp_store = MEMORY",
    )
)


def database_settings(url: str, *, data: Path) -> dict[str, Any]:
    """Return Django's settings for ``url`` (``postgresql://user:password@host:port/name``), or SQLite when it is empty.

    Raises:
        SetupError: the address is of another kind.
    """
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": data / "vivavoce.sqlite3",
            "OPTIONS": {
                "timeout": SQLITE_WAIT_S_MAX,
                "transaction_mode": "IMMEDIATE",
                "init_command": SQLITE_PRAGMAS,
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        message = f"VIVAVOCE_DATABASE starts with {parts.scheme!r}; write postgresql://user:password@host:5432/name"
        raise SetupError(message)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or parts.hostname or ""
    options["pool"] = {"min_size": 1, "max_size": POOL_CONNECTIONS_MAX}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": True,  # after a restart of the database no page meets a dead connection of the pool
    }
