"""``vivavoce import`` as a user meets it: rows in, totals out, and nothing doubled whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COMMAND = (sys.executable, "-m", "vivavoce", "import")
RUN_S_MAX = 120
MISSING = {"id": "x", "text": "Où est passé mon colis ?"}


def record(number: int, **more: object) -> dict[str, object]:
    return {
        "id": f"post-{number}",
        "author": f"person-{number % 50}",
        "text": f"Le bus numéro {number} n'est pas passé ce matin.",
        "created_at": "2026-03-01T09:30:00Z",
        "addressed": "mention",
        **more,
    }


def written(path: Path, records: Sequence[object]) -> Path:
    lines = (one if isinstance(one, str) else json.dumps(one) for one in records)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def surroundings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("VIVAVOCE_", "DJANGO_"))}


def run(data: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, options), "--data", str(data)]
    return subprocess.run(
        command, env=surroundings(), capture_output=True, text=True, encoding="utf-8", timeout=RUN_S_MAX, check=False
    )


def totals(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


def stored(data: Path) -> list[str]:
    with closing(sqlite3.connect(data / "vivavoce.sqlite3")) as database:
        return [row[0] for row in database.execute("SELECT remote_id FROM inbox_post ORDER BY id")]


def test_rows_are_new_once_and_known_ever_after(tmp_path: Path) -> None:
    file = written(tmp_path / "posts.jsonl", [record(n) for n in range(120)])
    assert totals(run(tmp_path / "desk", file, "--json")) == {"new": 120, "known": 0, "rejected": 0, "total": 120}
    assert totals(run(tmp_path / "desk", file, "--json")) == {"new": 0, "known": 120, "rejected": 0, "total": 120}
    written(file, [record(n) for n in range(130)])
    assert totals(run(tmp_path / "desk", file, "--json")) == {"new": 10, "known": 120, "rejected": 0, "total": 130}
    assert sorted(stored(tmp_path / "desk")) == sorted(f"post-{n}" for n in range(130))


def test_rejected_rows_are_told_by_line_and_stop_nothing(tmp_path: Path) -> None:
    file = written(tmp_path / "posts.jsonl", [record(1), "not JSON at all", MISSING, record(2)])
    done = run(tmp_path / "desk", file, "--format", "jsonl", "--json")
    assert totals(done) == {"new": 2, "known": 0, "rejected": 2, "total": 4}
    told = done.stderr.splitlines()
    assert len(told) == 2
    assert told[0].startswith("line 2: not JSON")
    assert told[1].startswith("line 3: no author")


def test_without_json_the_totals_are_said_in_words(tmp_path: Path) -> None:
    done = run(tmp_path / "desk", written(tmp_path / "posts.jsonl", [record(1)]))
    assert done.stdout == "1 rows: 1 new, 0 known, 0 rejected.\n"
    assert done.stderr == ""


def test_a_mapping_names_the_columns(tmp_path: Path) -> None:
    file = tmp_path / "tickets.csv"
    file.write_text("when;customer;body\n2026-03-01 09:30;odile;Toujours pas de bus.\n", encoding="utf-8")
    mapping = ["--map", "text=body", "--map", "author=customer", "--map", "created_at=when"]
    assert totals(run(tmp_path / "desk", file, "--format", "csv", *mapping, "--json"))["new"] == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["nowhere.jsonl"], "There is no file"),
        (["posts.jsonl", "--format", "xml"], "The formats are"),
        (["posts.jsonl", "--format", "car"], "use --format jsonl"),
        (["posts.jsonl", "--map", "text"], "FIELD=COLUMN"),
        (["posts.jsonl", "--map", "text=body"], "goes with the format csv"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line_before_anything_is_made(
    tmp_path: Path, options: list[str], said: str
) -> None:
    written(tmp_path / "posts.jsonl", [record(1)])
    done = run(tmp_path / "desk", tmp_path / options[0], *options[1:])
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "desk").exists()


def test_when_every_row_is_rejected_the_command_fails(tmp_path: Path) -> None:
    done = run(tmp_path / "desk", written(tmp_path / "posts.jsonl", [MISSING]), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"new": 0, "known": 0, "rejected": 1, "total": 1}


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_an_import_that_was_ended_goes_on_and_its_totals_add_up(tmp_path: Path, end: signal.Signals) -> None:
    rows: list[object] = [record(n) if n % 500 else MISSING for n in range(6_000)]
    data, file = tmp_path / "desk", written(tmp_path / "posts.jsonl", rows)
    first = written(tmp_path / "first.jsonl", [record(9_999)])
    assert totals(run(data, first, "--json"))["new"] == 1  # so that the table is there to look into
    process = subprocess.Popen(
        [*COMMAND, str(file), "--data", str(data)],
        env=surroundings(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while len(stored(data)) < 700:
            assert process.poll() is None, "the import ended before it could be interrupted"
        process.send_signal(end)
        assert process.wait(timeout=RUN_S_MAX) == (130 if end is signal.SIGINT else -end)
    finally:
        process.kill()
        process.wait()
    before = len(stored(data)) - 1
    assert 0 < before < 5_988
    done = totals(run(data, file, "--json"))
    assert done == {"new": 5_988 - before, "known": before, "rejected": 12, "total": 6_000}
    assert len(stored(data)) == len(set(stored(data))) == 5_989


@pytest.mark.shared
def test_all_rows_of_real_customer_care_are_accounted_for(tmp_path: Path, shared_data: Path) -> None:
    done = run(tmp_path / "desk", shared_data / "twcs" / "twcs.csv", "--format", "twcs", "--json")
    assert totals(done) == {"new": 4_999, "known": 0, "rejected": 2, "total": 5_001}
