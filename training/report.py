"""The figures of the model card, from held-out posts of the pilot and from public sets that did not train."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training import data
from training.calibration import group_of
from vivavoce.reading import read
from vivavoce.reading.labels import DECIDED, EMOTIONS, GROUPS, SENTIMENTS, YES_OR_NO
from vivavoce.reading.weights import COLUMNS, SLICES

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS: Final = 10


def _macro_f1(truth: NDArray[np.int64], said: NDArray[np.int64], count: int) -> float:
    scores = []
    for label in range(count):
        both = int(((truth == label) & (said == label)).sum())
        scores.append(2 * both / max(1, int((truth == label).sum() + (said == label).sum())))
    return float(np.mean(scores))


def _auc(truth: NDArray[np.bool_], chance: NDArray[np.float32]) -> float:
    rank = np.empty(len(chance))
    rank[np.argsort(chance, kind="stable")] = np.arange(1, len(chance) + 1)
    count = int(truth.sum())
    return float((rank[truth].sum() - count * (count + 1) / 2) / (count * (len(truth) - count)))


def _calibration_error(chance: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    place = np.minimum((chance * BINS).astype(np.int64), BINS - 1)
    gaps = [
        abs(float(chance[place == at].mean()) - float(right[place == at].mean())) * float((place == at).mean())
        for at in range(BINS)
        if (place == at).any()
    ]
    return sum(gaps)


def figures(
    chances: NDArray[np.float32],
    targets: NDArray[np.float32],
    records: list[dict[str, Any]],
    decided_from: dict[str, Any],
) -> dict[str, dict[str, dict[str, float]]]:
    """Held-out figures of each thing decided, for both languages together and each alone."""
    languages = np.array([record["lang"] for record in records])
    return {
        part: {
            name: _yes_or_no(chances[rows], targets[rows], name, decided_from[name])
            if name in YES_OR_NO
            else _label(chances[rows], targets[rows], name, decided_from[name])
            for name in DECIDED
        }
        for part, rows in (
            ("all", np.arange(len(records))),
            ("fr", np.flatnonzero(languages == "fr")),
            ("en", np.flatnonzero(languages == "en")),
        )
    }


def _label(chances: NDArray[np.float32], targets: NDArray[np.float32], name: str, threshold: float) -> dict[str, float]:
    where = SLICES[group_of(name)]
    among, truth = chances[:, where], targets[:, where] > 0
    best = among.argmax(axis=1)
    rows = np.arange(len(best))
    right, sure = truth[rows, best], among[rows, best] >= threshold
    return {
        "right": round(float(right.mean()), 3),
        "decided": round(float(sure.mean()), 3),
        "right_when_decided": round(float(right[sure].mean()), 3) if sure.any() else 0.0,
        "calibration_error": round(_calibration_error(among[rows, best], right), 3),
    }


def _yes_or_no(
    chances: NDArray[np.float32], targets: NDArray[np.float32], name: str, decided_from: dict[str, float]
) -> dict[str, float]:
    chance, truth = chances[:, COLUMNS.index(name)], targets[:, COLUMNS.index(name)] > 0
    yes, no = chance >= decided_from["yes"], chance <= decided_from["no"]
    return {
        "share": round(float(truth.mean()), 3),
        "auc": round(_auc(truth, chance), 3),
        "yes": round(float(yes.mean()), 3),
        "right_when_yes": round(float(truth[yes].mean()), 3) if yes.any() else 0.0,
        "no": round(float(no.mean()), 3),
        "right_when_no": round(float((~truth[no]).mean()), 3) if no.any() else 0.0,
        "recall_yes": round(float((truth & yes).sum() / truth.sum()), 3),
        "recall_yes_or_unsure": round(float((truth & ~no).sum() / truth.sum()), 3),
        "calibration_error": round(_calibration_error(chance, truth), 3),
    }


def _public() -> list[str]:
    lines = ["", "| public set, never trained on | figure | value |", "|---|---|---|"]
    for language in ("fr", "en"):
        texts, truth = data.umsab(language)
        chances = np.array([[row[label] for label in SENTIMENTS] for row in read(texts)["sentiment"].to_pylist()])
        score = _macro_f1(truth, chances.argmax(axis=1), len(SENTIMENTS))
        lines.append(f"| UMSAB {language}, val | sentiment, macro-F1 of 3 | {score:.3f} |")
    examples = data.goemotions("dev")
    chances = np.array([[row[label] for label in EMOTIONS] for row in read(examples.texts)["emotions"].to_pylist()])
    best = chances.argmax(axis=1)
    hit = examples.targets[:, SLICES["emotions"]][np.arange(len(best)), best].mean()
    lines.append(f"| GoEmotions dev, 12 groups | strongest emotion is among the labels | {hit:.3f} |")
    return lines


def tables(fitted: dict[str, Any]) -> str:
    """The figures as Markdown tables; public sets are measured anew with the shipped weights."""
    lines = ["| decided | language | right, always asked | decided | right when decided | calibration error |"]
    lines.append("|---|---|---|---|---|---|")
    held_out = fitted["held_out"]
    for name in DECIDED:
        if group_of(name) in GROUPS:
            for part in ("all", "fr", "en"):
                row = held_out[part][name]
                lines.append(
                    f"| {name} | {part} | {row['right']:.2f} | {row['decided']:.0%} "
                    f"| {row['right_when_decided']:.2f} | {row['calibration_error']:.2f} |"
                )
    lines += ["", "| decided | language | share | AUC | said yes | right | said no | right | found | found or unsure |"]
    lines.append("|---|---|---|---|---|---|---|---|---|---|")
    for name in YES_OR_NO:
        for part in ("all", "fr", "en"):
            row = held_out[part][name]
            lines.append(
                f"| {name} | {part} | {row['share']:.0%} | {row['auc']:.2f} | {row['yes']:.0%} "
                f"| {row['right_when_yes']:.2f} | {row['no']:.0%} | {row['right_when_no']:.2f} "
                f"| {row['recall_yes']:.2f} | {row['recall_yes_or_unsure']:.2f} |"
            )
    return "\n".join(lines + _public())
