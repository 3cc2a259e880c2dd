"""Open an archive: guess or check its format, look through it once, then give its rows.

An archive is read twice. The first time counts the rows, finds damage before anything is stored, and learns which post
answers which; the second gives the rows. Nothing but one row and a few pages of an index on disk is held in memory.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

from vivavoce.errors import BadInputError
from vivavoce.networks.archive import car, jsonl, mastodon, table, twcs, x
from vivavoce.networks.archive.looks import look
from vivavoce.networks.archive.rows import Arrived, Rejected
from vivavoce.networks.archive.threads import Threads
from vivavoce.posts import storable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from pathlib import Path

    from vivavoce.networks.archive.rows import Row
    from vivavoce.posts import Author

FORMATS: Mapping[str, str] = {
    "jsonl": "one post record a line, our own schema",
    "csv": "a table with any columns, by --map FIELD=COLUMN or their usual names",
    "twcs": "the columns of Customer Support on Twitter",
    "x": "an archive of X (Twitter): its zip or folder",
    "mastodon": "an export of Mastodon: its zip, tar.gz or folder, or outbox.json",
    "car": "a repository of Bluesky (a CAR file)",
}
REASON_CODE_POINTS_MAX = 300
"""A reason is one line on a screen or two."""
OWNERS_MAX = 1_000
"""Brands of one archive that are remembered: a customer-care data set has about a hundred."""


class Archive:
    """An archive's rows, once each, in its order; ``open_archive`` makes one.

    Attributes:
        format: the format, given or guessed.
        total: how many rows it has; known when ``survey`` is done.
        owners: who wrote the posts that are ``ours``, by network; known when ``survey`` is done.
    """

    def __init__(self, path: Path, format_: str | None, mapping: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.format = _settled(path, format_)
        if mapping and self.format != "csv":
            message = f"A mapping of columns goes with the format csv; {path.name} is read as {self.format}."
            raise BadInputError(message)
        self.mapping = mapping
        self.total = 0
        self.owners: dict[tuple[str, str], Author] = {}
        self._threads = Threads()
        self._first: Iterator[Row] | None = self._read()
        self._second: Generator[Row, None, None] | None = None

    def survey(self, rows_max: int) -> bool:
        """Look through at most so many rows more for the first time; return whether all were seen.

        Raises:
            BadInputError: the archive is damaged or is not what its format says.
        """
        for _ in range(rows_max):
            row = next(self._first, None) if self._first else None
            if row is None:
                if self._first:
                    self._threads.settle()
                self._first = None
                return True
            self.total += 1
            if isinstance(row, Arrived):
                self._threads.learn(row.post)
                if row.post.ours and len(self.owners) < OWNERS_MAX:
                    self.owners.setdefault((row.post.network, row.post.author.id), row.post.author)
        return False

    def __iter__(self) -> Archive:
        """Return itself: the rows come once."""
        return self

    def __next__(self) -> Row:
        """Return the next row. Ends after the last one."""
        while not self.survey(rows_max=10_000):
            pass
        if self._second is None:
            self._second = self._read()
        row = next(self._second)
        if isinstance(row, Arrived):
            return replace(row, post=self._threads.rooted(row.post))
        return Rejected(row.line, _printable(row.reason))

    def close(self) -> None:
        """Let go of the files. May be called twice."""
        for reading in (self._first, self._second):
            if reading is not None:
                reading.close()  # type: ignore[attr-defined]
        self._threads.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_exc: object) -> None:
        """Let go of the files."""
        self.close()

    def _read(self) -> Generator[Row, None, None]:
        try:
            yield from self._reader()
        except OSError as error:
            message = f"{self.path.name} cannot be read further ({error.strerror}). Copy it here again and start again."
            raise BadInputError(message) from error

    def _reader(self) -> Iterator[Row]:
        if self.format == "csv":
            return table.rows(self.path, self.mapping)
        readers: dict[str, Callable[[Path], Iterator[Row]]] = {
            "jsonl": jsonl.rows,
            "twcs": twcs.rows,
            "x": x.rows,
            "mastodon": mastodon.rows,
            "car": car.rows,
        }
        return readers[self.format](self.path)


def open_archive(
    path: Path,
    format: str | None = None,  # noqa: A002 - the word that the command uses
    mapping: Mapping[str, str] | None = None,
    *,
    seen: Callable[[int], None] | None = None,
) -> Archive:
    """Open an archive and look through it once; iterate over it for its rows, then close it.

    Args:
        path: a file or folder.
        format: one of ``FORMATS``; ``None`` to guess.
        mapping: for CSV, our field to the table's column.
        seen: told how many rows were looked through, now and then.

    Raises:
        BadInputError: it cannot be read, is damaged, or looks like something else; the message says what to do.
    """
    archive = Archive(path, format, mapping)
    try:
        while not archive.survey(rows_max=2_000):
            if seen:
                seen(archive.total)
    except BaseException:
        archive.close()
        raise
    return archive


def _settled(path: Path, given: str | None) -> str:
    """Return the format to read by."""
    if given is not None and given not in FORMATS:
        message = f"There is no format {given!r}. The formats are {', '.join(FORMATS)}."
        raise BadInputError(message)
    found = look(path)
    if given is None:
        if found.format:
            return found.format
        says = f" It looks like {found.words}." if found.words else ""
        if found.words.startswith("a table"):
            return "csv"  # which names the columns and says how to map them
        message = f"The format of {path.name} cannot be told.{says} Give it: --format {'|'.join(FORMATS)}."
        raise BadInputError(message)
    if found.format in (None, given) or {found.format, given} == {"csv", "twcs"}:
        if found.words and not found.words.startswith("a table"):
            message = f"{path.name} is not {FORMATS[given]}. It looks like {found.words}."
            raise BadInputError(message)
        return given
    better = found.format or given
    message = f"{path.name} is not {FORMATS[given]}. It looks like {FORMATS[better]}: use --format {better}."
    raise BadInputError(message)


def _printable(reason: str) -> str:
    """Make a reason one line that any terminal can show: it may repeat what the file says."""
    shown = "".join(c if c.isprintable() else "\ufffd" for c in storable(reason))
    return shown[:REASON_CODE_POINTS_MAX]
