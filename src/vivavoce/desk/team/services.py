"""What changes the team: teammates and the rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from vivavoce.desk.inbox.services import rule_changed
from vivavoce.desk.live.services import touch
from vivavoce.desk.team.models import Rule, Teammate
from vivavoce.desk.transparency.models import LedgerEntry
from vivavoce.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


def teammate_add(*, username: str, name: str = "", email: str = "", admin: bool = False) -> Teammate:
    """Add a teammate without any way to sign in; give them a one-time link.

    Raises:
        BadInputError: the username is taken or not allowed.
    """
    if Teammate.objects.filter(username__iexact=username).exists():  # signing in minds no capitals
        raise BadInputError(_("Somebody signs in with this name already; choose another."))
    teammate = Teammate(username=username, email=email, is_superuser=admin, is_staff=admin)
    teammate.first_name, _space, teammate.last_name = name.strip().partition(" ")
    teammate.set_unusable_password()
    try:
        teammate.full_clean(exclude=["password"])
    except ValidationError as error:
        raise BadInputError(" ".join(error.messages)) from error
    teammate.save()
    return teammate


def teammate_close(*, teammate: Teammate) -> None:
    """Let a teammate sign in no more, from this moment."""
    teammate.is_active = False
    teammate.set_unusable_password()
    teammate.save(update_fields=["is_active", "password"])


def teammate_reset(*, teammate: Teammate, now: datetime) -> None:
    """Take away every way to sign in, for somebody who lost theirs; a one-time link then leads to new ones.

    Said in the shell only, and told in the ledger: whoever can do this could come back as somebody else.
    """
    with transaction.atomic():
        Authenticator.objects.filter(user=teammate).delete()
        teammate.set_unusable_password()
        teammate.save(update_fields=["password"])
        LedgerEntry.objects.create(at=now, part="teammate", act="reset", after={"teammate": teammate.username})


def profile_save(*, teammate: Teammate, name: str, language: str, on_duty: bool) -> None:
    """Keep how a teammate is called, reads and is alerted."""
    teammate.first_name, _space, teammate.last_name = name.strip().partition(" ")
    teammate.language = language
    teammate.on_duty = on_duty
    teammate.save(update_fields=["first_name", "last_name", "language", "on_duty"])


def rule_save(*, values: Mapping[str, Any]) -> Rule:
    """Change the team's rule, and every due time that it moves, in one transaction.

    Args:
        values: fields of ``Rule`` to their new values.
    """
    with transaction.atomic():
        rule, _new = Rule.objects.update_or_create(pk=1, defaults=dict(values))
        rule_changed(rule=rule)
        touch("queue")
    return rule
