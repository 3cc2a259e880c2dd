"""Whatever holds texts, made one Arrow array that every reader accepts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT_CODE_POINTS_MAX: Final = 10_000
"""Code points of a post that are read: the longest network allows 5,000; beyond, one post would hold up the queue."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def text_clean(text: str) -> str:
    """The text with each lone surrogate replaced by U+FFFD, so that it fits UTF-8 and keeps its offsets."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def texts_array(texts: pa.Array | pa.ChunkedArray | pa.RecordBatch | Sequence[str | None], column: str) -> pa.Array:
    """The texts as one ``string`` or ``large_string`` array, nulls kept.

    Args:
        texts: an Arrow array (``string``, ``large_string``, their views or dictionaries), a batch with a column of
            texts, or a sequence of str and ``None``.
        column: the batch's column that holds the texts.

    Raises:
        TypeError: these are no texts, or a single str.
        KeyError: the batch has no such column.
    """
    if isinstance(texts, pa.RecordBatch | pa.Table):
        texts = texts.column(column)
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    if isinstance(texts, pa.Array):
        return _plain_array(texts)
    if isinstance(texts, str | bytes):
        message = "read() takes many texts; for one, use read_one()"
        raise TypeError(message)
    return pa.array([None if text is None else text_clean(text) for text in texts], type=pa.large_string())


def _plain_array(array: pa.Array) -> pa.Array:
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return array
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    if any(is_kind(inner) for is_kind in _TEXT_KINDS):
        return array.cast(pa.large_string())
    message = f"texts must be string or large_string, not {kind}"
    raise TypeError(message)


_TEXT_KINDS: Final = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_null,
)
