"""The house's reader, as the intake asks for it: texts in, records out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vivavoce.reading import read
from vivavoce.reading.record import readings

if TYPE_CHECKING:
    from collections.abc import Sequence


def read_records(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Return DESIGN.md's record of each text, in their order, without ``id``, ``text`` and ``input``."""
    return [reading.to_record() for reading in readings(read(list(texts))) if reading is not None]
