"""Lines of a text file, one at a time and of bounded length."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from vivavoce.networks.archive.rows import ITEM_BYTES_MAX, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

BOM = b"\xef\xbb\xbf"


def numbered(file: BinaryIO) -> Iterator[tuple[int, bytes] | Rejected]:
    """Yield each line with its number from 1 and its line end; one that is too long is passed over and rejected.

    Holds at most ``ITEM_BYTES_MAX`` bytes.
    """
    number = 0
    while line := file.readline(ITEM_BYTES_MAX):
        number += 1
        if number == 1:
            line = line.removeprefix(BOM)
        if len(line) == ITEM_BYTES_MAX and not line.endswith(b"\n"):
            while (rest := file.readline(ITEM_BYTES_MAX)) and not rest.endswith(b"\n"):
                pass
            yield Rejected(number, f"the line is longer than {ITEM_BYTES_MAX // 2**20} MiB")
        else:
            yield number, line
