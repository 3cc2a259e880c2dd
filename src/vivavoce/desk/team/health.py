"""How the desk fares, for machines: ``/healthz`` in JSON, ``/metrics`` for Prometheus. Counts only, nobody's words."""

from __future__ import annotations

import hmac
import os
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpResponse, HttpResponseForbidden, JsonResponse
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from vivavoce import __version__
from vivavoce.desk.inbox.models import Account, Conversation, Lane, Person, Post
from vivavoce.desk.replies.models import Reply

if TYPE_CHECKING:
    from django.http import HttpRequest

OUTBOX = (Reply.State.QUEUED, Reply.State.SENDING, Reply.State.UNKNOWN)


def state() -> dict[str, Any]:
    """Return version, database, and how many posts, conversations, people waiting, in danger, replies, networks."""
    accounts = Account.objects.filter(active=True)
    return {
        "status": "ok",
        "version": __version__,
        "database": connection.vendor,
        "posts": Post.objects.count(),
        "conversations": Conversation.objects.count(),
        "waiting": Person.objects.filter(waiting=True).count(),
        "danger": Person.objects.filter(waiting=True, lane=Lane.DANGER).count(),
        "outbox": Reply.objects.filter(state__in=OUTBOX).count(),
        "networks": [
            {
                "network": account.network,
                "handle": account.handle,
                "heard_at": account.heard_at.isoformat() if account.heard_at else None,
                "problem": account.problem or None,
            }
            for account in accounts.order_by("network", "handle")
        ],
    }


@login_not_required
@require_GET
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 with the state, or 503 when the database does not answer."""
    try:
        return JsonResponse(state())
    except DatabaseError:
        return JsonResponse({"status": "the database does not answer", "version": __version__}, status=503)


@login_not_required
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus, on this machine or with the token of ``VIVAVOCE_METRICS_TOKEN``."""
    token = os.environ.get("VIVAVOCE_METRICS_TOKEN", "")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    local = not token and request.META.get("REMOTE_ADDR") in {"127.0.0.1", "::1"}
    if not local and not (token and hmac.compare_digest(token.encode(), given.encode())):
        return HttpResponseForbidden("Set VIVAVOCE_METRICS_TOKEN and send it as a bearer token.\n")
    collected = CollectorRegistry()
    now = state()
    for name in ("posts", "conversations", "waiting", "danger", "outbox"):
        Gauge(f"vivavoce_{name}", f"How many {name}, as in /healthz.", registry=collected).set(now[name])
    problems = sum(1 for network in now["networks"] if network["problem"])
    Gauge("vivavoce_network_problems", "Connected accounts with a problem.", registry=collected).set(problems)
    return HttpResponse(generate_latest(collected), content_type=CONTENT_TYPE_LATEST)
