"""One-time links: they sign a teammate in once, to enrol a passkey or a password."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from vivavoce.desk.team.models import OneTimeLink, Teammate

if TYPE_CHECKING:
    from datetime import datetime

LINK_HOURS_MAX = 24
"""An invitation is opened the same day, or made anew."""

FIRST_TEAMMATE = "host"
"""Who starts the desk is its first teammate, under a name to be changed on the first page."""


def link_for(*, teammate: Teammate, now: datetime) -> str:
    """Make a new one-time link for a teammate; older unused ones stop working."""
    token = secrets.token_urlsafe(24)
    with transaction.atomic():
        OneTimeLink.objects.filter(teammate=teammate, used_at=None).delete()
        OneTimeLink.objects.create(
            teammate=teammate, token_sha256=_hash(token), expires_at=now + timedelta(hours=LINK_HOURS_MAX)
        )
    return f"{settings.PUBLIC_URL}/welcome/{token}"


def first_link(*, now: datetime) -> str:
    """Return a link for the first teammate, who is made if nobody is there yet."""
    first = Teammate.objects.filter(is_active=True, is_superuser=True).order_by("pk").first()
    if first is None:
        first = Teammate.objects.create_superuser(username=FIRST_TEAMMATE)
        first.set_unusable_password()
        first.save()
    return link_for(teammate=first, now=now)


def link_use(*, token: str, now: datetime) -> Teammate | None:
    """Use a link up and return whom it signs in; None when it is unknown, used or too old."""
    fresh = OneTimeLink.objects.filter(token_sha256=_hash(token), used_at=None, expires_at__gt=now)
    if not fresh.update(used_at=now):
        return None
    teammate = OneTimeLink.objects.select_related("teammate").get(token_sha256=_hash(token)).teammate
    return teammate if teammate.is_active else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
