"""People first: the machine writes in turns, short ones, and rests between them.

SQLite has one writer. Within a process a person's write goes before the machine's next turn; other processes find the
writer free in the rests, since their waits for it are short at first. On PostgreSQL nobody waits and nothing rests.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpRequest, HttpResponseBase

REST_SHARE = 0.25
"""The machine rests a quarter as long as it wrote: a waiting person, who tries ever more seldom, then finds a rest."""

REST_S_MIN = 0.002
"""The shortest rest in which another process, which tries each millisecond at first, can take the writer."""

PEOPLE_S_MAX = 1.0
"""A machine's turn waits so long for people at most: whoever writes without end must not stop the listening."""

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Pace:
    """The turns of one process."""

    def __init__(self) -> None:
        self._machine = threading.Lock()
        self._people = 0
        self._rested_at = 0.0
        self._nobody = threading.Condition()

    @contextmanager
    def person(self) -> Iterator[None]:
        """Hold the machine's next turn back while a person writes."""
        with self._nobody:
            self._people += 1
        try:
            yield
        finally:
            with self._nobody:
                self._people -= 1
                self._nobody.notify_all()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Write as a machine: alone in this process, rested, and after the people who write now."""
        if connection.vendor != "sqlite":
            yield
            return
        with self._machine:
            time.sleep(max(0.0, self._rested_at - time.monotonic()))
            with self._nobody:
                self._nobody.wait_for(lambda: self._people == 0, timeout=PEOPLE_S_MAX)
            began = time.monotonic()
            yield
            ended = time.monotonic()
            self._rested_at = ended + max(REST_S_MIN, REST_SHARE * (ended - began))


PACE = Pace()
"""The one of this process; the workers and the web server share it under ``vivavoce up``."""


def people_first(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Let a request that writes go before the machine's next turn."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method not in WRITES:
            return get_response(request)
        with PACE.person():
            return get_response(request)

    return middleware
