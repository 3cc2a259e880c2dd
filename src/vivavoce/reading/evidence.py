"""Which words show a label: those that added most to its sum, with their places in the original text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa

from vivavoce.reading.labels import GROUPS, SUM_TO_ONE
from vivavoce.reading.record import EVIDENCE_TYPE
from vivavoce.reading.vocabulary import IS_END, IS_NEGATOR
from vivavoce.reading.weights import COLUMNS, SLICES, Weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vivavoce.reading.features import Tokens
    from vivavoce.reading.lexicon import Lexicon

WORDS_SHOWN_MAX: Final = 8
"""Words underlined for one label, two or three phrases: more, and nothing stands out."""
CHANCE_MIN: Final = 0.4
"""Least probability of a label that is explained at all."""
ADDED_MIN: Final = 0.2
"""Least log-odds a word must add to be shown: below, it is chance."""
SHARE_MIN: Final = 0.08
"""Least share of all that spoke for the label."""
_EXPLAINED: Final = {
    "sentiment": {"negative", "positive"},
    "emotions": set(GROUPS["emotions"]) - {"neutral"},
    "cause": set(GROUPS["cause"]) - {"other"},
    "wants": set(GROUPS["wants"]) - {"nothing"},
    "urgency": {"today", "hour"},
}


class Scored(NamedTuple):
    """A batch of n posts as it was scored: its words, what each word's hashed features add, n by columns, and nulls."""

    tokens: Tokens
    rows: NDArray[np.float32]
    chances: NDArray[np.float32]
    null: NDArray[np.bool_]


class _Shown(NamedTuple):
    """Runs of words: one entry a run."""

    post: NDArray[np.int64]
    column: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    weight: NDArray[np.float64]


def evidence_array(scored: Scored, trained: Weights, words: Lexicon) -> pa.Array:
    """The evidence of each post, as `EVIDENCE_TYPE`, null where the text was; ``trained`` weighs the word lists."""
    tokens, rows, chances, null = scored
    by_group = _group_pairs(tokens, words)
    can_show = _can_show(tokens, words)
    parts = [
        _runs(tokens, column, _added(tokens, column, rows, by_group, trained.groups), can_show)
        for column in _columns_explained(chances, trained)
    ]
    shown = _Shown(*(np.concatenate(values) for values in zip(*parts, strict=True)))
    order = np.lexsort((shown.start, np.arange(len(shown.post)), shown.post))
    shown = _Shown(*[values[order] for values in shown])  # type: ignore[arg-type] # mypy sees one type for all fields
    labels = pa.array([name.rpartition(".")[2] for name in COLUMNS], pa.string())
    items = pa.StructArray.from_arrays(
        [
            labels.take(pa.array(shown.column)),
            pa.array(shown.start.astype(np.int32)),
            pa.array(shown.end.astype(np.int32)),
            pa.array(shown.weight.astype(np.float32)),
        ],
        fields=list(EVIDENCE_TYPE.value_type),
    )
    offsets = np.searchsorted(shown.post, np.arange(len(null) + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), items, type=EVIDENCE_TYPE, mask=pa.array(null))


def _columns_explained(chances: NDArray[np.float32], trained: Weights) -> list[NDArray[np.int64]]:
    """For each kind of label, the column that each post explains, or -1."""
    explained = []
    for group, labels in _EXPLAINED.items():
        best = chances[:, SLICES[group]].argmax(axis=1)
        wanted = np.array([label in labels for label in GROUPS[group]])[best]
        column = best + SLICES[group].start
        likely = chances[np.arange(len(chances)), column] >= CHANCE_MIN
        explained.append(np.where(wanted & likely, column, -1))
    danger = COLUMNS.index("danger")
    explained.append(np.where(chances[:, danger] > trained.thresholds["danger"]["no"], danger, -1))
    return explained


