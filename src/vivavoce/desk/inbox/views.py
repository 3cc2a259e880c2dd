"""The inbox's pages: who waits, one conversation, what was overheard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vivavoce.desk.inbox import queries, scene, services
from vivavoce.desk.inbox.models import Conversation, Person, Post
from vivavoce.desk.inbox.places import Place
from vivavoce.desk.replies import erasure
from vivavoce.desk.replies.counting import count_for
from vivavoce.desk.replies.queries import answer_last, draft_of
from vivavoce.desk.replies.window import window_of
from vivavoce.desk.team.models import Teammate
from vivavoce.errors import BadInputError, RefusedError

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """Show who waits; with ``shown``, show those rows again as they are now, and how many are new."""
    teammate, now = _me(request), timezone.now()
    scope = request.GET.get("scope", "all")
    scope = scope if scope in queries.SCOPES else "all"
    after, last = (Place.parse(request.GET.get(name, "")) for name in ("after", "last"))
    context: dict[str, object] = {"scope": scope, "after": after, "last": last}
    if "shown" in request.GET:
        shown = _numbers(request.GET["shown"])
        rows = queries.rows_again(teammate, shown, now=now)
        context["new"] = queries.new_count(teammate, shown, scope=scope, after=after, last=last)
    else:
        page = queries.queue_page(teammate, now=now, scope=scope, after=after)
        rows, context["last"] = page.rows, page.last
    context |= {
        "rows": rows,
        "counts": queries.waiting_counts(teammate, now=now),
        "accounts": queries.accounts_heard(),
        "others": queries.first_waiting(teammate) if scope != "all" and not rows else False,
    }
    part = "inbox/_waiting_part.html" if request.headers.get("X-Live") else "inbox/waiting.html"
    return render(request, part, context)


@require_GET
def conversation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one conversation: the thread, its reading, the person, and where to answer."""
    teammate, now = _me(request), timezone.now()
    found = get_object_or_404(
        Conversation.objects.select_related("account", "person__assignee", "person__due_post").prefetch_related(
            "person__handles"
        ),
        pk=pk,
    )
    last = answer_last(found)
    context = {
        "scene": scene.conversation_scene(found, teammate, now=now),
        "conversation": found,
        "person": found.person,
        "draft": draft_of(conversation=found, teammate=teammate),
        "count": count_for(found.account),
        "answer": last,
        "window": window_of(request.session, teammate=teammate, now=now),
        "next": queries.next_for(teammate, now=now, but=found.person_id) if last or not found.person.waiting else None,
    }
    return render(request, "inbox/conversation.html", context)


@require_GET
def alarm(request: HttpRequest) -> HttpResponse:
    """Show who is in danger, as it stands at the head of every page."""
    return render(request, "inbox/_alarm_part.html")


@require_GET
def overheard(request: HttpRequest) -> HttpResponse:
    """Show public posts with watched words, which wait for nobody until somebody takes them."""
    before = request.GET.get("before", "")
    posts, following = queries.overheard(before=int(before) if _is_number(before) else None)
    return render(request, "inbox/overheard.html", {"posts": posts, "following": following})


@require_POST
def post_take(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a conversation of an overheard post."""
    post = get_object_or_404(Post.objects.select_related("author", "account"), pk=pk)
    try:
        taken = services.take(post=post, teammate=_me(request), now=timezone.now())
    except BadInputError as error:
        messages.error(request, str(error))
        return redirect("overheard")
    return redirect("conversation", pk=taken.pk)


@require_POST
def set_aside(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a conversation needs no answer."""
    found = get_object_or_404(Conversation, pk=pk)
    services.set_aside(conversation=found, teammate=_me(request), now=timezone.now())
    return redirect("conversation", pk=pk)


@require_POST
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a person to a teammate, oneself as a rule, or to nobody."""
    person, me = get_object_or_404(Person, pk=pk), _me(request)
    chosen = request.POST.get("to", "me")
    to = me if chosen == "me" else None
    if _is_number(chosen):
        to = get_object_or_404(Teammate, pk=int(chosen), is_active=True)
    services.assign(person=person, to=to, teammate=me, now=timezone.now())
    return HttpResponseRedirect(_back(request))


@require_http_methods(["GET", "POST"])
def person_erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether to erase a person, and do it."""
    person = get_object_or_404(Person, pk=pk)
    latest = person.conversations.order_by("-last_at").first()
    back = reverse("conversation", args=[latest.pk]) if latest else reverse("waiting")
    if request.method == "POST":
        try:
            erasure.person_erase(person=person, teammate=_me(request), now=timezone.now())
        except RefusedError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Erased. Nothing of what was said is kept."))
        return HttpResponseRedirect(back)
    return render(request, "inbox/person_erase.html", {"person": person, "back": back})


@require_POST
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a label of a post should have been."""
    post = get_object_or_404(Post.objects.select_related("author", "conversation__person", "reading"), pk=pk)
    label, value = request.POST.get("label", ""), request.POST.get("value", "")
    try:
        services.correct(post=post, label=label, value=value, teammate=_me(request), now=timezone.now())
    except BadInputError as error:
        messages.error(request, str(error))
    if not request.headers.get("HX-Request") or post.conversation is None:
        return HttpResponseRedirect(_back(request, anchor=f"post-{pk}"))
    fresh = Post.objects.select_related("author", "reading", "conversation__person").get(pk=pk)
    return render(request, "inbox/_reading.html", {"shown": scene.shown_post(fresh), "corrected": label})


def _me(request: HttpRequest) -> Teammate:
    assert isinstance(request.user, Teammate)  # noqa: S101 # LoginRequiredMiddleware stands before every view
    return request.user


def _back(request: HttpRequest, *, anchor: str = "") -> str:
    """Return where the form stood, if that is a page of ours."""
    address = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}):
        address = reverse("waiting")
    return f"{address}#{anchor}" if anchor else address


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18  # noqa: PLR2004 - what a database's integer holds


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")[: queries.SHOWN_MAX] if _is_number(part)]
