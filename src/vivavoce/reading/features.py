"""Posts into numbers: words with their places, hashed letters and pairs, and groups of the word lists.

Everything that depends on one word alone is worked out once and kept in a bounded `Vocabulary`; what depends on its
neighbours (negation, pairs, phrases) is worked out for a whole batch of posts at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np

from vivavoce.reading.lexicon import BOTH, IDIOM, LITERAL, NEGATOR, PHRASE_WORDS_MAX, Lexicon, lexicon
from vivavoce.reading.vocabulary import (
    BUCKETS,
    IS_BREAK,
    IS_END,
    IS_NEGATOR,
    IS_WORD,
    STARTS_PHRASE,
    Vocabulary,
    hash_of,
)
from vivavoce.reading.words import TOKEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PAIR_SHARE: Final = 0.6
NEGATION_WORDS_MAX: Final = 3
"""How many words a negation reaches, to the next punctuation: beyond three it is wrong more often than right."""
WORDS_KEPT_MAX: Final = 65_536
"""Different spellings kept between batches: with their rows about 30 MB, and more than a busy week of one language."""
LENGTH_STEPS: Final = (4, 9, 17, 31)
"""Words from which a post counts as short, middling, long, very long."""
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_NEXT: Final = np.uint64(0x100000001B3)


@dataclass(frozen=True)
class Words:
    """The words of a batch before their language is known: fields as in `Tokens`, ``spans`` words by two."""

    word: NDArray[np.int64]
    spans: NDArray[np.int64]
    post: NDArray[np.int64]
    first: NDArray[np.int64]
    count: NDArray[np.int64]


@dataclass(frozen=True)
class Tokens:
    """The words of a batch, one after the other, each post closed by a mark that says how long it is.

    ``word``, ``start``, ``end``, ``post``, ``kind``, ``mask``, ``negator`` and ``pair`` have one entry a word;
    ``first`` and ``count`` one a post.
    ``phrase_at``, ``phrase_words`` and ``phrase_mask`` have one entry a phrase found.
    """

    word: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    post: NDArray[np.int64]
    first: NDArray[np.int64]
    count: NDArray[np.int64]
    kind: NDArray[np.uint8]
    mask: NDArray[np.uint64]
    negator: NDArray[np.int64]
    pair: NDArray[np.int64]
    phrase_at: NDArray[np.int64]
    phrase_words: NDArray[np.int64]
    phrase_mask: NDArray[np.uint64]

    @cached_property
    def negated(self) -> NDArray[np.bool_]:
        """Whether a negation reaches a word; ``negator`` is the place of its word, or -1."""
        return self.negator >= 0

    @cached_property
    def pair_valid(self) -> NDArray[np.bool_]:
        """Whether a word and the next stand in the same post."""
        return np.append(self.post[1:] == self.post[:-1], False)


class PhraseTable:
    """The phrases of the word lists by the hash of their words, for each number of words."""

    def __init__(self, words: Lexicon) -> None:
        self.tables: dict[int, tuple[NDArray[np.uint64], NDArray[np.uint64]]] = {}
        for length in range(2, PHRASE_WORDS_MAX + 1):
            entries = sorted(
                (_phrase_hash(phrase), [table.get(phrase, 0) for table in words.phrases])
                for phrase in words.phrases[BOTH]
                if len(phrase) == length
            )
            if entries:
                keys, masks = zip(*entries, strict=True)
                self.tables[length] = (np.array(keys, np.uint64), np.array(masks, np.uint64))

    def find(
        self,
        hashes: NDArray[np.uint64],
        post: NDArray[np.int64],
        starts: NDArray[np.int64],
        tongue: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
        """Where phrases start, how many words each has, and its groups; ``tongue`` has one entry a post."""
        at, words, masks = [], [], []
        key = hashes[starts]
        for length in range(2, PHRASE_WORDS_MAX + 1):
            inside = starts + length - 1 < len(hashes)
            starts, key = starts[inside], key[inside]
            same = post[starts + length - 1] == post[starts]
            starts, key = starts[same], key[same]
            key = key * _NEXT + hashes[starts + length - 1]
            if length in self.tables:
                keys, found_masks = self.tables[length]
                place = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
                mask = np.where(keys[place] == key, found_masks[place, tongue[post[starts]]], np.uint64(0))
                found = mask != 0
                at.append(starts[found])
                words.append(np.full(int(found.sum()), length, np.int64))
                masks.append(mask[found])
        return np.concatenate(at), np.concatenate(words), np.concatenate(masks)


def _phrase_hash(phrase: Sequence[str]) -> int:
    key = hash_of(phrase[0])
    for word in phrase[1:]:
        key = (key * int(_NEXT) + hash_of(word)) % (1 << 64)
    return key


def _negator(kind: NDArray[np.uint8], post: NDArray[np.int64], first: NDArray[np.int64]) -> NDArray[np.int64]:
    place = np.arange(len(kind))
    negator = np.maximum.accumulate(np.where(kind & IS_NEGATOR, place, -1))
    before = np.append(-1, negator[:-1])
    stop = np.maximum.accumulate(np.where(kind & IS_BREAK, place, -1))
    reached = (before >= first[post]) & (before > stop) & (place - before <= NEGATION_WORDS_MAX)
    return np.where(reached & ((kind & (IS_NEGATOR | IS_END)) == 0), before, -1)


class Parser:
    """Texts into `Tokens`, in two steps with the language decided between; keeps the vocabulary and the phrases."""

    def __init__(self) -> None:
        words = lexicon()
        self.vocabulary = Vocabulary(words)
        self.phrases = PhraseTable(words)
        self._negator = np.uint64(words.bit(NEGATOR))
        self._idiom = np.uint64(words.bit(IDIOM))
        self._kept_by_idiom = ~np.uint64(words.bit(*LITERAL))

    def words(self, texts: Sequence[str]) -> Words:
        """The words of the texts, in order. Cost: about 10 microseconds a short post."""
        spellings: list[str] = []
        spans: list[tuple[int, int]] = []
        counts: list[int] = []
        for text in texts:
            matches = list(TOKEN.finditer(text))
            spellings += [match.group() for match in matches]
            spans += [match.span() for match in matches]
            spellings.append(f"<len{sum(len(matches) >= step for step in LENGTH_STEPS)}>")
            spans.append((0, 0))
            counts.append(len(matches) + 1)
        vocabulary = self.vocabulary
        if len(vocabulary.ids) > WORDS_KEPT_MAX:
            vocabulary.reset()
        known = vocabulary.ids.get
        numbers = [known(spelling) for spelling in spellings]
        if None in numbers:
            numbers = [
                vocabulary.add(spelling) if number is None else number
                for spelling, number in zip(spellings, numbers, strict=True)
            ]
        count = np.array(counts, np.int64)
        return Words(
            word=np.array(numbers, np.int64),
            spans=np.fromiter(chain.from_iterable(spans), np.int64, 2 * len(spans)).reshape(-1, 2),
            post=np.repeat(np.arange(len(count)), count),
            first=np.cumsum(count) - count,
            count=count,
        )

    def tokens(self, words: Words, tongue: NDArray[np.int64]) -> Tokens:
        """The words with what the lists of each post's ``tongue`` (a place in `TONGUES`) say of them."""
        word, post, first = words.word, words.post, words.first
        vocabulary = self.vocabulary
        mask = vocabulary.masks[word, tongue[post]]
        kind = vocabulary.kinds[word] | np.where(mask & self._negator, IS_NEGATOR, 0).astype(np.uint8)
        key = vocabulary.hashes[word]
        following = np.append(key[1:], np.uint64(0))
        pair = ((key * _MIX + following * _NEXT) >> np.uint64(40)).astype(np.int64) % BUCKETS
        starts = np.flatnonzero(kind & STARTS_PHRASE)
        phrase_at, phrase_words, phrase_mask = self.phrases.find(key, post, starts, tongue)
        covered = np.zeros(len(word), np.bool_)
        idiom = (phrase_mask & self._idiom) != 0
        for step in range(int(phrase_words[idiom].max(initial=0))):
            covered[phrase_at[idiom & (phrase_words > step)] + step] = True
        inside = covered[phrase_at] & covered[phrase_at + phrase_words - 1]
        return Tokens(
            word=word,
            start=words.spans[:, 0],
            end=words.spans[:, 1],
            post=post,
            first=first,
            count=words.count,
            kind=kind,
            mask=np.where(covered, mask & self._kept_by_idiom, mask),
            negator=_negator(kind, post, first),
            pair=pair,
            phrase_at=phrase_at,
            phrase_words=phrase_words,
            phrase_mask=np.where(inside, phrase_mask & self._kept_by_idiom, phrase_mask),
        )


