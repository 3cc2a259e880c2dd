"""From sums to honest probabilities, and from those to thresholds with a stated precision, on held-out posts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vivavoce.reading.chances import coherent, probabilities
from vivavoce.reading.labels import DECIDED, SUM_TO_ONE, YES_OR_NO
from vivavoce.reading.weights import COLUMNS, SLICES

if TYPE_CHECKING:
    from numpy.typing import NDArray

PRECISION: Final = {
    "language": 0.98,
    "sentiment": 0.83,
    "emotion": 0.60,
    "cause": 0.75,
    "wants": 0.75,
    "urgency": 0.70,
}
"""How often a decided label must be right on held-out posts; emotion is least, since even people disagree on it."""
LANGUAGE_MIN: Final = 0.8
"""The pilot has French and English only, so it cannot show how a third language is mistaken for them."""
DECIDED_MIN: Final = 30
"""Held-out posts a threshold must rest on."""
NEVER: Final = 1.01
"""A threshold that no probability reaches: the label is never decided."""
NEEDS_PERSON_PRECISION: Final = 0.93
NO_PERSON_PRECISION: Final = 0.65
DANGER_PRECISION: Final = 0.75
DANGER_RECALL: Final = 0.94
"""Of the dangers, at most 6 in 100 may be decided "no"; what is not sure stays "unsure"."""
_STEPS: Final = np.arange(0.3, 1.55, 0.05)
_PLACES: Final = 10_000
"""Thresholds have four places."""
_SLOPE_RIDGE: Final = 2.0
"""Held-out posts that a slope of 1 is worth: a rare label keeps its slope."""


def group_of(name: str) -> str:
    """The group of columns behind a decided name."""
    return "emotions" if name == "emotion" else name


def calibrated(
    scores: NDArray[np.float32], targets: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Slope and offset of each column, and the probabilities they give.

    A temperature for labels that exclude each other, Platt's slope and offset for the others; offence, which nothing
    labels, stays as it is.
    """
    slope = np.ones(len(COLUMNS), np.float32)
    offset = np.zeros(len(COLUMNS), np.float32)
    for group in SUM_TO_ONE:
        where = SLICES[group]
        losses = [
            -np.log(probabilities(scores * step)[:, where][targets[:, where] > 0] + 1e-9).mean() for step in _STEPS
        ]
        slope[where] = _STEPS[int(np.argmin(losses))]
    for place, name in enumerate(COLUMNS):
        if name.partition(".")[0] not in SUM_TO_ONE and name != "offence":
            slope[place], offset[place] = _platt(scores[:, place].astype(np.float64), targets[:, place])
    return slope, offset, coherent(probabilities(scores * slope + offset))


def _platt(score: NDArray[np.float64], target: NDArray[np.float32]) -> tuple[float, float]:
    slope, offset = 1.0, 0.0
    for _ in range(50):
        chance = 1.0 / (1.0 + np.exp(-(slope * score + offset)))
        error, weight = chance - target, np.maximum(chance * (1.0 - chance), 1e-6)
        gradient = np.array([(error * score).sum() + _SLOPE_RIDGE * (slope - 1.0), error.sum()])
        cross = (weight * score).sum()
        curve = np.array([[(weight * score * score).sum() + _SLOPE_RIDGE, cross], [cross, weight.sum()]])
        step = np.linalg.solve(curve, gradient)
        slope, offset = max(slope - step[0], 0.05), offset - step[1]
    return float(slope), float(offset)


def thresholds(
    chances: NDArray[np.float32], targets: NDArray[np.float32], records: list[dict[str, Any]]
) -> dict[str, Any]:
    """The probability from which each of `DECIDED` is decided, by the precisions above."""
    found: dict[str, Any] = {}
    for name in DECIDED:
        if name not in YES_OR_NO:
            where = SLICES[group_of(name)]
            best = chances[:, where].argmax(axis=1)
            rows = np.arange(len(best))
            right = targets[:, where][rows, best] > 0
            found[name] = _lowest(chances[:, where][rows, best], right, PRECISION[name])
    needs = np.array([record["needs_person"] for record in records], np.bool_)
    chance = chances[:, COLUMNS.index("needs_person")]
    found["needs_person"] = {
        "yes": _lowest(chance, needs, NEEDS_PERSON_PRECISION),
        "no": round(1.0 - _lowest(1.0 - chance, ~needs, NO_PERSON_PRECISION), 4),
    }
    danger = np.array([record["danger"] for record in records], np.bool_)
    chance = chances[:, COLUMNS.index("danger")]
    missed = int((1.0 - DANGER_RECALL) * danger.sum())
    least = float(np.sort(chance[danger])[missed])
    found["danger"] = {
        "yes": _lowest(chance, danger, DANGER_PRECISION),
        "no": round(np.nextafter(least, 0.0) - 1e-4, 4),
    }
    found["language"] = max(found["language"], LANGUAGE_MIN)
    return found


def _lowest(chance: NDArray[np.float32], right: NDArray[np.bool_], precision: float) -> float:
    """The lowest threshold at and above which the share of right ones is at least ``precision``.

    Posts of the same chance are decided together: the word lists alone give many the same.
    """
    order = np.argsort(-chance, kind="stable")
    count = np.arange(1, len(order) + 1)
    share = np.cumsum(right[order]) / count
    lowest = np.floor(chance[order].astype(np.float64) * _PLACES) / _PLACES
    last = np.append(np.diff(lowest) != 0, True)
    good = np.flatnonzero((share >= precision) & (count >= DECIDED_MIN) & last)
    return round(float(lowest[good[-1]]), 4) if len(good) else NEVER
