"""The baseline reader: word lists and a linear model over hashed words, in NumPy alone.

It adds up what each word, pair, piece of a word and group of the word lists speaks for; the sums were calibrated on
posts it had not seen. It does not understand: see docs/model-card.md for what it was measured to do.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from vivavoce.reading.chances import coherent, probabilities
from vivavoce.reading.decide import decide
from vivavoce.reading.evidence import Scored, evidence_array
from vivavoce.reading.features import PAIR_SHARE, Parser, Tokens, Words, group_hits, has_words, length_scale
from vivavoce.reading.labels import GROUPS, SCALARS
from vivavoce.reading.lexicon import BOTH
from vivavoce.reading.record import READING_SCHEMA
from vivavoce.reading.texts import TEXT_CODE_POINTS_MAX
from vivavoce.reading.tongue import LANGUAGE, language_lists, tongues
from vivavoce.reading.vocabulary import BUCKETS, hashed
from vivavoce.reading.weights import COLUMNS, SLICES, Weights, weights

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

BATCH_POSTS_MAX: Final = 1_024
"""Posts read at once: their rows stay within a processor's cache, and a listener can yield between batches."""
BATCH_CODE_POINTS_MAX: Final = 200_000
"""Code points read at once: bounds memory to about 100 MB when every post is as long as allowed."""
CLAIM_LOG_ODDS: Final = 2.0
"""What a claimed language is worth: it settles short posts, and words in plain sight still outweigh it."""


