"""What a file looks like, and what is said when it is something else."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vivavoce.errors import BadInputError
from vivavoce.networks.archive import FORMATS, Arrived, Rejected, open_archive
from vivavoce.networks.archive.tests.repositories import Repository, post

if TYPE_CHECKING:
    from pathlib import Path

RECORD = b'{"id": "1", "author": "odile", "text": "Bonjour", "created_at": "2026-03-01"}\n'


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(
    data=st.binary(max_size=400)
    | st.tuples(
        st.sampled_from(
            [b"PK\x03\x04", b"\x1f\x8b", b"{", b"window.YTD.tweets.part0 = [{", b'{"orderedItems": [{', RECORD]
        ),
        st.binary(max_size=200),
    ).map(b"".join),
    format_=st.none() | st.sampled_from(sorted(FORMATS)),
)
def test_arbitrary_bytes_in_any_format_are_rows_or_one_plain_error(
    tmp_path: Path, data: bytes, format_: str | None
) -> None:
    path = tmp_path / "thing"
    path.write_bytes(data)
    told, rows = ".", []
    try:
        with open_archive(path, format_) as archive:
            rows = list(archive)
    except BadInputError as error:
        told = str(error)
    assert told.endswith(".")
    assert all(isinstance(row, Arrived) or (isinstance(row, Rejected) and row.reason.isprintable()) for row in rows)


@pytest.mark.parametrize(
    ("data", "format_", "said"),
    [
        (b"", None, "is empty"),
        (RECORD, "csv", "--format jsonl"),
        (RECORD, "car", "--format jsonl"),
        (b"id,author,created_at,text\n", "jsonl", "--format csv"),
        (b"id,author,created_at,text\n", "mastodon", "--format csv"),
        (b"%PDF-1.7", None, "a PDF document"),
        (b"<!doctype html>", "jsonl", "a web page"),
        (b"[" + RECORD + b"]", "jsonl", "jq"),
        (b"\xff\xfei\x00d\x00", "csv", "UTF-16"),
        (b"window.YTD.tweets.part0 = []", "x", "whole zip or folder"),
        (b"nothing of note", None, "cannot be told"),
        (b"nothing of note", "car", "CAR"),
        (RECORD, "xml", "The formats are jsonl, csv"),
    ],
)
def test_the_wrong_format_is_said_with_what_it_looks_like(
    tmp_path: Path, data: bytes, format_: str | None, said: str
) -> None:
    path = tmp_path / "thing"
    path.write_bytes(data)
    with pytest.raises(BadInputError, match=said):
        open_archive(path, format_)


def test_a_zip_of_something_else_is_said_to_be_that(tmp_path: Path) -> None:
    path = tmp_path / "thing.xlsx"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(BadInputError, match="a spreadsheet: save it as CSV"):
        open_archive(path)


def test_what_is_not_there_or_is_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="There is no file"):
        open_archive(tmp_path / "nowhere")
    with pytest.raises(BadInputError, match="a folder with neither"):
        open_archive(tmp_path)


def test_a_mapping_goes_with_csv_alone(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(RECORD)
    with pytest.raises(BadInputError, match="goes with the format csv"):
        open_archive(path, None, {"text": "body"})


def test_a_table_with_other_names_says_how_to_map_them(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("when,who,what\n", encoding="utf-8")
    with pytest.raises(BadInputError, match="--map text=COLUMN"):
        open_archive(path)


def test_the_total_and_the_owners_are_known_before_the_first_row(tmp_path: Path) -> None:
    path = tmp_path / "repo.car"
    repository = Repository()
    repository.records = {f"app.bsky.feed.post/{n}": post(f"Note {n}") for n in range(7)}
    path.write_bytes(repository.car())
    with open_archive(path) as archive:
        assert archive.total == 7
        assert list(archive.owners) == [("bluesky", repository.did)]
        assert len(list(archive)) == 7


def test_a_second_look_gives_the_same_rows(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(
        b"".join(json.dumps({**json.loads(RECORD), "id": str(n)}).encode() + b"\n" for n in range(50)) + b"x"
    )
    with open_archive(path) as first, open_archive(path) as second:
        assert list(first) == list(second)
