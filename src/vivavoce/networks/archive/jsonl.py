"""Our own schema: one post record a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vivavoce.networks.archive.elements import decoded
from vivavoce.networks.archive.lines import numbered
from vivavoce.networks.archive.record import post_from
from vivavoce.networks.archive.rows import Arrived, Rejected, RowError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vivavoce.networks.archive.rows import Row


def rows(path: Path) -> Iterator[Row]:
    """Yield a row for each line that is not blank. Holds one line."""
    with path.open("rb") as file:
        for found in numbered(file):
            if isinstance(found, Rejected):
                yield found
                continue
            number, line = found
            if not line.strip():
                continue
            try:
                record = decoded(line)
                if not isinstance(record, dict):
                    message = "not a JSON object: each line is one post, {...}"
                    raise RowError(message)  # noqa: TRY301 - told in the same way as what post_from raises
                yield Arrived(number, post_from(record))
            except RowError as error:
                yield Rejected(number, str(error))