class PlainReader:
    """A `Reader` from word lists and hashed words; safe to share between threads, which take turns.

    Args:
        trained: other weights than those of the wheel, for training and tests.
    """

    def __init__(self, trained: Weights | None = None) -> None:
        self._weights = trained or weights()
        self._parser = Parser()
        self._lists = language_lists(self._parser.vocabulary.lexicon, self._weights.groups, self._weights.bias)
        self._turn = threading.Lock()
        self._forget(0)

    @property
    def name(self) -> str:
        """The reader and the month of its weights, as it stands in each reading."""
        return self._weights.reader

    def read(self, texts: pa.Array, languages: pa.Array | None = None) -> pa.RecordBatch:
        """The reading of each text, as `READING_SCHEMA`; a claimed language counts as a hint.

        Args:
            texts: ``string`` or ``large_string``, n rows.
            languages: ``string``, n rows, BCP 47 tags; null where nothing was claimed.
        """
        claimed = [None] * len(texts) if languages is None else languages.to_pylist()
        batches = [
            self._read_batch(part, claimed[start : start + len(part)]) for start, part in _parts(texts.to_pylist())
        ]
        if not batches:
            return _empty()
        return pa.concat_batches(batches) if len(batches) > 1 else batches[0]

    def scores(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Sums before calibration: texts by `COLUMNS`, for training."""
        with self._turn:
            return self._scores(self._tokens(self._parser.words(texts)))[0]

    def _read_batch(self, texts: list[str | None], claimed: list[str | None]) -> pa.RecordBatch:
        with self._turn:
            claims = _claims(claimed)
            words = self._parser.words([(text or "")[:TEXT_CODE_POINTS_MAX] for text in texts])
            tokens = self._tokens(words, claims)
            scores, rows = self._scores(tokens)
            odds = scores * self._weights.slope + self._weights.offset
            odds[~has_words(tokens), SLICES["language"]] = 0.0
            odds[:, SLICES["language"]] += claims
            chances = coherent(probabilities(odds))
            null = np.array([text is None for text in texts])
            decided = decide(chances, self._weights.thresholds, silent=tokens.count == 1)
            shown = evidence_array(Scored(tokens, rows, chances, null), self._weights, self._parser.vocabulary.lexicon)
        return _batch(chances, decided, shown, null, self.name)

    def _forget(self, times_reset: int) -> None:
        self._times_reset = times_reset
        self._rows_known = 0
        self._rows: NDArray[np.float32] = np.zeros((0, 2, len(COLUMNS)), np.float32)

    def _learn_words(self) -> None:
        vocabulary = self._parser.vocabulary
        if vocabulary.times_reset != self._times_reset:
            self._forget(vocabulary.times_reset)
        if len(vocabulary.hashes) > len(self._rows):
            more = np.zeros((len(vocabulary.hashes) - len(self._rows), 2, len(COLUMNS)), np.float32)
            self._rows = np.concatenate([self._rows, more])
        for number in range(self._rows_known, len(vocabulary.folded)):
            for negated in (False, True):
                buckets, shares = hashed(vocabulary.folded[number], negated=negated)
                share = np.array(shares, np.float32)[:, None]
                self._rows[number, int(negated)] = (self._weights.hashed[buckets] * share).sum(axis=0)
        self._rows_known = len(vocabulary.folded)

    def _tokens(self, words: Words, claims: NDArray[np.float32] | None = None) -> Tokens:
        self._learn_words()
        masks = self._parser.vocabulary.masks[words.word, BOTH]
        return self._parser.tokens(
            words, tongues(words, self._rows[words.word, 0, LANGUAGE], masks, self._lists, claims)
        )

    def _scores(self, tokens: Tokens) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rows = self._rows[tokens.word, tokens.negated.astype(np.int64)]
        pairs = self._weights.hashed[np.where(tokens.pair_valid, tokens.pair, BUCKETS - 1)]
        pairs *= np.where(tokens.pair_valid, np.float32(PAIR_SHARE), np.float32(0.0))[:, None]
        scale = length_scale(tokens)
        sums = np.add.reduceat(rows + pairs, tokens.first, axis=0) * scale[:, None]
        pairs *= np.float32(0.5)
        shown = rows + pairs
        shown[1:] += pairs[:-1]
        hits = group_hits(tokens, self._parser.vocabulary.lexicon)
        post, feature = np.nonzero(np.column_stack([np.ones(len(hits), np.bool_), hits]))
        counts = np.bincount(post, minlength=len(hits))
        by_group = np.vstack([self._weights.bias, self._weights.groups])[feature]
        sums += np.add.reduceat(by_group, np.cumsum(counts) - counts, axis=0)
        return sums, shown * scale[tokens.post][:, None]


def _claims(claimed: Sequence[str | None]) -> NDArray[np.float32]:
    labels = GROUPS["language"]
    claims = np.zeros((len(claimed), len(labels)), np.float32)
    for post, tag in enumerate(claimed):
        if tag:
            base = tag.lower().replace("_", "-").partition("-")[0]
            claims[post, labels.index(base if base in labels else "other")] = CLAIM_LOG_ODDS
    return claims


def _parts(texts: list[str | None]) -> Iterator[tuple[int, list[str | None]]]:
    start = size = 0
    for place, text in enumerate(texts):
        length = min(len(text), TEXT_CODE_POINTS_MAX) if text else 0
        if place > start and (place - start >= BATCH_POSTS_MAX or size + length > BATCH_CODE_POINTS_MAX):
            yield start, texts[start:place]
            start, size = place, 0
        size += length
    if start < len(texts):
        yield start, texts[start:]


def _empty() -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in READING_SCHEMA], schema=READING_SCHEMA)


def _batch(
    chances: NDArray[np.float32],
    decided: dict[str, pa.Array],
    shown: pa.Array,
    null: NDArray[np.bool_],
    name: str,
) -> pa.RecordBatch:
    mask = pa.array(null)
    columns: dict[str, pa.Array] = {
        "evidence": shown,
        "reader": pa.array([None if missing else name for missing in null], pa.string()),
        "decided": pa.StructArray.from_arrays(
            list(decided.values()), fields=list(READING_SCHEMA.field("decided").type), mask=mask
        ),
    }
    for group, where in SLICES.items():
        columns[group] = pa.StructArray.from_arrays(
            [pa.array(np.ascontiguousarray(column)) for column in chances[:, where].T],
            fields=list(READING_SCHEMA.field(group).type),
            mask=mask,
        )
    for scalar in SCALARS:
        columns[scalar] = pa.array(np.ascontiguousarray(chances[:, COLUMNS.index(scalar)]), mask=null)
    return pa.RecordBatch.from_arrays([columns[field] for field in READING_SCHEMA.names], schema=READING_SCHEMA)