def _group_pairs(tokens: Tokens, words: Lexicon) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which word belongs to which feature of the word lists: two arrays of one length."""
    size = len(words.groups)
    bits = np.arange(size, dtype=np.uint64)
    marked = np.flatnonzero(tokens.mask)
    place, group = np.nonzero((tokens.mask[marked][:, None] >> bits) & np.uint64(1))
    word = marked[place]
    feature = group + size * tokens.negated[word]
    phrase, phrase_group = np.nonzero((tokens.phrase_mask[:, None] >> bits) & np.uint64(1))
    length = tokens.phrase_words[phrase]
    within = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
    inside = np.repeat(tokens.phrase_at[phrase], length) + within
    return np.concatenate([word, inside]), np.concatenate([feature, np.repeat(phrase_group, length)])


def _can_show(tokens: Tokens, words: Lexicon) -> NDArray[np.bool_]:
    """Words that tell a reader something: no function word unless it negates or is part of a phrase."""
    grammar = np.uint64(sum(words.bit(group) for group in words.groups if group.startswith("lang_")))
    grammar |= np.uint64(words.bit("first") | words.bit("second"))
    empty = ((tokens.mask & ~grammar) == 0) & ((tokens.mask & grammar) != 0)
    can_show: NDArray[np.bool_] = ~empty & ((tokens.kind & IS_END) == 0)
    can_show &= ~((tokens.kind & IS_NEGATOR) != 0)
    for step in range(int(tokens.phrase_words.max(initial=0))):
        can_show[tokens.phrase_at[tokens.phrase_words > step] + step] = True
    return can_show


def _added(
    tokens: Tokens,
    column: NDArray[np.int64],
    rows: NDArray[np.float32],
    by_group: tuple[NDArray[np.int64], NDArray[np.int64]],
    groups: NDArray[np.float32],
) -> NDArray[np.float64]:
    """What each word adds to its post's column, against the mean of the labels that exclude it."""
    of_word = np.maximum(column[tokens.post], 0)
    word, feature = by_group
    added: NDArray[np.float64] = rows[np.arange(len(of_word)), of_word].astype(np.float64)
    group_share = groups[feature, of_word[word]].astype(np.float64)
    for name in SUM_TO_ONE:
        where = SLICES[name]
        if where.start <= column.max(initial=-1) < where.stop:
            added -= rows[:, where].mean(axis=1)
            group_share -= groups[:, where].mean(axis=1)[feature]
    added += np.bincount(word, weights=group_share, minlength=len(added))
    added[column[tokens.post] < 0] = 0.0
    return added


def _runs(tokens: Tokens, column: NDArray[np.int64], added: NDArray[np.float64], can_show: NDArray[np.bool_]) -> _Shown:
    """The strongest words of each post, neighbours joined."""
    total = np.bincount(tokens.post, weights=np.maximum(added, 0.0), minlength=len(column))
    chosen = np.flatnonzero(can_show & (added >= np.maximum(ADDED_MIN, SHARE_MIN * total[tokens.post])))
    chosen = chosen[np.lexsort((chosen, -added[chosen], tokens.post[chosen]))]
    post = tokens.post[chosen]
    rank = np.arange(len(chosen)) - np.searchsorted(post, post)
    chosen = np.sort(chosen[rank < WORDS_SHOWN_MAX])
    post = tokens.post[chosen]
    opens = np.ones(len(chosen), np.bool_)
    opens[1:] = (np.diff(chosen) != 1) | (np.diff(post) != 0)
    first = np.flatnonzero(opens)
    last = np.append(first[1:], len(chosen))[: len(first)] - 1
    head = chosen[first]
    head = np.where(tokens.negator[head] >= 0, tokens.negator[head], head)
    weight = np.add.reduceat(added[chosen], first) if len(first) else np.zeros(0)
    of_post = post[first]
    return _Shown(of_post, column[of_post], tokens.start[head], tokens.end[chosen[last]], weight / total[of_post])
