"""An archive of X (Twitter), as its owner downloads it: a zip or a folder with ``data/tweets.js``.

All tweets are the owner's. Direct messages are private: those of others are addressed to the owner.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, cast

from vivavoce.errors import BadInputError
from vivavoce.networks.archive.containers import container
from vivavoce.networks.archive.elements import EACH, Item, decoded, items
from vivavoce.networks.archive.record import short
from vivavoce.networks.archive.rows import (
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
from vivavoce.posts import Addressed, Author, Media, Post, Visibility, storable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vivavoce.networks.archive.containers import Container
    from vivavoce.networks.archive.rows import Row

NETWORK = "x"
TWEETS = re.compile(r"(?:.*/)?tweets?(?:-part\d+)?\.js")
MESSAGES = re.compile(r"(?:.*/)?direct-messages(?:-group)?(?:-part\d+)?\.js")
ACCOUNT = re.compile(r"(?:.*/)?account\.js")
UNKNOWN_OWNER = Author(id="owner-of-the-archive", handle="owner-of-the-archive")
"""Who wrote the tweets when the archive has lost its ``account.js``."""


def owner(archive: Container) -> Author:
    """Return whose archive it is, from ``data/account.js``."""
    for name in archive.names():
        if ACCOUNT.fullmatch(name):
            with archive.open(name) as file:
                for item in items(file, (EACH,), name=name):
                    try:
                        return _owner(_object(item))
                    except RowError:
                        continue
    return UNKNOWN_OWNER


def _owner(entry: dict[str, object]) -> Author:
    account = _inside(entry, "account")
    found = identifier(account.get("accountId"), what="accountId", code_points_max=NAME_CODE_POINTS_MAX)
    handle = short(account.get("username")) or found
    return Author(id=found, handle=handle, name=short(account.get("accountDisplayName")))


def rows(path: Path) -> Iterator[Row]:
    """Yield the tweets, then the direct messages. Holds one of them.

    Raises:
        BadInputError: there is no ``tweets.js``, or the zip is damaged.
    """
    archive = container(path)
    names = archive.names()
    tweets = [name for name in names if TWEETS.fullmatch(name)]
    messages = [name for name in names if MESSAGES.fullmatch(name)]
    if not tweets and not messages:
        listed = ", ".join(names[:20]) or "none"
        message = f"{path.name} has no data/tweets.js: it is not an archive of X. Its data files are: {listed}."
        raise BadInputError(message)
    yield from _rows(archive, tweets, messages)


def _rows(archive: Container, tweets: list[str], messages: list[str]) -> Iterator[Row]:
    me = owner(archive)
    number = 0
    kinds: tuple[tuple[list[str], tuple[str, ...], Callable[[int, Item, Author], Arrived]], ...] = (
        (tweets, (EACH,), _tweet),
        (messages, (EACH, "dmConversation", "messages", EACH), _message),
    )
    for names, place, read in kinds:
        for name in names:
            with archive.open(name) as file:
                for item in items(file, place, name=name):
                    number += 1
                    if isinstance(item, Rejected):
                        yield Rejected(number, f"{name}: {item.reason}")
                        continue
                    try:
                        yield read(number, item, me)
                    except RowError as error:
                        yield Rejected(number, f"{name}: {error}")


def _tweet(number: int, item: Item, me: Author) -> Arrived:
    entry = _object(item)
    tweet = _inside(entry, "tweet") if "tweet" in entry else entry
    text = tweet.get("full_text", tweet.get("text"))
    media = _media(tweet)
    if not isinstance(text, str) or not (text.strip() or media):
        message = "no text"
        raise RowError(message)
    if text.startswith("RT @"):
        message = "a repost of somebody else's words"
        raise RowError(message)
    tweet_id = identifier(tweet.get("id_str") or tweet.get("id"), what="id")
    at = parse_time(tweet.get("created_at"))
    post = Post(
        id=tweet_id,
        network=NETWORK,
        author=me,
        text=storable(html.unescape(text)),
        created_at=at,
        seen_at=at,
        reply_to=optional(tweet.get("in_reply_to_status_id_str"), what="in_reply_to_status_id_str"),
        ours=True,
        languages=_language(tweet.get("lang")),
        links=_links(_inside(tweet, "entities").get("urls"), "expanded_url"),
        media=media,
        url=f"https://x.com/i/status/{tweet_id}" if tweet_id.isdigit() else "",
    )
    return Arrived(number, post)


def _message(number: int, item: Item, me: Author) -> Arrived:
    message = _inside(_object(item), "messageCreate")
    text = message.get("text")
    media = tuple(Media(url=url) for url in _links(message.get("mediaUrls"), ""))
    if not isinstance(text, str) or not (text.strip() or media):
        reason = "no text" if message else "not a message (somebody joined, left or named the conversation)"
        raise RowError(reason)
    sender = identifier(message.get("senderId"), what="senderId", code_points_max=NAME_CODE_POINTS_MAX)
    at = parse_time(message.get("createdAt"), what="createdAt")
    ours = sender == me.id
    conversation = item.notes.get("conversationId", "")
    post = Post(
        id=identifier(message.get("id"), what="id"),
        network=NETWORK,
        author=me if ours else Author(id=sender, handle=sender),
        text=storable(html.unescape(text)),
        created_at=at,
        seen_at=at,
        root=optional(f"dm:{conversation}", what="conversationId") if conversation else None,
        visibility=Visibility.PRIVATE,
        addressed=Addressed.OVERHEARD if ours else Addressed.PRIVATE,
        ours=ours,
        links=_links(message.get("urls"), "expanded"),
        media=media,
    )
    return Arrived(number, post)


def _object(item: Item | Rejected) -> dict[str, object]:
    if isinstance(item, Rejected):
        raise RowError(item.reason)
    found = decoded(item.data)
    if not isinstance(found, dict):
        message = "not a JSON object"
        raise RowError(message)
    return found


def _inside(entry: dict[str, object], name: str) -> dict[str, object]:
    found = entry.get(name)
    return found if isinstance(found, dict) else {}


def _links(value: object, key: str) -> tuple[str, ...]:
    entries = value[:LINKS_MAX] if isinstance(value, list) else []
    found = (address(entry.get(key) if isinstance(entry, dict) else entry) for entry in cast("list[object]", entries))
    return tuple(dict.fromkeys(link for link in found if link))


def _language(value: object) -> tuple[str, ...]:
    # Three letters ("und", "zxx", "qme") are X's words for not knowing.
    return (value,) if isinstance(value, str) and re.fullmatch(r"[a-z]{2}(-[A-Za-z]{2,4})?", value) else ()


def _media(tweet: dict[str, object]) -> tuple[Media, ...]:
    listed = _inside(tweet, "extended_entities").get("media") or _inside(tweet, "entities").get("media")
    kept = []
    for entry in cast("list[object]", listed[:LINKS_MAX] if isinstance(listed, list) else []):
        if isinstance(entry, dict) and (url := address(entry.get("media_url_https"))):
            kind = "image" if entry.get("type") == "photo" else "video"
            kept.append(Media(url=url, kind=kind, alt=short(entry.get("ext_alt_text"))))
    return tuple(kept)
