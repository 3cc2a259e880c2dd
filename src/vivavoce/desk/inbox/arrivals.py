"""What a batch's events come to, one fate a post: pure, before any row is touched.

Networks rewind and repeat, and anyone may write anything: here each event is made fit to store, or rejected, and
several events about one post become its final state.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from vivavoce.posts import Addressed, Author, Deletion, Media, Post, storable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

POST_ID_MAX = 512
AUTHOR_ID_MAX = 255
VERSION_MAX = 255
NAME_MAX = 255
"""The columns' lengths; no network of today comes near them."""

WEB = frozenset({"http", "https"})
"""The schemes that a page may link to."""

LINKS_MAX = 50
LANGUAGES_MAX = 10
MEDIA_MAX = 20
"""What one post may carry; more is left out."""

ADDRESS_MAX = 2_000
"""Browsers cut longer addresses themselves."""

LANGUAGE_MAX = 35
"""The longest language tag that RFC 5646 asks programs to take."""


@dataclass(slots=True)
class Arrival:
    """All that a batch says of one post: its last wording, if it came, and when it was taken back, if it was."""

    id: str
    network: str
    post: Post | None = None
    earlier: Post | None = None
    """The first wording, when the batch holds an edit too."""
    deleted_at: datetime | None = None


@dataclass(slots=True)
class Fold:
    """The arrivals of some events, in the order of their first mention, and how many events were unfit."""

    arrivals: dict[tuple[str, str], Arrival] = field(default_factory=dict)
    repeated: int = 0
    rejected: int = 0

    def add(self, event: Post | Deletion) -> None:
        """Take one more event in."""
        fit = fit_to_store(event)
        if fit is None:
            self.rejected += 1
            return
        arrival = self.arrivals.setdefault((fit.network, fit.id), Arrival(fit.id, fit.network))
        if isinstance(fit, Deletion):
            arrival.deleted_at = fit.seen_at
        else:
            self._worded(arrival, fit)

    def _worded(self, arrival: Arrival, post: Post) -> None:
        """Let the later wording win; one that came after the deletion revives the post."""
        before = arrival.post
        if before is not None and post.seen_at < before.seen_at:
            self.repeated += 1
            return
        if before is not None:
            self.repeated += before.version == post.version
            arrival.earlier = arrival.earlier or before
            if post.addressed is Addressed.OVERHEARD:
                post = replace(post, addressed=before.addressed)
        arrival.post = post
        if arrival.deleted_at is not None and post.seen_at > arrival.deleted_at:
            arrival.deleted_at = None


def fold(events: Iterable[Post | Deletion]) -> Fold:
    """Return what some events come to. Cost: linear."""
    folded = Fold()
    for event in events:
        folded.add(event)
    return folded


def fit_to_store(event: Post | Deletion) -> Post | Deletion | None:
    """Return the event with every text storable and every address safe, or ``None`` when its names cannot be kept.

    A name that had to be changed would be another post's or nobody's: such an event is rejected.
    """
    if not _is_name(event.id, POST_ID_MAX):
        return None
    if isinstance(event, Deletion):
        return event
    names = (
        _is_name(event.author.id, AUTHOR_ID_MAX),
        _is_name(event.root_id, POST_ID_MAX),
        event.reply_to is None or _is_name(event.reply_to, POST_ID_MAX),
        not event.version or _is_name(event.version, VERSION_MAX),
    )
    if not all(names):
        return None
    return replace(
        event,
        author=_author(event.author),
        text=storable(event.text),
        languages=tuple(storable(tag[:LANGUAGE_MAX]) for tag in event.languages[:LANGUAGES_MAX]),
        links=tuple(link for link in map(web_address, event.links[:LINKS_MAX]) if link),
        media=tuple(map(_media, event.media[:MEDIA_MAX])),
        url=web_address(event.url),
    )


def web_address(address: str) -> str:
    """Return an address that a page may link to, or nothing: no ``javascript:``, no half address, no endless one."""
    if not address or len(address) > ADDRESS_MAX:
        return ""
    clean = storable(address)
    try:
        parts = urlsplit(clean)
    except ValueError:
        return ""
    return clean if parts.scheme in WEB and parts.netloc else ""


def _is_name(text: str, length_max: int) -> bool:
    return 0 < len(text) <= length_max and storable(text) == text


def _author(author: Author) -> Author:
    return replace(
        author,
        handle=storable(author.handle[:NAME_MAX]),
        name=storable(author.name[:NAME_MAX]),
        avatar_url=web_address(author.avatar_url),
    )


def _media(media: Media) -> Media:
    return Media(url=web_address(media.url), kind=storable(media.kind[:40]), alt=storable(media.alt))
