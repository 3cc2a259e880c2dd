"""Rows of a file for `vivavoce read`: text lines, JSON Lines, CSV or Parquet, one at a time, in constant memory."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NoReturn

from vivavoce.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

FORMATS: Final = ("text", "jsonl", "csv", "parquet")
_BY_SUFFIX: Final = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
LINE_BYTES_MAX: Final = 4 << 20
"""Longest line read: ten times the longest post with all that an export says of it; bounds memory."""
PARQUET_ROWS: Final = 1_024


@dataclass(frozen=True, slots=True)
class Row:
    """One post of the input; ``input`` holds the input's other fields."""

    line: int
    id: str
    text: str | None
    input: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that cannot be read, and why."""

    line: int
    reason: str


def format_of(path: Path | None, given: str | None, stream: BinaryIO | None = None) -> str:
    """The format as it was given, or by the file's name, or by how standard input begins.

    Raises:
        BadInputError: no such format.
    """
    if given is not None:
        if given not in FORMATS:
            message = f"There is no format {given!r}: take one of {', '.join(FORMATS)}."
            raise BadInputError(message)
        return given
    if path is not None:
        return _BY_SUFFIX.get(path.suffix.lower(), "text")
    peek = getattr(stream, "peek", None)
    return "jsonl" if peek is not None and peek(1)[:1] == b"{" else "text"


def rows(stream: BinaryIO, kind: str, text_field: str) -> Iterator[Row | BadRow]:
    """Each row of an open file, good or bad, in order. Blank lines are no rows.

    Raises:
        BadInputError: the file as a whole cannot be read so, or lacks the field.
    """
    if kind == "parquet":
        yield from _parquet(stream, text_field)
    elif kind == "csv":
        yield from _csv(stream, text_field)
    elif kind == "jsonl":
        yield from _jsonl(stream, text_field)
    else:
        yield from _text(stream)


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Each line without its end, ``None`` for one that is too long."""
    number = 0
    line: bytes | None
    while line := stream.readline(LINE_BYTES_MAX):
        number += 1
        whole = line.endswith(b"\n") or len(line) < LINE_BYTES_MAX
        while not whole:
            rest = stream.readline(LINE_BYTES_MAX)
            whole = rest.endswith(b"\n") or len(rest) < LINE_BYTES_MAX
            line = None
        if number == 1 and line is not None:
            line = line.removeprefix(b"\xef\xbb\xbf")
        yield number, line if line is None else line.rstrip(b"\r\n")


_TOO_LONG: Final = f"the line is longer than {LINE_BYTES_MAX:,} bytes"


def _text(stream: BinaryIO) -> Iterator[Row | BadRow]:
    for number, line in _lines(stream):
        if line is None:
            yield BadRow(number, _TOO_LONG)
        elif line.strip():
            yield Row(number, str(number), line.decode("utf-8", "replace"))


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _jsonl(stream: BinaryIO, text_field: str) -> Iterator[Row | BadRow]:
    for number, line in _lines(stream):
        if line is None:
            yield BadRow(number, _TOO_LONG)
        elif line.strip():
            try:
                fields = json.loads(line, parse_constant=_no_constant)
            except (ValueError, RecursionError) as error:
                yield BadRow(number, f"not JSON: {error}")
                continue
            if isinstance(fields, dict):
                yield _row(number, fields, text_field)
            else:
                yield BadRow(number, "not a JSON object")


def _row(number: int, fields: dict[str, Any], text_field: str) -> Row | BadRow:
    if text_field not in fields:
        return BadRow(number, f"no field {text_field!r}")
    text = fields.pop(text_field)
    if text is not None and not isinstance(text, str):
        return BadRow(number, f"field {text_field!r} is no text")
    given = fields.pop("id", None) if text_field != "id" else None
    return Row(number, str(number) if given is None else str(given), text, fields)


def _csv(stream: BinaryIO, text_field: str) -> Iterator[Row | BadRow]:
    csv.field_size_limit(LINE_BYTES_MAX)
    lines = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    reader = csv.reader(lines)
    header = next(reader, None)
    if header is None:
        return
    if text_field not in header:
        message = f"The file has no column {text_field!r}: name one of {', '.join(header)} with --field."
        raise BadInputError(message)
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield BadRow(start, str(error))
            continue
        if not cells:
            continue
        if len(cells) != len(header):
            yield BadRow(start, f"{len(cells)} fields where the header has {len(header)}")
        else:
            yield _row(start, dict(zip(header, cells, strict=True)), text_field)
    lines.detach()


def _parquet(stream: BinaryIO, text_field: str) -> Iterator[Row | BadRow]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not stream.seekable():
        message = "Parquet cannot be read from a pipe: give the file's name."
        raise BadInputError(message)
    try:
        file = pq.ParquetFile(stream)
    except pa.ArrowInvalid as error:
        message = f"This is no Parquet file: {error}"
        raise BadInputError(message) from error
    if text_field not in file.schema_arrow.names:
        message = (
            f"The file has no column {text_field!r}: name one of {', '.join(file.schema_arrow.names)} with --field."
        )
        raise BadInputError(message)
    number = 0
    for batch in file.iter_batches(batch_size=PARQUET_ROWS):
        for fields in batch.to_pylist():
            number += 1
            yield _row(number, fields, text_field)
