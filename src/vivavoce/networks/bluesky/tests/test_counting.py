"""How Bluesky counts, and what it takes."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.errors import NetworkError
from vivavoce.networks.base import Words
from vivavoce.networks.bluesky.graphemes import BYTES_MAX, GRAPHEMES_MAX, count, size_bytes
from vivavoce.networks.bluesky.records import CLOCK_IDS, check_words, post_payload, record_key

AT = datetime(2026, 11, 22, 21, 33, 8, 123456, tzinfo=UTC)
FAMILY = "👩‍👩‍👧‍👦"


def words(text: str) -> Words:
    return Words(text, "at://did:plc:a/app.bsky.feed.post/1", "v", "", "")


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("", 0),
        ("été", 3),
        ("e\u0301te\u0301", 3),
        (FAMILY, 1),
        ("🇫🇷🇬🇧", 2),
        ("👍🏽", 1),
        ("a\r\nb", 3),
        ("नमस्ते", 3),
        ("각", 1),
    ],
)
def test_what_a_reader_takes_for_one_sign_counts_once(text: str, signs: int) -> None:
    assert count(text) == signs


@given(st.text(), st.text(alphabet="abc "))
def test_ascii_behind_any_text_adds_its_own_length(text: str, plain: str) -> None:
    assert count(text + "x" + plain) == count(text + "x") + len(plain)


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "write the reply"),
        (" \n ", "write the reply"),
        ("a" * (GRAPHEMES_MAX + 1), "301"),
        (FAMILY * 200, "bytes"),
        ("a\x00b", "NUL"),
        ("a\ud83db", "half a sign"),
    ],
)
def test_words_that_bluesky_cannot_carry_are_refused_with_what_to_change(text: str, because: str) -> None:
    with pytest.raises(NetworkError, match=because) as refusal:
        check_words(words(text))
    assert refusal.value.permanent


@given(st.text(min_size=1, max_size=400))
def test_words_that_pass_are_within_both_limits(text: str) -> None:
    try:
        check_words(words(text))
    except NetworkError:
        return
    assert count(text) <= GRAPHEMES_MAX
    assert size_bytes(text) == len(text.encode()) <= BYTES_MAX


def test_a_key_is_the_time_and_the_writer() -> None:
    assert record_key(datetime(1970, 1, 1, tzinfo=UTC), 0) == "2222222222222"
    assert record_key(datetime(1970, 1, 1, tzinfo=UTC), 33) == "2222222222233"
    digits = ("234567abcdefghijklmnopqrstuvwxyz".index(sign) for sign in record_key(AT, 5))
    number = 0
    for digit in digits:
        number = number * 32 + digit
    assert divmod(number, CLOCK_IDS) == (1_795_383_188_123_456, 5)


@given(
    st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001 - made aware below
    st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001 - made aware below
    st.integers(0, CLOCK_IDS - 1),
)
def test_keys_sort_as_their_times(one: datetime, other: datetime, clock_id: int) -> None:
    first, second = (record_key(at.replace(tzinfo=UTC), clock_id) for at in (one, other))
    assert (first < second) == (one < other)
    assert len(first) == 13


def test_links_mentions_and_hashtags_are_marked_where_they_stand_in_bytes() -> None:
    text = "Voilà @bob.test, et @nobody.test : https://example.com/é #été."
    known = {"bob.test": "did:plc:bob"}
    record = json.loads(post_payload(words(text), created_at=AT, reply={}, resolve=known.get))
    marked = {
        text.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(): facet["features"][0]
        for facet in record["facets"]
    }
    assert marked["@bob.test"]["did"] == "did:plc:bob"
    assert marked["https://example.com/é"]["uri"] == "https://example.com/é"
    assert marked["#été"]["tag"] == "été"
    assert "@nobody.test" not in marked
    assert record["createdAt"] == "2026-11-22T21:33:08.123Z"
