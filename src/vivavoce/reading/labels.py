"""The words a reading may use, in the order in which every table and struct lists them."""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = ("fr", "en", "other")
SENTIMENTS: Final = ("negative", "neutral", "positive")
EMOTIONS: Final = (
    "anger",
    "disappointment",
    "worry",
    "confusion",
    "sadness",
    "disgust",
    "joy",
    "gratitude",
    "amusement",
    "hope",
    "surprise",
    "neutral",
)
CAUSES: Final = (
    "outage",
    "delay",
    "billing",
    "staff",
    "product",
    "account",
    "question",
    "thanks",
    "idea",
    "ethics",
    "info",
    "other",
)
WANTS: Final = ("repair", "information", "heard", "apology", "warn", "thank", "suggest", "nothing")
URGENCIES: Final = ("none", "week", "today", "hour")
SCALARS: Final = ("needs_person", "danger", "irony", "offence")

UNSURE: Final = "unsure"

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "language": LANGUAGES,
    "sentiment": SENTIMENTS,
    "emotions": EMOTIONS,
    "cause": CAUSES,
    "wants": WANTS,
    "urgency": URGENCIES,
}
"""Each group of a reading and its labels, in the record's order; `SCALARS` stand beside them."""

SUM_TO_ONE: Final = ("language", "sentiment", "urgency")
"""Groups whose labels exclude each other; the labels of the others are independent."""

DECIDED: Final = ("language", "sentiment", "emotion", "cause", "wants", "urgency", "needs_person", "danger")
"""What a reading decides, each a label or `UNSURE`; the last two are yes, no or `UNSURE`."""

YES_OR_NO: Final = ("needs_person", "danger")
"""What is decided yes or no: `true` or `false` in JSON, the strings "true" or "false" in Arrow."""
