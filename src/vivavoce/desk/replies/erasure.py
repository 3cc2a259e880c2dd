"""Erasing a person or a teammate: words, names, evidence and keys go; pseudonyms, places and the chain's links stay.

What this cannot reach: copies on the networks themselves, backups, and on PostgreSQL the dead rows until the next
vacuum. Where somebody else's post names the erased person's thread, the thread's address on the network stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from vivavoce.desk.inbox.handles import erased_remote_id
from vivavoce.desk.inbox.models import Conversation, Handle, Person, Post, Reading
from vivavoce.desk.inbox.queue import lock_people, places_set
from vivavoce.desk.live.services import touch
from vivavoce.desk.replies import chain
from vivavoce.desk.replies.models import Challenge, CommitmentKey, Draft, Presence, Reply
from vivavoce.desk.replies.outbox import MOVING
from vivavoce.desk.replies.problems import Problem
from vivavoce.desk.team.models import OneTimeLink
from vivavoce.desk.transparency.models import LedgerEntry
from vivavoce.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from vivavoce.desk.team.models import Teammate

ROWS_AT_ONCE = 500
"""Posts renamed in one statement; a person may have written for years."""

NAMES = ("remote_id", "reply_to", "root", "root_version", "version", "url")
EMPTIED = ("text", "links", "media", "languages", "waits")


def person_erase(*, person: Person, teammate: Teammate, now: datetime) -> None:
    """Erase all that a person wrote, was answered and is called by, in one transaction; a second time does nothing.

    Raises:
        RefusedError: a reply to them is leaving right now.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")  # overwrite what is freed, instead of leaving it in the file
    with transaction.atomic():
        before = lock_people([person.pk])
        person = Person.objects.get(pk=person.pk)
        if person.erased_at is not None:
            return
        conversations = list(Conversation.objects.filter(person=person).values_list("pk", flat=True))
        _replies(person, now=now)
        _posts(person)
        _names(person, now=now)
        chain.erasure_link(person, at=now)
        topics = places_set(before, part="teammate", teammate=teammate, now=now, left="erased")
        LedgerEntry.objects.create(at=now, part="teammate", teammate=teammate, act="erased", person=person)
        touch(*topics, "queue", "outbox", *(f"conversation:{pk}" for pk in conversations))
        transaction.on_commit(_shrink_log)


def teammate_erase(*, teammate: Teammate, by: Teammate | None, now: datetime) -> None:
    """Erase who a teammate was: names, address, keys; their replies stay, under their pseudonym.

    ``by`` is None when it was said in the shell.
    """
    with transaction.atomic():
        for mine in (Authenticator, SocialAccount, EmailAddress):
            mine.objects.filter(user=teammate).delete()
        for mine in (Draft, Challenge, OneTimeLink):
            mine.objects.filter(teammate=teammate).delete()
        teammate.username = f"erased-{teammate.pseudonym}"
        teammate.first_name = teammate.last_name = teammate.email = ""
        teammate.is_active = teammate.is_staff = teammate.is_superuser = teammate.on_duty = False
        teammate.set_unusable_password()
        teammate.save()
        after = {"teammate": str(teammate.pseudonym)}
        LedgerEntry.objects.create(at=now, part="teammate", teammate=by, act="erased", after=after)


def _replies(person: Person, *, now: datetime) -> None:
    of_person = Reply.objects.filter(conversation__person=person)
    stopped = of_person.filter(MOVING | Q(state=Reply.State.UNKNOWN), lease_until=None).exclude(state="sending")
    stopped.update(state=Reply.State.FAILED, problem_code=Problem.ERASED, settled_at=now)
    if of_person.filter(MOVING).exists():
        raise RefusedError(_("A reply to this person is leaving right now. Try again in some minutes."))
    of_person.update(text="", record=None, record_digest="", remote_id="", version="", url="", problem_detail="")
    Presence.objects.filter(conversation__person=person).update(evidence={})
    CommitmentKey.objects.filter(link__reply__conversation__person=person).update(key="", erased_at=now)
    Draft.objects.filter(conversation__person=person).delete()
    Challenge.objects.filter(conversation__person=person).delete()


def _posts(person: Person) -> None:
    """Empty what was said; the person's own identifiers become keyed hashes, since networks put a name into each."""
    of_person = Q(author__person=person) | Q(conversation__person=person)
    Reading.objects.filter(Q(post__author__person=person) | Q(post__conversation__person=person)).update(record={})
    for posts in _in_groups(Post.objects.filter(of_person).values_list("pk", flat=True).order_by("pk")):
        rows = list(Post.objects.filter(pk__in=posts).select_related("author"))
        for row in rows:
            _empty(row, theirs=row.author.person_id == person.pk)
        Post.objects.bulk_update(rows, NAMES + EMPTIED)
    for conversation in Conversation.objects.filter(person=person).select_related("account"):
        conversation.root = erased_remote_id(conversation.account.network, conversation.root)
        conversation.save(update_fields=["root"])


def _empty(row: Post, *, theirs: bool) -> None:
    """Our own posts keep identifier and version, so that the listener knows them and takes no words in again."""
    if theirs:
        row.remote_id = erased_remote_id(row.network, row.remote_id)
        row.version = ""
    row.reply_to = erased_remote_id(row.network, row.reply_to) if row.reply_to else ""
    row.root, row.root_version = erased_remote_id(row.network, row.root), ""
    row.text, row.links, row.media, row.languages, row.url, row.waits = "", [], [], [], "", False


def _names(person: Person, *, now: datetime) -> None:
    for handle in Handle.objects.filter(person=person):
        handle.remote_id = erased_remote_id(handle.network, handle.remote_id)
        handle.handle = handle.name = handle.avatar_url = ""
        handle.save()
    person.name, person.assignee, person.erased_at = "", None, now
    person.save(update_fields=["name", "assignee", "erased_at"])


def _in_groups(pks: object) -> Iterator[list[int]]:
    every = list(pks)  # type: ignore[call-overload] # a queryset of numbers
    yield from (every[start : start + ROWS_AT_ONCE] for start in range(0, len(every), ROWS_AT_ONCE))


def _shrink_log() -> None:
    """Empty SQLite's write-ahead log, which still holds the pages as they were; a busy one is emptied later."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
