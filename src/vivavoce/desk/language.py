"""Each page in its reader's language, and in the team's time."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from vivavoce.desk.team.models import Teammate
from vivavoce.desk.team.queries import rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

    Answer = Callable[[HttpRequest], HttpResponseBase]


def teammates_own(get_response: Answer) -> Answer:
    """Speak the language that a teammate has chosen, and tell times by the team's clock."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not isinstance(request.user, Teammate):
            return get_response(request)
        if request.user.language in dict(settings.LANGUAGES):
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = request.user.language
        try:
            zone = ZoneInfo(rule().time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            zone = ZoneInfo("UTC")
        with timezone.override(zone):
            return get_response(request)

    return middleware


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponseBase:
    """Keep the language that somebody chose: with the teammate, and in the browser for the sign-in page."""
    chosen = request.POST.get("language", "")
    address = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}):
        address = reverse("waiting")
    response = HttpResponseRedirect(address)
    if chosen in dict(settings.LANGUAGES):
        if isinstance(request.user, Teammate):
            Teammate.objects.filter(pk=request.user.pk).update(language=chosen)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 24 * 3600, secure=settings.SECURE, samesite="Lax"
        )
    return response
