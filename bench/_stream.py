"""A network for measuring: so many posts a second from a moment that a file names, found by the desk as any other.

The newest post is always the most pressing, so that it stands at the front of the queue: a page that shows post 700 was
read from a database that held all before it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from vivavoce.errors import RefusedError
from vivavoce.networks.base import BATCH_EVENTS_MAX, Batch, Capabilities, Setting
from vivavoce.posts import Addressed, Author, Post

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vivavoce.networks.base import Clock, Record, Sighting, Words
    from vivavoce.networks.permit import Permit

NAME = "bench"
TEXT = "Where is my parcel? I have been waiting for three weeks. ({:08})"
EPOCH = 1_795_000_000
"""Seconds since 1970, late in 2026: when the first post was seen; each is a second older, and due a second earlier."""

LOOK_S = 0.005
BRAND = Author("brand", "brand.test", "Brand")
LISTENS = Capabilities(public=True, private=False, edit=False, delete=False, media=False, characters_max=300)
SILENT = "This network only listens."


@dataclass(frozen=True, slots=True)
class Stream:
    """Gives what is due by now. ``folder/go`` holds the moment it began, in seconds since 1970."""

    folder: Path
    a_second: int
    posts: int
    name: str = NAME
    account: Author = BRAND
    capabilities: Capabilities = LISTENS

    def listen(self, cursor: str | None, *, wait_s_max: float) -> Batch:
        """Return what came since ``cursor``, which is how many posts were given."""
        given = int(cursor or 0)
        deadline = time.monotonic() + wait_s_max
        while time.monotonic() < deadline:
            due = min(self._due(), given + BATCH_EVENTS_MAX)
            if due > given:
                return Batch(tuple(map(_post, range(given, due))), str(due))
            time.sleep(LOOK_S)
        return Batch((), cursor)

    def _due(self) -> int:
        go = self.folder / "go"
        if not go.exists() or not (began := go.read_text()):
            return 0
        return min(int(max(0.0, time.time() - float(began)) * self.a_second), self.posts)

    def thread(self, post_id: str) -> tuple[Post, ...]:  # noqa: ARG002 - the protocol's
        """Return nothing: each post stands alone."""
        return ()

    def length(self, text: str) -> int:
        """Count code points."""
        return len(text)

    def freeze(self, words: Words, *, created_at: datetime) -> Record:  # noqa: ARG002
        """Refuse: nobody answers here."""
        raise RefusedError(SILENT)

    def find(self, record: Record) -> Sighting:  # noqa: ARG002
        """Refuse: nobody answers here."""
        raise RefusedError(SILENT)

    def send(self, permit: Permit) -> Sighting:  # noqa: ARG002
        """Refuse: nobody answers here."""
        raise RefusedError(SILENT)

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True, slots=True)
class StreamConnector:
    """Connects a stream by its folder, rate and length."""

    name: str = NAME
    label: str = "Benchmark"
    settings: tuple[Setting, ...] = (
        Setting("path", "Folder"),
        Setting("a_second", "Posts a second"),
        Setting("posts", "Posts"),
    )
    speaks: bool = False

    def connect(self, settings: Mapping[str, str], *, clock: Clock) -> Stream:  # noqa: ARG002 - the protocol's
        """Open the stream."""
        return Stream(Path(settings["path"]), int(settings["a_second"]), int(settings["posts"]))


NETWORK = StreamConnector()


def entry_point(folder: Path) -> None:
    """Make a folder that, on Python's path, makes this network known as an installed package would."""
    information = folder / "vivavoce_bench-0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: vivavoce-bench\nVersion: 0\n")
    (information / "entry_points.txt").write_text(f"[vivavoce.networks]\n{NAME} = bench._stream:NETWORK\n")


def _post(number: int) -> Post:
    at = datetime.fromtimestamp(EPOCH - number, UTC)
    return Post(
        id=f"post/{number}",
        network=NAME,
        author=Author(f"p{number}", f"p{number}.test", f"Person {number}"),
        text=TEXT.format(number),
        created_at=at,
        seen_at=at,
        addressed=Addressed.MENTION,
        version="1",
    )
