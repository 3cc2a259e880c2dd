"""Make the weights of the plain reader, and say how good it is on posts it was not trained on.

``python -m training.plain`` trains, calibrates and writes ``src/vivavoce/reading/trained``; ``--report`` prints the
figures of the shipped weights as the tables of docs/model-card.md. Same seed, same machine kind: same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training import data
from training.calibration import calibrated, thresholds
from training.linear import (
    BIAS_AT,
    GROUPS_AT,
    SETS_AT,
    Design,
    Pace,
    design,
    fit,
    forward,
    joined,
    judged_tongues,
    labelled_tongues,
    prior,
)
from training.report import figures, tables
from vivavoce.reading.features import Parser
from vivavoce.reading.labels import DECIDED
from vivavoce.reading.lexicon import lexicon
from vivavoce.reading.vocabulary import BUCKETS
from vivavoce.reading.weights import COLUMNS, SLICES

if TYPE_CHECKING:
    from numpy.typing import NDArray

READER: Final = "plain-2026.11"
SEED: Final = 20_261_122
FOLDS: Final = 5
TRAINED: Final = Path(__file__).resolve().parents[1] / "src" / "vivavoce" / "reading" / "trained"
BY_HAND: Final = ("danger", "offence")
"""Columns that only the word lists make: 52 dangers are too few to learn from, and nothing labels offence."""


def _first_stage(parser: Parser) -> NDArray[np.float32]:
    """From what people wrote in the word lists, through large public sets, to weights that know words."""
    sets = [
        data.goemotions("train"),
        data.xed("en"),
        data.xed("fr"),
        *data.minibar(),
        data.other_languages(np.random.default_rng(SEED)),
    ]
    posts = joined(
        [design(examples, parser, SETS_AT + place, labelled_tongues(examples)) for place, examples in enumerate(sets)]
    )
    model = fit(
        prior(),
        posts,
        np.concatenate([examples.targets for examples in sets]),
        np.concatenate([examples.known for examples in sets]),
        Pace(epochs=3, rate=0.1, pull=1e-5, batch=256, seed=SEED + 1),
    )
    where = SLICES["language"]
    model[BIAS_AT, where] = model[SETS_AT + [examples.name for examples in sets].index("lists"), where]
    return model


def _known(examples: data.Examples) -> NDArray[np.float32]:
    """What of the pilot trains: not what is made by hand, not the languages, and each sentiment as much as the others.

    The pilot knows no third language.
    The pilot is mostly negative; without this the reader takes a neutral tweet for an unhappy one.
    """
    known = examples.known.copy()
    for name in BY_HAND:
        known[:, COLUMNS.index(name)] = 0.0
    known[:, SLICES["language"]] = 0.0
    sentiment = examples.targets[:, SLICES["sentiment"]]
    each = 1.0 / sentiment.mean(axis=0)
    known[:, SLICES["sentiment"]] = (sentiment * (each / len(each))).sum(axis=1, keepdims=True)
    return known


def _second_stage(
    start: NDArray[np.float32], posts: Design, examples: data.Examples, chosen: NDArray[np.int64]
) -> NDArray[np.float32]:
    part = examples.part(chosen)
    return fit(
        start,
        posts.take(chosen),
        part.targets,
        _known(part),
        Pace(epochs=8, rate=0.05, pull=1e-3, batch=32, seed=SEED + 2),
    )


def _held_out(start: NDArray[np.float32], posts: Design, examples: data.Examples) -> NDArray[np.float32]:
    """Scores of each post of the pilot by a model that has not seen it."""
    count = len(examples.texts)
    fold = np.random.default_rng(SEED + 3).permutation(count) % FOLDS
    scores = np.zeros((count, len(COLUMNS)), np.float32)
    for held in range(FOLDS):
        model = _second_stage(start, posts, examples, np.flatnonzero(fold != held))
        scores[fold == held] = forward(model, posts.take(np.flatnonzero(fold == held)))
    return scores


def _write(model: NDArray[np.float32], fitted: dict[str, Any]) -> None:
    TRAINED.mkdir(exist_ok=True)
    hashed = model[:BUCKETS]
    scale = np.maximum(np.abs(hashed).max(axis=0), 1e-6) / 127.0
    with (TRAINED / "plain.npz").open("wb") as file:
        np.savez_compressed(
            file,
            hashed=np.round(hashed / scale).astype(np.int8),
            scale=scale.astype(np.float32),
            groups=model[GROUPS_AT:BIAS_AT].astype(np.float16),
        )
    text = json.dumps(fitted, indent=1, ensure_ascii=False)
    (TRAINED / "plain.json").write_text(text + "\n", encoding="utf-8")


def _by_column(values: NDArray[np.float32]) -> dict[str, float]:
    return {name: round(float(value), 5) for name, value in zip(COLUMNS, values, strict=True)}


def train() -> None:
    """Make the weights and write them."""
    parser = Parser()
    examples, records = data.pilot()
    start = _first_stage(parser)
    posts = design(examples, parser, BIAS_AT, judged_tongues(examples, parser, start))
    scores = _held_out(start, posts, examples)
    slope, offset, chances = calibrated(scores, examples.targets)
    decided_from = thresholds(chances, examples.targets, records)
    model = _second_stage(start, posts, examples, np.arange(len(examples.texts)))
    _write(
        model,
        {
            "reader": READER,
            "bias": _by_column(model[BIAS_AT]),
            "slope": _by_column(slope),
            "offset": _by_column(offset),
            "thresholds": {name: decided_from[name] for name in DECIDED},
            "features": len(lexicon().features),
            "held_out": figures(chances, examples.targets, records, decided_from),
        },
    )


if __name__ == "__main__":
    if "--report" not in sys.argv:
        train()
    print(tables(json.loads((TRAINED / "plain.json").read_text(encoding="utf-8"))))
