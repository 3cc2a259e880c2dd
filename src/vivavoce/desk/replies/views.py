"""Thin views: parse, call one service or query, answer. No address but ``reply-send`` leads to a reply."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from allauth.core import ratelimit
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vivavoce.desk.inbox.models import Conversation
from vivavoce.desk.replies import queries, services
from vivavoce.desk.replies.evidence import wording
from vivavoce.desk.replies.models import Reply
from vivavoce.desk.replies.presence import PasskeyAnswer, Shown, challenge_give
from vivavoce.desk.replies.window import confirmed_by, methods_of, window_of, window_open
from vivavoce.errors import BadInputError, RefusedError, VivaVoceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from vivavoce.desk.team.models import Teammate

ASSERTION_CHARACTERS_MAX = 20_000
"""A passkey's answer has about a thousand."""

PASSWORD_CHARACTERS_MAX = 4_096
"""Longer than any that a person keeps; hashing takes time by design."""

FRESH_SIGN_IN = "prompt=login&max_age=0"
"""Asks the identity provider to ask the person (OpenID Connect Core 1.0, 3.1.2.1)."""


@require_POST
def challenge(request: HttpRequest, pk: int) -> JsonResponse:
    """Give a nonce and the browser's WebAuthn options for the words of the form field ``text``."""
    conversation, teammate, now = _conversation(pk), _me(request), timezone.now()
    text = wording(request.POST.get("text", ""))
    try:
        services.wording_check(conversation=conversation, text=text)
    except VivaVoceError as error:
        return JsonResponse({"error": str(error)}, status=422)
    given = challenge_give(conversation=conversation, teammate=teammate, text=text, now=now)
    given["signed_in"] = window_of(request.session, teammate=teammate, now=now) is not None
    return JsonResponse(given)


@require_http_methods(["GET", "POST"])
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Let words leave, with a passkey's answer over them or an open window; without either they stay a draft."""
    conversation, teammate, now = _conversation(pk), _me(request), timezone.now()
    if request.method == "GET":
        return _see_other(_to(conversation))  # whose session ended while writing comes back here from the sign-in
    text, token = request.POST.get("text", ""), f"answer_seen:{pk}"
    try:
        shown = _shown(request, teammate)
        if shown is None:
            services.draft_save(conversation=conversation, teammate=teammate, text=text, now=now)
            back = urlencode({"next": _to(conversation)})
            return _see_other(f"{reverse('presence-confirm')}?{back}")
        seen = request.POST.get("seen") or request.session.pop(token, "")
        services.reply_send(
            conversation=conversation, teammate=teammate, text=text, presence=shown, now=now, seen=str(seen)
        )
    except VivaVoceError as error:
        if isinstance(error, services.AnsweredMeanwhileError):
            request.session[token] = error.token  # it is shown next; sent once more, it is meant
        messages.error(request, str(error))
        _keep(conversation, teammate, text)
    else:
        messages.success(request, _("On its way."))
    return _see_other(_to(conversation))


@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what is written so far."""
    conversation, text = _conversation(pk), request.POST.get("text", "")
    try:
        services.draft_save(conversation=conversation, teammate=_me(request), text=text, now=timezone.now())
    except BadInputError as error:
        return HttpResponse(str(error), status=422, content_type="text/plain; charset=utf-8")
    return HttpResponse(status=204)


@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask a teammate to show that they are there, by password or code, and open the window."""
    teammate, now = _me(request), timezone.now()
    onward = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(onward, allowed_hosts=None):
        onward = reverse("waiting")
    error, status = "", 200
    if request.method == "POST":
        if not ratelimit.consume(request, action="reauthenticate", user=teammate):
            error, status = _("Too many tries. Wait a minute, then try again."), 429
        elif method := _confirmed(request, teammate):
            window_open(request.session, teammate=teammate, method=method, now=now)
            if onward.startswith("/conversations/"):
                messages.success(request, _("You are here. Your words have not left yet: press Send."))
            return _see_other(onward)
        else:
            error, status = _("That is not right. Try again."), 422
    context = {
        "methods": methods_of(teammate),
        "next": onward,
        "error": error,
        "window": window_of(request.session, teammate=teammate, now=now),
        "sso_url": _single_sign_on(teammate, onward),
    }
    return render(request, "replies/presence.html", context, status=status)


