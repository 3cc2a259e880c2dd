"""From probabilities to a label, or to "unsure" where the label would be wrong too often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from vivavoce.reading.labels import DECIDED, GROUPS, UNSURE, YES_OR_NO
from vivavoce.reading.weights import COLUMNS, SLICES

if TYPE_CHECKING:
    from numpy.typing import NDArray


def decide(
    chances: NDArray[np.float32], thresholds: dict[str, Any], *, silent: NDArray[np.bool_]
) -> dict[str, pa.Array]:
    """What is decided of each post: `DECIDED` by string arrays, "unsure" below the threshold.

    Yes and no have one threshold each, with "unsure" between them. A danger needs a person within the hour, whatever
    else is unsure. Of a ``silent`` post (no words, no signs: a picture alone) nothing is known but that no word shows
    danger.
    """
    danger = chances[:, COLUMNS.index("danger")] >= thresholds["danger"]["yes"]
    decided = {}
    for name in DECIDED:
        if name in YES_OR_NO:
            place = _yes_or_no(chances[:, COLUMNS.index(name)], thresholds[name])
            labels: tuple[str, ...] = ("false", "true")
        else:
            place = _label(chances, _group(name), thresholds[name])
            labels = GROUPS[_group(name)]
        if name != "danger":
            place[silent] = len(labels)
        if name in _OF_DANGER:
            place[danger] = labels.index(_OF_DANGER[name])
        decided[name] = pa.array([*labels, UNSURE], pa.string()).take(pa.array(place))
    return decided


_OF_DANGER: Final = {"needs_person": "true", "urgency": "hour"}


def _group(name: str) -> str:
    return "emotions" if name == "emotion" else name


def _label(chances: NDArray[np.float32], group: str, threshold: float) -> NDArray[np.int64]:
    among = chances[:, SLICES[group]]
    best = among.argmax(axis=1)
    return np.where(among[np.arange(len(among)), best] >= threshold, best, len(GROUPS[group]))


def _yes_or_no(chance: NDArray[np.float32], thresholds: dict[str, float]) -> NDArray[np.int64]:
    no, yes, unsure = 0, 1, 2
    return np.where(chance >= thresholds["yes"], yes, np.where(chance <= thresholds["no"], no, unsure))
