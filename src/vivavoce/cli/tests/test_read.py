"""`vivavoce read` reads what people have, writes the record, and says what it could not read."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from vivavoce.cli import read_rows
from vivavoce.cli.read import BATCH_ROWS, read
from vivavoce.errors import BadInputError
from vivavoce.reading import READING_SCHEMA, read_one

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

COLD = "Plus de chauffage depuis hier, ma grand-mère a 84 ans"
THANKS = "Thanks a lot, you made my day"


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.command()(read)
    return app


def run(app: typer.Typer, *arguments: object, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)


def records(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_writes_the_record_of_the_design_for_json_lines(app: typer.Typer) -> None:
    rows = [{"id": "a1", "text": COLD, "author": "x", "n": [1, None]}, {"text": THANKS}]
    result = run(app, "-", "--format", "jsonl", stdin="\n".join(json.dumps(row) for row in rows))
    assert result.exit_code == 0
    assert result.stderr == ""
    first, second = records(result)
    assert list(first) == ["id", "text", *READING_SCHEMA.names, "input"]
    expected = read_one(COLD)
    assert expected is not None
    assert first == {"id": "a1", "text": COLD, **expected.to_record(), "input": {"author": "x", "n": [1, None]}}
    assert first["decided"]["danger"] is True
    assert (second["id"], second["text"], second["input"]) == ("2", THANKS, {})


def test_reads_text_lines_csv_and_parquet_alike(app: typer.Typer, tmp_path: Path) -> None:
    (tmp_path / "posts.txt").write_text(f"{COLD}\n\n{THANKS}\n", encoding="utf-8")
    (tmp_path / "posts.csv").write_text(f'\ufeffbody,who\n"{COLD}",a\n"{THANKS}",b\n', encoding="utf-8")
    pq.write_table(pa.table({"body": [COLD, THANKS], "who": ["a", "b"]}), tmp_path / "posts.parquet")
    from_text = records(run(app, tmp_path / "posts.txt"))
    from_csv = records(run(app, tmp_path / "posts.csv", "--field", "body"))
    from_parquet = records(run(app, tmp_path / "posts.parquet", "--field", "body"))
    assert [row["text"] for row in from_text] == [COLD, THANKS]
    assert [row["input"] for row in from_csv] == [{"who": "a"}, {"who": "b"}]
    for name in READING_SCHEMA.names:
        said = [[row[name] for row in rows] for rows in (from_text, from_csv, from_parquet)]
        assert said[0] == said[1] == said[2]


def test_reports_bad_rows_by_line_and_goes_on(app: typer.Typer) -> None:
    lines = ['{"text": "a"}', "nope", "[1]", '{"t": 1}', '{"text": 3}', '{"text": "b", "x": NaN}', '{"text": null}']
    result = run(app, "-", "--format", "jsonl", stdin="\n".join(lines))
    assert result.exit_code == 0
    assert [row["text"] for row in records(result)] == ["a", None]
    assert records(result)[1]["decided"] is None
    told = result.stderr.splitlines()
    assert [line.partition(":")[0] for line in told[:-1]] == ["line 2", "line 3", "line 4", "line 5", "line 6"]
    assert told[-1] == "5 rows rejected"


def test_fails_when_every_row_is_rejected(app: typer.Typer) -> None:
    assert run(app, "-", "--format", "jsonl", stdin="nope\n").exit_code == 1
    assert run(app, "-", "--format", "jsonl", stdin="").exit_code == 0


def test_reports_a_csv_row_with_fields_missing(app: typer.Typer) -> None:
    result = run(app, "-", "--format", "csv", stdin='text,n\n"two\nlines",1\nalone\n"c",3\n')
    assert [row["text"] for row in records(result)] == ["two\nlines", "c"]
    assert result.stderr.startswith("line 4: 1 fields where the header has 2")


def test_gives_up_a_line_that_is_too_long_and_reads_the_next(app: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_rows, "LINE_BYTES_MAX", 64)
    result = run(app, "-", "--format", "text", stdin="x" * 200 + "\nbonjour\n")
    assert [(row["id"], row["text"]) for row in records(result)] == [("2", "bonjour")]
    assert result.stderr.startswith("line 1: the line is longer")


def test_survives_bytes_that_are_no_utf8_and_lone_surrogates(app: typer.Typer) -> None:
    result = run(app, "-", "--format", "text", stdin=b"caf\xe9 ferm\xe9 \x00\n")
    assert records(result)[0]["text"] == "caf\ufffd ferm\ufffd \x00"
    result = run(app, "-", "--format", "jsonl", stdin='{"text": "\\ud800 h\\u00e9", "who": "\\udfff"}\n')
    assert records(result)[0]["text"] == "\ufffd hé"
    assert records(result)[0]["input"] == {"who": "\ufffd"}


def test_keeps_order_over_many_batches(app: typer.Typer, tmp_path: Path) -> None:
    count = 2 * BATCH_ROWS + 3
    (tmp_path / "many.txt").write_text("".join(f"message {n}\n" for n in range(count)), encoding="utf-8")
    assert [row["text"] for row in records(run(app, tmp_path / "many.txt"))] == [f"message {n}" for n in range(count)]


def test_writes_parquet_by_the_name_of_the_output(app: typer.Typer, tmp_path: Path) -> None:
    target = tmp_path / "readings.parquet"
    result = run(
        app, "-", "--format", "jsonl", "--output", target, stdin=json.dumps({"id": 7, "text": COLD, "who": "é"})
    )
    assert (result.exit_code, result.stdout) == (0, "")
    table = pq.read_table(target)
    assert table.schema.names == ["id", "text", *READING_SCHEMA.names, "input"]
    row = table.to_pylist()[0]
    assert (row["id"], row["text"], json.loads(row["input"])) == ("7", COLD, {"who": "é"})
    assert row["decided"]["danger"] == "true"


def test_a_failed_run_leaves_the_old_output_alone(app: typer.Typer, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("old", encoding="utf-8")
    source = tmp_path / "posts.csv"
    source.write_text("a,b\n1,2\n", encoding="utf-8")
    assert isinstance(run(app, source, "--output", target).exception, BadInputError)
    assert target.read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "posts.csv"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing.jsonl"], "missing.jsonl cannot be opened"),
        (["-", "--format", "xml"], "There is no format 'xml'"),
        (["-", "--format", "parquet"], "Parquet"),
        (["-", "--explain", "--output", "x.jsonl"], "--explain prints for people"),
    ],
)
def test_says_what_to_do_when_the_file_cannot_be_used(app: typer.Typer, arguments: list[str], says: str) -> None:
    error = run(app, *arguments, stdin="x").exception
    assert isinstance(error, BadInputError)
    assert says in str(error)


def test_explain_shows_the_words_and_lets_no_control_through(app: typer.Typer) -> None:
    result = run(app, "-", "--format", "text", "--explain", stdin=f"{COLD} \x1b[2J\u202e\n")
    assert "danger: Plus de chauffage · grand-mère" in result.stdout
    assert "danger yes" in result.stdout
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from vivavoce.cli import main; main()", "read", *arguments]


def test_guesses_json_lines_in_a_pipe_and_is_silent_about_progress() -> None:
    done = subprocess.run(
        command("-"), input=json.dumps({"text": COLD}), capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(done.stdout)["text"] == COLD
    assert done.stderr == ""


def test_a_reader_that_stops_listening_is_no_error_to_speak_of(tmp_path: Path) -> None:
    (tmp_path / "many.txt").write_text("bonjour tout le monde\n" * 3_000, encoding="utf-8")
    with subprocess.Popen(
        command(str(tmp_path / "many.txt")), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        assert process.stderr.read() == b""
        process.wait(timeout=60)


def test_a_missing_file_leaves_by_exit_code_two() -> None:
    done = subprocess.run(command("missing.jsonl"), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == "missing.jsonl cannot be opened: No such file or directory.\n"
