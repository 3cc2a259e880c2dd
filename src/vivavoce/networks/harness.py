"""What an author gives the contract suite: the world around a network, as other people have it in hand."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import pytest

from vivavoce.networks.base import BATCH_EVENTS_MAX
from vivavoce.posts import Deletion, Post

if TYPE_CHECKING:
    from collections.abc import Callable

    from vivavoce.networks.base import Network


class Fault(StrEnum):
    """What ``break_next`` is asked to do to the next attempt to put a record on the network."""

    TOO_MANY = "429"
    """Refuse it, and name a time to wait."""
    BROKEN = "500"
    """Fail; whether the record was taken is the harness's choice."""
    LOST_ANSWER = "lost answer"
    """Take the record, and let the answer be lost."""


class Harness(Protocol):
    """The world around a network, as other people and the network's owner have it in hand."""

    def connect(self) -> Network:
        """Return the brand's account, connected anew each time, to the same world."""
        ...

    def somebody_posts(self, text: str, *, mention: bool = True, reply_to: str | None = None) -> str:
        """Post as another person, to the brand if ``mention``, and return the post's id.

        Raises ``BadInputError`` when the network itself takes no such text from anybody.
        """
        ...

    def somebody_deletes(self, post_id: str) -> None:
        """Take back, as that person, what ``somebody_posts`` posted."""
        ...

    def read_back(self, post_id: str) -> str | None:
        """Return the words that stand on the network under an id, or ``None``.

        Looks past the code under test: with another client, another account, into the server's own store.
        """
        ...


@runtime_checkable
class Edits(Protocol):
    """A harness whose network has ``Capabilities.edit``."""

    def somebody_edits(self, post_id: str, text: str) -> None:
        """Give, as that person, a post other words."""
        ...


@runtime_checkable
class Whispers(Protocol):
    """A harness whose network has ``Capabilities.private``."""

    def somebody_whispers(self, text: str) -> str:
        """Write to the brand in private as another person and return the post's id."""
        ...


@runtime_checkable
class Breaks(Protocol):
    """A harness that can make the next attempt to put a record fail."""

    def break_next(self, fault: Fault) -> None:
        """Arrange for ``fault`` (a string too) to befall the next ``send``, and only that."""
        ...


class Ear:
    """Listens from one cursor on, as the desk does."""

    def __init__(self, network: Network, cursor: str | None, *, settle_s: float) -> None:
        self.network = network
        self.cursor = cursor
        self.settle_s = settle_s

    def hears(self, wanted: Callable[[Post | Deletion], bool], *, what: str) -> Post | Deletion:
        """Listen until an event is the wanted one; fail after ``settle_s`` seconds."""
        deadline = time.monotonic() + self.settle_s
        while True:
            batch = self.network.listen(self.cursor, wait_s_max=0.2)
            if len(batch.events) > BATCH_EVENTS_MAX:
                pytest.fail("a batch is too long for the database's one writer")
            self.cursor = batch.cursor
            for event in batch.events:
                if event.network != self.network.name:
                    pytest.fail(f"{event.id} says that it comes from {event.network}")
                if wanted(event):
                    return event
            if time.monotonic() > deadline:
                pytest.fail(f"{what} was not heard within {self.settle_s} s")
            time.sleep(min(batch.wait_s, 0.05))

    def posts(self, *ids: str) -> dict[str, Post]:
        """Listen until each of these posts was heard; they may come in one batch or in many."""
        found: dict[str, Post] = {}

        def note(event: Post | Deletion) -> bool:
            if isinstance(event, Post) and event.id in ids:
                found[event.id] = event
            return len(found) == len(set(ids))

        self.hears(note, what=f"all of {ids}")
        return found

    def post(self, post_id: str) -> Post:
        """Listen until this post was heard."""
        return self.posts(post_id)[post_id]
