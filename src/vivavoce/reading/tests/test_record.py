"""The record is the same in Arrow, in Python and in JSON."""

from __future__ import annotations

import json
import subprocess
import sys

import pyarrow as pa
import pytest

from vivavoce.reading import READING_SCHEMA, Reading, read, read_one, readings
from vivavoce.reading.labels import DECIDED, GROUPS

TEXT = "Encore une panne 😡 remboursez-moi, c'est une honte"


def test_the_record_has_the_fields_of_the_design_in_their_order() -> None:
    reading = read_one(TEXT)
    assert reading is not None
    record = reading.to_record()
    assert list(record) == [
        "language", "sentiment", "emotions", "cause", "wants", "needs_person", "danger", "irony", "offence", "urgency",
        "decided", "evidence", "reader",
    ]  # fmt: skip
    assert {group: tuple(record[group]) for group in GROUPS} == GROUPS
    assert tuple(record["decided"]) == DECIDED
    assert list(record["evidence"][0]) == ["label", "start", "end", "weight"]


def test_a_reading_survives_json_and_arrow() -> None:
    reading = read_one(TEXT)
    assert reading is not None
    record = json.loads(json.dumps(reading.to_record()))
    assert Reading.from_row({"id": "1", "text": TEXT, **record, "input": {}}).to_record() == record
    assert Reading.from_row(read([TEXT]).to_pylist()[0]) == reading


def test_readings_gives_none_for_null() -> None:
    assert [reading is None for reading in readings(read([None, TEXT, None]))] == [True, False, True]


def test_a_record_without_a_field_is_refused() -> None:
    row = read([TEXT]).to_pylist()[0]
    del row["wants"]
    with pytest.raises(KeyError, match="wants"):
        Reading.from_row(row)


def test_every_probability_is_float32() -> None:
    for name in (*GROUPS, "needs_person"):
        kind = READING_SCHEMA.field(name).type
        kinds = {field.type for field in kind} if pa.types.is_struct(kind) else {kind}
        assert kinds == {pa.float32()}


def test_evidence_counts_code_points_of_the_original_text() -> None:
    text = "👩‍👩‍👧 \ud800 e\u0301 une honte"
    reading = read_one(text)
    assert reading is not None
    assert "honte" in {text[e.start : e.end] for e in reading.evidence}


def test_importing_the_engine_loads_no_weights_and_no_framework() -> None:
    script = (
        "import sys, vivavoce.reading; "
        "print([m for m in ('vivavoce.reading.plain', 'django', 'httpx', 'numpy.random') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert "vivavoce.reading.plain" not in done.stdout
    assert "django" not in done.stdout
