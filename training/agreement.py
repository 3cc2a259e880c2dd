"""How far the corpus's two readings agree: ``python -m training.agreement`` prints Cohen's kappa by label and language.

Both readings are a machine's: this is machine agreement, not people's. Source: J. Cohen, "A coefficient of agreement
for nominal scales", Educational and Psychological Measurement 20 (1960).
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CORPUS = Path(__file__).parent / "corpus"
SECOND = CORPUS / "second"

LABELS: dict[str, Callable[[dict[str, Any]], str]] = {
    "sentiment": lambda row: str(row["sentiment"]),
    "first emotion": lambda row: str(row["emotions"][0]),
    "first cause": lambda row: str(row["cause"][0]),
    "first want": lambda row: str(row["wants"][0]),
    "needs a person": lambda row: str(row["needs_person"]),
    "urgency": lambda row: str(row["urgency"]),
    "danger": lambda row: str(row["danger"]),
    "irony": lambda row: str(row["irony"]),
    "offence": lambda row: str(row["offence"]),
}


def kappa(pairs: Sequence[tuple[str, str]]) -> float:
    """Cohen's kappa of n pairs of labels: 1 is full agreement, 0 what chance would give; 1 where only one label is."""
    total = len(pairs)
    seen = sum(one == other for one, other in pairs) / total
    first, second = (Counter(pair[place] for pair in pairs) for place in (0, 1))
    chance = sum(first[label] * second[label] for label in first) / total**2
    return 1.0 if chance == 1 else (seen - chance) / (1 - chance)


def rows(folder: Path) -> dict[str, dict[str, Any]]:
    """Return a folder's rows by id."""
    lines = (line for file in sorted(folder.glob("*.jsonl")) for line in file.read_text(encoding="utf-8").splitlines())
    return {row["id"]: row for row in map(json.loads, lines)}


def main() -> None:
    """Print one line a label: agreement and kappa, in French and in English."""
    first, second = rows(CORPUS), rows(SECOND)
    both = [(first[name], row) for name, row in second.items() if name in first]
    print(f"{len(first)} messages, {len(both)} read twice; machine agreement, not people's")
    print(f"{'':16}{'fr':>14}{'en':>16}")
    for label, value in LABELS.items():
        cells = []
        for language in ("fr", "en"):
            pairs = [(value(one), value(other)) for one, other in both if one["lang"] == language]
            agreed = sum(one == other for one, other in pairs) / len(pairs)
            cells.append(f"{agreed:6.0%}  k {kappa(pairs):.2f}")
        print(f"{label:16}{cells[0]:>14}{cells[1]:>16}")


if __name__ == "__main__":
    main()
