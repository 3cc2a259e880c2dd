"""The columns of *Customer Support on Twitter*: customers and brands, with the links of their replies.

A brand is an author whose name is not a number. What it wrote is ``ours``; what is inbound is addressed to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vivavoce.errors import BadInputError
from vivavoce.networks.archive.rows import NAME_CODE_POINTS_MAX, Arrived, Rejected, RowError, identifier
from vivavoce.networks.archive.table import fields_of, header, records
from vivavoce.networks.archive.times import parse_time
from vivavoce.posts import Addressed, Author, Post, storable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vivavoce.networks.archive.rows import Row

NETWORK = "x"
COLUMNS = ("tweet_id", "author_id", "inbound", "created_at", "text", "in_response_to_tweet_id")
"""The ones that are read; an unnamed index and ``response_tweet_id`` may be there too."""

_TWEET_ID = re.compile(r"(\d{1,20})(?:\.0)?", re.ASCII)
_LINK = re.compile(r"https?://[^\s<>\"]{1,500}")


def rows(path: Path) -> Iterator[Row]:
    """Yield the rows of the file; its columns are checked before the first one.

    Raises:
        BadInputError: a column is missing.
    """
    delimiter, names = header(path)
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        message = (
            f"The format twcs needs the columns {', '.join(COLUMNS)}; {', '.join(missing)} not found among "
            f"{', '.join(map(repr, names))}. For other columns use --format csv."
        )
        raise BadInputError(message)
    with path.open("rb") as file:
        found = records(file, delimiter)
        next(found)  # the header
        for row in found:
            if isinstance(row, Rejected):
                yield row
                continue
            try:
                yield _arrived(row[0], dict(zip(names, fields_of(row[1], names), strict=True)))
            except RowError as error:
                yield Rejected(row[0], str(error))


def _arrived(line: int, row: dict[str, str]) -> Arrived:
    author = identifier(row["author_id"], what="author_id", code_points_max=NAME_CODE_POINTS_MAX)
    inbound = {"true": True, "false": False}.get(row["inbound"].strip().lower())
    if inbound is None:
        message = f"inbound is {row['inbound'][:40]!r}, not True or False"
        raise RowError(message)
    if not row["text"].strip():
        message = "no text"
        raise RowError(message)
    tweet_id = _tweet_id(row["tweet_id"], "tweet_id")
    if tweet_id is None:
        message = "no tweet_id"
        raise RowError(message)
    reply_to = _tweet_id(row["in_response_to_tweet_id"], "in_response_to_tweet_id")
    at = parse_time(row["created_at"])
    ours = not author.isdigit()
    addressed = Addressed.OVERHEARD
    if inbound and not ours:
        addressed = Addressed.REPLY if reply_to else Addressed.MENTION
    text = storable(row["text"])
    post = Post(
        id=tweet_id,
        network=NETWORK,
        author=Author(id=author, handle=author),
        text=text,
        created_at=at,
        seen_at=at,
        reply_to=reply_to,
        addressed=addressed,
        ours=ours,
        links=tuple(dict.fromkeys(_LINK.findall(text))),
    )
    return Arrived(line, post)


def _tweet_id(value: str, what: str) -> str | None:
    """Read a tweet's number; a spreadsheet may have made 3 into 3.0."""
    if not value.strip():
        return None
    found = _TWEET_ID.fullmatch(value.strip())
    if found is None:
        message = f"{what} is {value[:40]!r}, not the number of a tweet"
        raise RowError(message)
    return found[1]
