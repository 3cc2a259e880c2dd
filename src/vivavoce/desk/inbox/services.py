"""What teammates change in the inbox: labels, what waits, whose it is. Each act is in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from vivavoce.desk.inbox.due import DECIDED, TeamRule, due_of_stored
from vivavoce.desk.inbox.models import Conversation, Correction, Person, Post, Reading
from vivavoce.desk.inbox.need import FALSE, TRUE
from vivavoce.desk.inbox.queue import lock_people, places_set
from vivavoce.desk.inbox.threads import conversations_follow, conversations_found, conversations_open
from vivavoce.desk.live.services import touch
from vivavoce.desk.transparency.models import LedgerEntry
from vivavoce.errors import BadInputError
from vivavoce.reading.labels import CAUSES, EMOTIONS, SENTIMENTS, URGENCIES, WANTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from vivavoce.desk.inbox.queue import Place
    from vivavoce.desk.team.models import Rule, Teammate

PEOPLE_AT_ONCE = 500
"""A changed rule moves so many people in one step, so that memory stays small."""

CHOICES = {
    "sentiment": SENTIMENTS,
    "emotion": EMOTIONS,
    "cause": CAUSES,
    "wants": WANTS,
    "urgency": URGENCIES,
    "needs_person": (TRUE, FALSE),
    "danger": (TRUE, FALSE),
}
"""What a teammate may say of each label; she is never unsure, she leaves it."""

DUE = ("lane", "due_at", "due_reason")


@transaction.atomic
def correct(*, post: Post, label: str, value: str, teammate: Teammate, now: datetime) -> Correction:
    """Say what a label of a post should have been; it counts from now on, also for when the post is due.

    Raises:
        BadInputError: no such label or value, or the post has no reading.
    """
    if value not in CHOICES.get(label, ()):
        message = f"{label!r} cannot be {value!r}. Choose one of: {', '.join(CHOICES.get(label, DECIDED))}."
        raise BadInputError(message)
    before = lock_people([post.author.person_id])
    reading = Reading.objects.filter(post=post).first()
    if reading is None:
        message = "This post has not been read, so there is nothing to correct."
        raise BadInputError(message)
    was = getattr(reading, label)
    correction = Correction.objects.create(
        post=post, teammate=teammate, label=label, was=was, now=value, reader=reading.reader, at=now
    )
    setattr(reading, label, value)
    reading.save(update_fields=[label])
    _note("corrected", teammate, now, post=post, before={label: was}, after={label: value})
    post.refresh_from_db(fields=["waits", *DUE])
    if post.waits and due_of_stored([post], TeamRule.load(), now=now):
        post.save(update_fields=DUE)
    _settle(before, _conversations(post), teammate=teammate, now=now)
    return correction


@transaction.atomic
def set_aside(*, conversation: Conversation, teammate: Teammate, now: datetime) -> LedgerEntry | None:
    """Say that a conversation needs no answer: its posts wait no more. A later post waits again.

    Returns the ledger's entry, by which it can be undone; ``None`` when nothing waited.
    """
    before = lock_people([conversation.person_id])
    posts = list(Post.objects.filter(conversation=conversation, waits=True).values_list("pk", flat=True))
    if not posts:
        return None
    Post.objects.filter(pk__in=posts).update(waits=False)
    Conversation.objects.filter(pk=conversation.pk).update(closed_at=now)
    entry = _note("set_aside", teammate, now, person=conversation.person_id, before={"posts": posts})
    _settle(before, [conversation.pk], teammate=teammate, now=now, left="set_aside")
    return entry


@transaction.atomic
def set_aside_undo(*, entry: LedgerEntry, teammate: Teammate, now: datetime) -> None:
    """Let the posts that were set aside wait again, unless they were answered or deleted since. Twice changes nothing.

    Raises:
        BadInputError: the entry is of another act.
    """
    if entry.act != "set_aside" or entry.person_id is None:
        message = "Only a conversation that was set aside can be brought back this way."
        raise BadInputError(message)
    before = lock_people([entry.person_id])
    undone = LedgerEntry.objects.filter(pk=entry.pk, undone_at__isnull=True).update(undone_at=now, undone_by=teammate)
    if not undone:
        return
    kept: dict[str, Any] = entry.before or {}
    posts = Post.objects.filter(pk__in=kept.get("posts", []), deleted_at__isnull=True, answered_at__isnull=True)
    conversations = set(posts.values_list("conversation", flat=True))
    posts.update(waits=True)
    _settle(before, [pk for pk in conversations if pk is not None], teammate=teammate, now=now)


@transaction.atomic
def take(*, post: Post, teammate: Teammate, now: datetime) -> Conversation:
    """Make a conversation of an overheard post, and let it wait. One that has a conversation keeps it.

    Raises:
        BadInputError: the post is the brand's own, or its author has deleted it.
    """
    before = lock_people([post.author.person_id])
    post.refresh_from_db()
    if post.conversation is not None:
        return post.conversation
    if post.ours or post.deleted_at is not None:
        message = "This post cannot be answered: it is our own, or its author has deleted it."
        raise BadInputError(message)
    key = (post.author.person_id, post.root)
    found = conversations_found(post.account, [key]) or conversations_open(post.account, {key: post.seen_at})
    post.conversation_id = found[key]
    post.waits = True
    due_of_stored([post], TeamRule.load(), now=now)
    post.save(update_fields=["conversation", "waits", *DUE])
    _note("taken", teammate, now, post=post)
    _settle(before, [post.conversation_id], teammate=teammate, now=now, extra=("overheard",))
    return Conversation.objects.get(pk=post.conversation_id)


@transaction.atomic
def assign(*, person: Person, to: Teammate | None, teammate: Teammate, now: datetime) -> None:
    """Give a person to a teammate, or to nobody."""
    lock_people([person.pk])
    was = Person.objects.values_list("assignee_id", flat=True).get(pk=person.pk)
    if was == (to.pk if to else None):
        return
    person.assignee = to
    person.save(update_fields=["assignee"])
    _note("assigned", teammate, now, person=person.pk, before={"to": was}, after={"to": to.pk if to else None})
    touch("queue", *_topics(Conversation.objects.filter(person=person).values_list("pk", flat=True)))


@transaction.atomic
def answered(*, conversation: Conversation, up_to: Post, now: datetime, teammate: Teammate | None = None) -> None:
    """Let a conversation's posts, up to the one that is answered, wait no more.

    They carry ``now`` as the time of their answer, by which ``waits_again`` knows them. Called in the transaction that
    queues a reply.
    """
    before = lock_people([conversation.person_id])
    Post.objects.filter(conversation=conversation, waits=True, seen_at__lte=up_to.seen_at).update(
        waits=False, answered_at=now
    )
    _settle(before, [conversation.pk], teammate=teammate, now=now)


@transaction.atomic
def waits_again(*, conversation: Conversation, answered_at: datetime, now: datetime) -> None:
    """Bring back what ``answered`` at ``answered_at`` (the reply's ``queued_at``): the reply failed or was returned."""
    before = lock_people([conversation.person_id])
    Post.objects.filter(conversation=conversation, answered_at=answered_at, deleted_at__isnull=True).update(
        waits=True, answered_at=None
    )
    _settle(before, [conversation.pk], teammate=None, now=now)


@transaction.atomic
def reply_arrived(*, conversation: Conversation, at: datetime) -> None:
    """Keep when our reply was on the network: the first one counts as the answer, the last one moves the thread."""
    row = Conversation.objects.select_for_update(no_key=True).get(pk=conversation.pk)
    row.answered_at = row.answered_at or at
    row.last_at = max(row.last_at, at)
    row.save(update_fields=["answered_at", "last_at"])


@transaction.atomic
def rule_changed(*, rule: Rule, teammate: Teammate | None = None, now: datetime | None = None) -> None:
    """Move every due time that a new rule moves. The caller touches ``queue`` when all is done."""
    now = now or timezone.now()
    team_rule, last = TeamRule.of(rule), 0
    waiting = Person.objects.filter(waiting=True).order_by("pk").values_list("pk", flat=True)
    while people := list(waiting.filter(pk__gt=last)[:PEOPLE_AT_ONCE]):
        last = people[-1]
        before = lock_people(people)
        posts = list(Post.objects.filter(author__person__in=people, waits=True))
        Post.objects.bulk_update(due_of_stored(posts, team_rule, now=now), DUE)
        places_set(before, part="teammate", teammate=teammate, now=now)


def _note(  # noqa: PLR0913 - what the ledger says of an act
    act: str,
    teammate: Teammate,
    now: datetime,
    *,
    post: Post | None = None,
    person: int | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> LedgerEntry:
    return LedgerEntry.objects.create(
        at=now,
        part="teammate",
        teammate=teammate,
        act=act,
        post=post,
        person_id=post.author.person_id if post else person,
        before=before,
        after=after,
    )


def _settle(  # noqa: PLR0913 - what the ledger says of an act
    before: dict[int, Place],
    conversations: Sequence[int],
    *,
    teammate: Teammate | None,
    now: datetime,
    left: str = "answered",
    extra: tuple[str, ...] = (),
) -> None:
    """Let conversations and places follow, and tell the screens; the last thing that a service does."""
    conversations_follow(conversations)
    topics = places_set(before, part="teammate" if teammate else "courier", teammate=teammate, now=now, left=left)
    touch(*topics, *_topics(conversations), *extra)


def _conversations(post: Post) -> list[int]:
    return [] if post.conversation_id is None else [post.conversation_id]


def _topics(conversations: Iterable[int]) -> list[str]:
    return [f"conversation:{pk}" for pk in conversations]
