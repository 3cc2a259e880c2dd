"""What the desk's pages say of times and people."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django import template
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext, pgettext_lazy
from django.utils.translation import gettext as _

from vivavoce.desk.inbox import queries
from vivavoce.desk.inbox.reasons import due_words
from vivavoce.desk.inbox.words import network_words, said_words
from vivavoce.desk.team.models import Teammate

if TYPE_CHECKING:
    from django.template import RequestContext

register = template.Library()

STATES = {
    "queued": pgettext_lazy("reply", "Waits to leave"),
    "sending": pgettext_lazy("reply", "Is being sent"),
    "sent": pgettext_lazy("reply", "Sent"),
    "failed": pgettext_lazy("reply", "Not sent"),
    "unknown": pgettext_lazy("reply", "Unknown whether it arrived"),
    "returned": pgettext_lazy("reply", "Came back to its author"),
}
KINDS = {
    "proved": pgettext_lazy("presence", "proved"),
    "signed_in": pgettext_lazy("presence", "signed in"),
}
FELT = {
    "negative": pgettext_lazy("felt", "unhappy"),
    "neutral": pgettext_lazy("felt", "neutral"),
    "positive": pgettext_lazy("felt", "good"),
    "unsure": pgettext_lazy("felt", "unsure"),
}

DASH = "\N{EN DASH}"
HOUR_MIN = 60
DAY_MIN = 24 * 60
MINUTES_SHOWN_MAX = 90
HOURS_SHOWN_MAX = 36

ROWS_KEPT_MAX = 500
"""Rendered rows: some pages in two languages, about a megabyte."""


@register.filter
def due(at: datetime) -> str:
    """Say in how long something is due, or since when."""
    return due_words(at, now=datetime.now(UTC))


@register.simple_tag
def queue_row(row: queries.Row, *, lead: bool) -> str:
    """Show one row of the queue. Twenty open screens fetch the same rows: each is rendered once."""
    return _row_html(row, lead, get_language(), timezone.get_current_timezone_name(), due(row.due_at))


@lru_cache(maxsize=ROWS_KEPT_MAX)
def _row_html(row: queries.Row, lead: bool, _language: str | None, _zone: str, _due: str) -> str:  # noqa: FBT001
    """Render a row; the last three are all else that its words depend on."""
    return render_to_string("inbox/_row.html", {"row": row, "lead": lead})


@register.filter
def ago(at: datetime | None) -> str:
    """Say how long ago something was."""
    if at is None:
        return ""
    minutes = int((datetime.now(UTC) - at).total_seconds() // 60)
    if minutes < 1:
        return _("just now")
    if minutes <= MINUTES_SHOWN_MAX:
        return _("%(count)d min ago") % {"count": minutes}
    if minutes <= HOURS_SHOWN_MAX * HOUR_MIN:
        return _("%(count)d h ago") % {"count": round(minutes / HOUR_MIN)}
    days = round(minutes / DAY_MIN)
    return ngettext("%(count)d day ago", "%(count)d days ago", days) % {"count": days}


@register.filter
def network(name: str) -> str:
    """Write a network's name."""
    return network_words(name)


@register.filter
def said(value: str | None, name: str) -> str:
    """Put a label's value into words where there is no room for doubts: what says little says nothing."""
    return said_words(name, value or "")


@register.filter
def reply_state(value: str) -> str:
    """Say how a reply fares."""
    return str(STATES.get(value, value))


@register.filter
def presence_kind(value: str) -> str:
    """Say how somebody showed to be there."""
    return str(KINDS.get(value, value))


@register.filter
def felt(value: str) -> str:
    """Say how a person felt."""
    return str(FELT.get(value, value)) if value else DASH


@register.filter
def monogram(name: str) -> str:
    """Return the first letter of a name, for want of a face."""
    return next((char.upper() for char in name if char.isalnum()), "·")


@register.filter
def is_control(field: Any) -> str:  # noqa: ANN401 # a bound field
    """Return the kind of a form's field: ``check``, ``choices`` or ``line``."""
    kind = getattr(field.field.widget, "input_type", "")
    if kind == "checkbox" and not hasattr(field.field, "choices"):
        return "check"
    return "choices" if kind == "radio" else "line"


@register.simple_tag
def url_if(name: str) -> str:
    """Return the address of a page, or nothing where the desk has no such page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def here(context: RequestContext, *names: str) -> bool:
    """Tell whether the page shown is one of these."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    return bool(match and match.url_name in names)


@register.simple_tag
def language_now() -> str:
    """Return the page's language."""
    return (get_language() or "en")[:2]


@register.inclusion_tag("inbox/_alarm.html", takes_context=True)
def alarm(context: RequestContext) -> dict[str, object]:
    """Show who is in danger, to whoever is on duty."""
    user = getattr(context.get("request"), "user", None)
    if not isinstance(user, Teammate) or not user.on_duty:
        return {"people": []}
    people, count = queries.in_danger()
    return {"people": people, "count": count}


@register.simple_tag
def url_if_pk(name: str, pk: object) -> str:
    """Return the address of one thing's page, or nothing where the desk has no such page."""
    try:
        return reverse(name, args=[pk])
    except NoReverseMatch:
        return ""
