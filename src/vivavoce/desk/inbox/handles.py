"""Handles and the people behind them: found, made and kept up to date for many posts at once."""

from __future__ import annotations

import hmac
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from vivavoce.desk.inbox.bulk import insert_rows
from vivavoce.desk.inbox.models import Handle, Person

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from vivavoce.posts import Author

SALT = "vivavoce erased handle 1"

SHOWN = ("handle", "name", "avatar_url", "says_automated")
"""What an author may change; the identifier never changes."""


def erased_remote_id(network: str, remote_id: str) -> str:
    """Return what stands for a handle's identifier once its person is erased: 64 characters.

    A keyed hash, so that the person is recognised when they write again, and nobody without the desk's secret key can
    tell who it was. Another key recognises nobody: the key is kept with the data.
    """
    return hmac.digest(_key(settings.SECRET_KEY), f"{network}\n{remote_id}".encode(), "sha256").hex()


@lru_cache(maxsize=2)
def _key(secret: str) -> bytes:
    """Return the key of the hashes alone, so that no other use of the desk's key meets it."""
    return hmac.digest(secret.encode(), SALT.encode(), "sha256")


def handles_for(network: str, authors: Iterable[Author], *, now: datetime) -> dict[str, Handle | None]:
    """Return the handle of each author by the network's identifier; ``None`` for a person who was erased.

    Unknown authors become new people. What a handle shows follows what its author says last. Three statements, and
    three more when there is something new.
    """
    latest = {author.id: author for author in authors}
    names = list(latest)
    hashes = {erased_remote_id(network, name): name for name in names}
    stored = Handle.objects.filter(network=network, remote_id__in=[*names, *hashes])
    found: dict[str, Handle | None] = {}
    for handle in stored:
        if handle.remote_id in latest:
            found[handle.remote_id] = handle
        else:
            found[hashes[handle.remote_id]] = None
    _follow(handle for handle in found.values() if handle is not None and _differs(handle, latest[handle.remote_id]))
    missing = [latest[name] for name in names if name not in found]
    return found | {handle.remote_id: handle for handle in _new(network, missing, now=now)}


def _differs(handle: Handle, author: Author) -> bool:
    """Set on a handle what its author shows now; say whether that is something else."""
    before = [getattr(handle, name) for name in SHOWN]
    for name in SHOWN:
        setattr(handle, name, getattr(author, name))
    return before != [getattr(handle, name) for name in SHOWN]


def _follow(changed: Iterable[Handle]) -> None:
    Handle.objects.bulk_update(list(changed), SHOWN)


def _new(network: str, authors: Sequence[Author], *, now: datetime) -> list[Handle]:
    """Make one person and one handle for each author, in the order of their identifiers."""
    ordered = sorted(authors, key=lambda author: author.id)
    people = insert_rows(Person, [Person(name=author.name or author.handle, created_at=now) for author in ordered])
    return insert_rows(
        Handle,
        [
            Handle(
                person=person,
                network=network,
                remote_id=author.id,
                **{name: getattr(author, name) for name in SHOWN},
            )
            for person, author in zip(people, ordered, strict=True)
        ],
    )
