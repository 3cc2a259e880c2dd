"""Reading the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from vivavoce.desk.transparency.models import LedgerEntry
from vivavoce.desk.transparency.services import can_undo
from vivavoce.desk.transparency.words import PARTS, entry_words

ENTRIES_SHOWN = 60
"""A screen or three; the rest is a link away."""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry and what it says."""

    entry: LedgerEntry
    words: str
    part: str
    undoable: bool


def ledger_page(
    *, before: int | None = None, part: str = "", person: int | None = None
) -> tuple[list[Line], int | None]:
    """Return the ledger's newest entries before a number, and where the next page begins. Two statements at most."""
    entries = LedgerEntry.objects.select_related("teammate", "undone_by", "person", "post").order_by("-id")
    if before is not None:
        entries = entries.filter(pk__lt=before)
    if part in PARTS:
        entries = entries.filter(part=part)
    if person is not None:
        entries = entries.filter(person=person)
    found = list(entries.defer("post__text", "post__links", "post__media")[: ENTRIES_SHOWN + 1])
    lines = [
        Line(entry, entry_words(entry), str(PARTS.get(entry.part, entry.part)), can_undo(entry))
        for entry in found[:ENTRIES_SHOWN]
    ]
    return lines, found[ENTRIES_SHOWN - 1].pk if len(found) > ENTRIES_SHOWN else None
