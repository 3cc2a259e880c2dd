"""A CAR file's blocks: an index on disk of where each one stands, and their bytes when asked for.

Held in memory: one block and a page cache; the index takes about 60 bytes a block in a temporary file.
"""

from __future__ import annotations

import hashlib
import sqlite3
from typing import TYPE_CHECKING, BinaryIO

from vivavoce.errors import BadInputError, SetupError
from vivavoce.networks.archive.rows import RowError

try:
    import libipld
except ImportError:  # the engine alone does not bring it
    libipld = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from pathlib import Path

BLOCK_BYTES_MAX = 4 * 2**20
"""The protocol allows 2 MiB a block (1 MiB a record)."""
HEADER_BYTES_MAX = 64 * 1024
"""A header names its roots: one, in a repository."""
VARINT_BYTES_MAX = 9
"""As the multiformats specification says."""
INDEX_BATCH = 5_000
CACHE_KIB = 8 * 1024

SHA_256 = b"\x12\x20"
CIDS = (b"\x01\x71" + SHA_256, b"\x01\x55" + SHA_256)
"""CIDv1 of DAG-CBOR and of raw bytes, hashed by SHA-256: the only ones that a repository may hold."""
CID_BYTES = 36


class Blocks:
    """The blocks of one CAR file, by CID.

    Raises:
        BadInputError: it is not a CAR file of version 1, or it ends in the middle.
    """

    def __init__(self, path: Path) -> None:
        if libipld is None:
            message = "Reading a Bluesky repository needs libipld: install vivavoce[desk]."
            raise SetupError(message)
        self.path = path
        self.file: BinaryIO = path.open("rb")
        # An empty name makes a temporary database on disk, which goes when it is closed.
        self.index = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        try:
            self.index.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            self.index.execute("CREATE TABLE block (cid BLOB PRIMARY KEY, start INTEGER, length INTEGER) WITHOUT ROWID")
            self.root = self._read_header()
            self.count = self._read_index()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file and of the index."""
        self.file.close()
        self.index.close()

    def get(self, cid: object) -> dict[str, object]:
        """Return one block, decoded.

        Raises:
            RowError: it is not in the file, its bytes are not what its CID says, or it is no DAG-CBOR map.
        """
        found = None
        if isinstance(cid, bytes):
            found = self.index.execute("SELECT start, length FROM block WHERE cid = ?", (cid,)).fetchone()
        if found is None or not isinstance(cid, bytes):
            message = "a block that it needs is not in the file: download the repository again"
            raise RowError(message)
        self.file.seek(found[0])
        data = self.file.read(found[1])
        if hashlib.sha256(data).digest() != cid[-32:]:
            message = "its bytes are not what its CID says: the file was damaged or changed"
            raise RowError(message)
        block = decode(data)
        if not isinstance(block, dict):
            message = "not a DAG-CBOR map"
            raise RowError(message)
        return block

    def _read_header(self) -> bytes:
        length = self._varint()
        data = self.file.read(length) if length and length <= HEADER_BYTES_MAX else b""
        try:
            header = decode(data)
        except RowError:
            header = None
        roots = header.get("roots") if isinstance(header, dict) and header.get("version") == 1 else None
        if not isinstance(roots, list) or not roots or not isinstance(roots[0], bytes):
            message = f"{self.path.name} is not a CAR file of a repository: it has no header with a root."
            raise BadInputError(message)
        return roots[0]

    def _read_index(self) -> int:
        size, held, count = self.path.stat().st_size, [], 0
        while (length := self._varint()) is not None:
            start = self.file.tell()
            if length > BLOCK_BYTES_MAX or length < CID_BYTES:
                message = (
                    f"{self.path.name} has a block of {length} bytes at {start}: it is damaged. Download it again."
                )
                raise BadInputError(message)
            cid = self.file.read(CID_BYTES)
            if start + length > size:
                raise self._cut()
            if not cid.startswith(CIDS):
                message = f"{self.path.name} has a block at {start} that no Bluesky repository holds: it is damaged."
                raise BadInputError(message)
            held.append((cid, start + CID_BYTES, length - CID_BYTES))
            count += 1
            if len(held) == INDEX_BATCH:
                self._keep(held)
                held = []
            self.file.seek(start + length)
        self._keep(held)
        return count

    def _keep(self, held: list[tuple[bytes, int, int]]) -> None:
        self.index.execute("BEGIN")
        self.index.executemany("INSERT OR IGNORE INTO block VALUES (?, ?, ?)", held)
        self.index.execute("COMMIT")

    def _cut(self) -> BadInputError:
        return BadInputError(
            f"{self.path.name} ends in the middle: it was not downloaded to its end. "
            "Download it again, then import it again."
        )

    def _varint(self) -> int | None:
        """Read an unsigned LEB128 number; ``None`` at the end of the file."""
        value = 0
        for place in range(VARINT_BYTES_MAX):
            byte = self.file.read(1)
            if not byte:
                if place:
                    raise self._cut()
                return None
            value |= (byte[0] & 0x7F) << (7 * place)
            if byte[0] < 0x80:  # noqa: PLR2004 - the bit that says that more follows
                return value
        message = f"{self.path.name} is not a CAR file, or is damaged. Download it again."
        raise BadInputError(message)


def decode(data: bytes) -> object:
    """Decode DAG-CBOR; links come as their CID's bytes.

    Raises:
        RowError: it is not DAG-CBOR.
    """
    try:
        found: object = libipld.decode_dag_cbor(data)
    except (ValueError, RecursionError, OverflowError) as error:
        message = "not DAG-CBOR"
        raise RowError(message) from error
    return found


def cid_text(cid: object) -> str:
    """Return a CID as people write it (``bafy...``), or an empty text for what is none."""
    if not isinstance(cid, bytes) or len(cid) != CID_BYTES or not cid.startswith(CIDS):
        return ""
    return str(libipld.encode_cid(cid))
