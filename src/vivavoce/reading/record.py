"""What a reading is: one Arrow schema for many posts, one frozen value for one, and the way between them.

The JSON object, the Arrow row and the value hold the same facts. Only yes and no differ: JSON has ``true`` and
``false``, Arrow the strings "true" and "false", since "unsure" must fit in the same column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from vivavoce.reading.labels import DECIDED, GROUPS, SCALARS, YES_OR_NO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DIGITS_SHOWN = 4
"""Decimals of a probability in JSON: finer ones would claim more than the reader knows."""


def _floats(labels: tuple[str, ...]) -> pa.DataType:
    return pa.struct([pa.field(label, pa.float32()) for label in labels])


EVIDENCE_TYPE: Final = pa.list_(
    pa.struct(
        [
            pa.field("label", pa.string()),
            pa.field("start", pa.int32()),
            pa.field("end", pa.int32()),
            pa.field("weight", pa.float32()),
        ]
    )
)

READING_SCHEMA: Final = pa.schema(
    [
        pa.field("language", _floats(GROUPS["language"])),
        pa.field("sentiment", _floats(GROUPS["sentiment"])),
        pa.field("emotions", _floats(GROUPS["emotions"])),
        pa.field("cause", _floats(GROUPS["cause"])),
        pa.field("wants", _floats(GROUPS["wants"])),
        *[pa.field(name, pa.float32()) for name in SCALARS],
        pa.field("urgency", _floats(GROUPS["urgency"])),
        pa.field("decided", pa.struct([pa.field(name, pa.string()) for name in DECIDED])),
        pa.field("evidence", EVIDENCE_TYPE),
        pa.field("reader", pa.string()),
    ]
)
"""One row a post, in the order of DESIGN.md's record; every column is null where the text was null."""

_YES_OR_NO_JSON: Final[dict[object, str | bool]] = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of a post that show a label: ``text[start:end]`` in code points of the original text.

    ``weight`` is the share, 0 to 1, of all that spoke for the label in this post.
    """

    label: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader says of one post; probabilities from 0 to 1, `decided` as in JSON."""

    language: Mapping[str, float]
    sentiment: Mapping[str, float]
    emotions: Mapping[str, float]
    cause: Mapping[str, float]
    wants: Mapping[str, float]
    needs_person: float
    danger: float
    irony: float
    offence: float
    urgency: Mapping[str, float]
    decided: Mapping[str, str | bool]
    evidence: tuple[Evidence, ...]
    reader: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Reading:
        """The value of one Arrow row as Python has it (``batch.to_pylist()[i]``), or of a record read from JSON.

        Other keys (``id``, ``text``, ``input``) are left aside. A row of nulls is nobody's reading: `readings`
        gives ``None`` for it.

        Raises:
            KeyError: a field of the record is missing.
        """
        decided = {
            name: _YES_OR_NO_JSON.get(row["decided"][name], row["decided"][name])
            if name in YES_OR_NO
            else row["decided"][name]
            for name in DECIDED
        }
        chances: dict[str, Any] = {group: dict(row[group]) for group in GROUPS}
        chances |= {name: float(row[name]) for name in SCALARS}
        return cls(
            **chances,
            decided=decided,
            evidence=tuple(
                Evidence(item["label"], item["start"], item["end"], item["weight"]) for item in row["evidence"]
            ),
            reader=row["reader"],
        )

    def to_record(self) -> dict[str, Any]:
        """The JSON object of DESIGN.md without ``id``, ``text`` and ``input``, which the caller has."""
        record: dict[str, Any] = {}
        for field in READING_SCHEMA.names:
            value = getattr(self, field)
            if field in GROUPS:
                record[field] = {label: round(value[label], DIGITS_SHOWN) for label in GROUPS[field]}
            elif field in SCALARS:
                record[field] = round(value, DIGITS_SHOWN)
            elif field == "decided":
                record[field] = {name: value[name] for name in DECIDED}
            elif field == "evidence":
                record[field] = [
                    {"label": e.label, "start": e.start, "end": e.end, "weight": round(e.weight, DIGITS_SHOWN)}
                    for e in value
                ]
            else:
                record[field] = value
        return record


def readings(batch: pa.RecordBatch) -> Iterator[Reading | None]:
    """Each row of a batch of `READING_SCHEMA` as a value, ``None`` where the text was null."""
    columns = {name: _column_rows(batch.column(name), name) for name in READING_SCHEMA.names}
    for place, reader in enumerate(columns["reader"]):
        row = {name: column[place] for name, column in columns.items()}
        yield None if reader is None else Reading.from_row(row)


def _column_rows(column: pa.Array, name: str) -> list[Any]:
    """A column as Python values; structs field by field, ten times faster than Arrow's own row by row."""
    if not pa.types.is_struct(column.type):
        return list(column.to_pylist())
    names = [field.name for field in READING_SCHEMA.field(name).type]
    fields = [column.field(at).to_pylist() for at in range(len(names))]
    return [dict(zip(names, values, strict=True)) for values in zip(*fields, strict=True)]
