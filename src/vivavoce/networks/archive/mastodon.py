"""An export of Mastodon: ``outbox.json`` alone, or the zip or tar.gz it comes in, with ``actor.json``.

All posts are the owner's. An identifier is the post's ActivityPub address, which its instance gives live too.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from vivavoce.errors import BadInputError
from vivavoce.networks.archive.containers import container
from vivavoce.networks.archive.elements import EACH, Item, decoded, items
from vivavoce.networks.archive.plain import words_of
from vivavoce.networks.archive.record import LANGUAGE_CODE_POINTS_MAX, LANGUAGES_MAX, short
from vivavoce.networks.archive.rows import (
    ITEM_BYTES_MAX,
    LINKS_MAX,
    NAME_CODE_POINTS_MAX,
    Arrived,
    Rejected,
    RowError,
    address,
    identifier,
    optional,
)
from vivavoce.networks.archive.times import parse_time
from vivavoce.posts import Author, Media, Post, Visibility, storable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vivavoce.networks.archive.elements import Readable
    from vivavoce.networks.archive.rows import Row

NETWORK = "mastodon"
PUBLIC = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
OUTBOX = re.compile(r"(?:.*/)?outbox\.json")
ACTOR = re.compile(r"(?:.*/)?actor\.json")
WRITTEN = frozenset({"Note", "Question", "Article"})


def rows(path: Path) -> Iterator[Row]:
    """Yield the posts of an export. Holds one of them.

    Raises:
        BadInputError: there is no ``outbox.json``, or the archive is damaged.
    """
    if path.is_file() and _is_json(path):
        yield from _rows(path, path.name, None)
        return
    archive = container(path)
    found = [name for name in archive.names() if OUTBOX.fullmatch(name)]
    if not found:
        listed = ", ".join(archive.names()[:20]) or "none"
        message = f"{path.name} has no outbox.json: it is not an export of Mastodon. Its data files are: {listed}."
        raise BadInputError(message)
    yield from _rows(path, found[0], owner(path))


def _is_json(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


@contextmanager
def _open(path: Path, name: str) -> Iterator[Readable]:
    if path.is_file() and _is_json(path):
        with path.open("rb") as file:
            yield file
    else:
        with container(path).open(name) as member:
            yield member


def owner(path: Path) -> Author | None:
    """Return whose export it is, from ``actor.json``; ``None`` where there is none."""
    if path.is_file() and _is_json(path):
        return None
    archive = container(path)
    for name in archive.names():
        if ACTOR.fullmatch(name):
            with archive.open(name) as file:
                data = file.read(ITEM_BYTES_MAX)
            try:
                actor = decoded(data)
                return _actor(cast("dict[str, object]", actor)) if isinstance(actor, dict) else None
            except RowError:
                return None
    return None


def _actor(actor: dict[str, object]) -> Author:
    found = identifier(actor.get("id"), what="the actor's id", code_points_max=NAME_CODE_POINTS_MAX)
    named = short(actor.get("preferredUsername"))
    icon = actor.get("icon")
    return Author(
        id=found,
        handle=_handle(found, named),
        name=short(actor.get("name")),
        avatar_url=address(icon.get("url")) if isinstance(icon, dict) else "",
        says_automated=actor.get("type") in ("Service", "Application"),
    )


def _handle(actor: str, named: str = "") -> str:
    """Make ``anna@example.org`` of ``https://example.org/users/anna``."""
    try:
        parts = urlsplit(actor)
    except ValueError:
        return actor
    name = named or parts.path.rstrip("/").rsplit("/", 1)[-1].removeprefix("@")
    return short(f"{name}@{parts.hostname}") if name and parts.hostname else actor


def _rows(path: Path, name: str, me: Author | None) -> Iterator[Row]:
    with _open(path, name) as file:
        for item in items(file, ("orderedItems", EACH), name=name):
            if isinstance(item, Rejected):
                yield item
                continue
            try:
                yield Arrived(item.number, _post(item, me))
            except RowError as error:
                yield Rejected(item.number, str(error))


def _post(item: Item, me: Author | None) -> Post:
    activity = decoded(item.data)
    if not isinstance(activity, dict):
        message = "not an activity"
        raise RowError(message)
    if activity.get("type") == "Announce":
        message = "a boost of somebody else's words"
        raise RowError(message)
    note = activity.get("object")
    if not isinstance(note, dict) or note.get("type") not in WRITTEN:
        kind = str(activity.get("type"))[:40]
        message = f"not a post (an activity of type {kind})"
        raise RowError(message)
    text, links = _words(note)
    if not text and not note.get("attachment"):
        message = "no text"
        raise RowError(message)
    at = parse_time(note.get("published") or activity.get("published"), what="published")
    actor = identifier(
        note.get("attributedTo") or activity.get("actor"), what="attributedTo", code_points_max=NAME_CODE_POINTS_MAX
    )
    audience = [*_listed(note.get("to")), *_listed(note.get("cc"))]
    return Post(
        id=identifier(note.get("id"), what="id"),
        network=NETWORK,
        author=me if me and me.id == actor else Author(id=actor, handle=_handle(actor)),
        text=storable(text),
        created_at=at,
        seen_at=at,
        reply_to=optional(note.get("inReplyTo"), what="inReplyTo"),
        visibility=Visibility.PUBLIC if PUBLIC & set(audience) else Visibility.PRIVATE,
        ours=True,
        languages=_languages(note.get("contentMap")),
        links=links,
        media=_media(note),
        url=address(note.get("url")) or address(note.get("id")),
    )


def _words(note: dict[str, object]) -> tuple[str, tuple[str, ...]]:
    """Return the words that a reader sees: the content warning, if there is one, then the text."""
    content, warning = note.get("content"), note.get("summary")
    text, links = words_of(content) if isinstance(content, str) else ("", ())
    if isinstance(warning, str) and warning.strip():
        text = f"{words_of(warning)[0]}\n\n{text}".strip()
    return text, links


def _listed(value: object) -> list[str]:
    found = value if isinstance(value, list) else [value]
    return [entry for entry in found if isinstance(entry, str)]


def _languages(value: object) -> tuple[str, ...]:
    found = list(value)[:LANGUAGES_MAX] if isinstance(value, dict) else []
    return tuple(storable(tag) for tag in found if 0 < len(tag) <= LANGUAGE_CODE_POINTS_MAX and tag != "und")


def _media(note: dict[str, object]) -> tuple[Media, ...]:
    listed = note.get("attachment")
    kept = []
    for entry in cast("list[object]", listed[:LINKS_MAX] if isinstance(listed, list) else []):
        # An export holds its pictures itself, under a path; only a web address can be shown.
        if isinstance(entry, dict) and (url := address(entry.get("url"))):
            kind = str(entry.get("mediaType") or "image").partition("/")[0]
            alt = storable(str(entry.get("name") or ""))
            kept.append(Media(url=url, kind=kind if kind in ("image", "video", "audio") else "image", alt=alt))
    return tuple(kept)
