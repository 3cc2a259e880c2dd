"""CSV with any columns."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vivavoce.errors import BadInputError
from vivavoce.networks.archive import Arrived, Rejected, open_archive
from vivavoce.posts import Addressed

if TYPE_CHECKING:
    from pathlib import Path

    from vivavoce.networks.archive import Row

HEAD = "id,author,created_at,text\n"
ROW = "{0},odile,2026-03-01T09:30:00Z,Il pleut dans la classe.\n"


def rows_of(path: Path, data: str | bytes, mapping: dict[str, str] | None = None) -> list[Row]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with open_archive(path, "csv", mapping) as archive:
        return list(archive)


def texts(rows: list[Row]) -> list[str]:
    return [row.post.text for row in rows if isinstance(row, Arrived)]


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    written=st.lists(words.filter(str.strip), min_size=1, max_size=8),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
def test_any_text_comes_through_whatever_the_delimiter(
    tmp_path: Path, written: list[str], delimiter: str, mark: bytes
) -> None:
    out = io.StringIO(newline="")
    table = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    table.writerow(["message_id", "Auteur", "Date", "Texte"])
    table.writerows([str(n), "odile", "2026-03-01 09:30", text] for n, text in enumerate(written))
    rows = rows_of(tmp_path / "posts.csv", mark + out.getvalue().encode())
    assert texts(rows) == written


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(data=st.binary(max_size=300) | st.text('",;\n\r\tab\0é', max_size=300).map(str.encode))
def test_any_bytes_are_rows_or_reasons_and_never_a_crash(tmp_path: Path, data: bytes) -> None:
    rows = rows_of(tmp_path / "posts.csv", HEAD.encode() + ROW.format(1).encode() + data)
    assert all(isinstance(row, Arrived | Rejected) for row in rows)
    assert texts(rows)[0] == "Il pleut dans la classe."


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 9))
def test_a_quote_that_is_never_closed_costs_its_own_line_alone(tmp_path: Path, place: int) -> None:
    lines = [ROW.format(number) for number in range(10)]
    lines[place] = lines[place].replace("Il pleut", '"Il pleut')
    rows = rows_of(tmp_path / "posts.csv", HEAD + "".join(lines))
    assert [row.line for row in rows if isinstance(row, Rejected)] == [place + 2]
    assert [row.post.id for row in rows if isinstance(row, Arrived)] == [str(n) for n in range(10) if n != place]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"2,odile,2026-03-01,a,b\n", "5 columns, the first line has 4"),
        (b"2,odile\n", "2 columns"),
        (b"2,odile,2026-03-01,\xe9t\xe9\n", "not UTF-8 (byte 0xE9 in column 'text')"),
        (b"2,odile,01/03/2026,bonjour\n", "created_at is not a time"),
        (b"2,,2026-03-01,bonjour\n", "no author"),
        (b"2,odile,2026-03-01,\n", "no text"),
        (b'2,odile,2026-03-01,"a"b\n', "quotes do not match"),
        (b"2,odile,2026-03-01," + b"x" * 1_200_000 + b"\n", "quote is opened here"),
    ],
)
def test_a_bad_row_is_rejected_with_its_line_and_reason(tmp_path: Path, line: bytes, reason: str) -> None:
    rows = rows_of(tmp_path / "posts.csv", (HEAD + ROW.format(1)).encode() + line + ROW.format(3).encode())
    told = {row.line: row.reason for row in rows if isinstance(row, Rejected)}
    assert list(told) == [3]
    assert reason in told[3]
    assert len(texts(rows)) == 2


def test_a_mapping_names_the_columns(tmp_path: Path) -> None:
    data = "when;who;what;to;ours\n2026-03-01 09:30;odile;Bonjour;True;oui\n"
    mapping = {"text": "what", "author": "who", "created_at": "when", "addressed": "to"}
    (row,) = rows_of(tmp_path / "posts.csv", data, mapping)
    assert isinstance(row, Arrived)
    assert (row.post.text, row.post.author.id) == ("Bonjour", "odile")
    assert row.post.created_at == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert (row.post.addressed, row.post.ours) == (Addressed.MENTION, True)


def test_a_row_without_an_id_has_the_same_one_at_every_import(tmp_path: Path) -> None:
    data = "author,date,text\nodile,2026-03-01,Bonjour\nodile,2026-03-02,Bonjour\nodile,2026-03-01,Bonjour\n"
    first = [row.post.id for row in rows_of(tmp_path / "a.csv", data) if isinstance(row, Arrived)]
    again = [row.post.id for row in rows_of(tmp_path / "b.csv", data) if isinstance(row, Arrived)]
    assert first == again
    assert first[0] == first[2]
    assert first[0] != first[1]


@pytest.mark.parametrize(
    ("data", "mapping", "said"),
    [
        ("when;who;what\n1;2;3\n", None, "'when', 'who', 'what'.*--map text=COLUMN"),
        (HEAD, {"text": "body"}, "no column 'body'. The columns are 'id', 'author'"),
        (HEAD, {"words": "text"}, "no field 'words'. The fields are id,"),
        (b"\xe9,\xe8\n1,2\n", None, "UTF-8"),
    ],
)
def test_missing_columns_are_said_before_anything_starts(
    tmp_path: Path, data: str | bytes, mapping: dict[str, str] | None, said: str
) -> None:
    with pytest.raises(BadInputError, match=said):
        rows_of(tmp_path / "posts.csv", data, mapping)


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert rows_of(tmp_path / "posts.csv", HEAD) == []


def test_a_field_of_300_kilobytes_is_cut_not_rejected(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "posts.csv", HEAD + '1,odile,2026-03-01,"' + "a\n" * 150_000 + '"\n' + ROW.format(2))
    assert [len(text) for text in texts(rows)] == [20_000, 24]
    assert rows[1].line == 150_003
