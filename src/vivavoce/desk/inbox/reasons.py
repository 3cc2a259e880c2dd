"""Each place in the queue and each act in the ledger in one line of words, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ObjectDoesNotExist
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

if TYPE_CHECKING:
    from datetime import datetime

    from django.utils.functional import _StrPromise

    from vivavoce.desk.inbox.models import Person, Post, Reading

WORDS_SHOWN_MAX = 3
"""More evidence makes a line longer, not clearer."""

WORD_CHARACTERS_MAX = 40
"""One piece of evidence; the conversation shows it whole."""

MINUTES_SHOWN_MAX = 90
HOURS_SHOWN_MAX = 36
"""Beyond these the next larger unit says enough."""

REASONS: dict[str, _StrPromise] = {
    "danger": gettext_lazy("danger"),
    "danger_unsure": gettext_lazy("danger cannot be ruled out"),
    "hour": gettext_lazy("needs an answer within the hour"),
    "today": gettext_lazy("needs an answer today"),
    "week": gettext_lazy("can wait some days"),
    "none": gettext_lazy("nothing presses"),
    "nobody": gettext_lazy("asks for no answer"),
    "hour_unsure": gettext_lazy("unsure, perhaps within the hour"),
    "today_unsure": gettext_lazy("unsure, perhaps today"),
    "week_unsure": gettext_lazy("unsure, perhaps this week"),
    "none_unsure": gettext_lazy("unsure, nothing seems to press"),
    "answered": gettext_lazy("answered"),
    "set_aside": gettext_lazy("no answer needed"),
    "deleted": gettext_lazy("deleted by its author"),
    "erased": gettext_lazy("erased at the person's wish"),
    "gap": gettext_lazy("the network no longer remembers this time"),
}
"""What each code of ``due_reason`` and of the ledger says."""

CAUSES: dict[str, _StrPromise] = {
    "outage": gettext_lazy("something does not work"),
    "delay": gettext_lazy("a delay"),
    "billing": gettext_lazy("money"),
    "staff": gettext_lazy("how staff behaved"),
    "product": gettext_lazy("the product"),
    "account": gettext_lazy("an account"),
    "question": gettext_lazy("a question"),
    "thanks": gettext_lazy("thanks"),
    "idea": gettext_lazy("an idea"),
    "ethics": gettext_lazy("ethics"),
    "info": gettext_lazy("information"),
}
"""What a post is about, as it stands in a reason; ``other`` and ``unsure`` say nothing there."""


def reason_words(code: str) -> str:
    """Return what a reason's code says; a code of a later version says itself."""
    return str(REASONS.get(code, code))


def explain(post: Post) -> str:
    """Return why a post is due when it is, with the words that show it: ``“no heating”, “a child”``."""
    try:
        reading: Reading | None = post.reading
    except ObjectDoesNotExist:
        reading = None
    why = reason_words(post.due_reason)
    if reading is None:
        return why
    doubt = post.due_reason == "danger_unsure"
    danger = post.due_reason == "danger"
    labels = ("danger",) if danger or doubt else (reading.urgency, reading.cause, reading.wants)
    words = [_("“%(words)s”") % {"words": piece} for piece in evidence_words(post.text, reading, labels)]
    about = CAUSES.get(reading.cause)
    if not words and about is not None and post.due_reason != "nobody":
        words = [str(about)]
    return ", ".join(words if danger and words else [why, *words])


def evidence_words(text: str, reading: Reading, labels: tuple[str, ...]) -> list[str]:
    """Return the words of a post that show one of some labels, the weightiest first; none of a deleted post."""
    found = sorted(
        (piece for piece in reading.record.get("evidence", ()) if piece["label"] in labels),
        key=lambda piece: (-piece["weight"], piece["start"]),
    )
    words = (" ".join(text[piece["start"] : piece["end"]].split()) for piece in found)
    cut = (
        word if len(word) <= WORD_CHARACTERS_MAX else word[: WORD_CHARACTERS_MAX - 1] + "…" for word in words if word
    )
    return list(dict.fromkeys(cut))[:WORDS_SHOWN_MAX]


def due_words(due_at: datetime, *, now: datetime) -> str:
    """Return how long until a due time, or since: ``due in 12 min``, ``due now``, ``overdue by 3 h``."""
    seconds = (due_at - now).total_seconds()
    minutes = int(abs(seconds) // 60)
    if not minutes:
        return _("due now")
    if minutes <= MINUTES_SHOWN_MAX:
        span = _("%(count)d min") % {"count": minutes}
    elif minutes <= HOURS_SHOWN_MAX * 60:
        span = _("%(count)d h") % {"count": round(minutes / 60)}
    else:
        days = round(minutes / (24 * 60))
        span = ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    return (_("due in %(span)s") if seconds >= 0 else _("overdue by %(span)s")) % {"span": span}


def due_line(person: Person, *, now: datetime) -> str:
    """Return a person's place in one line: ``due in 12 min: “no heating”, “a child”``; empty when nothing waits."""
    if not person.waiting or person.due_at is None or person.due_post is None:
        return ""
    return _("%(due)s: %(why)s") % {"due": due_words(person.due_at, now=now), "why": explain(person.due_post)}
