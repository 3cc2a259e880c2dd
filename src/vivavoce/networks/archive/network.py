"""An archive as a network: it is listened to from its beginning, and nothing can be sent to it.

A cursor counts the rows that were heard, and holds a fingerprint of the file's beginning: of another file under the
same name it is worth nothing, and that file is heard from its own beginning. A file that grows is heard on.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

from vivavoce.errors import BadInputError, NetworkError
from vivavoce.networks.archive.opening import FORMATS, Archive
from vivavoce.networks.archive.rows import NAME_CODE_POINTS_MAX, Arrived
from vivavoce.networks.base import BATCH_EVENTS_MAX, Batch, Capabilities, Setting, Sighting, Standing
from vivavoce.posts import Author, Visibility, storable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from vivavoce.networks.base import Clock, Record, Words
    from vivavoce.networks.permit import Permit
    from vivavoce.posts import Post

log = logging.getLogger(__name__)

NAME = "archive"
HEAD_BYTES = 4 * 1024
"""So much of a file tells it from another; an export begins with names and times."""
SURVEY_ROWS = 1_000
"""Rows looked through between two looks at the time: some 30 ms."""
THREAD_POSTS_MAX = 500
"""More than a person reads of one thread."""
LISTEN_AGAIN_S = 60.0
"""An archive seldom grows."""


def fingerprint(path: Path, *how: str) -> str:
    """Return what tells an archive, read in a certain way, from another: a hash of its beginning or of its names."""
    if path.is_dir():
        head = "\n".join(sorted(entry.name for entry in path.iterdir())).encode("utf-8", "surrogateescape")
    else:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        # Of a short file the first line alone: what is appended must not make it another one.
        head = head if len(head) == HEAD_BYTES else head.partition(b"\n")[0]
    return hashlib.sha256(head + "\x1f".join(how).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def archive_account(path: Path) -> Author:
    """Return the account that stands for an archive in the desk: one for each place where one was found."""
    where = hashlib.sha256(str(path.absolute()).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return Author(id=f"archive:{where}", handle=storable(path.name)[:NAME_CODE_POINTS_MAX])


def cursor_after(rows: int, mark: str) -> str:
    """Write a cursor: so many rows of the archive with this fingerprint were heard."""
    return json.dumps({"rows": rows, "file": mark})


def rows_before(cursor: str | None, mark: str) -> int:
    """Read a cursor: how many rows were heard; 0 when it is of another file, or is none."""
    try:
        found = json.loads(cursor or "{}")
    except ValueError:
        return 0
    rows = found.get("rows") if isinstance(found, dict) and found.get("file") == mark else 0
    return rows if isinstance(rows, int) and rows > 0 else 0


class ArchiveNetwork:
    """One archive, listened to. Holds what ``Archive`` holds, and one batch."""

    name = NAME
    capabilities = Capabilities(public=False, private=False, edit=False, delete=False, media=False, characters_max=1)

    def __init__(self, path: Path, format_: str | None, mapping: Mapping[str, str] | None) -> None:
        self.path, self.format, self.mapping = path, format_, mapping
        self.account = archive_account(path)
        self._archive: Archive | None = None
        self._stamp: tuple[int, int] = (0, 0)
        self._mark = ""
        self._rows = 0
        self._ended = False

    def listen(self, cursor: str | None, *, wait_s_max: float) -> Batch:
        """Return the rows after ``cursor``; rejected ones are logged and left out.

        The first calls look through the archive and may return nothing yet.
        """
        deadline = time.monotonic() + wait_s_max
        try:
            return self._listen(cursor, deadline)
        except (BadInputError, OSError) as error:
            self.close()
            raise NetworkError(str(error), permanent=True) from error

    def _listen(self, cursor: str | None, deadline: float) -> Batch:
        archive = self._at(cursor)
        start = rows_before(cursor, self._mark)
        while not archive.survey(SURVEY_ROWS):
            if time.monotonic() >= deadline:
                return Batch((), cursor_after(start, self._mark))
        events: list[Post] = []
        while len(events) < BATCH_EVENTS_MAX:
            row = next(archive, None)
            if row is None:
                self._ended = True
                break
            self._rows += 1
            if self._rows <= start:
                continue
            if isinstance(row, Arrived):
                events.append(row.post)
            else:
                log.warning("%s, line %d: %s", self.path.name, row.line, row.reason)
        return Batch(tuple(events), cursor_after(self._rows, self._mark), wait_s=LISTEN_AGAIN_S if self._ended else 0.0)

    def _at(self, cursor: str | None) -> Archive:
        """Return the archive, opened anew when the cursor is not where it stands or the file has grown."""
        found = self.path.stat()
        stamp = (found.st_size, found.st_mtime_ns)
        goes_on = self._rows == rows_before(cursor, self._mark)
        if self._archive is not None and stamp == self._stamp and goes_on:
            return self._archive
        self.close()
        self._stamp, self._mark = stamp, fingerprint(self.path, self.format or "")
        self._rows, self._ended = 0, False
        self._archive = Archive(self.path, self.format, self.mapping)
        return self._archive

    def thread(self, post_id: str) -> tuple[Post, ...]:
        """Return the public posts of the thread around a post, root first. Reads the archive once or twice."""
        try:
            with Archive(self.path, self.format, self.mapping) as archive:
                root = next((p.root_id for p in _posts(archive) if p.id == post_id), None)
            if root is None:
                return ()
            with Archive(self.path, self.format, self.mapping) as archive:
                found = []
                for post in _posts(archive):
                    if post.root_id == root and post.visibility is Visibility.PUBLIC:
                        found.append(post)
                    if len(found) == THREAD_POSTS_MAX:
                        break
        except (BadInputError, OSError) as error:
            raise NetworkError(str(error), permanent=True) from error
        return tuple(sorted(found, key=lambda post: (post.id != root, post.seen_at)))

    def length(self, text: str) -> int:
        """Count code points; nothing is ever sent."""
        return len(text)

    def freeze(self, words: Words, *, created_at: datetime) -> Record:
        """Refuse: an archive takes no reply."""
        del words, created_at
        raise _refusal()

    def find(self, record: Record) -> Sighting:
        """Say that no record of ours is here: none was ever sent."""
        del record
        return Sighting(Standing.ABSENT)

    def send(self, permit: Permit) -> Sighting:
        """Spend the permit and refuse: an archive takes no reply."""
        from vivavoce.networks.permit import spend  # noqa: PLC0415 - reading needs no cryptography

        spend(permit, network=self.name, account=self.account.id)
        raise _refusal()

    def close(self) -> None:
        """Let go of the file."""
        if self._archive is not None:
            self._archive.close()
        self._archive = None


def _posts(archive: Archive) -> Iterator[Post]:
    return (row.post for row in archive if isinstance(row, Arrived))


def _refusal() -> NetworkError:
    return NetworkError("An archive takes no reply: answer where the person can read it.", permanent=True)


class ArchiveConnector:
    """How an archive is connected: by its file and its format."""

    name = NAME
    label = "Archive"
    settings = (
        Setting("file", "File", "A file or folder that was saved from a network."),
        Setting("format", "Format", f"One of {', '.join(FORMATS)}; guessed when empty.", required=False),
    )
    speaks = False

    def connect(self, settings: Mapping[str, str], *, clock: Clock) -> ArchiveNetwork:
        """Check that the archive is there and looks like its format."""
        del clock  # an archive brings its own times
        path = Path(settings.get("file", ""))
        try:
            Archive(path, settings.get("format") or None).close()
        except BadInputError as error:
            raise NetworkError(str(error), permanent=True) from error
        return ArchiveNetwork(path, settings.get("format") or None, None)


NETWORK = ArchiveConnector()
