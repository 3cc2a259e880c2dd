"""The values that flow from a network through the house: frozen; times aware, in UTC, to the microsecond."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

TEXT_CODE_POINTS_MAX = 20_000
"""Longer texts are cut when they arrive, and marked: no network of today carries more in one post."""

REPLACEMENT = "\ufffd"
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL refuses NUL, and UTF-8 has no lone surrogates."""


class Visibility(StrEnum):
    """Who can see a post on its network."""

    PUBLIC = "public"
    PRIVATE = "private"


class Addressed(StrEnum):
    """How a post turns to the brand; ``OVERHEARD`` posts were only found by watched words."""

    MENTION = "mention"
    REPLY = "reply"
    QUOTE = "quote"
    PRIVATE = "private"
    OVERHEARD = "overheard"


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody's handle on a network. ``id`` never changes there; ``handle`` and ``name`` may."""

    id: str
    handle: str
    name: str = ""
    avatar_url: str = ""
    says_automated: bool = False
    """The network's own label says that the account is run by a machine: a fact, not a guess."""


@dataclass(frozen=True, slots=True)
class Media:
    """A picture, sound or film of a post."""

    url: str
    kind: str = "image"
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """One message on a network.

    ``id``, ``reply_to`` and ``root`` are the network's own identifiers (on Bluesky an ``at://`` address).
    ``created_at`` is what the author's program claims; ``seen_at`` is the network's time and counts as arrival.
    """

    id: str
    network: str
    author: Author
    text: str
    created_at: datetime
    seen_at: datetime
    reply_to: str | None = None
    root: str | None = None
    visibility: Visibility = Visibility.PUBLIC
    addressed: Addressed = Addressed.OVERHEARD
    ours: bool = False
    """The brand itself wrote it."""
    languages: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    url: str = ""
    """Where a person can open the post in a browser."""
    version: str = ""
    """The network's identifier of this wording (a CID on Bluesky); another one means an edit."""

    @property
    def root_id(self) -> str:
        """The identifier of the thread: the root, or the post itself when it starts one."""
        return self.root or self.id


@dataclass(frozen=True, slots=True)
class Deletion:
    """An author took a post back; its words go, that it was there stays."""

    id: str
    network: str
    seen_at: datetime


def storable(text: str) -> str:
    """Make any text safe to store and show: no NUL, no lone surrogates, at most ``TEXT_CODE_POINTS_MAX``.

    Each replaced character becomes U+FFFD, so offsets in code points stay true.
    """
    return UNSTORABLE.sub(REPLACEMENT, text[:TEXT_CODE_POINTS_MAX])
