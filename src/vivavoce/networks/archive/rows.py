"""What a reader of an archive gives: rows that arrived and rows that were rejected, each with where it stands."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from vivavoce.posts import Post, storable

ITEM_BYTES_MAX = 16 * 1024 * 1024
"""One line, one JSON item or one CAR block; the longest real ones are far below, and this much is held in memory."""

ID_CODE_POINTS_MAX = 512
"""Identifiers of posts: an at:// address takes about 80, a toot's address about 100. Longer ones are rejected."""

NAME_CODE_POINTS_MAX = 255
"""Identifiers and names of people, and versions. Longer ones are rejected, names to show are cut."""

ADDRESS_CODE_POINTS_MAX = 2_048
"""Web addresses; what browsers and databases take without trouble. Longer ones are left out."""

LINKS_MAX = 100
"""Links and media of one post: no network allows as many."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A row that is a post; ``ours`` when the archive's owner (the brand) wrote it.

    ``line`` counts from 1: the line of a text file, else the place of the item in the archive.
    """

    line: int
    post: Post


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot be a post, and why, in words for the person who imports."""

    line: int
    reason: str


Row = Arrived | Rejected


class RowError(ValueError):
    """One row cannot be a post; the message is the reason. Readers turn it into ``Rejected`` and go on."""


def identifier(value: object, *, what: str, code_points_max: int = ID_CODE_POINTS_MAX) -> str:
    """Return a short text that names something, as it stands.

    Raises:
        RowError: it is missing, not a text or a whole number, too long, or has characters that cannot be stored: a name
            that had to be changed would be another post's or nobody's.
    """
    found = optional(value, what=what, code_points_max=code_points_max)
    if found is None:
        message = f"no {what}"
        raise RowError(message)
    return found


def optional(value: object, *, what: str, code_points_max: int = ID_CODE_POINTS_MAX) -> str | None:
    """Do as ``identifier`` does, with ``None`` for what is missing or empty."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        message = f"{what} is {type(value).__name__}, not a text"
        raise RowError(message)
    # An integer of thousands of digits cannot be printed at all: Python refuses, and so do we.
    if isinstance(value, int) and value.bit_length() > code_points_max:
        message = f"{what} is too large a number"
        raise RowError(message)
    name = str(value).strip()
    if len(name) > code_points_max:
        message = f"{what} is longer than {code_points_max} characters"
        raise RowError(message)
    if storable(name) != name:
        message = f"{what} has a NUL or half a character in it"
        raise RowError(message)
    return name or None


def address(value: object) -> str:
    """Return a web address that is safe to show as a link, or an empty text: only http and https, of bounded length."""
    if not isinstance(value, str) or len(value) > ADDRESS_CODE_POINTS_MAX:
        return ""
    found = storable(value.strip())
    return found if found.lower().startswith(("https://", "http://")) else ""


def made_id(*parts: str) -> str:
    """Make the identifier of a row that has none, from what it says: the same row has the same one at every import."""
    whole = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return "row:" + hashlib.sha256(whole).hexdigest()[:32]
