"""Leases on rows: one owner at a time, by conditional update, so that any number of processes may run.

A leased row has ``lease_owner`` and ``lease_until``. An owner renews while it lives; a lease that ran out, or whose
owner died on this machine, is free for the next.
"""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from django.db.models import Model, QuerySet

LEASE_S = 20
"""Longer than a busy machine forgets a process, shorter than a person waits when another machine dies."""

RENEW_S = 5
"""Renewing so often, three renewals may fail before a lease is lost."""


def owner_new() -> str:
    """Return a name for this process as an owner: its machine, its pid, and a random part. At most 64 characters."""
    return f"{_machine()}:{os.getpid()}:{secrets.token_hex(6)}"


def owner_is_dead(owner: str) -> bool:
    """Say whether an owner was a process of this machine that runs no more; ``False`` when nobody can tell."""
    machine, _colon, rest = owner.partition(":")
    pid = rest.partition(":")[0]
    if machine != _machine() or not pid.isdigit():
        return False
    with suppress(PermissionError):
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
    return False


def lease_claim(rows: QuerySet[Any], pk: object, *, owner: str, now: datetime) -> bool:
    """Take the lease of one row, if it is free; of several owners who try, one has it."""
    found = rows.filter(pk=pk).values_list("lease_owner", "lease_until").first()
    if found is None:
        return False
    holder, until = found
    free = not holder or until is None or until <= now or owner_is_dead(holder)
    if not free:
        return False
    claimed = rows.filter(pk=pk, lease_owner=holder, lease_until=until)
    return bool(claimed.update(lease_owner=owner, lease_until=now + timedelta(seconds=LEASE_S)))


def leases_renew(model: type[Model], pks: Collection[object], *, owner: str, now: datetime) -> set[Any]:
    """Renew an owner's leases and return the rows that it still holds."""
    if not pks:
        return set()
    held = model._default_manager.filter(pk__in=pks, lease_owner=owner)  # noqa: SLF001 - Django's documented name
    held.update(lease_until=now + timedelta(seconds=LEASE_S))
    return set(held.values_list("pk", flat=True))


def lease_release(model: type[Model], pk: object, *, owner: str) -> None:
    """Give a row's lease back at once, if the owner still holds it."""
    held = model._default_manager.filter(pk=pk, lease_owner=owner)  # noqa: SLF001 - Django's documented name
    held.update(lease_owner="", lease_until=None)


def _machine() -> str:
    """Return a short name for this machine and its space of pids: a container may share its host's name."""
    space = ""
    with suppress(OSError):
        space = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(f"{platform.node()} {space}".encode()).hexdigest()[:12]
