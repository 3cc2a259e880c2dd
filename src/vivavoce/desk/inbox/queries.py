"""Reading the queue: who waits, why, and how many. A page costs the same at ten rows and at a million."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Substr

from vivavoce.desk.inbox import places
from vivavoce.desk.inbox.models import Account, Handle, Lane, Person, Post
from vivavoce.desk.inbox.places import Place
from vivavoce.desk.inbox.reasons import explain
from vivavoce.desk.inbox.words import UNSURE, network_words, said_words
from vivavoce.desk.replies.models import Draft, Reply

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from django.db.models import QuerySet

    from vivavoce.desk.team.models import Teammate

PAGE_ROWS = 30
"""Two or three screens: more is not read, and every row is fetched again when it changes."""

COUNT_MAX = 500
"""Beyond it a page says "500+": counting a million rows would cost more than anybody learns from it."""

WORDS_SHOWN = 320
"""Code points of a post that a row carries; it shows two to four lines."""

SHOWN_MAX = 200
"""Rows that one screen may ask for again."""

WRITING_MIN = 5
"""A draft saved within so many minutes means that somebody is writing now."""

ON_ITS_WAY = (Reply.State.QUEUED, Reply.State.SENDING, Reply.State.UNKNOWN)

SCOPES = ("all", "mine", "unassigned")


@dataclass(frozen=True, slots=True)
class Row:
    """One person of the queue, as a page shows them."""

    person: int
    conversation: int | None
    post: int
    name: str
    handle: str
    network: str
    words: str
    emotion: str
    cause: str
    reason: str
    due_at: datetime
    late: bool
    danger: bool
    assignee: str
    mine: bool
    on_its_way: bool
    writing: str
    """The names of other teammates who are writing to this person now."""
    waiting: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of the queue in its order."""

    rows: tuple[Row, ...]
    after: Place | None
    """Where this page began; None is the front."""
    last: Place | None
    """Where the next page begins; None on the last."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many, up to ``COUNT_MAX``."""

    number: int

    def __str__(self) -> str:
        """Write it, with a plus when there are more."""
        return f"{COUNT_MAX}+" if self.number > COUNT_MAX else str(self.number)


def queue_page(teammate: Teammate, *, now: datetime, scope: str = "all", after: Place | None = None) -> Page:
    """Return a page of the queue, after a place in it. Three statements, whatever the queue's length.

    Args:
        teammate: who looks.
        now: the time.
        scope: one of ``SCOPES``.
        after: the last place of the page before.
    """
    people = _rows_of(_beyond(_scoped(teammate, scope), after)[: PAGE_ROWS + 1])
    shown = people[:PAGE_ROWS]
    last = Place.of(shown[-1]) if len(people) > PAGE_ROWS else None
    return Page(_dressed(shown, teammate, now=now), after, last)


def rows_again(teammate: Teammate, shown: Sequence[int], *, now: datetime) -> tuple[Row, ...]:
    """Return rows that a screen shows, as they are now, in the screen's order; who waits no more says so."""
    found = {person.pk: person for person in _rows_of(Person.objects.filter(pk__in=list(shown)[:SHOWN_MAX]))}
    rows = {row.person: row for row in _dressed(list(found.values()), teammate, now=now)}
    return tuple(rows[pk] for pk in shown if pk in rows)


def new_count(
    teammate: Teammate, shown: Collection[int], *, scope: str, after: Place | None, last: Place | None
) -> Count:
    """Count who would stand on a screen's page now and is not on it, up to ``COUNT_MAX``."""
    people = _beyond(_scoped(teammate, scope), after)
    if last is not None:
        people = places.up_to(people, last)
    limit = PAGE_ROWS + len(shown) if last is None else COUNT_MAX
    ids = people.values_list("pk", flat=True)[: limit + 1]
    known = set(shown)
    return Count(sum(pk not in known for pk in ids))


def waiting_counts(teammate: Teammate, *, now: datetime) -> dict[str, Count]:
    """Count who waits, is in danger, is late and is the teammate's own, each up to ``COUNT_MAX``. Four statements."""
    waiting = Person.objects.filter(waiting=True)
    return {
        "waiting": _count(waiting.order_by("lane", "due_at", "id")),
        "danger": _count(waiting.filter(lane=Lane.DANGER)),
        "late": _count(waiting.filter(lane__in=list(Lane), due_at__lt=now)),
        "mine": _count(waiting.filter(assignee=teammate)),
    }


def first_waiting(teammate: Teammate) -> bool:
    """Tell whether anybody else waits whom this teammate could take."""
    return _scoped(teammate, "all").exists()


def in_danger(*, names_max: int = 3) -> tuple[list[Person], Count]:
    """Return the first people in the danger lane, and how many there are. Two statements at most."""
    people = Person.objects.filter(waiting=True, lane=Lane.DANGER).order_by("lane", "due_at", "id")
    first = list(people.select_related("due_post").only("name", "due_at", "due_post__conversation_id")[: names_max + 1])
    return first[:names_max], Count(len(first)) if len(first) <= names_max else _count(people)


