"""The ledger's acts in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from vivavoce.desk.inbox.reasons import reason_words
from vivavoce.desk.inbox.words import LABELS, value_words
from vivavoce.desk.replies.problems import words as problem_words

if TYPE_CHECKING:
    from vivavoce.desk.transparency.models import LedgerEntry

PARTS = {
    "listener": pgettext_lazy("part", "Listener"),
    "reader": pgettext_lazy("part", "Reader"),
    "queue": pgettext_lazy("part", "Queue"),
    "courier": pgettext_lazy("part", "Courier"),
    "clock": pgettext_lazy("part", "Clock"),
    "teammate": pgettext_lazy("part", "Teammate"),
}
"""Who acts."""

ACTS = {
    "corrected": pgettext_lazy("act", "Label corrected"),
    "labelled": pgettext_lazy("act", "Labels set"),
    "read again": pgettext_lazy("act", "Read again"),
    "set_aside": pgettext_lazy("act", "Set aside: no answer needed"),
    "taken": pgettext_lazy("act", "Taken from what was overheard"),
    "assigned": pgettext_lazy("act", "Assigned"),
    "gap": pgettext_lazy("act", "Posts may be missing"),
    "edited": pgettext_lazy("act", "Edited by its author"),
    "addressed": pgettext_lazy("act", "Found to be written to us"),
    "deleted": pgettext_lazy("act", "Deleted by its author; the words are gone"),
    "closed": pgettext_lazy("act", "Closed"),
    "erased": pgettext_lazy("act", "Person erased"),
    "reset": pgettext_lazy("act", "Ways to sign in taken away"),
    "sent": pgettext_lazy("act", "Reply is on the network"),
    "failed": pgettext_lazy("act", "Reply was not sent"),
    "unknown": pgettext_lazy("act", "Reply: unknown whether it arrived"),
    "returned": pgettext_lazy("act", "Reply came back to its author"),
}
"""What was done; an act of a later version says itself."""

DASH = "\N{EN DASH}"

FACTS_MAX = 12
"""Facts of one entry that a line tells."""


def entry_words(entry: LedgerEntry) -> str:
    """Return what an entry says, in one line."""
    if entry.act == "due":
        return _due(entry)
    said = str(ACTS.get(entry.act, entry.act))
    reason = _reason(entry.reason)
    facts = _facts(entry)
    return ". ".join(part for part in (said, facts, reason) if part)


def _reason(code: str) -> str:
    return problem_words(code) or (reason_words(code) if code else "")


def _due(entry: LedgerEntry) -> str:
    if entry.after is None:
        return _("Waits no more: %(why)s") % {"why": reason_words(entry.reason)}
    told = {"when": _time(entry.after.get("due_at")), "why": reason_words(entry.reason)}
    if entry.before is None:
        return _("Due %(when)s: %(why)s") % told
    return _("Due %(when)s, not %(before)s: %(why)s") % {**told, "before": _time(entry.before.get("due_at"))}


def _facts(entry: LedgerEntry) -> str:
    before, after = entry.before or {}, entry.after or {}
    if entry.act == "gap":
        ends = {**before, **after}
        times = [_time(ends[name]) for name in ("start", "end") if name in ends]
        return f" {DASH} ".join(times)
    if entry.act == "reset":
        return str(after.get("teammate", ""))
    changes = [
        _("%(label)s: %(before)s → %(after)s")
        % {
            "label": LABELS[name][0],
            "before": value_words(name, str(before.get(name, ""))),
            "after": value_words(name, str(value)),
        }
        for name, value in list(after.items())[:FACTS_MAX]
        if name in LABELS and before.get(name) != value
    ]
    return ", ".join(changes)


def _time(value: Any) -> str:  # noqa: ANN401 # from JSON
    at = parse_datetime(value) if isinstance(value, str) else None
    return date_format(localtime(at), "j F, H:i") if at else DASH
