"""What a post says and needs: language, feelings, cause, wants, urgency, danger, and the words that show each.

    >>> from vivavoce.reading import read, read_one
    >>> batch = read(["Plus de chauffage depuis hier, ma grand-mère a 84 ans", None])

Arrow in, Arrow out: same length, same order, null for null, and the same reading for one post as for a million.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import pyarrow as pa

from vivavoce.reading.record import READING_SCHEMA, Evidence, Reading, readings
from vivavoce.reading.texts import TEXT_CODE_POINTS_MAX, text_clean, texts_array

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "READING_SCHEMA",
    "TEXT_CODE_POINTS_MAX",
    "Evidence",
    "Reader",
    "Reading",
    "default_reader",
    "read",
    "read_one",
    "readings",
]


@runtime_checkable
class Reader(Protocol):
    """What reads posts. It must not raise on any text, and what it says of a post must not depend on its neighbours."""

    @property
    def name(self) -> str:
        """The reader and its version, which stands in each reading."""

    def read(self, texts: pa.Array, languages: pa.Array | None = None) -> pa.RecordBatch:
        """The readings of ``texts`` (``string`` or ``large_string``) as `READING_SCHEMA`, null for null.

        ``languages`` holds a claimed BCP 47 tag or null for each text: a hint, not the answer.
        """


@cache
def default_reader() -> Reader:
    """The reader that stands in the wheel, made once. Cost: about 100 ms the first time."""
    from vivavoce.reading.plain import PlainReader  # noqa: PLC0415 - the weights load only when something is read

    return PlainReader()


def read(
    texts: pa.Array | pa.ChunkedArray | pa.RecordBatch | pa.Table | Sequence[str | None],
    *,
    languages: pa.Array | Sequence[str | None] | str | None = None,
    reader: Reader | None = None,
    column: str = "text",
) -> pa.RecordBatch:
    """The reading of each text: a batch of `READING_SCHEMA`, same length and order, null for null.

    Args:
        texts: n texts, as an Arrow array, a batch with a column of texts, or a sequence of str and ``None``. Only
            the first `TEXT_CODE_POINTS_MAX` code points of each are read; a lone surrogate is read as U+FFFD.
        languages: what was claimed, as BCP 47 tags: one for all, or one (or ``None``) a text.
        reader: another reader than `default_reader`.
        column: where the texts stand in a batch.

    Raises:
        TypeError: ``texts`` is a single str, or its type holds no text.
        ValueError: ``languages`` has another length than ``texts``.
    """
    array = texts_array(texts, column)
    claimed = None
    if isinstance(languages, str):
        claimed = pa.array([languages] * len(array), pa.string())
    elif languages is not None:
        claimed = texts_array(languages, column)
        if len(claimed) != len(array):
            message = f"{len(claimed)} languages were given for {len(array)} texts"
            raise ValueError(message)
    return (reader or default_reader()).read(array, claimed)


def read_one(text: str | None, *, language: str | None = None, reader: Reader | None = None) -> Reading | None:
    """The reading of one text, ``None`` for none; the same as `read` gives it among others."""
    if text is None:
        return None
    return next(readings(read([text_clean(text)], languages=language, reader=reader)))
