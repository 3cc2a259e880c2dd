"""A post as one JSON object, the record of DESIGN: the same in files, on the command line and in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from vivavoce.networks.archive.rows import (
    LINKS_MAX,
    NAME_CODE_POINTS_MAX,
    RowError,
    address,
    identifier,
    made_id,
    optional,
)
from vivavoce.networks.archive.times import parse_time
from vivavoce.posts import Addressed, Author, Media, Post, Visibility, storable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

NETWORK = "archive"
"""The network of a record that names none."""
BLUESKY_ADDRESS = "at://did:"
"""An identifier that begins so says itself where it comes from, and joins what is heard there live."""
NETWORK_CODE_POINTS_MAX = 40
"""Names of networks are the names of entry points: a word."""
LANGUAGES_MAX = 10
"""Languages that one post can claim."""
LANGUAGE_CODE_POINTS_MAX = 35
"""RFC 5646 asks programs to take tags up to this length."""


def post_from(record: Mapping[str, object], *, make_id: bool = False) -> Post:
    """Make a post of a record; unknown fields are passed over.

    Needs ``text``, ``author`` (a text, or an object with ``id``), ``created_at`` and ``id``; with ``make_id``, a record
    without ``id`` gets one from its network, author, time and text. Without ``seen_at`` it is ``created_at``.

    Raises:
        RowError: a field is missing or cannot be what it should be.
    """
    text = record.get("text")
    if not isinstance(text, str):
        message = "no text" if text is None else f"text is {type(text).__name__}, not a text"
        raise RowError(message)
    author = _author(record.get("author"), record)
    created_at = parse_time(record.get("created_at"))
    seen_at = record.get("seen_at")
    post_id = optional(record.get("id"), what="id")
    network = optional(record.get("network"), what="network", code_points_max=NETWORK_CODE_POINTS_MAX)
    if network is None:
        network = "bluesky" if post_id and post_id.startswith(BLUESKY_ADDRESS) else NETWORK
    if post_id is None:
        if not make_id:
            message = "no id"
            raise RowError(message)
        post_id = made_id(network, author.id, created_at.isoformat(), text)
    media = _media(record.get("media"))
    if not text.strip() and not media:
        message = "no text"
        raise RowError(message)
    return Post(
        id=post_id,
        network=network,
        author=author,
        text=storable(text),
        created_at=created_at,
        seen_at=created_at if seen_at in (None, "") else parse_time(seen_at, what="seen_at"),
        reply_to=optional(record.get("reply_to"), what="reply_to"),
        root=optional(record.get("root"), what="root"),
        visibility=Visibility(_one_of(Visibility, record.get("visibility"), "visibility") or Visibility.PUBLIC),
        addressed=Addressed(_one_of(Addressed, record.get("addressed"), "addressed") or _turned(record)),
        ours=record.get("ours") is True,
        languages=_languages(record),
        links=_links(record.get("links")),
        media=media,
        url=address(record.get("url")),
        version=optional(record.get("version"), what="version", code_points_max=NAME_CODE_POINTS_MAX) or "",
    )


def record_from(post: Post) -> dict[str, object]:
    """Return the record of a post, ready for ``json``; ``post_from`` gives the same post back."""
    return {
        "id": post.id,
        "network": post.network,
        "author": {
            "id": post.author.id,
            "handle": post.author.handle,
            "name": post.author.name,
            "avatar_url": post.author.avatar_url,
            "says_automated": post.author.says_automated,
        },
        "text": post.text,
        "created_at": post.created_at.isoformat(),
        "seen_at": post.seen_at.isoformat(),
        "reply_to": post.reply_to,
        "root": post.root,
        "visibility": post.visibility.value,
        "addressed": post.addressed.value,
        "ours": post.ours,
        "languages": list(post.languages),
        "links": list(post.links),
        "media": [{"url": m.url, "kind": m.kind, "alt": m.alt} for m in post.media],
        "url": post.url,
        "version": post.version,
    }


def _author(value: object, record: Mapping[str, object]) -> Author:
    if not isinstance(value, dict):
        name = identifier(value, what="author", code_points_max=NAME_CODE_POINTS_MAX)
        return Author(id=name, handle=short(record.get("handle")) or name, name=short(record.get("name")))
    known = cast("dict[str, object]", value)
    given = known.get("id") or known.get("handle")
    author_id = identifier(given, what="author", code_points_max=NAME_CODE_POINTS_MAX)
    return Author(
        id=author_id,
        handle=short(known.get("handle")) or author_id,
        name=short(known.get("name")),
        avatar_url=address(known.get("avatar_url")),
        says_automated=known.get("says_automated") is True,
    )


def short(value: object) -> str:
    """Return a name to show, cut to what a screen can bear; empty for what is no text."""
    return storable(value.strip()[:NAME_CODE_POINTS_MAX]) if isinstance(value, str) else ""


def _one_of(kinds: type[StrEnum], value: object, what: str) -> str | None:
    if value is None or value == "" or isinstance(value, bool):
        return None
    known = [kind.value for kind in kinds]
    found = str(value).strip().lower()
    if found not in known:
        message = f"{what} is {str(value)[:40]!r}, not one of {', '.join(known)}"
        raise RowError(message)
    return found


def _turned(record: Mapping[str, object]) -> Addressed:
    """Say how a post turns to the brand when the record says only whether it does, or nothing."""
    if str(record.get("visibility")).lower() == Visibility.PRIVATE:
        return Addressed.PRIVATE
    if record.get("addressed") is True:
        return Addressed.REPLY if record.get("reply_to") else Addressed.MENTION
    return Addressed.OVERHEARD


def _languages(record: Mapping[str, object]) -> tuple[str, ...]:
    found = record.get("languages", record.get("language"))
    tags = found.replace(",", " ").split() if isinstance(found, str) else found
    if not isinstance(tags, list):
        return ()
    kept = [tag for tag in tags[:LANGUAGES_MAX] if isinstance(tag, str) and len(tag) <= LANGUAGE_CODE_POINTS_MAX]
    return tuple(dict.fromkeys(storable(tag) for tag in kept if tag))


def _links(value: object) -> tuple[str, ...]:
    found = value.split() if isinstance(value, str) else value
    if not isinstance(found, list):
        return ()
    return tuple(dict.fromkeys(link for link in map(address, found[:LINKS_MAX]) if link))


def _media(value: object) -> tuple[Media, ...]:
    if not isinstance(value, list):
        return ()
    kept = []
    for entry in value[:LINKS_MAX]:
        given: dict[str, object] = entry if isinstance(entry, dict) else {"url": entry}
        if url := address(given.get("url")):
            alt = given.get("alt")
            said = storable(alt) if isinstance(alt, str) else ""
            kept.append(Media(url=url, kind=short(given.get("kind")) or "image", alt=said))
    return tuple(kept)
