"""The outbox: how a reply goes from queued to sent, failed, unknown or returned. Each step is one transaction.

A reply is held by one courier at a time, by a lease that a conditional update takes; what a courier that lost its
lease found out is dropped, and the next one looks on the network before anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce

from vivavoce.desk.inbox.handles import handles_for
from vivavoce.desk.inbox.intake import one_intake_at_a_time
from vivavoce.desk.inbox.models import Post
from vivavoce.desk.inbox.queue import lock_people
from vivavoce.desk.inbox.rows import post_row
from vivavoce.desk.inbox.services import reply_arrived, waits_again
from vivavoce.desk.live.services import touch
from vivavoce.desk.replies import chain, frozen
from vivavoce.desk.replies.models import Reply
from vivavoce.desk.replies.problems import Problem
from vivavoce.desk.transparency.models import LedgerEntry
from vivavoce.desk.workers.leases import owner_is_dead
from vivavoce.posts import Addressed
from vivavoce.posts import Post as PostValue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from vivavoce.networks.base import Record, Sighting
    from vivavoce.posts import Author

UNSENT_S_MAX = 2 * 3600
"""After two hours the conversation has moved on; its author should read it again (DESIGN, invariant 4)."""

UNCLEAR_S_MAX = 15 * 60
"""If so long nobody could look on the network, a person decides: they see the network with their own eyes."""

CANDIDATES_MAX = 20
"""Several couriers ask at once; each tries a few before it sleeps."""

SWEPT_MAX = 500
"""Replies in one sweep; the rest comes with the next."""

DETAIL_CHARACTERS_MAX = 1_000
"""What a network says of an error is cut here; some send whole pages."""

DECIDES = (Problem.UNCLEAR, Problem.OTHER_WORDS)
"""The courier leaves these alone: a person decides."""

MOVING = Q(state__in=[Reply.State.QUEUED, Reply.State.SENDING]) | (
    Q(state=Reply.State.UNKNOWN) & ~Q(problem_code__in=DECIDES)
)


@dataclass(frozen=True, slots=True)
class Held:
    """A reply in one courier's hands."""

    reply: Reply
    owner: str
    interrupted: bool
    """The courier before was stopped in the middle of a send."""


def claim(*, owner: str, lease_s: float, now: datetime, avoid: frozenset[int] = frozenset()) -> Held | None:
    """Take the next reply whose time has come, for ``lease_s`` seconds; ``None`` when there is none.

    Args:
        owner: who takes it; unique to one courier.
        lease_s: longer than freezing, looking and sending can last together.
        now: the time.
        avoid: accounts whose network asked for quiet.
    """
    due = Reply.objects.filter(MOVING, next_try_at__lte=now).exclude(conversation__account__in=avoid)
    due = due.exclude(Exists(_before_it())).order_by("next_try_at", "presence")  # of two at once, who signed first
    free = due.filter(Q(lease_until=None) | Q(lease_until__lt=now))
    orphans = due.filter(lease_until__gte=now).exclude(lease_owner=owner)
    for pk, holder, until in _tried(free, orphans):
        untouched = Reply.objects.filter(MOVING, pk=pk, lease_owner=holder, lease_until=until)
        if untouched.update(lease_owner=owner, lease_until=now + timedelta(seconds=lease_s)):
            reply = _whole(pk)
            return Held(reply, owner, interrupted=reply.state == Reply.State.SENDING)
    return None


def _tried(free: QuerySet[Reply], orphans: QuerySet[Reply]) -> Iterator[tuple[UUID, str, datetime | None]]:
    """Yield what may be taken: what nobody holds, and what a courier of this machine held that runs no more."""
    columns = ("pk", "lease_owner", "lease_until")
    yield from free.values_list(*columns)[:CANDIDATES_MAX]
    yield from (row for row in orphans.values_list(*columns)[:CANDIDATES_MAX] if owner_is_dead(row[1]))


def _before_it() -> Any:  # noqa: ANN401 # a queryset
    """Earlier replies of the same conversation that are still on their way: people read in order."""
    return Reply.objects.filter(MOVING, conversation=OuterRef("conversation"), queued_at__lt=OuterRef("queued_at"))


