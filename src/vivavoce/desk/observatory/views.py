"""The page of outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy
from django.views.decorators.http import require_GET

from vivavoce.desk.observatory.queries import ENDS, Ends, outcomes

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

DASH = "\N{EN DASH}"
"""No answer has been measured."""

PERIODS = (7, 30, 365)
"""Days."""

BAR_WIDTH = 1000
"""The drawing's own units."""

WAYS = {
    "proved": pgettext_lazy("way", "Proved: by passkey, over the very words"),
    "signed_in": pgettext_lazy("way", "Signed in: by password, code or single sign-on"),
    "outside": pgettext_lazy("way", "Outside this desk"),
    "none": pgettext_lazy("way", "Not answered yet"),
}
WORDS = {
    "good": pgettext_lazy("end", "turned good"),
    "neutral": pgettext_lazy("end", "calmed down"),
    "unhappy": pgettext_lazy("end", "still unhappy"),
    "unknown": pgettext_lazy("end", "unknown"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar, in the drawing's units."""

    end: str
    words: str
    count: int
    x: int
    width: int


@require_GET
def outcomes_page(request: HttpRequest) -> HttpResponse:
    """Show whether bad turned good, for a number of days."""
    asked = request.GET.get("days", "")
    days = next((period for period in PERIODS if str(period) == asked), PERIODS[1])
    totals = outcomes(since=timezone.now() - timedelta(days=days))
    ways = [(way, WAYS[way.way]) for way in totals.ways]
    context = {
        "days": days,
        "periods": PERIODS,
        "totals": totals,
        "ways": ways,
        "bar": bar(totals.unhappy),
        "share": round(100 * totals.helped.good / totals.helped.told) if totals.helped.told else None,
        "half": span_words(totals.speed.half),
        "most": span_words(totals.speed.most),
        "ends": WORDS.items(),
    }
    return render(request, "observatory/outcomes.html", context)


def bar(ends: Ends) -> list[Piece]:
    """Lay out one bar: its pieces side by side, as wide together as the drawing."""
    pieces, x = [], 0
    for end in ENDS:
        count = getattr(ends, end)
        width = round(BAR_WIDTH * count / ends.total) if ends.total else 0
        pieces.append(Piece(end, str(WORDS[end]), count, x, width))
        x += width
    return pieces


def span_words(span: timedelta | None) -> str:
    """Say a length of time in its largest unit that tells enough."""
    if span is None:
        return DASH
    minutes = span.total_seconds() / 60
    if minutes < 90:  # noqa: PLR2004 - minutes say enough up to an hour and a half
        return _("%(count)d min") % {"count": round(minutes)}
    if minutes < 36 * 60:
        return _("%(count)d h") % {"count": round(minutes / 60)}
    days = round(minutes / 1440)
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
