"""A Bluesky repository, as ``com.atproto.sync.getRepo`` gives it: a CAR file with a commit and a search tree.

The posts' keys stand only in the tree (a Merkle search tree, https://atproto.com/specs/repository), so it is walked.
"""

from __future__ import annotations

import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from vivavoce.errors import BadInputError
from vivavoce.networks.archive.blocks import Blocks, cid_text
from vivavoce.networks.archive.record import LANGUAGE_CODE_POINTS_MAX, LANGUAGES_MAX, short
from vivavoce.networks.archive.rows import LINKS_MAX, Arrived, Rejected, RowError, address, identifier, optional
from vivavoce.networks.archive.times import YEAR_MAX, YEAR_MIN, parse_time
from vivavoce.posts import Author, Media, Post, storable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vivavoce.networks.archive.rows import Row

NETWORK = "bluesky"
POSTS = "app.bsky.feed.post/"
PROFILE = "app.bsky.actor.profile/self"
DEPTH_MAX = 64
"""Two bits of a hash a level: a tree of 2^64 records would be as deep."""
KEY_BYTES_MAX = 1_024
"""The specification's limit for a path in a repository."""
IMAGE = "https://cdn.bsky.app/img/feed_fullsize/plain/{did}/{cid}@jpeg"

_DID = re.compile(r"did:[a-z]{1,20}:[A-Za-z0-9._:%-]{1,200}")
_TID = re.compile(r"[234567abcdefghij][234567a-z]{12}")
_TID_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rows(path: Path) -> Iterator[Row]:
    """Yield the posts of a repository, in the order of their keys. Holds one tree node a level and one record.

    Raises:
        BadInputError: it is not a repository, or it ends in the middle.
    """
    with closing(Blocks(path)) as blocks:
        try:
            commit = blocks.get(blocks.root)
        except RowError as error:
            message = f"The commit of {path.name} cannot be read: {error}."
            raise BadInputError(message) from error
        did = commit.get("did")
        if not isinstance(did, str) or not _DID.fullmatch(did):
            message = f"The commit of {path.name} names no account: it is not a repository of Bluesky."
            raise BadInputError(message)
        yield from _rows(blocks, did, commit.get("data"))


def _rows(blocks: Blocks, did: str, tree: object) -> Iterator[Row]:
    me = Author(id=did, handle=did)
    number = 0
    for found in _Walk(blocks).run(tree):
        if isinstance(found, str):
            number += 1
            yield Rejected(number, found)
            continue
        key, cid = found
        if key == PROFILE:
            me = _profile(blocks, did, cid)
        if not key.startswith(POSTS):
            continue
        number += 1
        try:
            yield Arrived(number, _post(blocks.get(cid), me, key.removeprefix(POSTS), cid))
        except RowError as error:
            yield Rejected(number, f"{key}: {error}")


class _Walk:
    """Goes through the tree in the order of its keys, holding the way down to the node at hand."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self.nodes = 0
        self.last = b""

    def run(self, tree: object, depth: int = 0) -> Iterator[tuple[str, object] | str]:
        """Yield each key with its record's CID, or the reason why a part of the tree cannot be read."""
        self.nodes += 1
        if depth > DEPTH_MAX or self.nodes > self.blocks.count:
            yield "the tree of the repository does not end: the file was damaged or made to harm"
            return
        try:
            node = self.blocks.get(tree)
        except RowError as error:
            yield f"a part of the repository cannot be read: {error}"
            return
        if node.get("l") is not None:
            yield from self.run(node["l"], depth + 1)
        entries = node.get("e")
        key = b""
        for entry in entries if isinstance(entries, list) else ():
            key = _key(entry, key)
            if key <= self.last or len(key) > KEY_BYTES_MAX:
                yield "a part of the repository is not in order: the file was damaged"
                return
            self.last = key
            yield key.decode("utf-8", "replace"), entry.get("v")
            if entry.get("t") is not None:
                yield from self.run(entry["t"], depth + 1)


