"""Whose word lists count in a post: those of its language where that is plain, else all.

"Sang" is blood in French and a song in English. The language is judged by each word for itself, before negation,
pairs and phrases, which need the lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vivavoce.reading.features import Words, length_scale
from vivavoce.reading.lexicon import BOTH, TONGUES, Lexicon
from vivavoce.reading.weights import COLUMNS, SLICES

if TYPE_CHECKING:
    from numpy.typing import NDArray

MARGIN_MIN: Final = 2.2
"""Log-odds before calibration by which one language must lead: 9 to 1, at which none of the pilot's posts is mistaken,
and more than a claimed language is worth, so that a wrong claim alone cannot hide a danger."""
LANGUAGE: Final = SLICES["language"]
_SPOKEN: Final = np.array([COLUMNS.index(f"language.{name}") - LANGUAGE.start for name in TONGUES if name != "both"])


def tongues(
    words: Words,
    rows: NDArray[np.float32],
    masks: NDArray[np.uint64],
    lists: tuple[NDArray[np.uint64], NDArray[np.float32]],
    claims: NDArray[np.float32] | None = None,
) -> NDArray[np.int64]:
    """For each post a place in `TONGUES`.

    Args:
        words: the words of n posts.
        rows: float32, words by languages, what each word by itself speaks for.
        masks: uint64, the groups of each word, whatever its language.
        lists: what `language_lists` gave.
        claims: float32, n by languages, log-odds of what was claimed; none in training.
    """
    odds = np.add.reduceat(rows, words.first, axis=0) * length_scale(words)[:, None]
    bits, weights = lists
    said = np.bitwise_or.reduceat(masks, words.first)
    odds = odds + ((said[:, None] & bits) != 0) @ weights[1:] + weights[0]
    if claims is not None:
        odds = odds + claims
    order = np.sort(odds, axis=1)
    best = odds.argmax(axis=1)
    plain = (order[:, -1] - order[:, -2] >= MARGIN_MIN) & np.isin(best, _SPOKEN)
    place = np.full(odds.shape[1], BOTH)
    place[_SPOKEN] = np.arange(1, len(TONGUES))
    return np.where(plain, place[best], BOTH).astype(np.int64)


def language_lists(
    words: Lexicon, groups: NDArray[np.float32], bias: NDArray[np.float32]
) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
    """The bits of the groups that tell languages apart; the bias and what each of them speaks for, by languages."""
    telling = [name for name in words.groups if name.startswith("lang_") or name == "script"]
    bits = np.array([words.bit(name) for name in telling], np.uint64)
    places = [words.groups.index(name) for name in telling]
    return bits, np.vstack([bias[LANGUAGE], groups[places][:, LANGUAGE]])