def stale(reply: Reply, *, now: datetime) -> Problem | None:
    """Return why a reply must not leave any more; ``None`` when it may."""
    conversation = reply.conversation
    if conversation.person.erased_at is not None:
        return Problem.ERASED
    if not conversation.account.active:
        return Problem.NO_ACCOUNT
    answers = Post.objects.filter(pk=reply.answers_id).values("deleted_at", "edited_at").get()
    if answers["deleted_at"] is not None:
        return Problem.PERSON_DELETED
    edited = answers["edited_at"] is not None and answers["edited_at"] > reply.released_at
    theirs = Post.objects.filter(conversation=conversation, ours=False, deleted_at=None)
    if edited or theirs.filter(stored_at__gt=reply.released_at).exists():
        return Problem.PERSON_WROTE
    return Problem.TOO_OLD if now - reply.released_at > timedelta(seconds=UNSENT_S_MAX) else None


def sweep(*, now: datetime) -> int:
    """Give back what was never tried and must not leave any more, also when its network cannot be reached."""
    held = Q(lease_until__gte=now)
    waiting = Reply.objects.filter(state=Reply.State.QUEUED, tries=0).exclude(held)
    wrote = Post.objects.filter(
        Q(stored_at__gt=Coalesce(OuterRef("decided_at"), OuterRef("queued_at"))),
        conversation=OuterRef("conversation"),
        ours=False,
    )
    suspects = waiting.filter(
        Q(queued_at__lt=now - timedelta(seconds=UNSENT_S_MAX))
        | Q(conversation__account__active=False)
        | Q(answers__deleted_at__isnull=False)
        | Q(answers__edited_at__gt=Coalesce(F("decided_at"), F("queued_at")))
        | Exists(wrote)
    )
    given_back = 0
    for pk in list(suspects.order_by("queued_at").values_list("pk", flat=True)[:SWEPT_MAX]):
        reply = _whole(pk)
        why = stale(reply, now=now)
        if why is not None:
            given_back += _settle(Held(reply, reply.lease_owner, interrupted=False), *_back(why), now=now)
    return given_back


def freeze_store(held: Held, record: Record) -> bool:
    """Store a frozen record before the first try; whether the reply is still ours."""
    values = {"record": frozen.stored(record), "record_digest": record.digest}
    return _update(held, **values)


def sending(held: Held) -> bool:
    """Say, before the network is asked to take it, that it may be there from now on."""
    return _update(held, state=Reply.State.SENDING, tries=F("tries") + 1)


def later(held: Held, *, at: datetime, detail: str) -> bool:
    """Let it go until another try, not later than its author would get it back anyway."""
    last = held.reply.released_at + timedelta(seconds=UNSENT_S_MAX + 1)
    return _let_go(
        held, state=Reply.State.QUEUED, next_try_at=min(at, max(last, held.reply.next_try_at)), unclear_since=None,
        problem_code=Problem.WAITING, problem_detail=detail,
    )  # fmt: skip


def look_later(held: Held, *, since: datetime, at: datetime, detail: str) -> bool:
    """Let it go until another look: it may be there."""
    return _let_go(
        held, state=Reply.State.UNKNOWN, next_try_at=at, unclear_since=since,
        problem_code=Problem.LOOKING, problem_detail=detail,
    )  # fmt: skip


def person_decides(held: Held, *, problem: Problem, detail: str, now: datetime) -> bool:
    """Ask a teammate to look on the network: the courier cannot tell."""
    return _settle(held, Reply.State.UNKNOWN, problem, detail=detail, now=now)


def failed(held: Held, *, problem: Problem, detail: str, now: datetime) -> bool:
    """Give a reply up: trying again cannot help."""
    return _settle(held, Reply.State.FAILED, problem, detail=detail, now=now)


def returned(held: Held, *, problem: Problem, now: datetime) -> bool:
    """Give a reply back to its author: it must not leave any more."""
    return _settle(held, *_back(problem), now=now)


