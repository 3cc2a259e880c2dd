"""A Jetstream of our own: the real firehose of a PDS, as JSON over a websocket, as the public service serves it.

Kept of the public service (v1): `wantedCollections` (with prefixes, `app.bsky.feed.*`), `wantedDids`, `cursor`
in microseconds (replay starts with the event at the cursor; an older cursor starts with what is remembered; a
future one starts live), identity and account events for everybody. Left out: compression and options sent later.
"""

import asyncio
import bisect
import http
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import websockets.asyncio.client as websocket_client
import websockets.asyncio.server as websocket_server
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.http11 import Request, Response

from tests.servers.background import Background
from tests.servers.firehose import frame_events

MEMORY_EVENTS_MAX = 10_000  # the public service remembers about a day; a test run makes fewer events than this
COLLECTIONS_MAX = 100  # the public service's limit
DIDS_MAX = 10_000  # the public service's limit
RETRY_S = 0.1  # a PDS that a test restarts is soon back
CONNECT_S_MAX = 20


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it goes over the wire, with what decides who gets it."""

    time_us: int
    did: str
    collection: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one subscriber asked for; empty means everything."""

    collections: tuple[str, ...]
    dids: frozenset[str]
    cursor_us: int | None

    @classmethod
    def parse(cls, path: str) -> Self:
        """Read the subscription from a request's path; ValueError when the public service would refuse it."""
        query = parse_qs(urlsplit(path).query)
        collections, dids = tuple(query.get("wantedCollections", ())), frozenset(query.get("wantedDids", ()))
        if len(collections) > COLLECTIONS_MAX or len(dids) > DIDS_MAX:
            message = "too many wantedCollections or wantedDids"
            raise ValueError(message)
        if "compress" in query:
            message = "this Jetstream does not compress"
            raise ValueError(message)
        cursor = query.get("cursor")
        return cls(collections, dids, None if cursor is None else int(cursor[0]))

    def takes(self, event: Event) -> bool:
        """Say whether the subscriber gets the event."""
        if self.dids and event.did not in self.dids:
            return False
        return event.collection is None or not self.collections or any(map(self._covers(event), self.collections))

    @staticmethod
    def _covers(event: Event) -> Callable[[str], bool]:
        name = event.collection or ""
        return lambda wanted: name == wanted or (wanted.endswith(".*") and name.startswith(wanted[:-1]))


class Jetstream:
    """A Jetstream on loopback in front of one firehose; follows a PDS through restarts without a gap.

    Args:
        firehose_url: websocket address of `com.atproto.sync.subscribeRepos`; read live, from now on.
        memory_events_max: older events are forgotten, so that a gap beyond the memory can be tested.
    """

    def __init__(self, firehose_url: str, *, memory_events_max: int = MEMORY_EVENTS_MAX) -> None:
        self._firehose_url = firehose_url
        self._memory_events_max = memory_events_max
        self._memory: list[Event] = []
        self._last_us = 0
        self._background = Background("jetstream")
        try:
            self._background.run(self._open())
        except BaseException:
            self._background.close()
            raise

    @property
    def url(self) -> str:
        """The address to subscribe to, as in `wss://<public service>/subscribe`."""
        return f"ws://127.0.0.1:{self._port}/subscribe"

    @property
    def connections(self) -> int:
        """How many subscribers are connected now."""
        return len(self._server.connections)

    def events(self) -> list[dict[str, Any]]:
        """Return what is remembered, oldest first."""
        return [json.loads(event.text) for event in list(self._memory)]

    def drop_connections(self) -> None:
        """Cut every subscriber off without a goodbye, as a broken line does; they may connect again."""
        self._background.run(self._drop())

    def forget(self) -> None:
        """Forget every event, so that any older cursor lies beyond the memory."""
        self._background.run(self._forget())

    def close(self) -> None:
        """End the server and the connection to the firehose."""
        self._background.run(self._close())
        self._background.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _open(self) -> None:
        self._news = asyncio.Condition()
        self._server = await websocket_server.serve(
            self._serve, "127.0.0.1", 0, process_request=self._refuse_unfit, compression=None
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]
        connected = asyncio.Event()
        self._reader = asyncio.create_task(self._read_firehose(connected))
        await asyncio.wait_for(connected.wait(), CONNECT_S_MAX)

    async def _close(self) -> None:
        await self._drop()
        # Subscribers that wait for news do not see their line go: closing the background cancels them.
        self._server.close()

    async def _drop(self) -> None:
        for connection in list(self._server.connections):
            connection.transport.abort()

    async def _forget(self) -> None:
        self._memory.clear()

    async def _read_firehose(self, connected: asyncio.Event) -> None:
        seq: int | None = None
        while True:
            cursor = "" if seq is None else f"?cursor={seq}"
            try:
                async with websocket_client.connect(self._firehose_url + cursor, max_size=None) as firehose:
                    connected.set()
                    async for frame in firehose:
                        assert isinstance(frame, bytes)
                        frame_seq, events = frame_events(frame)
                        seq = frame_seq or seq
                        await self._remember(events)
            except (OSError, ConnectionClosed, InvalidHandshake):
                pass  # the PDS is away; the sequence number makes up for it
            await asyncio.sleep(RETRY_S)

    async def _remember(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            # Two events never share a time, or a subscriber that resumes after one would miss the other.
            self._last_us = max(self._last_us + 1, time.time_ns() // 1000)
            text = json.dumps({"did": event["did"], "time_us": self._last_us, **event}, ensure_ascii=False)
            collection = event["commit"]["collection"] if "commit" in event else None
            self._memory.append(Event(self._last_us, event["did"], collection, text))
        del self._memory[: -self._memory_events_max]
        async with self._news:
            self._news.notify_all()

    @staticmethod
    def _refuse_unfit(connection: websocket_server.ServerConnection, request: Request) -> Response | None:
        if urlsplit(request.path).path != "/subscribe":
            return connection.respond(http.HTTPStatus.NOT_FOUND, "not found\n")
        try:
            Wanted.parse(request.path)
        except ValueError as error:
            return connection.respond(http.HTTPStatus.BAD_REQUEST, f"{error}\n")
        return None

    async def _serve(self, connection: websocket_server.ServerConnection) -> None:
        assert connection.request is not None
        wanted = Wanted.parse(connection.request.path)
        live_us = max(self._last_us + 1, time.time_ns() // 1000)
        next_us = live_us if wanted.cursor_us is None else min(wanted.cursor_us, live_us)
        try:
            while True:
                async with self._news:
                    while not (batch := self._since(next_us)):
                        await self._news.wait()
                for event in batch:
                    if wanted.takes(event):
                        await connection.send(event.text)
                next_us = batch[-1].time_us + 1
        except ConnectionClosed:
            return

    def _since(self, time_us: int) -> list[Event]:
        return self._memory[bisect.bisect_left(self._memory, time_us, key=lambda event: event.time_us) :]
