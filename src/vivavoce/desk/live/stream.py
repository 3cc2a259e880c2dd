"""What changed, to every open screen: one watcher of the database a process, one bounded set of topics a screen.

The watcher tells nothing but topics. The browser fetches what it shows again, through the normal view.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import TYPE_CHECKING

import structlog
from asgiref.sync import sync_to_async
from django.db import Error, connection

from vivavoce.desk.live.models import Signal
from vivavoce.desk.live.services import CHANNEL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

log = structlog.get_logger()

LOOK_S = 0.2
"""How often SQLite is asked whether anything was committed: it costs microseconds, and a screen may lag by a second."""

COALESCE_S = 0.5
"""Between two events to one screen: with ``LOOK_S`` and a fetch it stays under a second, and a busy desk stays calm."""

HEARTBEAT_S = 15.0
"""Proxies cut silent connections after 30 or 60 seconds."""

STREAM_S_MAX = 600.0
"""A stream ends after this time and the browser opens another: who was signed out in between is not let in."""

REST_S = 2.0
"""After a failure of the database."""

TOPICS_MAX = 64
"""All tabs of one browser together; each shows one conversation at most."""

CLIENTS_MAX = 2_000
"""Streams of one process: a team of 500 with some browsers each. Beyond, a page still works, without signals."""


class Client:
    """One browser's stream. What it has not been told yet is a set within its own topics, so it cannot grow."""

    def __init__(self, topics: Iterable[str]) -> None:
        self.topics = frozenset(topics)
        self._loop = asyncio.get_running_loop()
        self._pending: set[str] = set()
        self._something = asyncio.Event()
        self._closed = False

    def tell(self, topics: Iterable[str]) -> None:
        """Note topics that changed. From any thread."""
        self._loop.call_soon_threadsafe(self._note, self.topics.intersection(topics), False)

    def close(self) -> None:
        """End the stream. From any thread, a signal handler too."""
        self._loop.call_soon_threadsafe(self._note, (), True)

    def _note(self, topics: Iterable[str], closed: bool) -> None:  # noqa: FBT001 - called by the loop
        self._pending.update(topics)
        self._closed = self._closed or closed
        if self._pending or self._closed:
            self._something.set()

    async def changes(self) -> AsyncIterator[list[str]]:
        """Give the topics that changed, coalesced; an empty list is a heartbeat. Ends when closed or too old."""
        ends = time.monotonic() + STREAM_S_MAX
        while not self._closed and time.monotonic() < ends:
            try:
                await asyncio.wait_for(self._something.wait(), HEARTBEAT_S)
            except TimeoutError:
                yield []
                continue
            if self._closed:
                return
            told = sorted(self._pending)
            self._pending.clear()
            self._something.clear()
            yield told
            await asyncio.sleep(COALESCE_S)


class Watcher:
    """The one thread of a process that looks for signals, while anybody listens."""

    def __init__(self) -> None:
        self._clients: set[Client] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def join(self, client: Client) -> bool:
        """Let a client hear from now on; False when there are too many."""
        with self._lock:
            if len(self._clients) >= CLIENTS_MAX:
                return False
            self._clients.add(client)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="live", daemon=True)
                self._thread.start()
            return True

    def leave(self, client: Client) -> None:
        """Let a client hear no more."""
        with self._lock:
            self._clients.discard(client)

    def close_all(self) -> None:
        """End all streams, as the server stops."""
        for client in list(self._clients):
            client.close()

    def _watch(self) -> None:
        """Look until nobody listens any more; survive a database that went away."""
        while True:
            try:
                if connection.vendor == "postgresql":
                    self._watch_postgresql()
                else:
                    self._watch_sqlite()
            except Error as error:
                log.warning("signals cannot be read; trying again", error=str(error))
                time.sleep(REST_S)
            finally:
                connection.close()
            with self._lock:
                if not self._clients:
                    self._thread = None
                    return

    def _watch_sqlite(self) -> None:
        """Ask for SQLite's counter of commits by others, and only when it moved for the topics' versions."""
        known: dict[str, int] = {}
        seen = None
        topics: frozenset[str] = frozenset()
        while self._clients:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA data_version")
                now = cursor.fetchone()[0]
            wanted = self._topics()
            if now != seen or wanted != topics:
                fresh = dict(Signal.objects.filter(topic__in=wanted).values_list("topic", "version"))
                self._tell(
                    {topic for topic, version in fresh.items() if topic in topics and known.get(topic) != version}
                )
                known, seen, topics = fresh, now, wanted
            time.sleep(LOOK_S)

    def _watch_postgresql(self) -> None:
        """Listen for what ``touch`` notifies."""
        connection.ensure_connection()
        raw = connection.connection
        raw.execute(f"LISTEN {CHANNEL}")
        try:
            while self._clients:
                for notice in raw.notifies(timeout=LOOK_S):
                    self._tell(set(notice.payload.split()))
        finally:
            if not raw.closed:
                raw.execute(f"UNLISTEN {CHANNEL}")

    def _topics(self) -> frozenset[str]:
        with self._lock:
            return frozenset().union(*(client.topics for client in self._clients))

    def _tell(self, topics: set[str]) -> None:
        if not topics:
            return
        with self._lock:
            clients = list(self._clients)
        for client in clients:
            if not client.topics.isdisjoint(topics):
                client.tell(topics)


WATCHER = Watcher()
"""The one of this process."""


def close_all() -> None:
    """End all streams, as the server stops."""
    WATCHER.close_all()


async def events(topics: Iterable[str]) -> AsyncIterator[bytes]:
    """Give a stream's bytes: ``hello`` at once, then ``changed`` with a JSON list of topics, and heartbeats."""
    await sync_to_async(_give_back)()
    client = Client(topics)
    if not WATCHER.join(client):
        yield b"retry: 60000\nevent: full\ndata: []\n\n"
        return
    try:
        yield b"retry: 1000\nevent: hello\ndata: []\n\n"
        async for changed in client.changes():
            yield b": still here\n\n" if not changed else f"event: changed\ndata: {json.dumps(changed)}\n\n".encode()
    finally:
        WATCHER.leave(client)


def _give_back() -> None:
    """Give back the connection that knew who asks, before minutes of streaming.

    PostgreSQL's are pooled: each open screen would hold one, and twenty screens would stop the desk.
    """
    if not connection.in_atomic_block:
        connection.close()
