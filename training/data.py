"""The data that may train shipped weights, each set as texts with targets for the columns it knows about."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vivavoce.reading.labels import CAUSES, EMOTIONS, GROUPS, URGENCIES, WANTS
from vivavoce.reading.lexicon import language_words
from vivavoce.reading.weights import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SHARED: Final = Path(__file__).resolve().parents[2] / "shared"
"""Where the data folder and the pilot corpus lie: beside the checkout, never in it."""

GOEMOTIONS: Final = {
    "anger": "anger annoyance",
    "disappointment": "disappointment disapproval",
    "worry": "fear nervousness",
    "confusion": "confusion curiosity",
    "sadness": "sadness grief remorse",
    "disgust": "disgust embarrassment",
    "joy": "joy excitement love pride admiration approval relief caring",
    "gratitude": "gratitude",
    "amusement": "amusement",
    "hope": "optimism desire",
    "surprise": "surprise realization",
    "neutral": "neutral",
}
XED: Final = {"1": "anger", "3": "disgust", "4": "worry", "5": "joy", "6": "sadness", "7": "surprise"}
_NEGATIVE: Final = {"anger", "disappointment", "worry", "sadness", "disgust"}
_POSITIVE: Final = {"joy", "gratitude", "amusement", "hope"}
XED_WEIGHT: Final = 0.4
"""Film lines are further from what people write to organisations than Reddit is; French labels are projected."""


@dataclass
class Examples:
    """Texts; ``targets`` and ``known`` are texts by `COLUMNS`, ``known`` 0 where the set does not say."""

    name: str
    texts: list[str]
    targets: NDArray[np.float32]
    known: NDArray[np.float32]

    def part(self, chosen: NDArray[np.int64]) -> Examples:
        """Some of the examples."""
        texts = [self.texts[place] for place in chosen]
        return Examples(self.name, texts, self.targets[chosen], self.known[chosen])


def _examples(name: str, rows: list[tuple[str, dict[str, float]]], weight: float = 1.0) -> Examples:
    targets = np.zeros((len(rows), len(COLUMNS)), np.float32)
    known = np.zeros_like(targets)
    for row, (_, said) in enumerate(rows):
        for column, value in said.items():
            targets[row, COLUMNS.index(column)] = value
            known[row, COLUMNS.index(column)] = weight
    return Examples(name, [text for text, _ in rows], targets, known)


def _one_of(group: str, label: str) -> dict[str, float]:
    return {f"{group}.{other}": float(other == label) for other in GROUPS[group]}


def _feeling(emotions: set[str], groups: set[str]) -> dict[str, float]:
    said = {f"emotions.{label}": float(label in emotions) for label in groups}
    negative, positive = bool(emotions & _NEGATIVE), bool(emotions & _POSITIVE)
    if negative != positive:
        said |= _one_of("sentiment", "negative" if negative else "positive")
    elif emotions == {"neutral"}:
        said |= _one_of("sentiment", "neutral")
    return said


def pilot() -> tuple[Examples, list[dict[str, Any]]]:
    """The pilot of the project's own corpus, every column but offence, and its records."""
    records = [
        json.loads(line)
        for name in ("a.jsonl", "b.jsonl")
        for line in (SHARED / "corpus_pilot" / name).read_text(encoding="utf-8").splitlines()
    ]
    rows = []
    for record in records:
        said = _one_of("language", record["lang"]) | _one_of("sentiment", record["sentiment"])
        said |= {f"emotions.{label}": float(label == record["emotion"]) for label in EMOTIONS}
        said |= {f"cause.{label}": float(label in record["cause"]) for label in CAUSES}
        said |= {f"wants.{label}": float(label in record["wants"]) for label in WANTS}
        said |= {f"urgency.{label}": float(label == record["urgency"]) for label in URGENCIES}
        said |= {name: float(record[name]) for name in ("needs_person", "danger", "irony")}
        rows.append((record["text"], said))
    return _examples("pilot", rows), records


def goemotions(split: str) -> Examples:
    """Reddit comments in the 12 emotions, English."""
    folder = SHARED / "data" / "goemotions"
    names = (folder / "labels.txt").read_text(encoding="utf-8").split()
    group_of = {name: group for group, members in GOEMOTIONS.items() for name in members.split()}
    rows = []
    for line in (folder / f"{split}.tsv").read_text(encoding="utf-8").splitlines():
        text, labels, _ = line.split("\t")
        emotions = {group_of[names[int(label)]] for label in labels.split(",")}
        rows.append((text, _feeling(emotions, set(EMOTIONS)) | _one_of("language", "en")))
    return _examples("goemotions", rows)


def xed(language: str) -> Examples:
    """Film subtitles with six of the emotions, French or English."""
    rows = []
    for line in (SHARED / "data" / "xed" / f"{language}-clean.tsv").read_text(encoding="utf-8").splitlines():
        text, _, labels = line.rpartition("\t")
        emotions = {XED[label] for label in labels.replace(" ", "").split(",") if label in XED}
        said = _feeling(emotions, set(XED.values())) if emotions else {}
        rows.append((text, said | _one_of("language", language)))
    return _examples(f"xed_{language}", rows, XED_WEIGHT)


def minibar() -> Iterator[Examples]:
    """App reviews: stars as sentiment, problems and wishes, French and English."""
    for path in sorted((SHARED / "data" / "minibar" / "for_classification").glob("*.csv")):
        language = path.stem.rpartition(".")[2]
        rows = []
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                stars = int(float(row["score"]))
                sentiment = "negative" if stars < 3 else "neutral" if stars == 3 else "positive"  # noqa: PLR2004
                said = _one_of("sentiment", sentiment) | _one_of("language", language)
                said["wants.repair"] = float(row["problem_report"] == "1")
                said["wants.suggest"] = said["cause.idea"] = float(row["feature_request"] == "1")
                rows.append((row["data"], said))
        yield _examples(f"minibar_{language}", rows)


def other_languages(rng: np.random.Generator, count: int = 12_000) -> Examples:
    """Rows of words of the language lists, so that a third language is known by its words and their pieces."""
    lists = language_words()
    names = sorted(set(lists) - {"fr", "en"})
    rows: list[tuple[str, dict[str, float]]] = []
    for _ in range(count):
        name = (names[int(rng.integers(len(names)))], "fr", "en")[int(rng.integers(3))]
        words = rng.choice(lists[name], size=int(rng.integers(3, 12)))
        rows.append((" ".join(words), _one_of("language", name if name in {"fr", "en"} else "other")))
    return _examples("lists", rows)


def umsab(language: str) -> tuple[list[str], NDArray[np.int64]]:
    """Tweets with 0 negative, 1 neutral, 2 positive; for measuring only."""
    folder = SHARED / "data" / "umsab" / {"fr": "french", "en": "english"}[language]
    texts = (folder / "val_text.txt").read_text(encoding="utf-8").splitlines()
    labels = (folder / "val_labels.txt").read_text(encoding="utf-8").split()
    return texts, np.array([int(label) for label in labels])