def length_scale(tokens: Tokens | Words) -> NDArray[np.float32]:
    """By how much the hashed words of each post count: a long post does not shout louder than a short one."""
    scale: NDArray[np.float32] = (1.0 / np.sqrt(np.maximum(tokens.count, LENGTH_STEPS[0]))).astype(np.float32)
    return scale


def has_words(tokens: Tokens) -> NDArray[np.bool_]:
    """Whether each post has a word at all; without one its language cannot be known."""
    spoken: NDArray[np.bool_] = (np.bitwise_or.reduceat(tokens.kind, tokens.first) & IS_WORD) != 0
    return spoken


def group_hits(tokens: Tokens, words: Lexicon) -> NDArray[np.bool_]:
    """Which features of the word lists occur in each post: posts by `Lexicon.features`."""
    nothing = np.uint64(0)
    said = np.bitwise_or.reduceat(np.where(tokens.negated, nothing, tokens.mask), tokens.first)
    negated = np.bitwise_or.reduceat(np.where(tokens.negated, tokens.mask, nothing), tokens.first)
    np.bitwise_or.at(said, tokens.post[tokens.phrase_at], tokens.phrase_mask)
    size = len(words.groups)
    bits = np.arange(size, dtype=np.uint64)
    hits = np.zeros((len(tokens.first), len(words.features)), dtype=np.bool_)
    hits[:, :size] = (said[:, None] >> bits) & np.uint64(1)
    hits[:, size : 2 * size] = (negated[:, None] >> bits) & np.uint64(1)
    place = {name: column for column, name in enumerate(words.features)}
    for column in range(2 * size, len(words.features)):
        parts = [place[part] for part in words.features[column].split("+")]
        hits[:, column] = np.logical_and.reduce([hits[:, part] for part in parts])
    return hits
