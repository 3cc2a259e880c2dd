"""The data folder: where it is, and that only one desk runs in it."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vivavoce.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator


def default_data() -> Path:
    """Return the folder named by ``VIVAVOCE_DATA``, or ``vivavoce`` where this system keeps a user's data."""
    named = os.environ.get("VIVAVOCE_DATA")
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(named).absolute() if named else Path(home) / "vivavoce"


def make_folder(data: Path) -> None:
    """Make the data folder, readable by its owner alone.

    Raises:
        SetupError: it cannot be made or written.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = f"The data folder {data} cannot be made ({error.strerror}). Choose another with --data DIR."
        raise SetupError(message) from error
    if not os.access(data, os.W_OK | os.X_OK):
        message = f"The data folder {data} cannot be written. Choose another with --data DIR, or change its owner."
        raise SetupError(message)


@contextmanager
def only_desk(data: Path) -> Iterator[None]:
    """Hold the folder's lock while a desk runs in it; the system lets go of it even when the process is killed.

    Raises:
        SetupError: another desk holds it.
    """
    path = data / "desk.lock"
    with path.open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            pid = lock.read().strip() or "unknown"
            message = f"A desk already runs on {data} (process {pid}). Use it, or start another with --data DIR."
            raise SetupError(message) from error
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield
