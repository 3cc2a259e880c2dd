"""What a network is to the house: it can be listened to, looked at, and sent one permitted record at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from vivavoce.posts import Author, Deletion, Post, Visibility

if TYPE_CHECKING:
    from vivavoce.networks.permit import Permit

BATCH_EVENTS_MAX = 500
"""More would hold the database's one writer longer than a teammate should wait."""

Clock = Callable[[], datetime]
"""Tells the time, aware and in UTC; passed in, so that a test can be any day."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a network can do; the desk offers nothing else."""

    public: bool
    private: bool
    edit: bool
    delete: bool
    media: bool
    characters_max: int
    """The longest reply, in the unit of ``Network.length``."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time for which posts may be missing, because the network no longer remembers them."""

    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What came after a cursor, in the network's order.

    ``cursor`` is stored in the same transaction as ``events``; listening goes on after it. The same event may come
    twice (a network rewinds after a break); the store knows posts by ``(network, id, version)``.
    """

    events: tuple[Post | Deletion, ...]
    cursor: str | None
    gaps: tuple[Gap, ...] = ()
    wait_s: float = 0.0
    """Seconds until it is worth asking again; 0 when more is there already."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a teammate wrote, and to which post it answers."""

    text: str
    reply_to: str
    reply_to_version: str
    root: str
    root_version: str
    visibility: Visibility = Visibility.PUBLIC
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A reply exactly as it will stand on the network, frozen before the first try.

    ``key`` names it there (a record key, an idempotency key), ``created_at`` never changes again, and ``payload`` is
    the network's own form of it as JSON. ``words.text`` is what the teammate's presence covers.
    """

    network: str
    account: str
    key: str
    created_at: datetime
    words: Words
    payload: str

    @property
    def digest(self) -> str:
        """SHA-256 over everything in the record, in hexadecimal."""
        whole = json.dumps(asdict(self), sort_keys=True, default=str, ensure_ascii=True)
        return hashlib.sha256(whole.encode()).hexdigest()


class Standing(StrEnum):
    """How a frozen record stands on its network."""

    PRESENT = "present"
    ABSENT = "absent"
    OTHER_WORDS = "other words"
    """Something stands under the key, with other words: a person decides."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a look on the network, or a send, showed of a frozen record."""

    standing: Standing
    id: str = ""
    version: str = ""
    url: str = ""


@runtime_checkable
class Network(Protocol):
    """One connected account of one network.

    Every method may raise ``NetworkError`` (with ``permanent`` or ``retry_after_s``), and nothing else. ``send`` raises
    ``UnclearError`` when the record may or may not have arrived. Methods are called from one thread at a time.
    """

    name: str
    """The network's name, the same as its entry point."""

    account: Author
    """As whom we listen and speak."""

    capabilities: Capabilities

    def listen(self, cursor: str | None, *, wait_s_max: float) -> Batch:
        """Return what came after ``cursor``, waiting at most ``wait_s_max`` seconds for the first event.

        ``None`` means: from now on, with what the network remembers of the recent past. At most ``BATCH_EVENTS_MAX``.
        Never raises for one bad event: leaves it out and goes on.
        """
        ...

    def thread(self, post_id: str) -> tuple[Post, ...]:
        """Return the public posts of the thread around a post, root first; empty when it is gone."""
        ...

    def length(self, text: str) -> int:
        """Count a text as the network does."""
        ...

    def freeze(self, words: Words, *, created_at: datetime) -> Record:
        """Make the record that ``send`` will put. It may look things up, and writes nothing."""
        ...

    def find(self, record: Record) -> Sighting:
        """Look whether a frozen record is on the network. Raises ``NetworkError`` when it cannot tell."""
        ...

    def send(self, permit: Permit) -> Sighting:
        """Put the permitted record on the network, once. The first thing it does is ``permit.spend``."""
        ...

    def close(self) -> None:
        """Let go of connections. May be called twice."""
        ...


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that a network must be told to connect, as a form or a command asks for it."""

    name: str
    label: str
    help: str = ""
    secret: bool = False
    required: bool = True
    default: str = ""


@runtime_checkable
class Connector(Protocol):
    """What an entry point of the group ``vivavoce.networks`` names: how to connect one network."""

    name: str
    label: str
    settings: tuple[Setting, ...]
    speaks: bool
    """Replies can be sent; an archive, for instance, only listens."""

    def connect(self, settings: Mapping[str, str], *, clock: Clock) -> Network:
        """Sign in and return the account. Raises ``NetworkError`` with words that say what to put right."""
        ...


@runtime_checkable
class Counts(Protocol):
    """A connector that also counts a reply without connecting, so that the page can say what is left. Optional."""

    characters_max: int
    """The same as its networks' ``Capabilities.characters_max``."""

    def length(self, text: str) -> int:
        """Count a text as ``Network.length`` does."""
        ...
