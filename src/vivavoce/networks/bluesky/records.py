"""A reply as Bluesky stores it: its key, its links and mentions, its place in the thread."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from atproto_client.utils.facet_detection import detect_facets, detect_mentions

from vivavoce.errors import NetworkError
from vivavoce.networks.bluesky.cursor import EPOCH, microseconds
from vivavoce.networks.bluesky.graphemes import BYTES_MAX, GRAPHEMES_MAX, count, size_bytes
from vivavoce.posts import UNSTORABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from vivavoce.networks.base import Words

POSTS = "app.bsky.feed.post"
LANGUAGES_MAX = 3
"""The lexicon's limit."""

CLOCK_IDS = 1024
"""A key ends in 10 bits that tell two writers of the same microsecond apart."""

_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_KEY_CHARACTERS = 13
_URI = re.compile(r"at://(did:[a-z]{1,32}:[A-Za-z0-9._:%-]{1,1900})/([a-zA-Z0-9.-]{1,317})/([A-Za-z0-9._:~-]{1,512})")
_DID = re.compile(r"did:[a-z]{1,32}:[A-Za-z0-9._:%-]{1,1900}")
_CID = re.compile(r"[A-Za-z0-9+=/]{8,256}")
_LANGUAGE = re.compile(r"[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8}){0,8}")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a record stands: its author's DID, its collection, its key."""

    did: str
    collection: str
    key: str

    @classmethod
    def parse(cls, uri: object) -> Address | None:
        """Read an ``at://`` address; ``None`` when it is not one."""
        found = _URI.fullmatch(uri) if isinstance(uri, str) else None
        return cls(*found.groups()) if found else None

    @property
    def uri(self) -> str:
        """The ``at://`` address."""
        return f"at://{self.did}/{self.collection}/{self.key}"

    @property
    def url(self) -> str:
        """Where a person can open the post; by the DID, which outlives a handle."""
        return f"https://bsky.app/profile/{self.did}/post/{self.key}"


def is_did(value: object) -> bool:
    """Say whether a value that somebody sent is a DID."""
    return isinstance(value, str) and _DID.fullmatch(value) is not None


def is_cid(value: object) -> bool:
    """Say whether a value that somebody sent looks like the identifier of a wording or a blob."""
    return isinstance(value, str) and _CID.fullmatch(value) is not None


def is_language(value: object) -> bool:
    """Say whether a value that somebody sent is a language tag."""
    return isinstance(value, str) and _LANGUAGE.fullmatch(value) is not None


def record_key(created_at: datetime, clock_id: int) -> str:
    """Return the key (a TID) of a record made then: 53 bits of microseconds and 10 of ``clock_id``, sortable.

    Source: the AT Protocol's specification of record keys.
    """
    number = (max(0, microseconds(created_at)) << 10 | clock_id % CLOCK_IDS) & (1 << 63) - 1
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_KEY_CHARACTERS)))


def record_time(at: datetime) -> str:
    """Return a time as the AT Protocol writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def check_words(words: Words) -> None:
    """Check that Bluesky can carry the words exactly as they are.

    Raises:
        NetworkError: permanent, with what to change.
    """
    text = words.text
    reason = ""
    if not text.strip():
        reason = "There is nothing to send yet: write the reply first."
    elif UNSTORABLE.search(text):
        reason = "The text holds a character that no network carries (NUL or half a sign); delete it."
    elif (graphemes := count(text)) > GRAPHEMES_MAX:
        reason = f"The text has {graphemes} characters and Bluesky takes {GRAPHEMES_MAX}; shorten it."
    elif (size := size_bytes(text)) > BYTES_MAX:
        reason = f"The text is {size} bytes long and Bluesky takes {BYTES_MAX}; use fewer emoji or shorten it."
    if reason:
        raise NetworkError(reason, permanent=True)


def post_payload(
    words: Words, *, created_at: datetime, reply: dict[str, Any], resolve: Callable[[str], str | None]
) -> str:
    """Return the record of a reply as JSON.

    Args:
        words: what was written, checked by ``check_words``.
        created_at: its createdAt.
        reply: root and parent, each a strong reference.
        resolve: gives the DID of a handle, or ``None`` when nobody has it; that one stays plain text.
    """
    record: dict[str, Any] = {
        "$type": POSTS,
        "text": words.text,
        "createdAt": record_time(max(created_at, EPOCH)),
        "reply": reply,
    }
    facets = _facets(words.text, resolve)
    if facets:
        record["facets"] = facets
    languages = [language for language in words.languages if is_language(language)]
    if languages:
        record["langs"] = languages[:LANGUAGES_MAX]
    return json.dumps(record, ensure_ascii=False)


def _facets(text: str, resolve: Callable[[str], str | None]) -> list[dict[str, Any]]:
    facets = [facet.model_dump(exclude_none=True, by_alias=True) for facet in detect_facets(text)]
    known: dict[str, str | None] = {}
    for mention in detect_mentions(text):
        handle = mention.handle.lower()
        if handle not in known:
            known[handle] = resolve(handle)
        did = known[handle]
        if did is not None:
            facets.append(
                {
                    "$type": "app.bsky.richtext.facet",
                    "index": {"byteStart": mention.byte_start, "byteEnd": mention.byte_end},
                    "features": [{"$type": "app.bsky.richtext.facet#mention", "did": did}],
                }
            )
    return sorted(facets, key=lambda facet: int(facet["index"]["byteStart"]))
