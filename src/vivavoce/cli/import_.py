"""``vivavoce import``: take in posts that were saved to a file."""

from __future__ import annotations

import json
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vivavoce.cli.frame import EXIT_FAILED, EXIT_INTERRUPTED, desk_ready, stderr
from vivavoce.cli.options import AsJson, Data  # noqa: TC001 # Typer reads the annotations
from vivavoce.errors import BadInputError
from vivavoce.networks.archive import FORMATS, Archive, Arrived, Rejected, open_archive
from vivavoce.networks.archive.network import archive_account, cursor_after, fingerprint, rows_before
from vivavoce.networks.base import BATCH_EVENTS_MAX, Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vivavoce.desk.inbox.models import Account
    from vivavoce.posts import Post

File = Annotated[Path, typer.Argument(metavar="FILE", help="A file, a zip or tar.gz, or a folder.")]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="|".join(FORMATS),
        help="What the file is; guessed when not given. " + " ".join(f"**{k}**: {v}." for k, v in FORMATS.items()),
        show_default=False,
    ),
]
Maps = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=COLUMN", help="For CSV: which column is our field. Repeat."),
]


@dataclass(slots=True)
class Totals:
    """What became of the rows; ``known`` ones were in the desk before."""

    new: int = 0
    known: int = 0
    rejected: int = 0
    total: int = 0


def import_(
    file: File,
    *,
    format_: Format = None,
    maps: Maps = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Take in an archive: what a network, a help desk or another program saved of what people wrote.

    Posts that are known are not doubled, so an import can be repeated; one that was interrupted goes on where it was.
    A row that cannot be read is told on standard error as `line N: reason`, and the rest goes on.

    Examples: `vivavoce import posts.jsonl`, `vivavoce import twitter-archive.zip --format x`,
    `vivavoce import tickets.csv --map text=body --map author=customer --map created_at=when`.

    Exit codes: 0 when rows were taken in, 1 when every row was rejected, 2 when the file cannot be used, 130 when
    stopped.
    """
    mapping = dict(_pair(text) for text in maps or [])
    try:
        found = _taken_in(file, format_, mapping, data)
    except KeyboardInterrupt:
        stderr.print("Stopped. What was taken in is kept; start it again to go on.", markup=False)
        sys.exit(EXIT_INTERRUPTED)
    if as_json:
        typer.echo(json.dumps(asdict(found)))
    else:
        typer.echo(f"{found.total:,} rows: {found.new:,} new, {found.known:,} known, {found.rejected:,} rejected.")
    if found.rejected == found.total > 0:
        sys.exit(EXIT_FAILED)


def _taken_in(file: Path, format_: str | None, mapping: dict[str, str], data: Path | None) -> Totals:
    with _progress() as progress:
        task = progress.add_task("looking through", total=None)
        with open_archive(file, format_, mapping, seen=lambda n: progress.update(task, completed=n)) as archive:
            desk_ready(data)
            progress.update(task, description="taking in", completed=0, total=archive.total)
            intake = Intake(archive, tell=lambda line: progress.console.print(line, markup=False, highlight=False))
            with _stops_between_batches() as check:

                def moved() -> None:
                    progress.update(task, completed=intake.totals.total)
                    check()

                intake.run(moved)
            return intake.totals


@contextmanager
def _stops_between_batches() -> Iterator[Callable[[], None]]:
    """Let Ctrl-C wait for the end of a batch: raised anywhere, a library might swallow it. Yields the check."""
    asked = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: asked.set())

    def check() -> None:
        if asked.is_set():
            raise KeyboardInterrupt

    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show progress on standard error, on a terminal only."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr, transient=True, disable=not sys.stderr.isatty()) as progress:
        yield progress


def _pair(text: str) -> tuple[str, str]:
    field_name, sign, column = text.partition("=")
    if not sign or not field_name or not column:
        message = f"--map takes FIELD=COLUMN, not {text!r}; for instance --map text=body."
        raise BadInputError(message)
    return field_name, column


@dataclass(slots=True)
class Intake:
    """Stores an archive's rows in batches, each with the place where it ends, and counts them."""

    archive: Archive
    tell: Callable[[str], None]
    totals: Totals = field(default_factory=Totals)

    def run(self, moved: Callable[[], None]) -> None:
        """Take in all rows; ``moved`` is called after each batch."""
        account = _account(self.archive)
        mark = _mark(self.archive)
        before = rows_before(account.cursor, mark)
        ours = _connected()
        held: list[Post] = []
        for row in self.archive:
            self.totals.total += 1
            post = self._fit(row)
            if post is None:
                self.totals.rejected += 1
            elif self.totals.total <= before:
                self.totals.known += 1  # an interrupted import stored it
            else:
                held.append(replace(post, ours=True) if (post.network, post.author.id) in ours else post)
            if len(held) == BATCH_EVENTS_MAX:
                self._store(account, held, cursor_after(self.totals.total, mark))
                held = []
                moved()
        # The end is no place to go on from: the next import of this file counts it anew.
        self._store(account, held, "")
        moved()

    def _fit(self, row: Arrived | Rejected) -> Post | None:
        """Return the post of a row, or tell why there is none."""
        from vivavoce.desk.inbox.arrivals import fit_to_store

        reason = row.reason if isinstance(row, Rejected) else ""
        if isinstance(row, Arrived):
            if fit_to_store(row.post) is not None:
                return row.post
            reason = "an identifier is too long or cannot be stored"
        self.tell(f"line {row.line}: {reason}")
        return None

    def _store(self, account: Account, held: list[Post], cursor: str) -> None:
        from vivavoce.desk.inbox.intake import take_in
        from vivavoce.desk.inbox.reader import read_records
        from vivavoce.desk.workers.pace import PACE

        batch = Batch(tuple(held), cursor)
        taken = take_in(account, batch, now=datetime.now(UTC), reader=read_records, turn=PACE.turn)
        self.totals.new += taken.new
        self.totals.known += len(held) - taken.new


def _mark(archive: Archive) -> str:
    """Say what a place to go on from is good for: this file, unchanged, read in this way."""
    found = archive.path.stat()
    how = (archive.format, str(sorted((archive.mapping or {}).items())), str(found.st_size), str(found.st_mtime_ns))
    return fingerprint(archive.path, *how)


def _account(archive: Archive) -> Account:
    """Find or make the account that the archive's posts belong to: one that nobody listens to or answers from."""
    from vivavoce.desk.inbox.models import Account

    named = archive_account(archive.path)
    account, _ = Account.objects.get_or_create(
        network="archive",
        remote_id=named.id,
        defaults={
            "handle": named.handle,
            "active": False,
            "settings": {"file": str(archive.path.absolute()), "format": archive.format},
        },
    )
    return account


def _connected() -> frozenset[tuple[str, str]]:
    """Return the brand's connected accounts: what they wrote is ours, in whatever archive it is found."""
    from vivavoce.desk.inbox.models import Account

    return frozenset(Account.objects.exclude(network="archive").values_list("network", "remote_id"))
