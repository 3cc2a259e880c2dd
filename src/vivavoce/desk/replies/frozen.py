"""A frozen record as it is stored before the first try, and read back for each next one. Pure."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from vivavoce.errors import RefusedError
from vivavoce.networks.base import Record, Words
from vivavoce.posts import Visibility

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vivavoce.desk.replies.models import Reply


def stored(record: Record) -> dict[str, Any]:
    """Return a record as JSON."""
    values = asdict(record)
    values["created_at"] = record.created_at.isoformat()
    values["words"] |= {"visibility": record.words.visibility.value, "languages": list(record.words.languages)}
    return values


def record_of(values: Mapping[str, Any], *, digest: str) -> Record:
    """Return the record that ``stored`` made.

    Raises:
        RefusedError: it is not the one that was frozen, by its digest.
    """
    try:
        words = dict(values["words"])
        words |= {"visibility": Visibility(words["visibility"]), "languages": tuple(words["languages"])}
        rest = {name: values[name] for name in ("network", "account", "key", "payload")}
        created_at = datetime.fromisoformat(values["created_at"])
        record = Record(**rest, created_at=created_at, words=Words(**words))
        same = record.digest == digest
    except (KeyError, TypeError, ValueError) as error:
        raise RefusedError(NOT_FROZEN) from error
    if not same:
        raise RefusedError(NOT_FROZEN)
    return record


NOT_FROZEN = "The stored record is not the one that was frozen; nothing was sent."


def words_of(reply: Reply) -> Words:
    """Return what a reply says and to which post it answers, as a network freezes it."""
    post = reply.answers
    starts = post.root == post.remote_id
    return Words(
        text=reply.text,
        reply_to=post.remote_id,
        reply_to_version=post.version,
        root=post.root,
        root_version=post.version if starts else post.root_version,
        visibility=Visibility(post.visibility),
    )
