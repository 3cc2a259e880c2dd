"""The house's reader, as the intake asks for it: texts in, records out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vivavoce.reading import read
from vivavoce.reading.labels import GROUPS, SCALARS, YES_OR_NO
from vivavoce.reading.record import DIGITS_SHOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

YES_OR_NO_JSON = {"true": True, "false": False}


def read_records(texts: Sequence[str], languages: Sequence[str | None]) -> list[dict[str, Any]]:
    """Return DESIGN.md's record of each text, in their order, without ``id``, ``text`` and ``input``.

    Args:
        texts: n texts.
        languages: the language that each claims, as a BCP 47 tag, or ``None``.

    The same as ``Reading.to_record`` (a test holds them together), without the value in between: half the time.
    """
    return [_record(row) for row in read(list(texts), languages=list(languages)).to_pylist()]


def _record(row: dict[str, Any]) -> dict[str, Any]:
    for group in GROUPS:
        row[group] = {label: round(value, DIGITS_SHOWN) for label, value in row[group].items()}
    for name in SCALARS:
        row[name] = round(row[name], DIGITS_SHOWN)
    decided = row["decided"]
    for name in YES_OR_NO:
        decided[name] = YES_OR_NO_JSON.get(decided[name], decided[name])
    for piece in row["evidence"]:
        piece["weight"] = round(piece["weight"], DIGITS_SHOWN)
    return row
