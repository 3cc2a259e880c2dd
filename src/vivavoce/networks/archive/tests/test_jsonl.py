"""Our own schema, one record a line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vivavoce.networks.archive import Arrived, Rejected, open_archive
from vivavoce.networks.archive.record import record_from
from vivavoce.networks.archive.rows import ITEM_BYTES_MAX
from vivavoce.posts import TEXT_CODE_POINTS_MAX, Addressed, Author, Media, Post, Visibility

if TYPE_CHECKING:
    from pathlib import Path

    from vivavoce.networks.archive import Row

GOOD = {"id": "1", "author": "odile", "text": "Le bus de 8 h n'est pas passé.", "created_at": "2026-03-01T09:30:00Z"}


def rows_of(path: Path, *lines: object) -> list[Row]:
    data = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    path.write_bytes(data)
    with open_archive(path, "jsonl") as archive:
        return list(archive)


def reasons(rows: list[Row]) -> dict[int, str]:
    return {row.line: row.reason for row in rows if isinstance(row, Rejected)}


names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=40)
times = st.datetimes(
    min_value=datetime(1971, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    max_value=datetime(2199, 12, 31),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)
addresses = st.from_regex(r"\Ahttps://[a-z]{1,9}\.example/[a-z0-9]{0,9}\Z")
posts = st.builds(
    Post,
    id=names,
    network=names,
    author=st.builds(Author, id=names, handle=names, name=names, avatar_url=addresses, says_automated=st.booleans()),
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300).filter(str.strip),
    created_at=times,
    seen_at=times,
    reply_to=st.none() | names,
    root=names,
    visibility=st.sampled_from(Visibility),
    addressed=st.sampled_from(Addressed),
    ours=st.booleans(),
    languages=st.lists(st.sampled_from(["fr", "en", "pt-BR"]), unique=True).map(tuple),
    links=st.lists(addresses, unique=True, max_size=5).map(tuple),
    media=st.lists(st.builds(Media, url=addresses, kind=st.just("image"), alt=names), max_size=3).map(tuple),
    url=addresses,
    version=names,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=st.lists(posts, min_size=1, max_size=5))
def test_what_is_written_as_records_comes_back_as_the_same_posts(tmp_path: Path, written: list[Post]) -> None:
    rows = rows_of(tmp_path / "posts.jsonl", *(record_from(post) for post in written))
    assert [row.post for row in rows if isinstance(row, Arrived)] == written


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_between_two_posts_cost_their_own_lines_alone(tmp_path: Path, data: bytes) -> None:
    rows = rows_of(tmp_path / "posts.jsonl", GOOD, data, {**GOOD, "id": "2"})
    arrived = [row.post.id for row in rows if isinstance(row, Arrived)]
    assert arrived[0] == "1"
    assert arrived[-1] == "2"
    assert len(rows) == 2 + sum(1 for line in data.split(b"\n") if line.strip())


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b'{"id": "2", "text":', "not JSON"),
        (b'{"id": "2", "text": "\xe9t\xe9"}', "not UTF-8 (byte 0xE9"),
        (b"[1, 2]", "not a JSON object"),
        (b"[" * 100_000, "not a JSON object|too deep|not JSON"),
        (b'{"id": ' + b"9" * 5_000 + b"}", "number"),
        ({**GOOD, "id": ""}, "no id"),
        ({**GOOD, "id": "x" * 600}, "longer than 512"),
        ({**GOOD, "id": "a\x00b"}, "NUL"),
        ({**GOOD, "text": None}, "no text"),
        ({**GOOD, "text": "  "}, "no text"),
        ({**GOOD, "text": 7}, "text is int"),
        ({**GOOD, "author": None}, "no author"),
        ({**GOOD, "author": {"name": "Odile"}}, "no author"),
        ({**GOOD, "created_at": "yesterday"}, "created_at is not a time"),
        ({**GOOD, "created_at": True}, "created_at is not a time"),
        ({**GOOD, "created_at": "0001-01-01T00:00:00+14:00"}, "created_at"),
        ({**GOOD, "seen_at": "03/04/2026"}, "seen_at is not a time"),
        ({**GOOD, "visibility": "friends"}, "not one of public, private"),
        ({**GOOD, "addressed": "perhaps"}, "not one of mention"),
        (b"x" * (ITEM_BYTES_MAX + 10), "longer than 16 MiB"),
    ],
)
def test_a_bad_row_is_rejected_with_its_line_and_reason(tmp_path: Path, record: object, reason: str) -> None:
    told = reasons(rows_of(tmp_path / "posts.jsonl", GOOD, record, b"", {**GOOD, "id": "3"}))
    assert list(told) == [2]
    assert any(part in told[2] for part in reason.split("|"))


def test_nul_and_half_characters_in_a_text_are_replaced_and_a_long_one_is_cut(tmp_path: Path) -> None:
    odd = {**GOOD, "text": "avant\x00après\ud83d"}
    long = {**GOOD, "id": "2", "text": "à" * 300_000}
    first, second = rows_of(tmp_path / "posts.jsonl", odd, long)
    assert isinstance(first, Arrived)
    assert isinstance(second, Arrived)
    assert first.post.text == "avant\ufffdaprès\ufffd"
    assert len(second.post.text) == TEXT_CODE_POINTS_MAX


def test_a_link_that_is_no_web_address_is_left_out(tmp_path: Path) -> None:
    record = {**GOOD, "url": "javascript:alert(1)", "links": ["data:text/html,x", "https://orvale.example/"]}
    (row,) = rows_of(tmp_path / "posts.jsonl", record)
    assert isinstance(row, Arrived)
    assert (row.post.url, row.post.links) == ("", ("https://orvale.example/",))


def test_a_time_may_be_a_count_of_microseconds_and_arrival_follows_it(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path / "posts.jsonl", {**GOOD, "created_at": 1_772_357_400_000_001})
    assert isinstance(row, Arrived)
    assert row.post.created_at == row.post.seen_at == datetime(2026, 3, 1, 9, 30, 0, 1, tzinfo=UTC)


def test_a_reply_without_a_root_is_given_the_root_that_the_links_lead_to(tmp_path: Path) -> None:
    rows = rows_of(
        tmp_path / "posts.jsonl",
        {**GOOD, "id": "c", "reply_to": "b"},
        {**GOOD, "id": "b", "reply_to": "a"},
        {**GOOD, "id": "a"},
        {**GOOD, "id": "e", "reply_to": "not-here"},
        {**GOOD, "id": "f", "reply_to": "g"},
        {**GOOD, "id": "g", "reply_to": "f"},
    )
    roots = {row.post.id: row.post.root_id for row in rows if isinstance(row, Arrived)}
    assert roots == {"c": "a", "b": "a", "a": "a", "e": "not-here", "f": roots["f"], "g": roots["g"]}
    assert {roots["f"], roots["g"]} <= {"f", "g"}


def test_a_byte_order_mark_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "posts.jsonl", b"\xef\xbb\xbf" + json.dumps(GOOD).encode(), b"  ", b"\r")
    assert [row.line for row in rows] == [1]


@pytest.mark.parametrize(
    ("names", "network"),
    [
        ({}, "archive"),
        ({"network": "forum"}, "forum"),
        ({"id": "at://did:plc:odile/app.bsky.feed.post/3k"}, "bluesky"),
        ({"id": "at://did:plc:odile/app.bsky.feed.post/3k", "network": "mirror"}, "mirror"),
    ],
)
def test_a_post_is_of_the_network_that_it_names_or_whose_address_it_has(
    tmp_path: Path, names: dict[str, str], network: str
) -> None:
    (row,) = rows_of(tmp_path / "posts.jsonl", {**GOOD, **names})
    assert isinstance(row, Arrived)
    assert row.post.network == network