def _key(entry: object, before: bytes) -> bytes:
    """Join a key from the part that it shares with the one before and its own; empty when it cannot be."""
    if not isinstance(entry, dict):
        return b""
    shared, own = entry.get("p"), entry.get("k")
    if not isinstance(shared, int) or not isinstance(own, bytes) or not 0 <= shared <= len(before):
        return b""
    return before[:shared] + own


def _profile(blocks: Blocks, did: str, cid: object) -> Author:
    try:
        profile = blocks.get(cid)
    except RowError:
        return Author(id=did, handle=did)
    labels = profile.get("labels")
    values = labels.get("values") if isinstance(labels, dict) else None
    automated = isinstance(values, list) and any(isinstance(v, dict) and v.get("val") == "bot" for v in values)
    return Author(id=did, handle=did, name=short(profile.get("displayName")), says_automated=automated)


def tid_time(key: str) -> datetime | None:
    """Return the time in a record's key, when the key is a timestamp identifier of our days."""
    if not _TID.fullmatch(key):
        return None
    number = 0
    for digit in key:
        number = number * 32 + _TID_DIGITS.index(digit)
    try:
        at = _EPOCH + timedelta(microseconds=number >> 10)
    except OverflowError:
        return None
    return at if YEAR_MIN <= at.year <= YEAR_MAX else None


def _post(record: dict[str, object], me: Author, key: str, cid: object) -> Post:
    text = record.get("text")
    media = _media(record.get("embed"), me.id)
    if not isinstance(text, str) or not (text.strip() or media or record.get("embed")):
        message = "no text"
        raise RowError(message)
    created_at = parse_time(record.get("createdAt"), what="createdAt")
    reply = _inside(record, "reply")
    parent, root = _inside(reply, "parent").get("uri"), _inside(reply, "root").get("uri")
    langs = record.get("langs")
    tags = [tag for tag in langs if isinstance(tag, str)] if isinstance(langs, list) else []
    rkey = identifier(key, what="the record's key")
    return Post(
        id=f"at://{me.id}/{POSTS}{rkey}",
        network=NETWORK,
        author=me,
        text=storable(text),
        created_at=created_at,
        # The claimed time is free to lie; the key is made when the record is.
        seen_at=tid_time(rkey) or created_at,
        reply_to=optional(parent, what="the parent's uri"),
        root=optional(root, what="the root's uri"),
        ours=True,
        languages=tuple(storable(tag) for tag in tags[:LANGUAGES_MAX] if 0 < len(tag) <= LANGUAGE_CODE_POINTS_MAX),
        links=_links(record),
        media=media,
        url=f"https://bsky.app/profile/{me.id}/post/{rkey}",
        version=cid_text(cid),
    )


def _inside(record: dict[str, object], name: str) -> dict[str, object]:
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def _members(value: object) -> list[dict[str, object]]:
    found = value[:LINKS_MAX] if isinstance(value, list) else []
    return [entry for entry in cast("list[object]", found) if isinstance(entry, dict)]


def _links(record: dict[str, object]) -> tuple[str, ...]:
    features = (feature for facet in _members(record.get("facets")) for feature in _members(facet.get("features")))
    found = [address(feature.get("uri")) for feature in features]
    found.append(address(_inside(_inside(record, "embed"), "external").get("uri")))
    return tuple(dict.fromkeys(link for link in found if link))[:LINKS_MAX]


def _media(embed: object, did: str) -> tuple[Media, ...]:
    """Return the pictures of a post; with a quotation they stand one level deeper."""
    outer: dict[str, object] = embed if isinstance(embed, dict) else {}
    kept = []
    for image in [*_members(outer.get("images")), *_members(_inside(outer, "media").get("images"))]:
        if cid := cid_text(_inside(image, "image").get("ref")):
            alt = image.get("alt")
            kept.append(Media(url=IMAGE.format(did=did, cid=cid), alt=storable(alt) if isinstance(alt, str) else ""))
    return tuple(kept)
