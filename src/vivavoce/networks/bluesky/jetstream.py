"""Jetstream: every public post of the network as JSON, followed in a thread of its own and resumed by time.

Source: the description of the public service (version 1, ``/subscribe``). It replays from the event at a cursor; where
the cursor is older than its memory it begins with the oldest that it has, which is how a gap shows: after a rewind the
first event must not be later than the last one that was heard.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from vivavoce.networks.base import Gap
from vivavoce.networks.bluesky.cursor import moment
from vivavoce.networks.bluesky.records import POSTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from vivavoce.networks.bluesky.sieve import Said, Sieve, TakenBack

QUEUE_EVENTS_MAX = 2_000
"""Four batches: when the store is slower than the network the stream waits, and nothing is dropped."""

REWIND_US = 5_000_000
"""Two servers behind one name differ by less; what comes twice is known by its address."""

MESSAGE_BYTES_MAX = 1_000_000
"""What the server is asked not to exceed: no post of a person is as long."""

FRAME_BYTES_MAX = 8 * 1024 * 1024
"""What is taken all the same, from a server that does not know the option: a record has at most 1 MB, and in JSON at
most six times as much."""

BACK_OFF_S_FIRST = 0.5
BACK_OFF_S_MAX = 60.0
"""A service that is away for long is not asked more often than this."""

STEP_S = 0.5
"""How long the thread waits before it looks whether it was told to stop."""

OPEN_S_MAX = 10.0
CLOSE_S_MAX = 1.0

STEADY_S = 30.0
"""A line that holds for so long, or brings anything new, is a good one: the next failure is the first again."""

FAILURES_SILENT = 2
"""Lines break and heal within seconds; from the third failure in a row on, somebody should know."""

GAP_REASON = "Jetstream no longer remembers this time; posts with watched words may be missing."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Missed:
    """The server no longer knew what came before this time."""

    time_us: int
    gap: Gap


@dataclass(frozen=True, slots=True)
class Reach:
    """Up to where the stream was followed; ``heard`` once an event was there."""

    time_us: int
    heard: bool

    def moved_to(self, time_us: int) -> Reach:
        """Return the place after an event; a beginning by our own clock, fast or slow, gives way to the first one."""
        return Reach(max(self.time_us, time_us) if self.heard else time_us, heard=True)


class Stream:
    """Follows Jetstream from a place on, until closed.

    Args:
        url: the service's address.
        sieve: what to let through.
        start: where to begin.
        jitter: gives a number from 0 to 1, so that many desks do not come back at once.
        monotonic: counts seconds, never backwards.
    """

    def __init__(
        self,
        url: str,
        *,
        sieve: Sieve,
        start: Reach,
        jitter: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._sieve = sieve
        self._jitter = jitter
        self._monotonic = monotonic
        self._reach = start
        self._given = start
        self._items: queue.Queue[Said | TakenBack | Missed] = queue.Queue(QUEUE_EVENTS_MAX)
        self._stop = threading.Event()
        self._failures = 0
        self._trouble: tuple[str, float] | None = None
        self._thread = threading.Thread(target=self._run, name="jetstream", daemon=True)
        self._thread.start()

    def take(self, items_max: int, *, wait_s_max: float) -> tuple[list[Said | TakenBack | Missed], Reach]:
        """Return what came, and up to where everything was returned; wait for the first at most that long."""
        items: list[Said | TakenBack | Missed] = []
        if wait_s_max > 0 and items_max > 0:
            with suppress(queue.Empty):
                items.append(self._items.get(timeout=wait_s_max))
        followed = self._reach  # before the queue is seen empty, or an item put meanwhile would be passed over
        emptied = False
        while len(items) < items_max and not emptied:
            try:
                items.append(self._items.get_nowait())
            except queue.Empty:
                emptied = True
        for item in items:
            self._given = self._given.moved_to(item.time_us)
        if emptied and followed.heard:
            self._given = self._given.moved_to(followed.time_us)
        return items, self._given

    def take_trouble(self) -> tuple[str, float] | None:
        """Return why the service cannot be followed and the seconds to the next try; each failure is told once."""
        trouble, self._trouble = self._trouble, None
        return trouble

    def close(self) -> None:
        """Stop following. May be called twice."""
        self._stop.set()
        self._thread.join(OPEN_S_MAX + CLOSE_S_MAX + STEP_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
                reason = "it closed the line"
            except (OSError, WebSocketException) as error:
                reason = str(error) or type(error).__name__
            except Exception as error:  # noqa: BLE001 - a thread that ends unseen would be a deaf desk
                _log.exception("the stream stumbled")
                reason = type(error).__name__
            if self._stop.is_set():
                return
            self._failures += 1
            wait_s = back_off_s(self._failures, self._jitter())
            if self._failures > FAILURES_SILENT:
                host = urlsplit(self._url).hostname
                self._trouble = (f"Jetstream at {host} cannot be followed ({reason}); we keep trying.", wait_s)
            _log.info("jetstream: %s; again in %.1f s", reason, wait_s)
            self._stop.wait(wait_s)

    def _follow(self) -> None:
        resumed = self._reach
        first = True
        steady_at = self._monotonic() + STEADY_S
        with connect(
            self._address(resumed),
            open_timeout=OPEN_S_MAX,
            close_timeout=CLOSE_S_MAX,
            max_size=FRAME_BYTES_MAX,
        ) as line:
            while not self._stop.is_set():
                try:
                    message = line.recv(timeout=STEP_S)
                except TimeoutError:
                    continue
                time_us, items = self._sieve.sift(message) if isinstance(message, str) else (None, [])
                if time_us is None:
                    continue
                if time_us > resumed.time_us or self._monotonic() > steady_at:
                    self._failures, self._trouble = 0, None
                if first and resumed.heard and time_us > resumed.time_us:
                    gap = Gap(moment(resumed.time_us), moment(time_us), GAP_REASON)
                    self._put(Missed(resumed.time_us, gap))
                first = False
                for item in items:
                    self._put(item)
                self._reach = self._reach.moved_to(time_us)

    def _put(self, item: Said | TakenBack | Missed) -> None:
        while not self._stop.is_set():
            try:
                self._items.put(item, timeout=STEP_S)
            except queue.Full:
                continue
            return

    def _address(self, reach: Reach) -> str:
        cursor_us = max(1, reach.time_us - REWIND_US) if reach.heard else reach.time_us
        query = urlencode({"wantedCollections": POSTS, "maxMessageSizeBytes": MESSAGE_BYTES_MAX, "cursor": cursor_us})
        return f"{self._url}{'&' if urlsplit(self._url).query else '?'}{query}"


def back_off_s(failures: int, jitter: float) -> float:
    """Return the seconds to wait after so many failures in a row: doubling, bounded, shortened by up to half."""
    longest = min(BACK_OFF_S_MAX, BACK_OFF_S_FIRST * 2.0 ** min(failures - 1, 16))
    return longest * (1 - jitter / 2)
