"""A linear model over sparse rows, trained with AdaGrad in NumPy: the same bytes for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vivavoce.reading.chances import probabilities
from vivavoce.reading.features import PAIR_SHARE, Parser, group_hits, length_scale
from vivavoce.reading.lexicon import BOTH, TONGUES, lexicon
from vivavoce.reading.tongue import LANGUAGE, language_lists, tongues
from vivavoce.reading.vocabulary import BUCKETS, hashed
from vivavoce.reading.weights import COLUMNS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.data import Examples

GROUPS_AT: Final = BUCKETS
BIAS_AT: Final = BUCKETS + len(lexicon().features)
SETS_AT: Final = BIAS_AT + 1
"""Rows: hashed features, groups of the word lists, the bias of the pilot, then one bias for each other set, so
that how often a set has a label teaches nothing about ours."""
SETS_MAX: Final = 16
EPSILON: Final = 1e-6


@dataclass(frozen=True)
class Design:
    """Sparse rows: post ``i`` has ``rows[first[i]:first[i] + count[i]]``, each with its ``share``."""

    rows: NDArray[np.int64]
    shares: NDArray[np.float32]
    first: NDArray[np.int64]
    count: NDArray[np.int64]

    def take(self, posts: NDArray[np.int64]) -> Design:
        """The rows of some posts."""
        count = self.count[posts]
        within = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
        place = np.repeat(self.first[posts], count) + within
        return Design(self.rows[place], self.shares[place], np.cumsum(count) - count, count)


def labelled_tongues(examples: Examples) -> NDArray[np.int64]:
    """The language each example is labelled with, as a place in `TONGUES`; both for rows of words."""
    if examples.name == "lists":
        return np.full(len(examples.texts), BOTH)
    french, english = (examples.targets[:, COLUMNS.index(f"language.{name}")] > 0 for name in ("fr", "en"))
    return np.where(french, TONGUES.index("fr"), np.where(english, TONGUES.index("en"), BOTH)).astype(np.int64)


def judged_tongues(examples: Examples, parser: Parser, model: NDArray[np.float32]) -> NDArray[np.int64]:
    """The language of each example as a reader with the weights ``model`` judges it."""
    words = parser.words(examples.texts)
    vocabulary = parser.vocabulary
    rows = np.zeros((len(vocabulary.folded), LANGUAGE.stop - LANGUAGE.start), np.float32)
    for number in np.unique(words.word):
        buckets, shares = hashed(vocabulary.folded[number], negated=False)
        rows[number] = (model[buckets, LANGUAGE] * np.array(shares, np.float32)[:, None]).sum(axis=0)
    lists = language_lists(lexicon(), model[GROUPS_AT:BIAS_AT], model[BIAS_AT])
    return tongues(words, rows[words.word], vocabulary.masks[words.word, BOTH], lists)


def design(examples: Examples, parser: Parser, own_bias: int, tongue: NDArray[np.int64]) -> Design:
    """The sparse rows of the examples, exactly as the reader adds them up; ``tongue`` has one entry an example."""
    posts, rows, shares = [], [], []
    for start in range(0, len(examples.texts), 2_048):
        tokens = parser.tokens(parser.words(examples.texts[start : start + 2_048]), tongue[start : start + 2_048])
        scale = length_scale(tokens)[tokens.post]
        parts = [
            hashed(parser.vocabulary.folded[word], negated=bool(negated))
            for word, negated in zip(tokens.word, tokens.negated, strict=True)
        ]
        lengths = [len(part[0]) for part in parts]
        posts.append(np.repeat(tokens.post, lengths) + start)
        rows.append(np.concatenate([part[0] for part in parts]))
        shares.append(np.concatenate([part[1] for part in parts]) * np.repeat(scale, lengths))
        paired = tokens.pair_valid
        posts.append(tokens.post[paired] + start)
        rows.append(tokens.pair[paired])
        shares.append(scale[paired] * PAIR_SHARE)
        post, feature = np.nonzero(group_hits(tokens, lexicon()))
        posts.append(post + start)
        rows.append(feature + GROUPS_AT)
        shares.append(np.ones(len(post)))
    count = len(examples.texts)
    post_all = np.concatenate([*posts, np.arange(count)])
    order = np.argsort(post_all, kind="stable")
    counts = np.bincount(post_all, minlength=count)
    return Design(
        np.concatenate([*rows, np.full(count, own_bias)]).astype(np.int64)[order],
        np.concatenate([*shares, np.ones(count)]).astype(np.float32)[order],
        np.cumsum(counts) - counts,
        counts,
    )


def joined(parts: list[Design]) -> Design:
    """Several designs as one."""
    count = np.concatenate([part.count for part in parts])
    return Design(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.shares for part in parts]),
        np.cumsum(count) - count,
        count,
    )


def prior() -> NDArray[np.float32]:
    """The weights before any training: what people wrote into ``groups.tsv``."""
    words = lexicon()
    start = np.zeros((SETS_AT + SETS_MAX, len(COLUMNS)), np.float32)
    for feature, said in words.priors.items():
        for column, value in said.items():
            start[GROUPS_AT + words.features.index(feature), COLUMNS.index(column)] = value
    start[BIAS_AT, COLUMNS.index("offence")] = -4.0
    return start


def forward(model: NDArray[np.float32], posts: Design) -> NDArray[np.float32]:
    """Sums of each post: posts by columns."""
    sums: NDArray[np.float32] = np.add.reduceat(model[posts.rows] * posts.shares[:, None], posts.first, axis=0)
    return sums


@dataclass(frozen=True)
class Pace:
    """How a model is trained.

    Attributes:
        epochs: times each post is seen.
        rate: AdaGrad's step.
        pull: strength of the draw towards the weights it starts from (the prior of a Gaussian).
        batch: posts a step.
        seed: for the order of the posts.
    """

    epochs: int
    rate: float
    pull: float
    batch: int
    seed: int


def fit(
    start: NDArray[np.float32],
    posts: Design,
    targets: NDArray[np.float32],
    known: NDArray[np.float32],
    pace: Pace,
) -> NDArray[np.float32]:
    """The weights after training.

    Args:
        start: weights to begin from, and towards which ``pace.pull`` draws.
        posts: sparse rows of n posts.
        targets: n by columns, 0 to 1.
        known: n by columns, the weight of each target.
        pace: how long and how far.
    """
    rng = np.random.default_rng(pace.seed)
    model, squares = start.copy(), np.full_like(start, EPSILON)
    for _ in range(pace.epochs):
        order = rng.permutation(len(posts.count))
        for at in range(0, len(order), pace.batch):
            chosen = order[at : at + pace.batch]
            part = posts.take(chosen)
            error = (probabilities(forward(model, part)) - targets[chosen]) * known[chosen]
            by_row = np.argsort(part.rows, kind="stable")
            rows, first = np.unique(part.rows[by_row], return_index=True)
            post = np.repeat(np.arange(len(chosen)), part.count)[by_row]
            slope = np.add.reduceat(error[post] * part.shares[by_row][:, None], first, axis=0) / len(chosen)
            slope += pace.pull * (model[rows] - start[rows])
            squares[rows] += slope * slope
            model[rows] -= pace.rate * slope / np.sqrt(squares[rows])
    return model