@require_POST
def withdraw(request: HttpRequest, pk: str) -> HttpResponse:
    """Take a reply back before it leaves."""
    reply, teammate = _reply(pk), _me(request)
    done = partial(services.reply_withdraw, reply=reply, teammate=teammate, now=timezone.now())
    return _told(request, done, _("Taken back. Your words are in the draft."), _to(reply.conversation))


@require_POST
def edit(request: HttpRequest, pk: str) -> HttpResponse:
    """Take up the words of a reply that failed or came back."""
    reply, teammate = _reply(pk), _me(request)
    done = partial(services.reply_edit, reply=reply, teammate=teammate, now=timezone.now())
    return _told(request, done, _("Your words are in the draft."), _to(reply.conversation))


@require_POST
def decide(request: HttpRequest, pk: str) -> HttpResponse:
    """Take a teammate's word for whether a reply is there (``decision`` = ``there``) or may go again (``again``)."""
    reply, teammate, decision = _reply(pk), _me(request), request.POST.get("decision", "")
    if decision not in ("there", "again"):
        return HttpResponse(_("Say whether it is there, or to be sent again."), status=422)
    said = cast("services.Decision", decision)
    done = partial(services.reply_decide, reply=reply, teammate=teammate, decision=said, now=timezone.now())
    return _told(request, done, _("Noted."), reverse("outbox"))


@require_GET
def outbox(request: HttpRequest) -> HttpResponse:
    """Show the replies that are not simply sent, and what to do."""
    return render(request, "replies/outbox.html", {"outbox": queries.outbox_for(_me(request))})


def _me(request: HttpRequest) -> Teammate:
    return cast("Teammate", request.user)  # LoginRequiredMiddleware lets nobody else in


def _conversation(pk: int) -> Conversation:
    return get_object_or_404(Conversation.objects.select_related("person", "account"), pk=pk)


def _reply(pk: str) -> Reply:
    return get_object_or_404(Reply.objects.select_related("conversation__person", "teammate"), pk=pk)


def _to(conversation: Conversation) -> str:
    return reverse("conversation", args=[conversation.pk])


def _see_other(url: str) -> HttpResponseRedirect:
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


def _shown(request: HttpRequest, teammate: Teammate) -> Shown | None:
    """Return what the form shows of a teammate's presence: a passkey's answer, or else the session's window."""
    assertion = request.POST.get("assertion", "")
    if not assertion:
        return window_of(request.session, teammate=teammate, now=timezone.now())
    if len(assertion) > ASSERTION_CHARACTERS_MAX:
        raise RefusedError(_("The passkey's answer cannot be read. Sign once more."))
    try:
        parsed: Any = json.loads(assertion)
    except (ValueError, RecursionError) as error:
        raise RefusedError(_("The passkey's answer cannot be read. Sign once more.")) from error
    return PasskeyAnswer(nonce=request.POST.get("nonce", "")[:64], assertion=parsed)


def _keep(conversation: Conversation, teammate: Teammate, text: str) -> None:
    try:
        services.draft_save(conversation=conversation, teammate=teammate, text=text, now=timezone.now())
    except BadInputError:
        return  # the message said so already


def _confirmed(request: HttpRequest, teammate: Teammate) -> str:
    password, code = request.POST.get("password", ""), request.POST.get("code", "").strip()
    if len(password) > PASSWORD_CHARACTERS_MAX or len(code) > PASSWORD_CHARACTERS_MAX:
        return ""
    return confirmed_by(teammate, password=password, code=code)


def _single_sign_on(teammate: Teammate, onward: str) -> str:
    """Return the address of a fresh sign-in at the team's identity provider; empty without one."""
    known = SocialAccount.objects.filter(user=teammate).exists()
    if not known or "openid_connect" not in settings.SOCIALACCOUNT_PROVIDERS:
        return ""
    asked = urlencode({"process": "login", "next": onward, "auth_params": FRESH_SIGN_IN})
    return f"{reverse('openid_connect_login', args=['sso'])}?{asked}"


def _told(request: HttpRequest, act: Callable[[], None], done: str, url: str) -> HttpResponse:
    """Do one act and say how it went."""
    try:
        act()
    except VivaVoceError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return _see_other(url)
