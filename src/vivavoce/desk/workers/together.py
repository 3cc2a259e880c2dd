"""Several loops in one process, one thread each; when one dies of an error, all stop and the error is told."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

import structlog

if TYPE_CHECKING:
    from collections.abc import Sequence

log = structlog.get_logger()

FAREWELL_S_MAX = 10
"""A loop that does not end in this time is left behind; its leases run out by themselves."""


class Loop(Protocol):
    """A worker's loop: it returns soon after ``stop`` is set."""

    def __call__(self, *, stop: threading.Event) -> None:
        """Loop."""


def start_together(loops: Sequence[Loop], *, stop: threading.Event) -> list[threading.Thread]:
    """Start each loop in a thread of its own."""

    def guarded(loop: Loop) -> None:
        try:
            loop(stop=stop)
        except Exception:
            log.exception("a worker died; the others stop")
            stop.set()
            raise

    threads = [threading.Thread(target=guarded, args=(loop,), name=str(loop), daemon=True) for loop in loops]
    for thread in threads:
        thread.start()
    return threads


def run_together(loops: Sequence[Loop], *, stop: threading.Event) -> None:
    """Run the loops until ``stop`` is set, and wait for each to end."""
    threads = start_together(loops, stop=stop)
    stop.wait()
    for thread in threads:
        thread.join(FAREWELL_S_MAX)
