"""From the records of strangers to posts: everything may be missing, of another type, hostile or huge."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from vivavoce.networks.bluesky.connector import NAME
from vivavoce.networks.bluesky.records import (
    LANGUAGES_MAX,
    POSTS,
    Address,
    is_cid,
    is_did,
    is_language,
)
from vivavoce.posts import UNSTORABLE, Addressed, Author, Media, Post, storable

if TYPE_CHECKING:
    from collections.abc import Iterator

LINKS_MAX = 50
"""A post of 300 signs cannot hold more in earnest."""

LINK_CHARACTERS_MAX = 2_000
"""Browsers open no longer address reliably."""

MEDIA_MAX = 20
"""The lexicon's ceiling for a gallery."""

FACETS_MAX = 200
"""More marks than a text of 300 signs can carry; the rest is not looked at."""

NAME_CHARACTERS_MAX = 640
"""The lexicon's limit for a display name, in bytes."""

HANDLE_CHARACTERS_MAX = 253
"""The limit of a domain name, which a handle is."""

BOT = "bot"
INVALID_HANDLE = "handle.invalid"
CDN = "https://cdn.bsky.app/img/feed_fullsize/plain"
VIDEO_CDN = "https://video.bsky.app/watch"

_LINK = re.compile(r"https?://[^\s<>\"'`\\]+", re.IGNORECASE)
_YEAR_MIN = 2000


@dataclass(frozen=True, slots=True)
class Blobs:
    """Where pictures and films can be fetched: from the public content network, or from the server itself."""

    service: str | None
    """The server to fetch from; ``None`` for the public network."""

    def url(self, did: str, cid: str, kind: str) -> str:
        """Return the address of one picture or film."""
        if self.service is not None:
            return f"{self.service}/xrpc/com.atproto.sync.getBlob?did={quote(did, safe='')}&cid={quote(cid, safe='')}"
        if kind == "video":
            return f"{VIDEO_CDN}/{quote(did, safe='')}/{quote(cid, safe='')}/playlist.m3u8"
        return f"{CDN}/{did}/{cid}@jpeg"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A record with what the network itself says of it."""

    address: Address
    cid: str
    record: dict[str, Any]
    seen_at: datetime


def arrived(uri: object, cid: object, record: object, seen_at: datetime | None) -> Arrived | None:
    """Put together what came of a post; ``None`` when it is not one."""
    address = Address.parse(uri)
    if address is None or address.collection != POSTS or seen_at is None or not isinstance(cid, str):
        return None
    return Arrived(address, cid, record, seen_at) if is_cid(cid) and isinstance(record, dict) else None


def post(came: Arrived, *, author: Author, brand: str, blobs: Blobs) -> Post:
    """Return the post that a record is.

    Args:
        came: the record.
        author: who wrote it.
        brand: the DID that posts can be addressed to; empty when we only listen.
        blobs: where its pictures are.
    """
    record = came.record
    reply = mapping_at(record, "reply")
    parent, root = (Address.parse(mapping_at(reply, end).get("uri")) for end in ("parent", "root"))
    return Post(
        id=came.address.uri,
        network=NAME,
        author=author,
        text=storable(text_at(record, "text")),
        created_at=_claimed(record.get("createdAt"), came.seen_at),
        seen_at=came.seen_at,
        reply_to=parent.uri if parent else None,
        root=(root or parent).uri if root or parent else None,  # type: ignore[union-attr] # one of them is there
        addressed=addressed(record, brand) or Addressed.OVERHEARD,
        ours=bool(brand) and came.address.did == brand,
        languages=_languages(record),
        links=tuple(dict.fromkeys(_links(record)))[:LINKS_MAX],
        media=tuple(_media(record, came.address.did, blobs))[:MEDIA_MAX],
        url=came.address.url,
        version=came.cid,
    )


def addressed(record: dict[str, Any], brand: str) -> Addressed | None:
    """Say how a record turns to the brand: replies before mentions before quotes; ``None`` when it does not."""
    if not brand:
        return None
    reply = mapping_at(record, "reply")
    for end in ("parent", "root"):
        answered = Address.parse(mapping_at(reply, end).get("uri"))
        if answered and answered.did == brand:
            return Addressed.REPLY
    if any(feature.get("did") == brand for feature in _features(record, "mention")):
        return Addressed.MENTION
    quoted = _quoted(record)
    return Addressed.QUOTE if quoted and quoted.did == brand else None


def hashtags(record: dict[str, Any]) -> tuple[str, ...]:
    """Return the hashtags that a record marks, in its text and apart from it."""
    apart = [tag for tag in list_at(record, "tags")[:FACETS_MAX] if isinstance(tag, str)]
    return (*(text_at(feature, "tag") for feature in _features(record, "tag")), *apart)


def author(profile: object) -> Author | None:
    """Return the author that a profile, as the AppView shows it, describes; ``None`` when it describes nobody."""
    if not isinstance(profile, dict) or not is_did(profile.get("did")):
        return None
    did = str(profile["did"])
    labels = list_at(profile, "labels")
    own = any(isinstance(label, dict) and label.get("val") == BOT and label.get("src") == did for label in labels)
    return Author(
        id=did,
        handle=handle_or_did(profile.get("handle"), did),
        name=display_name(profile),
        avatar_url=link_or_nothing(profile.get("avatar")),
        says_automated=own,
    )


def handle_or_did(handle: object, did: str) -> str:
    """Return the handle, or the DID where the network knows no valid one."""
    if not isinstance(handle, str) or not handle or handle == INVALID_HANDLE:
        return did
    return storable(handle)[:HANDLE_CHARACTERS_MAX]


def display_name(profile: dict[str, Any]) -> str:
    """Return the name that somebody gives themselves."""
    return storable(text_at(profile, "displayName")[:NAME_CHARACTERS_MAX])


def self_labelled_bot(profile: dict[str, Any]) -> bool:
    """Say whether a profile record carries its owner's own label *bot*."""
    values = list_at(mapping_at(profile, "labels"), "values")
    return any(isinstance(value, dict) and value.get("val") == BOT for value in values)


