"""The files inside an archive: a folder, a zip or a tar, read by streams and without unpacking to disk.

Held in memory: the list of a zip's entries (about 500 bytes each), and one chunk of what is read.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

from vivavoce.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from vivavoce.networks.archive.elements import Readable

UNPACKED_RATIO_MAX = 500
"""JSON of posts packs 5 to 30 times, of the dullest robot 200 times; a zip bomb packs a thousand times."""
UNPACKED_BYTES_FREE = 256 * 2**20
"""Below this a high ratio costs some seconds and no memory."""
ENTRIES_MAX = 500_000
"""An X archive has one for each picture; 500,000 take about 250 MB of memory to list."""
DEPTH_MAX = 3
"""Folders between the archive's top and its data: ``export/data/tweets.js``."""

SUFFIXES = (".js", ".json")
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


class Container(Protocol):
    """What holds an archive's files."""

    def names(self) -> tuple[str, ...]:
        """Return the paths of its JavaScript and JSON files, sorted, with ``/`` between folders."""
        ...

    def open(self, name: str) -> AbstractContextManager[Readable]:
        """Be a context manager around one file's bytes."""
        ...


def damaged(path: Path, error: Exception) -> BadInputError:
    """Return the error that says what to do about an archive that cannot be unpacked."""
    if "password" in str(error) or "encrypted" in str(error):
        return BadInputError(f"{path.name} is locked with a password: unpack it, and import the folder.")
    why = str(error) or type(error).__name__
    return BadInputError(
        f"{path.name} cannot be unpacked ({why}): it is damaged or was not downloaded to its end. "
        "Download it again, then import it again; posts that are here already are not doubled."
    )


class _Unpacked:
    """Reads on, and refuses to unpack what is far larger than its packed form."""

    def __init__(self, file: Readable, *, packed_bytes: int, path: Path) -> None:
        self.file, self.path = file, path
        self.allowed = max(UNPACKED_BYTES_FREE, packed_bytes * UNPACKED_RATIO_MAX)
        self.done = 0

    def read(self, size: int, /) -> bytes:
        try:
            chunk = self.file.read(size)
        except _DAMAGE as error:
            raise damaged(self.path, error) from error
        self.done += len(chunk)
        if self.done > self.allowed:
            message = f"{self.path.name} unpacks to over {UNPACKED_RATIO_MAX} times its size: no archive does."
            raise BadInputError(message)
        return chunk


class Folder:
    """An archive that was unpacked already."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> tuple[str, ...]:
        """Return the paths of its JavaScript and JSON files, sorted."""
        patterns = ["/".join(["*"] * depth) for depth in range(1, DEPTH_MAX + 1)]
        found = (entry for pattern in patterns for entry in self.path.glob(pattern))
        return tuple(sorted(p.relative_to(self.path).as_posix() for p in found if p.suffix in SUFFIXES and p.is_file()))

    @contextmanager
    def open(self, name: str) -> Iterator[Readable]:
        """Open one of its files."""
        with (self.path / name).open("rb") as file:
            yield file


class Zip:
    """A zip archive."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with zipfile.ZipFile(path) as packed:
                entries = packed.infolist()
        except (*_DAMAGE, NotImplementedError) as error:
            raise damaged(path, error) from error
        if len(entries) > ENTRIES_MAX:
            message = f"{path.name} has more than {ENTRIES_MAX:,} files: unpack it, and import the folder."
            raise BadInputError(message)
        self.entries = {e.filename: e for e in entries if e.filename.endswith(SUFFIXES)}

    def names(self) -> tuple[str, ...]:
        """Return the paths of its JavaScript and JSON files, sorted."""
        return tuple(sorted(self.entries))

    @contextmanager
    def open(self, name: str) -> Iterator[Readable]:
        """Open one of its files."""
        entry = self.entries[name]
        try:
            packed = zipfile.ZipFile(self.path)
            file = packed.open(entry)
        except (*_DAMAGE, NotImplementedError) as error:
            raise damaged(self.path, error) from error
        with packed, file:
            yield _Unpacked(cast("Readable", file), packed_bytes=entry.compress_size, path=self.path)


class Tar:
    """A tar archive, packed by gzip, bzip2, xz or nothing; read from its beginning for each file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found = tuple(sorted(name for name, _ in self._members() if name.endswith(SUFFIXES)))

    def names(self) -> tuple[str, ...]:
        """Return the paths of its JavaScript and JSON files, sorted."""
        return self.found

    @contextmanager
    def open(self, name: str) -> Iterator[Readable]:
        """Open one of its files."""
        members = self._members()
        try:
            for found, file in members:
                if found == name:
                    yield _Unpacked(file, packed_bytes=self.path.stat().st_size, path=self.path)
                    return
        finally:
            members.close()

    def _members(self) -> Generator[tuple[str, Readable], None, None]:
        with self.path.open("rb") as packed:
            stream = _unpacking(packed)
            whole = _Unpacked(stream, packed_bytes=self.path.stat().st_size, path=self.path)
            try:
                with tarfile.open(fileobj=cast("gzip.GzipFile", whole), mode="r|") as tar:
                    for member in tar:
                        if member.isfile() and (file := tar.extractfile(member)):
                            yield member.name.removeprefix("./"), cast("Readable", file)
                        cast("Any", tar).members.clear()  # else it remembers each one
            except _DAMAGE as error:
                raise damaged(self.path, error) from error


def _unpacking(file: BinaryIO) -> Readable:
    head = file.read(6)
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)
    if head.startswith(b"BZh"):
        return bz2.BZ2File(file)
    if head.startswith(b"\xfd7zXZ"):
        return lzma.LZMAFile(file)
    return file


def container(path: Path) -> Container:
    """Open what holds an archive's files.

    Raises:
        BadInputError: it is neither folder, zip nor tar, or it is damaged.
    """
    if path.is_dir():
        return Folder(path)
    if zipfile.is_zipfile(path) or path.suffix.lower() == ".zip":
        return Zip(path)
    return Tar(path)
