"""What is known of each spelling by itself, worked out once and kept until there are too many."""

from __future__ import annotations

import zlib
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np

from vivavoce.reading.lexicon import CAPITALS, TONGUES, Lexicon
from vivavoce.reading.words import FOREIGN_SCRIPT, fold

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUCKETS: Final = 1 << 15
"""Hashed features: 32,768 rows of 47 bytes keep the weights under the 2 MB that a wheel can carry unnoticed."""
LETTERS: Final = 4
"""Letters of the pieces of a word by which an unknown or misspelt word is still partly known."""
LETTERS_SHARE: Final = 0.7
WORDS_AT_FIRST: Final = 4_096
CAPITALS_LETTERS_MIN: Final = 3

IS_NEGATOR: Final = 1
IS_BREAK: Final = 2
IS_END: Final = 4
STARTS_PHRASE: Final = 8
IS_WORD: Final = 16
_BREAKS: Final = frozenset({".", ",", ";", ":", "!", "!!", "?", "??", "...", "…", "—"})


def bucket_of(feature: str) -> int:
    """The row of a hashed feature; the same on every machine and version."""
    return zlib.crc32(feature.encode("utf-8", "surrogatepass")) % BUCKETS


def hash_of(word: str) -> int:
    """64 bits that stand for a folded word in pairs and phrases."""
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def hashed(word: str, *, negated: bool) -> tuple[list[int], list[float]]:
    """The rows of one folded word and how much each counts: the word itself, and its pieces of four letters."""
    rows = [bucket_of(f"n:{word}" if negated else f"w:{word}")]
    shares = [1.0]
    padded = f"_{word}_"
    pieces = [padded[at : at + LETTERS] for at in range(len(padded) - LETTERS + 1)] if word.isalpha() else []
    for piece in pieces:
        rows.append(bucket_of(f"c:{piece}"))
        shares.append(LETTERS_SHARE / len(pieces) ** 0.5)
    return rows, shares


class Vocabulary:
    """The spellings met so far and what is known of each: arrays that grow, until `reset` empties them.

    Attributes are one value a spelling: ``hashes`` (uint64), ``masks`` (uint64 of groups, one for each of `TONGUES`)
    and ``kinds`` (uint8 flags).
    """

    def __init__(self, words: Lexicon) -> None:
        self.lexicon = words
        self._starts = {phrase[0] for table in words.phrases for phrase in table}
        self._capitals = words.bit(CAPITALS)
        self.reset()

    def reset(self) -> None:
        """Forget every spelling, so that memory stays bounded; readings do not depend on what was forgotten."""
        self.ids: dict[str, int] = {}
        self.folded: list[str] = []
        self.hashes: NDArray[np.uint64] = np.zeros(WORDS_AT_FIRST, np.uint64)
        self.masks: NDArray[np.uint64] = np.zeros((WORDS_AT_FIRST, len(TONGUES)), np.uint64)
        self.kinds: NDArray[np.uint8] = np.zeros(WORDS_AT_FIRST, np.uint8)
        self.times_reset = getattr(self, "times_reset", -1) + 1

    def add(self, spelling: str) -> int:
        """The number of a spelling, which is worked out if it is new."""
        known = self.ids.get(spelling)
        if known is not None:
            return known
        word = spelling if spelling.startswith("<len") else fold(spelling)
        capitals = len(spelling) >= CAPITALS_LETTERS_MIN and spelling.isalpha() and spelling.isupper()
        kind = IS_NEGATOR if word.endswith("n't") else 0
        kind |= IS_BREAK if word in _BREAKS else 0
        kind |= IS_END if spelling.startswith("<len") else 0
        kind |= STARTS_PHRASE if word in self._starts else 0
        kind |= IS_WORD if word[0].isalpha() or word == FOREIGN_SCRIPT else 0
        number = len(self.folded)
        if number == len(self.hashes):
            self._grow()
        self.ids[spelling] = number
        self.folded.append(word)
        self.hashes[number] = hash_of(word)
        shouted = self._capitals if capitals else 0
        self.masks[number] = [self.lexicon.mask(word, tongue) | shouted for tongue in range(len(TONGUES))]
        self.kinds[number] = kind
        return number

    def _grow(self) -> None:
        self.hashes = np.concatenate([self.hashes, np.zeros_like(self.hashes)])
        self.masks = np.concatenate([self.masks, np.zeros_like(self.masks)])
        self.kinds = np.concatenate([self.kinds, np.zeros_like(self.kinds)])
