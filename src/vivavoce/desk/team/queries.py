"""Who is there, and by which rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator

from vivavoce.desk.inbox.models import Account
from vivavoce.desk.team.models import Rule, Teammate

if TYPE_CHECKING:
    from django.db.models import QuerySet


def teammates() -> QuerySet[Teammate]:
    """Return all teammates, those who can sign in first."""
    return Teammate.objects.order_by("-is_active", "username")


def rule() -> Rule:
    """Return the team's rule; its defaults when nobody has changed it."""
    return Rule.objects.filter(pk=1).first() or Rule(pk=1)


def accounts() -> QuerySet[Account]:
    """Return the connected accounts, those with a problem first."""
    return Account.objects.filter(active=True).order_by("-problem", "network", "handle")


def can_sign_in(teammate: Teammate) -> bool:
    """Tell whether a teammate has a password or a passkey of their own."""
    passkeys = Authenticator.objects.filter(user=teammate, type=Authenticator.Type.WEBAUTHN)
    return teammate.has_usable_password() or passkeys.exists()
