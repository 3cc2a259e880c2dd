"""A network in memory that keeps every promise of the protocol, and fails as it is told."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from vivavoce.errors import NetworkError
from vivavoce.networks.base import Batch, Capabilities, Record, Sighting, Standing, Words
from vivavoce.networks.permit import Permit, spend
from vivavoce.posts import Author, Post

CAPABILITIES = Capabilities(public=True, private=True, edit=True, delete=True, media=False, characters_max=300)


@dataclass
class Server:
    """What stands on the network; every connection shares it. Each fault befalls one call, in order."""

    standing: dict[str, str] = field(default_factory=dict)
    """Key to words."""
    arrivals: list[str] = field(default_factory=list)
    """The words of each record that was put, in order; the same words twice would be seen here."""
    send_faults: list[NetworkError | Exception] = field(default_factory=list)
    send_arrives_though: bool = False
    """A faulty send reached the server all the same."""
    find_faults: list[NetworkError | Exception] = field(default_factory=list)
    freeze_faults: list[NetworkError] = field(default_factory=list)
    connect_faults: list[NetworkError] = field(default_factory=list)
    before_send: Callable[[], None] = lambda: None
    calls: list[str] = field(default_factory=list)

    def put(self, record: Record) -> None:
        if record.key not in self.standing:
            self.standing[record.key] = record.words.text
            self.arrivals.append(record.words.text)


@dataclass
class MemoryNetwork:
    """One connection."""

    server: Server
    account: Author
    name: str = "demo"
    capabilities: Capabilities = CAPABILITIES

    def listen(self, cursor: str | None, *, wait_s_max: float) -> Batch:  # noqa: ARG002
        return Batch((), cursor or "0")

    def thread(self, post_id: str) -> tuple[Post, ...]:  # noqa: ARG002
        return ()

    def length(self, text: str) -> int:
        return len(text)

    def freeze(self, words: Words, *, created_at: datetime) -> Record:
        self.server.calls.append("freeze")
        _fall(self.server.freeze_faults)
        key = secrets.token_hex(8)
        payload = json.dumps({"text": words.text})
        return Record(self.name, self.account.id, key, created_at, words, payload)

    def find(self, record: Record) -> Sighting:
        self.server.calls.append("find")
        _fall(self.server.find_faults)
        there = self.server.standing.get(record.key)
        if there is None:
            return Sighting(Standing.ABSENT)
        standing = Standing.PRESENT if there == record.words.text else Standing.OTHER_WORDS
        return Sighting(standing, id=f"post/{record.key}", version="v1", url=f"https://example.org/{record.key}")

    def send(self, permit: Permit) -> Sighting:
        record = spend(permit, network=self.name, account=self.account.id)
        self.server.calls.append("send")
        self.server.before_send()
        if self.server.send_faults and not self.server.send_arrives_though:
            _fall(self.server.send_faults)
        self.server.put(record)
        _fall(self.server.send_faults)
        return self.find(record)

    def close(self) -> None:
        self.server.calls.append("close")


def _fall(faults: Sequence[NetworkError | Exception]) -> None:
    if faults:
        assert isinstance(faults, list)
        raise faults.pop(0)
