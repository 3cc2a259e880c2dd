"""From log-odds to probabilities that agree with each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vivavoce.reading.labels import SUM_TO_ONE
from vivavoce.reading.weights import COLUMNS, SLICES

if TYPE_CHECKING:
    from numpy.typing import NDArray

ODDS_MAX: Final = 30.0
"""Log-odds beyond which a probability is 0 or 1 to float32, and its power would overflow."""
_THANKFUL: Final = tuple(
    COLUMNS.index(name)
    for name in ("emotions.joy", "emotions.gratitude", "cause.thanks", "wants.thank", "wants.nothing")
)


def probabilities(odds: NDArray[np.float32]) -> NDArray[np.float32]:
    """Calibrated log-odds into probabilities: a softmax where labels exclude each other, else one logistic each."""
    chances = 1.0 / (1.0 + np.exp(-np.clip(odds.astype(np.float64), -30.0, 30.0)))
    for group in SUM_TO_ONE:
        columns = odds[:, SLICES[group]].astype(np.float64)
        powers = np.exp(columns - columns.max(axis=1, keepdims=True))
        chances[:, SLICES[group]] = powers / powers.sum(axis=1, keepdims=True)
    return chances.astype(np.float32)


def coherent(chances: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities, posts by `COLUMNS`, in which what is meant weighs more than what is written.

    Irony, once likelier than not, turns its share of "positive" into "negative", of "nobody needed" into "this
    week", and takes it from thanks.
    Whatever may be a danger needs a person, within the hour, at least as much.
    """
    meant = chances.copy()
    irony = np.maximum(2.0 * chances[:, COLUMNS.index("irony")] - 1.0, 0.0).astype(np.float32)
    danger = chances[:, COLUMNS.index("danger")]
    for first, second in (("sentiment.positive", "sentiment.negative"), ("urgency.none", "urgency.week")):
        turned = irony * meant[:, COLUMNS.index(first)]
        meant[:, COLUMNS.index(first)] -= turned
        meant[:, COLUMNS.index(second)] += turned
    meant[:, _THANKFUL] *= (1.0 - irony)[:, None]
    person = COLUMNS.index("needs_person")
    meant[:, person] = np.maximum(meant[:, person] + irony * (1.0 - meant[:, person]), danger)
    hour, urgency = COLUMNS.index("urgency.hour"), SLICES["urgency"]
    raised = np.maximum(meant[:, hour], danger)
    left = (1.0 - raised) / np.maximum(1.0 - meant[:, hour], np.float32(1e-6))
    meant[:, urgency] *= left[:, None]
    meant[:, hour] = raised
    return meant
