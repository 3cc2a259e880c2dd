"""Rows of the database made from the values that flow; nothing is saved here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from vivavoce.desk.inbox.due import decided_of
from vivavoce.desk.inbox.models import Account, Handle, Post, Reading

if TYPE_CHECKING:
    from datetime import datetime

    from vivavoce import posts

WORDED = ("text", "version", "languages", "links", "media", "url")
"""The columns of a post that its author may change."""

EMPTIED = {"text": "", "languages": [], "links": [], "media": []}
"""What a deletion leaves of a post: its place, and no words."""

Record = Mapping[str, Any]
"""What the reader says of one text: DESIGN.md's record without ``id``, ``text`` and ``input``."""


def post_row(account: Account, post: posts.Post, author: Handle, *, now: datetime) -> Post:
    """Return the row of a post that was not known."""
    return Post(
        account=account,
        network=post.network,
        remote_id=post.id,
        author=author,
        ours=post.ours,
        created_at=post.created_at,
        seen_at=post.seen_at,
        stored_at=now,
        reply_to=post.reply_to or "",
        root=post.root_id,
        root_version=post.version if post.root_id == post.id else "",
        visibility=post.visibility.value,
        addressed=post.addressed.value,
        **worded(post),
    )


def worded(post: posts.Post) -> dict[str, Any]:
    """Return the columns of ``WORDED`` for a wording."""
    return {
        "text": post.text,
        "version": post.version,
        "languages": list(post.languages),
        "links": list(post.links),
        "media": [asdict(media) for media in post.media],
        "url": post.url,
    }


def reading_row(post: Post, record: Record) -> Reading:
    """Return the row of a first reading."""
    return Reading(post=post, record=dict(record), reader=record["reader"], **decided_of(record))
