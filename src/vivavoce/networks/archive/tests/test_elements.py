"""Items of a long JSON list, from a file that is never read whole."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.errors import BadInputError
from vivavoce.networks.archive import Rejected
from vivavoce.networks.archive.elements import EACH, Item, decoded, items
from vivavoce.networks.archive.rows import ITEM_BYTES_MAX, RowError

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.text(max_size=6), values, max_size=5)


class Drip:
    """Gives a few bytes at a time, whatever is asked for."""

    def __init__(self, data: bytes, size: int) -> None:
        self.file, self.size = io.BytesIO(data), size

    def read(self, size: int, /) -> bytes:
        return self.file.read(min(size, self.size))


def read(data: bytes, path: tuple[str, ...] = (EACH,), size: int = 1 << 20) -> list[Item | Rejected]:
    return list(items(Drip(data, size), path, name="data.js"))


@given(
    written=st.lists(objects, max_size=6),
    indent=st.sampled_from([None, 2]),
    escaped=st.booleans(),
    size=st.integers(1, 50),
)
def test_each_item_comes_whole_however_the_bytes_arrive(
    written: list[object],
    indent: int | None,
    escaped: bool,  # noqa: FBT001 - Hypothesis passes by name
    size: int,
) -> None:
    text = json.dumps(written, indent=indent, ensure_ascii=escaped)
    found = read(b"window.YTD.tweets.part0 = " + text.encode("utf-8", "surrogatepass"), size=size)
    assert [
        json.loads(item.data.decode("utf-8", "surrogatepass")) for item in found if isinstance(item, Item)
    ] == written
    assert [item.number for item in found if isinstance(item, Item)] == list(range(1, len(written) + 1))


@given(written=st.lists(st.lists(objects, max_size=3), max_size=4))
def test_items_in_the_middle_of_other_things_are_found_by_their_path(written: list[list[object]]) -> None:
    whole = {
        "before": {"list": [{"no": 1}], "text": "[{"},
        "list": [{"name": f"n{place}", "inner": {"list": group}} for place, group in enumerate(written)],
        "after": [{"no": 2}],
    }
    found = read(json.dumps(whole).encode(), ("list", EACH, "inner", "list", EACH))
    assert [json.loads(item.data) for item in found if isinstance(item, Item)] == [
        one for group in written for one in group
    ]
    assert [item.notes.get("name") for item in found if isinstance(item, Item)] == [
        f"n{place}" for place, group in enumerate(written) for _ in group
    ]


@given(data=st.binary(max_size=200) | st.text('[]{}",:\\ ab', max_size=200).map(str.encode))
def test_any_bytes_are_items_or_reasons_and_never_a_crash(data: bytes) -> None:
    found, told = [], "data.js"
    try:
        found = read(data, size=7)
    except BadInputError as error:
        told = str(error)
    assert "data.js" in told
    assert all(isinstance(item, Item | Rejected) for item in found)


def test_a_broken_item_is_left_to_its_reader_and_the_next_one_comes() -> None:
    found = read(b'[{"a": 1}, {"a": tru}, {"a": 3}]')
    assert [item.data for item in found if isinstance(item, Item)] == [b'{"a": 1}', b'{"a": tru}', b'{"a": 3}']
    with pytest.raises(RowError, match="not JSON"):
        decoded(b'{"a": tru}')


@pytest.mark.parametrize(
    "cut", [b'[{"a": 1}, {"a', b'[{"a": 1}, {"a": [', b'[{"a": 1},', b'[{"a": 1}', b'[{"a": 1}, {"b": "x']
)
def test_a_list_that_ends_in_the_middle_gives_what_it_has_and_says_so(cut: bytes) -> None:
    first, last = read(cut)
    assert isinstance(first, Item)
    assert isinstance(last, Rejected)
    assert "ends in the middle" in last.reason
    assert last.line == 2


def test_an_item_that_is_too_long_is_passed_over_without_holding_it() -> None:
    text = b'"' + b"x" * 1_000_000 + b'",'
    whole = b'[{"a": [' + text * (ITEM_BYTES_MAX // 1_000_000 + 1) + b'0]}, {"b": 2}]'
    found = read(whole)
    assert isinstance(found[0], Rejected)
    assert "longer than 16 MiB" in found[0].reason
    assert isinstance(found[1], Item)
    assert found[1].data == b'{"b": 2}'


@pytest.mark.parametrize("data", [b"", b"hello", b"{}", b'{"items": []}', b'"a"', b"[" * 100 + b"]" * 100])
def test_a_file_without_the_list_is_not_the_format(data: bytes) -> None:
    with pytest.raises(BadInputError, match="holds no orderedItems"):
        read(data, ("orderedItems", EACH))
