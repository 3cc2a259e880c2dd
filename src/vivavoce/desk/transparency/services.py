"""Undoing what the ledger says was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from vivavoce.desk.inbox import services
from vivavoce.desk.team.models import Teammate
from vivavoce.desk.transparency.models import LedgerEntry
from vivavoce.errors import BadInputError

if TYPE_CHECKING:
    from datetime import datetime


def can_undo(entry: LedgerEntry) -> bool:
    """Tell whether an entry can be undone by a click: what teammates did to the machine's order."""
    if entry.undone_at is not None:
        return False
    if entry.act == "corrected":
        return entry.post_id is not None and all(
            value in services.CHOICES.get(label, ()) for label, value in (entry.before or {}).items()
        )
    return entry.act in {"set_aside", "assigned"} and entry.person_id is not None


def undo(*, entry: LedgerEntry, teammate: Teammate, now: datetime) -> None:
    """Undo an entry; undone twice changes nothing.

    Raises:
        BadInputError: it cannot be undone.
    """
    if entry.act == "set_aside":
        services.set_aside_undo(entry=entry, teammate=teammate, now=now)
        return
    with transaction.atomic():
        locked = LedgerEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
        if locked.undone_at is not None:
            return
        if not can_undo(locked):
            raise BadInputError(_("This cannot be undone."))
        if locked.act == "corrected" and locked.post is not None:
            for label, value in (locked.before or {}).items():
                services.correct(post=locked.post, label=label, value=value, teammate=teammate, now=now)
        elif locked.person is not None:
            was = Teammate.objects.filter(pk=(locked.before or {}).get("to") or 0, is_active=True).first()
            services.assign(person=locked.person, to=was, teammate=teammate, now=now)
        locked.undone_at, locked.undone_by = now, teammate
        locked.save(update_fields=["undone_at", "undone_by"])
