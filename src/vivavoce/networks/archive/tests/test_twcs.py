"""The columns of Customer Support on Twitter."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from vivavoce.errors import BadInputError
from vivavoce.networks.archive import Arrived, Rejected, Row, open_archive
from vivavoce.posts import Addressed

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id"
WHEN = "Tue Oct 31 22:10:47 +0000 2017"
LINES = (
    f"3,CareOrvale,False,{WHEN},@900 Bonjour Odile. Quelle ligne ?,,2.0",
    f"2,900,True,{WHEN},@CareOrvale oui c'est encore moi,3,1.0",
    f'1,900,True,{WHEN},"@CareOrvale plus de bus, encore https://t.example/a1","2,3",',
)


def rows_of(path: Path, *lines: str) -> list[Row]:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with open_archive(path) as archive:
        assert archive.format == "twcs"
        return list(archive)


@pytest.mark.parametrize("index", [False, True])
def test_customers_and_brands_are_told_apart_with_or_without_the_index(tmp_path: Path, index: bool) -> None:  # noqa: FBT001
    lines = [f"{n - 1 if n else ''},{line}" if index else line for n, line in enumerate([HEAD, *LINES])]
    brand, second, first = rows_of(tmp_path / "t.csv", *lines)
    assert isinstance(brand, Arrived)
    assert isinstance(second, Arrived)
    assert isinstance(first, Arrived)
    assert (brand.post.ours, brand.post.author.handle, brand.post.addressed) == (
        True,
        "CareOrvale",
        Addressed.OVERHEARD,
    )
    assert (second.post.ours, second.post.addressed, second.post.reply_to) == (False, Addressed.REPLY, "1")
    assert (first.post.ours, first.post.addressed, first.post.reply_to) == (False, Addressed.MENTION, None)
    assert {row.post.root_id for row in (brand, second, first)} == {"1"}
    assert (first.post.network, first.post.id, first.post.links) == ("x", "1", ("https://t.example/a1",))
    assert first.post.seen_at == datetime(2017, 10, 31, 22, 10, 47, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"9,900,perhaps,{WHEN},Bonjour,,", "inbound is 'perhaps'"),
        (f"nine,900,True,{WHEN},Bonjour,,", "tweet_id is 'nine'"),
        (f",900,True,{WHEN},Bonjour,,", "no tweet_id"),
        (f"9,,True,{WHEN},Bonjour,,", "no author_id"),
        (f"9,900,True,{WHEN},,,", "no text"),
        (f"9,900,True,{WHEN},Bonjour,,3.5", "in_response_to_tweet_id is '3.5'"),
        ("9,900,True,mardi,Bonjour,,", "created_at is not a time"),
        (f"9,900,True,{WHEN},Bonjour", "5 columns"),
    ],
)
def test_a_bad_row_is_rejected_with_its_line_and_reason(tmp_path: Path, line: str, reason: str) -> None:
    rows = rows_of(tmp_path / "t.csv", HEAD, LINES[0], line, LINES[1])
    told = {row.line: row.reason for row in rows if isinstance(row, Rejected)}
    assert list(told) == [3]
    assert reason in told[3]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,author,created_at,text\n", encoding="utf-8")
    with pytest.raises(BadInputError, match=r"tweet_id, author_id, inbound.*--format csv"):
        open_archive(path, "twcs")


@pytest.mark.shared
def test_the_whole_shared_file_is_accounted_for(shared_data: Path) -> None:
    with open_archive(shared_data / "twcs" / "twcs.csv", "twcs") as archive:
        rows = list(archive)
    assert len(rows) == archive.total == 5_001
    rejected = [row for row in rows if isinstance(row, Rejected)]
    assert len(rejected) == 2, "one row is broken in two by a carriage return"
    posts = [row.post for row in rows if isinstance(row, Arrived)]
    assert len({post.id for post in posts}) == len(posts)
    assert all(post.addressed in (Addressed.MENTION, Addressed.REPLY) for post in posts if not post.ours)
    roots = {post.id: post.root_id for post in posts}
    assert all(roots[post.reply_to] == post.root_id for post in posts if post.reply_to in roots)
