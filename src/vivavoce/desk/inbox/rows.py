"""Rows of the database made from the values that flow; nothing is saved here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from vivavoce.desk.inbox.bulk import Json
from vivavoce.desk.inbox.due import DECIDED, TeamRule, decided_of, set_due
from vivavoce.desk.inbox.models import Account, Post, Reading
from vivavoce.posts import Addressed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from vivavoce import posts
    from vivavoce.desk.inbox.arrivals import Arrival

WORDED = ("text", "version", "languages", "links", "media", "url")
"""The columns of a post that its author may change."""

EMPTIED = {"text": "", "languages": [], "links": [], "media": []}
"""What a deletion leaves of a post: its place, and no words."""

Record = Mapping[str, Any]
"""What the reader says of one text: DESIGN.md's record without ``id``, ``text`` and ``input``."""


@dataclass(slots=True)
class Fresh:
    """The rows of a post as they are when it is new, made before the transaction opens."""

    row: Post
    """Without author and conversation, which only the database knows."""
    reading: Reading | None
    """``None`` for the brand's own posts."""


def fresh_rows(
    account: Account,
    arrivals: Iterable[Arrival],
    records: Mapping[tuple[str, str], Record],
    rule: TeamRule,
    now: datetime,
) -> dict[str, Fresh]:
    """Return the rows of arrivals that may be new, by their identifiers on the network, due times included."""
    fresh = {}
    for arrival in arrivals:
        post = arrival.post
        record = records.get((arrival.network, arrival.id))
        if post is None or (record is None and not post.ours):
            continue
        row = post_row(account, post, now=now)
        if arrival.earlier is not None and arrival.earlier.version != post.version:
            row.seen_at, row.edited_at = arrival.earlier.seen_at, post.seen_at
        if arrival.deleted_at is not None:
            row.deleted_at = arrival.deleted_at
            empty(row)
        reading = None
        if record is not None and not post.ours:
            reading = reading_row(record)
            row.waits = row.deleted_at is None and post.addressed is not Addressed.OVERHEARD
            if row.waits:
                set_due(row, {label: getattr(reading, label) for label in DECIDED}, record, rule, now=now)
        fresh[arrival.id] = Fresh(row, reading)
    return fresh


def post_row(account: Account, post: posts.Post, *, now: datetime) -> Post:
    """Return the row of a post that was not known, still without its author."""
    return Post(
        account=account,
        network=post.network,
        remote_id=post.id,
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


def reading_row(record: Record) -> Reading:
    """Return the row of a first reading, still without its post."""
    return Reading(record=Json(record), reader=record["reader"], **decided_of(record))


def empty(row: Post) -> None:
    """Take the words from a post, unsaved."""
    for name, value in EMPTIED.items():
        setattr(row, name, value)