def link_or_nothing(value: object) -> str:
    """Return an address that a browser may open, or the empty string."""
    if not isinstance(value, str) or len(value) > LINK_CHARACTERS_MAX or UNSTORABLE.search(value):
        return ""
    return value if _LINK.fullmatch(value) else ""


def network_time(text: object) -> datetime | None:
    """Read a time that a server gives, as aware UTC; ``None`` when it is none."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def mapping_at(value: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the object under a name, or an empty one."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def list_at(value: dict[str, Any], name: str) -> list[Any]:
    """Return the list under a name, or an empty one."""
    found = value.get(name)
    return found if isinstance(found, list) else []


def text_at(value: dict[str, Any], name: str) -> str:
    """Return the text under a name, or an empty one."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _claimed(text: object, seen_at: datetime) -> datetime:
    at = network_time(text)
    return seen_at if at is None or at.year < _YEAR_MIN else min(at, seen_at)


def _languages(record: dict[str, Any]) -> tuple[str, ...]:
    claimed = [language for language in list_at(record, "langs") if is_language(language)]
    return tuple(claimed[:LANGUAGES_MAX])


def _features(record: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    for facet in list_at(record, "facets")[:FACETS_MAX]:
        for feature in list_at(facet, "features")[:FACETS_MAX] if isinstance(facet, dict) else ():
            if isinstance(feature, dict) and feature.get("$type") == f"app.bsky.richtext.facet#{kind}":
                yield feature


def _parts(record: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is quoted and what is shown, whichever kind of embed carries them."""
    embed = mapping_at(record, "embed")
    if isinstance(embed.get("media"), dict):
        return mapping_at(mapping_at(embed, "record"), "record"), mapping_at(embed, "media")
    return mapping_at(embed, "record"), embed


def _quoted(record: dict[str, Any]) -> Address | None:
    quoted, _ = _parts(record)
    return Address.parse(quoted.get("uri"))


def _links(record: dict[str, Any]) -> Iterator[str]:
    for feature in _features(record, "link"):
        yield from filter(None, [link_or_nothing(feature.get("uri"))])
    _, shown = _parts(record)
    yield from filter(None, [link_or_nothing(mapping_at(shown, "external").get("uri"))])
    quoted = _quoted(record)
    if quoted and quoted.collection == POSTS:
        yield quoted.url


def _media(record: dict[str, Any], did: str, blobs: Blobs) -> Iterator[Media]:
    _, shown = _parts(record)
    for picture in [*list_at(shown, "images"), *list_at(shown, "items")][:MEDIA_MAX]:
        if isinstance(picture, dict):
            yield from _medium(picture, "image", did, blobs)
    yield from _medium(shown, "video", did, blobs)


def _medium(holder: dict[str, Any], kind: str, did: str, blobs: Blobs) -> Iterator[Media]:
    cid = mapping_at(mapping_at(holder, kind), "ref").get("$link")
    if isinstance(cid, str) and is_cid(cid):
        yield Media(url=blobs.url(did, cid, kind), kind=kind, alt=storable(text_at(holder, "alt")))
