"""The ledger's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from vivavoce.desk.team.models import Teammate
from vivavoce.desk.transparency import queries, services
from vivavoce.desk.transparency.models import LedgerEntry
from vivavoce.desk.transparency.words import PARTS
from vivavoce.errors import BadInputError

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

DIGITS_MAX = 18
"""What a database's integer holds."""


@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    """Show every act of the machine, and of teammates upon it, newest first."""
    part = request.GET.get("part", "")
    lines, following = queries.ledger_page(
        before=_number(request.GET.get("before", "")), part=part, person=_number(request.GET.get("person", ""))
    )
    context = {"lines": lines, "following": following, "part": part, "parts": PARTS.items()}
    return render(request, "transparency/ledger.html", context)


@require_POST
def ledger_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo one act."""
    entry = get_object_or_404(LedgerEntry, pk=pk)
    assert isinstance(request.user, Teammate)  # noqa: S101 # LoginRequiredMiddleware stands before every view
    try:
        services.undo(entry=entry, teammate=request.user, now=timezone.now())
    except BadInputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Undone."))
    address = request.POST.get("next", "")
    known = url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(address if known else reverse("ledger"))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX else None
