"""The trained weights: 8-bit rows with a scale a column, and what was fitted on held-out posts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vivavoce.reading.labels import GROUPS, SCALARS

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS: Final = (*(f"{group}.{label}" for group, labels in GROUPS.items() for label in labels), *SCALARS)
"""The outputs, in the order of the weights' columns."""
SLICES: Final[dict[str, slice]] = {
    group: slice(COLUMNS.index(f"{group}.{labels[0]}"), COLUMNS.index(f"{group}.{labels[0]}") + len(labels))
    for group, labels in GROUPS.items()
}
"""Where the columns of each group stand."""


@dataclass(frozen=True)
class Weights:
    """What `training/plain.py` fitted.

    Attributes:
        hashed: float32, buckets by columns.
        groups: float32, `Lexicon.features` by columns.
        bias: float32, one a column.
        slope: float32, one a column; with ``offset`` it turns scores into calibrated log-odds.
        offset: float32, one a column.
        thresholds: probability from which each of `DECIDED` is decided; those of yes or no have ``yes`` and ``no``.
    """

    hashed: NDArray[np.float32]
    groups: NDArray[np.float32]
    bias: NDArray[np.float32]
    slope: NDArray[np.float32]
    offset: NDArray[np.float32]
    thresholds: dict[str, Any]
    reader: str


@cache
def weights() -> Weights:
    """The weights of the wheel, read once. Cost: about 30 ms."""
    folder = resources.files("vivavoce.reading") / "trained"
    fitted = json.loads(folder.joinpath("plain.json").read_text(encoding="utf-8"))
    with folder.joinpath("plain.npz").open("rb") as file, np.load(file) as arrays:
        scale = arrays["scale"].astype(np.float32)
        hashed = arrays["hashed"].astype(np.float32) * scale
        groups = arrays["groups"].astype(np.float32)
    return Weights(
        hashed=hashed,
        groups=groups,
        bias=_column(fitted["bias"]),
        slope=_column(fitted["slope"]),
        offset=_column(fitted["offset"]),
        thresholds=fitted["thresholds"],
        reader=fitted["reader"],
    )


def _column(values: dict[str, float]) -> NDArray[np.float32]:
    return np.array([values[name] for name in COLUMNS], dtype=np.float32)
