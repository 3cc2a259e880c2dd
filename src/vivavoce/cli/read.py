"""``vivavoce read``: say of each post what it feels, is about and needs."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from vivavoce.cli.frame import EXIT_FAILED, stderr
from vivavoce.cli.read_explained import Explained
from vivavoce.cli.read_rows import FORMATS, BadRow, Row, format_of, rows
from vivavoce.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    import pyarrow as pa

BATCH_ROWS: Final = 1_024
"""Rows in memory at once: what the reader takes in one go."""

Source = Annotated[str, typer.Argument(metavar="FILE|-", help="The file to read; `-` is standard input.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Where to write: Parquet if the name ends so, else JSON Lines. Standard output when not given.",
        show_default=False,
    ),
]
TextField = Annotated[str, typer.Option("--field", metavar="NAME", help="The field or column that holds the text.")]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="|".join(FORMATS),
        help="What the input is; by the file's name when not given, and for `-` by its first character.",
        show_default=False,
    ),
]
Explain = Annotated[
    bool, typer.Option("--explain", help="Print each post with the words that show its labels, in colour.")
]


class Sink(Protocol):
    """Where readings go."""

    def write(self, batch: list[Row], read: pa.RecordBatch) -> None:
        """Take the readings of some rows, in order."""

    def close(self) -> None:
        """Nothing follows."""


def read(
    source: Source,
    *,
    output: Output = None,
    field: TextField = "text",
    format_: Format = None,
    explain: Explain = False,
) -> None:
    """Read posts: language, sentiment, emotions, cause, wants, urgency, danger, and the words that show each.

    One JSON object a line, in the input's order: `id` (the input's, or the line's number), `text`, the reading, and
    `input` with the input's other fields; in Parquet `input` is JSON text. Where the reader is not sure enough it says
    "unsure". A row that cannot be read is told on standard error as `line N: reason`, and the rest goes on.

    Examples: `vivavoce read posts.jsonl`, `vivavoce read posts.csv --field body --output readings.parquet`,
    `echo "plus de chauffage" | vivavoce read - --explain`.

    Exit codes: 0 when rows were read, 1 when every row was rejected, 2 when the file cannot be used.
    """
    if explain and output is not None:
        message = "--explain prints for people: leave out --output, or --explain."
        raise BadInputError(message)
    with _opened(source) as stream, _written(output) as partial, _progress() as progress:
        kind = format_of(None if source == "-" else Path(source), format_, stream)
        sink = Explained() if explain else _sink(output, partial)
        counts = _read_all(rows(stream, kind, field), sink, progress)
    total, rejected = counts
    if rejected:
        stderr.print(f"{rejected:,} rows rejected", markup=False)
    if rejected == total > 0:
        raise typer.Exit(EXIT_FAILED)


def _read_all(source: Iterator[Row | BadRow], sink: Sink, progress: Progress) -> tuple[int, int]:
    """Read every row; returns how many there were, and how many were rejected."""
    from vivavoce import reading

    task = progress.add_task("reading", total=None)
    total = rejected = 0
    while taken := list(islice(source, BATCH_ROWS)):
        good = []
        for row in taken:
            if isinstance(row, BadRow):
                rejected += 1
                progress.console.print(f"line {row.line}: {row.reason}", markup=False, highlight=False)
            else:
                good.append(row)
        if good:
            sink.write(good, reading.read([row.text for row in good]))
        total += len(taken)
        progress.update(task, completed=total, description=f"{total:,} posts")
    sink.close()
    return total, rejected


@contextmanager
def _opened(source: str) -> Iterator[BinaryIO]:
    if source == "-":
        yield sys.stdin.buffer
        return
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(Path(source).open("rb"))
        except OSError as error:
            message = f"{source} cannot be opened: {error.strerror}."
            raise BadInputError(message) from error
        yield stream


@contextmanager
def _written(output: Path | None) -> Iterator[BinaryIO | None]:
    """A file beside the output that takes its place when all is written: a stopped run leaves no half output."""
    if output is None:
        yield None
        return
    partial = output.with_name(f".{output.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as stream:
            yield stream
        partial.replace(output)
    except OSError as error:
        message = f"{output} cannot be written: {error.strerror}."
        raise BadInputError(message) from error
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show progress on standard error, on a terminal only."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=stderr, transient=True, disable=not sys.stderr.isatty()) as progress:
        yield progress


def _sink(output: Path | None, partial: BinaryIO | None) -> Sink:
    if output is not None and partial is not None and output.suffix.lower() in {".parquet", ".pq"}:
        return ParquetSink(partial)
    return JsonLinesSink(partial or sys.stdout.buffer)


class JsonLinesSink:
    """One object a line, UTF-8."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, batch: list[Row], read: pa.RecordBatch) -> None:
        """Write some rows."""
        from vivavoce.reading import READING_SCHEMA, readings

        nothing: dict[str, Any] = dict.fromkeys(READING_SCHEMA.names)
        for row, reading in zip(batch, readings(read), strict=True):
            record = {"id": row.id, "text": row.text, **(reading.to_record() if reading else nothing)}
            record["input"] = row.input
            self._stream.write(_json(record).encode() + b"\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing is held back."""


class ParquetSink:
    """One Parquet file: `id`, `text`, the reading's columns, and `input` as JSON text."""

    def __init__(self, stream: BinaryIO) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        from vivavoce.reading import READING_SCHEMA

        edges = [pa.field(name, pa.large_string()) for name in ("id", "text", "input")]
        self._schema = pa.schema([*edges[:2], *READING_SCHEMA, edges[2]])
        self._writer = pq.ParquetWriter(stream, self._schema, compression="zstd")

    def write(self, batch: list[Row], read: pa.RecordBatch) -> None:
        """Write some rows."""
        import pyarrow as pa

        from vivavoce.reading.texts import texts_array

        ids, texts, inputs = (
            texts_array(values, "")
            for values in ([row.id for row in batch], [row.text for row in batch], [_json(row.input) for row in batch])
        )
        self._writer.write_batch(pa.RecordBatch.from_arrays([ids, texts, *read.columns, inputs], schema=self._schema))

    def close(self) -> None:
        """Write the file's end."""
        self._writer.close()


def _json(value: dict[str, Any]) -> str:
    """JSON that is always UTF-8: dates and bytes of Parquet as text, a lone surrogate as U+FFFD."""
    from vivavoce.reading.texts import text_clean

    return text_clean(json.dumps(value, ensure_ascii=False, default=str))
