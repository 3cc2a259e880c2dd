"""What a file looks like, by its first bytes: to guess a format, and to say what was given instead."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING, NamedTuple

from vivavoce.errors import BadInputError
from vivavoce.networks.archive import mastodon, table, twcs, x
from vivavoce.networks.archive.containers import container
from vivavoce.networks.archive.lines import BOM

if TYPE_CHECKING:
    from pathlib import Path

HEAD_BYTES = 64 * 1024
OUTBOX_HEAD_BYTES = 4_096
"""Before its list an outbox has its address and its size."""
PACKED = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
FOREIGN = (
    (b"%PDF", "a PDF document: export the posts as CSV"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"PAR1", "a Parquet file: write it as CSV or JSON lines first"),
    (b"SQLite format 3", "an SQLite database: export the posts as CSV"),
    (b"\xff\xfe", "text in UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16: save it as UTF-8"),
    (b"<", "a web page or XML: download the data itself, as JSON or CSV"),
    (b"[", "one JSON list: write one object a line, for instance by: jq -c '.[]' FILE > posts.jsonl"),
    (b"window.YTD", "one file of an archive of X: import the whole zip or folder"),
)


class Look(NamedTuple):
    """A guess: the format, or ``None`` and what it looks like instead; both may be unknown."""

    format: str | None
    words: str = ""


def look(path: Path) -> Look:
    """Say what a file or folder looks like. Reads its head, or the list of an archive's files.

    Raises:
        BadInputError: it is not there, cannot be read, is empty, or is a damaged zip or tar.
    """
    try:
        if path.is_dir():
            return _packed(path)
        if not path.is_file():
            message = (
                f"There is no file {path}." if not path.exists() else f"{path} is not a file: save it to one first."
            )
            raise BadInputError(message)
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror})."
        raise BadInputError(message) from error
    if not head:
        message = f"{path.name} is empty."
        raise BadInputError(message)
    if head.startswith(PACKED) or _is_tar(head):
        return _packed(path)
    if b"eroots" in head[:80] and b"gversion" in head[:80]:
        return Look("car")
    text = head.removeprefix(BOM).lstrip()
    if text.startswith(b"{"):
        return _json(text)
    for start, words in FOREIGN:
        if text.startswith(start):
            return Look(None, words)
    return _table(path)


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar" and len(head) >= tarfile.BLOCKSIZE


def _packed(path: Path) -> Look:
    names = container(path).names()
    if any(x.TWEETS.fullmatch(name) or x.MESSAGES.fullmatch(name) for name in names):
        return Look("x")
    if any(mastodon.OUTBOX.fullmatch(name) for name in names):
        return Look("mastodon")
    if path.suffix.lower() in (".xlsx", ".ods"):
        return Look(None, "a spreadsheet: save it as CSV in UTF-8")
    what = "a folder" if path.is_dir() else "a packed archive"
    return Look(None, f"{what} with neither data/tweets.js (X) nor outbox.json (Mastodon)")


def _json(text: bytes) -> Look:
    try:
        first = json.loads(text.partition(b"\n")[0])
    except (ValueError, RecursionError):
        first = None
    if isinstance(first, dict):
        return Look("mastodon" if "orderedItems" in first else "jsonl")
    # A long list on one line, or over many, does not end within the head.
    return Look("mastodon" if b'"orderedItems"' in text[:OUTBOX_HEAD_BYTES] else None)


def _table(path: Path) -> Look:
    try:
        _, names = table.header(path)
    except BadInputError:
        return Look(None)
    if set(twcs.COLUMNS) <= set(names):
        return Look("twcs")
    try:
        table.columns(names, None)
    except BadInputError:
        return Look(None, "a table whose columns have other names" if len(names) > 1 else "")
    return Look("csv")
