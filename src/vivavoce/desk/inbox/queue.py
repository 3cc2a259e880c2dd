"""A person's place in the queue: recomputed from the posts that wait, for many people at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from vivavoce.desk.inbox.bulk import insert_rows
from vivavoce.desk.inbox.models import Lane, Person
from vivavoce.desk.transparency.models import LedgerEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from vivavoce.desk.team.models import Teammate


RECOMPUTE = """
UPDATE inbox_person SET (waiting, lane, due_at, due_post_id) = (
  SELECT first.id IS NOT NULL, COALESCE(first.lane, 1), first.due_at, first.id
  FROM (SELECT 1 AS one) AS always LEFT JOIN (
    SELECT post.id, post.lane, post.due_at
    FROM inbox_post AS post JOIN inbox_handle AS handle ON handle.id = post.author_id
    WHERE handle.person_id = inbox_person.id AND post.waits
    ORDER BY post.lane, post.due_at, post.id LIMIT 1
  ) AS first ON TRUE
)
WHERE id IN ({ids})"""
"""The same on both databases; the index ``post_waits`` gives the first waiting post. Lane 1 is the ordinary one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person stands: nowhere when they do not wait."""

    waiting: bool
    lane: int
    due_at: datetime | None
    post: int | None
    reason: str = ""

    def facts(self) -> dict[str, Any] | None:
        """Return what the ledger keeps of it."""
        if not self.waiting or self.due_at is None:
            return None
        return {"lane": self.lane, "due_at": self.due_at.isoformat(), "post": self.post}

    def differs(self, other: Place) -> bool:
        """Say whether lane or due time changed; another post that is due at the same moment changes nothing."""
        return (self.waiting, self.lane, self.due_at) != (other.waiting, other.lane, other.due_at)


def lock_people(ids: Iterable[int]) -> dict[int, Place]:
    """Return where people stand, and keep others from moving them until the transaction ends.

    Every writer locks people first, in the order of their ids, so that no two wait for each other.
    """
    rows = (
        Person.objects.select_for_update(no_key=True)
        .filter(pk__in=set(ids))
        .order_by("pk")
        .values_list("pk", "waiting", "lane", "due_at", "due_post_id")
    )
    return {pk: Place(waiting, lane, due, post) for pk, waiting, lane, due, post in rows}


def places_set(  # noqa: PLR0913 - what the ledger must say of each change
    before: Mapping[int, Place],
    *,
    part: str,
    now: datetime,
    left: str = "answered",
    left_of: Mapping[int, str] | None = None,
    teammate: Teammate | None = None,
) -> set[str]:
    """Recompute the places of locked people, write each change into the ledger, and return the topics to touch.

    Args:
        before: where they stood, from ``lock_people``.
        part: who acts, as the ledger calls it.
        now: the time, for the ledger.
        left: the reason that the ledger gives for whoever waits no more.
        left_of: the same for single people.
        teammate: who did it, when it was no machine.

    Cost: three statements, whatever the number of people; the work grows with them and with the posts that wait.
    """
    if not before:
        return set()
    _recompute(before)
    after = _stand(before)
    moved = {pk: place for pk, place in after.items() if place.differs(before[pk])}
    insert_rows(
        LedgerEntry,
        [
            LedgerEntry(
                at=now,
                part=part,
                teammate=teammate,
                act="due",
                reason=place.reason if place.waiting else (left_of or {}).get(pk, left),
                person_id=pk,
                post_id=place.post or before[pk].post,
                before=before[pk].facts(),
                after=place.facts(),
            )
            for pk, place in moved.items()
        ],
    )
    return {"queue"} | ({"alerts"} if any(_alerts(before[pk], place) for pk, place in moved.items()) else set())


def _alerts(before: Place, after: Place) -> bool:
    """Say whether somebody entered or left danger."""
    return (before.waiting and before.lane == Lane.DANGER) != (after.waiting and after.lane == Lane.DANGER)


def _recompute(people: Iterable[int]) -> None:
    """Let each person's row follow the first of their waiting posts: by lane, due time, and arrival in the desk."""
    ids = sorted(people)
    with connection.cursor() as cursor:
        cursor.execute(RECOMPUTE.format(ids=", ".join(["%s"] * len(ids))), ids)


def _stand(people: Iterable[int]) -> dict[int, Place]:
    rows = Person.objects.filter(pk__in=list(people)).values_list(
        "pk", "waiting", "lane", "due_at", "due_post_id", "due_post__due_reason"
    )
    return {pk: Place(waiting, lane, due, post, reason or "") for pk, waiting, lane, due, post, reason in rows}
