"""The stream against a server that plays a script: slow readers, garbage, lines that break."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from vivavoce.networks.bluesky import jetstream
from vivavoce.networks.bluesky.jetstream import Missed, Reach, Stream, back_off_s
from vivavoce.networks.bluesky.sieve import Known, Said, Sieve
from vivavoce.networks.bluesky.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CID = "bafyreiaiiddxhpaoyqihrfm2l75hf7wvrhbqacevkqneiybefm5mqot2b4"
START_US = 1_700_000_000_000_000
TAKES_MAX = 400


class Script:
    """A Jetstream that says to each connection what its script says, then keeps the line or closes it."""

    def __init__(self, play: Callable[[Script, int, ServerConnection], None]) -> None:
        self.cursors: list[int] = []
        self.queries: list[dict[str, list[str]]] = []
        self.done = threading.Event()
        self._play = play

    def __call__(self, line: ServerConnection) -> None:
        assert line.request is not None
        query = parse_qs(urlsplit(line.request.path).query)
        self.queries.append(query)
        self.cursors.append(int(query["cursor"][0]))
        with suppress(ConnectionClosed):
            self._play(self, len(self.cursors), line)

    def hold(self, line: ServerConnection) -> None:
        """Say nothing more until the other side goes."""
        with pytest.raises(ConnectionClosed):
            line.recv()


@contextmanager
def playing(play: Callable[[Script, int, ServerConnection], None]) -> Iterator[tuple[Script, str]]:
    script = Script(play)
    with serve(script, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield script, f"ws://127.0.0.1:{server.socket.getsockname()[1]}/subscribe"
        finally:
            server.shutdown()
            thread.join()


def said(number: int, text: str = "panne") -> str:
    commit: dict[str, Any] = {
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": f"k{number}",
        "record": {"text": text},
        "cid": CID,
    }
    return json.dumps({"did": "did:plc:a", "time_us": START_US + number, "kind": "commit", "commit": commit})


def stream(url: str, start: Reach) -> Stream:
    sieve = Sieve(brand="", watch=Watch.parse("panne"), known=Known())
    return Stream(url, sieve=sieve, start=start, jitter=lambda: 1.0)


def keys(items: list[Any]) -> list[str]:
    return [item.came.address.key for item in items if isinstance(item, Said)]


def take_until(stream: Stream, enough: Callable[[list[Any]], bool]) -> tuple[list[Any], Reach]:
    items: list[Any] = []
    reach = Reach(0, heard=False)
    for _ in range(TAKES_MAX):
        came, reach = stream.take(500, wait_s_max=0.1)
        items += came
        if enough(items):
            return items, reach
    pytest.fail(f"{len(items)} items, and not enough")


def test_a_slow_reader_makes_the_stream_wait_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jetstream, "QUEUE_EVENTS_MAX", 10)

    def play(script: Script, _connection: int, line: ServerConnection) -> None:
        for number in range(300):
            line.send(said(number))
        script.done.set()
        script.hold(line)

    with playing(play) as (_, url):
        listening = stream(url, Reach(START_US, heard=False))
        got: list[str] = []
        places = []
        for _ in range(TAKES_MAX):
            items, reach = listening.take(7, wait_s_max=0.1)
            got += keys(items)
            places.append(reach.time_us)
            if items:
                assert reach.time_us <= START_US + int(got[-1][1:]) + 10
            if len(got) == 300:
                break
        listening.close()
    assert got == [f"k{number}" for number in range(300)]
    assert places == sorted(places)


def test_a_broken_line_is_taken_up_five_seconds_before_where_it_broke() -> None:
    def play(script: Script, connection: int, line: ServerConnection) -> None:
        line.send(said(0))
        line.send(said(connection))
        if connection < 3:
            line.close()
        else:
            script.hold(line)

    with playing(play) as (script, url):
        listening = stream(url, Reach(START_US - 9, heard=False))
        items, reach = take_until(listening, lambda items: "k3" in keys(items))
        listening.close()
    assert script.cursors[:3] == [START_US - 9, START_US + 1 - 5_000_000, START_US + 2 - 5_000_000]
    assert script.queries[0]["wantedCollections"] == ["app.bsky.feed.post"]
    assert reach == Reach(START_US + 3, heard=True)
    assert not [item for item in items if isinstance(item, Missed)]


def test_a_first_event_later_than_the_last_one_heard_is_a_gap() -> None:
    def play(script: Script, _connection: int, line: ServerConnection) -> None:
        line.send(said(1000))
        script.hold(line)

    for start, gaps in (
        (Reach(START_US + 999, heard=True), 1),
        (Reach(START_US + 1000, heard=True), 0),
        (Reach(START_US, heard=False), 0),
    ):
        with playing(play) as (_, url):
            listening = stream(url, start)
            items, _ = take_until(listening, lambda items: "k1000" in keys(items))
            listening.close()
        missed = [item.gap for item in items if isinstance(item, Missed)]
        assert len(missed) == gaps
        for gap in missed:
            assert (gap.end - gap.start).microseconds == 1


def test_garbage_between_the_posts_is_left_out() -> None:
    garbage: list[str | bytes] = [
        "",
        "null",
        "[]",
        '"x"',
        "{",
        '{"time_us":"later"}',
        b"\x00\xff",
        "[" * 50_000,
        said(-5)[:-1],
    ]

    def play(script: Script, _connection: int, line: ServerConnection) -> None:
        for number, nonsense in enumerate(garbage):
            line.send(nonsense)
            line.send(said(number))
        line.send(said(99, text="nobody watches this"))
        script.hold(line)

    with playing(play) as (script, url):
        listening = stream(url, Reach(START_US, heard=False))
        items, _ = take_until(listening, lambda items: len(items) == len(garbage))
        reach = Reach(0, heard=False)
        while reach.time_us < START_US + 99:
            _, reach = listening.take(10, wait_s_max=0.1)
        listening.close()
    assert keys(items) == [f"k{number}" for number in range(len(garbage))]
    assert len(script.cursors) == 1


def test_a_server_that_always_hangs_up_is_said_and_asked_less_and_less() -> None:
    def play(_script: Script, _connection: int, line: ServerConnection) -> None:
        line.send(said(0))
        line.close()

    with playing(play) as (script, url):
        listening = stream(url, Reach(START_US, heard=True))
        trouble = None
        for _ in range(TAKES_MAX):
            listening.take(10, wait_s_max=0.1)
            trouble = listening.take_trouble()
            if trouble:
                break
        listening.close()
    assert trouble is not None
    assert trouble[1] == back_off_s(3, 1.0)
    assert listening.take_trouble() is None
    assert len(script.cursors) == 3


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_waits_grow_and_stay_bounded(failures: int, jitter: float) -> None:
    wait_s = back_off_s(failures, jitter)
    assert 0 < wait_s <= jetstream.BACK_OFF_S_MAX
    assert back_off_s(failures + 1, jitter) >= wait_s


def test_a_stream_can_be_closed_twice_and_while_nobody_takes() -> None:
    def play(_script: Script, _connection: int, line: ServerConnection) -> None:
        for number in range(jetstream.QUEUE_EVENTS_MAX + 100):
            line.send(said(number))

    with playing(play) as (_, url):
        listening = stream(url, Reach(START_US, heard=False))
        listening.take(1, wait_s_max=5.0)
        listening.close()
        listening.close()
    assert not any(thread.name == "jetstream" and thread.is_alive() for thread in threading.enumerate())