def next_for(teammate: Teammate, *, now: datetime, but: int) -> Row | None:
    """Return the person whom a teammate might answer next: the first who is not somebody else's."""
    people = Person.objects.filter(Q(assignee=teammate) | Q(assignee=None), waiting=True).exclude(pk=but)
    rows = _dressed(_rows_of(people.order_by("lane", "due_at", "id")[:1]), teammate, now=now)
    return rows[0] if rows else None


def overheard(*, before: int | None = None) -> tuple[list[Post], int | None]:
    """Return public posts with watched words that nobody has taken, newest first, and where the next page begins."""
    posts = Post.objects.filter(addressed="overheard", conversation=None, ours=False, deleted_at=None)
    if before is not None:
        posts = posts.filter(pk__lt=before)
    found: list[Any] = list(
        posts.select_related("author", "reading")
        .defer("reading__record", "text")
        .annotate(words=Substr("text", 1, WORDS_SHOWN))
        .order_by("-pk")[: PAGE_ROWS + 1]
    )
    return found[:PAGE_ROWS], found[PAGE_ROWS - 1].pk if len(found) > PAGE_ROWS else None


def accounts_heard() -> list[Account]:
    """Return the accounts that are listened to, those with a problem first."""
    return list(Account.objects.filter(active=True).order_by("-problem", "network", "handle"))


def _scoped(teammate: Teammate, scope: str) -> QuerySet[Person]:
    people = Person.objects.filter(waiting=True)
    if scope == "mine":
        people = people.filter(assignee=teammate)
    elif scope == "unassigned":
        people = people.filter(assignee=None)
    return people.order_by("lane", "due_at", "id")


def _beyond(people: QuerySet[Person], after: Place | None) -> QuerySet[Person]:
    return people if after is None else places.after(people, after)


def _count(people: QuerySet[Any]) -> Count:
    return Count(people.values("pk")[: COUNT_MAX + 1].count())


def _rows_of(people: QuerySet[Person]) -> list[Person]:
    """Fetch people with what their rows show."""
    on_its_way = Reply.objects.filter(conversation__person=OuterRef("pk"), state__in=ON_ITS_WAY)
    handle = Handle.objects.filter(person=OuterRef("pk")).order_by("pk")
    return list(
        people.select_related("assignee", "due_post__author", "due_post__reading")
        .defer("due_post__links", "due_post__media")
        .annotate(
            on_its_way=Exists(on_its_way),
            any_handle=Subquery(handle.values("handle")[:1]),
            any_network=Subquery(handle.values("network")[:1]),
        )
    )


def _dressed(people: Iterable[Person], teammate: Teammate, *, now: datetime) -> tuple[Row, ...]:
    people = list(people)
    writing = _writing({person.due_post.conversation_id for person in people if person.due_post}, teammate, now=now)
    return tuple(_row(person, teammate, writing, now=now) for person in people)


def _writing(conversations: Iterable[int | None], teammate: Teammate, *, now: datetime) -> dict[int, str]:
    drafts = (
        Draft.objects.filter(conversation__in=[pk for pk in conversations if pk])
        .filter(saved_at__gt=now - timedelta(minutes=WRITING_MIN))
        .exclude(teammate=teammate)
        .exclude(text="")
        .select_related("teammate")
    )
    names: dict[int, list[str]] = {}
    for draft in drafts:
        names.setdefault(draft.conversation_id, []).append(draft.teammate.shown_name)
    return {pk: ", ".join(sorted(found)) for pk, found in names.items()}


def _row(person: Any, teammate: Teammate, writing: dict[int, str], *, now: datetime) -> Row:  # noqa: ANN401 # annotated
    post: Post | None = person.due_post
    reading = getattr(post, "reading", None) if post else None
    conversation = post.conversation_id if post else None
    due_at = person.due_at or now
    return Row(
        person=person.pk,
        conversation=conversation,
        post=post.pk if post else 0,
        name=person.name or (post.author.name if post else "") or person.any_handle or "",
        handle=(post.author.handle if post else person.any_handle) or "",
        network=network_words((post.network if post else person.any_network) or ""),
        words=post.text[:WORDS_SHOWN] if post else "",
        emotion=said_words("emotion", reading.emotion if reading else UNSURE),
        cause=said_words("cause", reading.cause if reading else UNSURE),
        reason=explain(post) if post and post.due_reason else "",
        due_at=due_at,
        late=due_at < now,
        danger=person.waiting and person.lane == Lane.DANGER,
        assignee=person.assignee.shown_name if person.assignee else "",
        mine=person.assignee_id == teammate.pk,
        on_its_way=person.on_its_way,
        writing=writing.get(conversation or 0, ""),
        waiting=person.waiting,
    )
