"""CSV with any columns, by a mapping of our fields to them.

The mapping is guessed from common names in English and French; a person may say it. Held in memory: one row.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from vivavoce.errors import BadInputError
from vivavoce.networks.archive.lines import numbered
from vivavoce.networks.archive.record import post_from
from vivavoce.networks.archive.rows import ITEM_BYTES_MAX, Arrived, Rejected, RowError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from vivavoce.networks.archive.rows import Row

FIELD_CODE_POINTS_MAX = 1_000_000
"""Fifty times the longest text that is kept; a quote that is never closed swallows no more than this."""
COLUMNS_SHOWN_MAX = 40
"""Of a wide table an error names only the first ones."""
DELIMITERS = (",", ";", "\t", "|")
NEEDED = ("text", "author", "created_at")

NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "post_id", "tweet_id", "status_id", "message_id", "uri", "id_str", "identifiant"),
    "network": ("network", "platform", "reseau"),
    "author": (
        *("author", "author_id", "author_did", "user", "user_id", "username", "user_name", "screen_name", "handle"),
        *("from", "sender", "account", "auteur", "utilisateur", "compte", "expediteur"),
    ),
    "handle": ("handle", "author_handle", "screen_name", "username", "user_name"),
    "name": ("name", "author_name", "display_name", "full_name", "nom"),
    "text": (
        *("text", "full_text", "body", "content", "message", "tweet", "tweet_text", "post", "comment", "review"),
        *("texte", "contenu", "corps", "commentaire", "avis"),
    ),
    "created_at": (
        *("created_at", "createdat", "created", "date", "datetime", "date_time", "time", "timestamp", "published_at"),
        *("published", "posted_at", "date_created", "date_de_publication", "horodatage", "heure"),
    ),
    "seen_at": ("seen_at", "received_at", "indexed_at", "recu_le"),
    "reply_to": (
        *("reply_to", "in_reply_to", "in_reply_to_status_id", "in_reply_to_id", "in_response_to_tweet_id", "parent"),
        *("parent_id", "reply_to_id", "en_reponse_a"),
    ),
    "root": ("root", "root_id", "thread", "thread_id", "conversation_id", "fil"),
    "visibility": ("visibility", "visibilite"),
    "addressed": ("addressed",),
    "ours": ("ours",),
    "languages": ("languages", "language", "lang", "langue"),
    "links": ("links", "liens"),
    "url": ("url", "link", "permalink", "lien"),
    "version": ("version", "cid"),
}
"""The columns that are taken for each of our fields, best first."""

TRUTHS = {**dict.fromkeys(("true", "1", "yes", "oui"), True), **dict.fromkeys(("false", "0", "no", "non"), False)}
"""How tables write yes and no."""

_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_BROKEN_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_ACCENTS = str.maketrans("àâäéèêëîïôöùûüç", "aaaeeeeiioouuuc")


class _TooLongError(Exception):
    """One row goes on for more than ``ITEM_BYTES_MAX``."""


class _Lines:
    """Feeds lines to ``csv``, remembers those of the row at hand, and can give them again."""

    def __init__(self, file: BinaryIO) -> None:
        self.source = numbered(file)
        self.again: deque[tuple[int, str]] = deque()
        self.row: list[tuple[int, str]] = []
        self.row_bytes = 0
        self.rejected: list[Rejected] = []
        self.returns = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        found = self.again.popleft() if self.again else self._fresh()
        self.row.append(found)
        self.row_bytes += len(found[1])
        if self.row_bytes > ITEM_BYTES_MAX and len(self.row) > 1:
            raise _TooLongError
        return found[1]

    def _fresh(self) -> tuple[int, str]:
        for found in self.source:
            if isinstance(found, Rejected):
                self.rejected.append(replace(found, line=found.line + self.returns))
                continue
            # To CSV a carriage return alone ends a line too, as it did on old Macintoshes.
            pieces = _BROKEN_LINE.findall(found[1].decode("utf-8", "surrogateescape"))
            if not pieces:
                continue  # nothing but a byte order mark
            first, *others = pieces
            number = found[0] + self.returns
            self.again.extend((number + place, other) for place, other in enumerate(others, start=1))
            self.returns += len(others)
            return number, first
        raise StopIteration

    def begin(self) -> None:
        self.row, self.row_bytes = [], 0


def records(file: BinaryIO, delimiter: str) -> Iterator[tuple[int, list[str]] | Rejected]:
    """Yield the line where each row begins, and its fields. A quote that is never closed costs its own line alone."""
    csv.field_size_limit(FIELD_CODE_POINTS_MAX)
    lines = _Lines(file)
    while True:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        lines.begin()
        try:
            for fields in reader:
                yield from lines.rejected
                lines.rejected.clear()
                if fields:
                    yield lines.row[0][0], fields
                lines.begin()
        except csv.Error as error:
            yield Rejected(lines.row[0][0], _told(error))
            lines.again.extendleft(reversed(lines.row[1:]))
        except _TooLongError:
            yield Rejected(lines.row[0][0], f"the row is longer than {ITEM_BYTES_MAX // 2**20} MiB")
        else:
            yield from lines.rejected
            return


def _told(error: csv.Error) -> str:
    said = str(error)
    if "field larger" in said or "unexpected end" in said:
        return 'a quote is opened here and never closed; write a quote inside a text as ""'
    if "expected after" in said:
        return 'the quotes do not match; write a quote inside a text as ""'
    return f"not CSV: {said}"


def header(path: Path) -> tuple[str, list[str]]:
    """Find the delimiter and the names of the columns.

    Raises:
        BadInputError: the file is empty, or its first row is not UTF-8 text with columns.
    """
    best: tuple[int, int, str, list[str]] | None = None
    for delimiter in DELIMITERS:
        with path.open("rb") as file:
            first = next(records(file, delimiter), None)
        if first is None:
            message = f"{path.name} is empty."
            raise BadInputError(message)
        if isinstance(first, Rejected):
            continue
        names = [_cleaned(name) for name in first[1]]
        known = sum(1 for wanted in NAMES.values() if any(name in wanted for name in names))
        if best is None or (known, len(names)) > best[:2]:
            best = (known, len(names), delimiter, first[1])
    if best is None or any(_ESCAPED_BYTE.search(name) for name in best[3]):
        message = (
            f"The first line of {path.name} must name the columns, as CSV in UTF-8. Save it so and import it again."
        )
        raise BadInputError(message)
    return best[2], best[3]


def _cleaned(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower().translate(_ACCENTS)).strip("_")


def columns(names: list[str], mapping: Mapping[str, str] | None) -> dict[str, int]:
    """Return the place of the column of each field: as ``mapping`` says, else by the usual names.

    Raises:
        BadInputError: ``mapping`` names a field or a column that is not there, or a needed field has no column.
    """
    shown = ", ".join(repr(name) for name in names[:COLUMNS_SHOWN_MAX])
    cleaned = [_cleaned(name) for name in names]
    places: dict[str, int] = {}
    for field, column in (mapping or {}).items():
        if field not in NAMES:
            message = f"--map {field}={column}: there is no field {field!r}. The fields are {', '.join(NAMES)}."
            raise BadInputError(message)
        if column not in names:
            message = f"--map {field}={column}: there is no column {column!r}. The columns are {shown}."
            raise BadInputError(message)
        places[field] = names.index(column)
    for field, usual in NAMES.items():
        for name in usual if field not in places else ():
            if name in cleaned:
                places[field] = cleaned.index(name)
                break
    missing = [field for field in NEEDED if field not in places]
    if missing:
        say = " ".join(f"--map {field}=COLUMN" for field in missing)
        message = f"No column was found for {', '.join(missing)}. The columns are {shown}. Say which with {say}."
        raise BadInputError(message)
    return places


def fields_of(row: list[str], names: list[str]) -> list[str]:
    """Return a row's fields when they are as many as the columns, and UTF-8.

    Raises:
        RowError: they are not.
    """
    if len(row) != len(names):
        message = f"the row has {len(row)} columns, the first line has {len(names)}"
        raise RowError(message)
    for number, value in enumerate(row):
        if found := _ESCAPED_BYTE.search(value):
            byte = ord(found[0]) - 0xDC00
            message = f"not UTF-8 (byte 0x{byte:02X} in column {names[number]!r}): save the file as UTF-8"
            raise RowError(message)
    return row


def rows(path: Path, mapping: Mapping[str, str] | None = None) -> Iterator[Row]:
    """Yield the rows of a CSV file; the header is checked before the first one.

    Raises:
        BadInputError: the columns that a post needs are not there.
    """
    delimiter, names = header(path)
    places = columns(names, mapping)
    with path.open("rb") as file:
        found = records(file, delimiter)
        next(found)  # the header
        for row in found:
            if isinstance(row, Rejected):
                yield row
                continue
            try:
                values = fields_of(row[1], names)
                record: dict[str, object] = {field: values[place] for field, place in places.items()}
                for field in ("addressed", "ours"):
                    said = str(record.get(field, "")).strip().lower()
                    record[field] = TRUTHS.get(said, record.get(field))
                yield Arrived(row[0], post_from(record, make_id=True))
            except RowError as error:
                yield Rejected(row[0], str(error))