def delivered(held: Held, sighting: Sighting, *, author: Author, now: datetime) -> bool:
    """Record that a reply is on its network: state, delivery link, our own post in the thread, ledger, screens."""
    reply = held.reply
    conversation = reply.conversation
    with transaction.atomic():
        one_intake_at_a_time(conversation.account.network)
        lock_people([conversation.person_id])
        sent = {
            "state": Reply.State.SENT, "sent_at": now, "lease_owner": "", "lease_until": None, "unclear_since": None,
            "problem_code": "", "problem_detail": "",
            "remote_id": sighting.id, "version": sighting.version, "url": sighting.url,
        }  # fmt: skip
        if not _update(held, **sent):
            return False
        reply = _whole(reply.pk)
        chain.delivery_link(reply, at=now)
        _own_post(reply, author=author, now=now)
        reply_arrived(conversation=conversation, at=now)
        _note(reply, "sent", now=now)
        touch("outbox", f"conversation:{conversation.pk}")
    return True


def _own_post(reply: Reply, *, author: Author, now: datetime) -> None:
    """Let the thread show it at once; when the listener hears it too, or did already, it is the same post.

    It stands at the time when the teammate let it leave: what the person wrote after that, it does not answer.
    """
    if not reply.remote_id:
        return
    network = reply.conversation.account.network
    known = Post.objects.filter(network=network, remote_id=reply.remote_id).first()
    if known is not None:
        waits_again(conversation=reply.conversation, answered_at=known.seen_at, now=now)
        Post.objects.filter(pk=known.pk).update(conversation=reply.conversation, seen_at=reply.released_at)
        return
    record = frozen.record_of(reply.record or {}, digest=reply.record_digest)
    value = PostValue(
        id=reply.remote_id,
        network=network,
        author=author,
        text=reply.text,
        created_at=record.created_at,
        seen_at=reply.released_at,
        reply_to=record.words.reply_to,
        root=record.words.root,
        visibility=record.words.visibility,
        addressed=Addressed.REPLY,
        ours=True,
        url=reply.url,
        version=reply.version,
    )
    handle = handles_for(network, [author], now=now)[author.id]
    if handle is not None:
        row = post_row(reply.conversation.account, value, now=now)
        row.author, row.conversation = handle, reply.conversation
        row.save()


def _back(problem: Problem) -> tuple[Reply.State, Problem]:
    gone = problem in (Problem.NO_ACCOUNT, Problem.ERASED)
    return (Reply.State.FAILED if gone else Reply.State.RETURNED), problem


def _settle(held: Held, state: Reply.State, problem: Problem, *, now: datetime, detail: str = "") -> bool:
    """Stop for good or until a person acts; the person out there waits again, and everybody sees why."""
    reply = held.reply
    with transaction.atomic():
        lock_people([reply.conversation.person_id])
        values = {"state": state, "problem_code": problem, "problem_detail": _cut(detail)}
        if not _update(held, lease_owner="", lease_until=None, **values):
            return False
        _note(reply, state.value, reason=problem.value, now=now)
        if problem is not Problem.ERASED:
            waits_again(conversation=reply.conversation, answered_at=reply.released_at, now=now)
        touch("outbox", f"conversation:{reply.conversation_id}")
    return True


def _let_go(held: Held, *, problem_detail: str, **values: Any) -> bool:  # noqa: ANN401 # columns of Reply
    with transaction.atomic():
        given = _update(held, lease_owner="", lease_until=None, problem_detail=_cut(problem_detail), **values)
        if given:
            touch("outbox", f"conversation:{held.reply.conversation_id}")
    return given


def _update(held: Held, **values: Any) -> bool:  # noqa: ANN401 # columns of Reply
    """Change a reply if it is still in the same hands and still on its way."""
    mine = Reply.objects.filter(MOVING, pk=held.reply.pk, lease_owner=held.owner)
    return bool(mine.update(**values))


def _note(reply: Reply, act: str, *, now: datetime, reason: str = "") -> None:
    LedgerEntry.objects.create(
        at=now, part="courier", act=act, reason=reason, person_id=reply.conversation.person_id, post_id=reply.answers_id
    )


def _whole(pk: UUID) -> Reply:
    related = ("conversation__person", "conversation__account", "answers", "teammate", "presence")
    return Reply.objects.select_related(*related).get(pk=pk)


def _cut(detail: str) -> str:
    return detail[:DETAIL_CHARACTERS_MAX].replace("\x00", "")
