"""Counting outcomes: whether bad turned good, how soon people were answered, and in which way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from vivavoce.desk.inbox.models import Conversation, Post
from vivavoce.desk.replies.models import Reply

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

ANSWERS_MEASURED_MAX = 5_000
"""The newest answers, whose times are sorted in memory."""

WAYS = ("proved", "signed_in", "outside", "none")
"""By which way somebody was answered first: outside means with the network's own means; none, not yet."""

ENDS = ("good", "neutral", "unhappy", "unknown")


@dataclass(frozen=True, slots=True)
class Ends:
    """How those who began unhappy feel now, as far as they have said."""

    way: str
    good: int = 0
    neutral: int = 0
    unhappy: int = 0
    unknown: int = 0
    """They have not written since, or the reader is unsure."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.good + self.neutral + self.unhappy + self.unknown

    @property
    def told(self) -> int:
        """Those who have said how they feel now."""
        return self.total - self.unknown


@dataclass(frozen=True, slots=True)
class Speed:
    """How long people waited for their first answer."""

    answers: int
    half: timedelta | None
    """Half of them waited less."""
    most: timedelta | None
    """Nine of ten waited less."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The page of totals."""

    conversations: int
    answered: int
    unhappy: Ends
    helped: Ends
    """Those of the unhappy who were answered: the others' mood says nothing of us."""
    ways: tuple[Ends, ...]
    speed: Speed


def outcomes(*, since: datetime) -> Outcomes:
    """Count the conversations opened since a time. Three statements; the work grows with those conversations."""
    opened = Conversation.objects.filter(opened_at__gte=since)
    totals = opened.aggregate(all=Count("pk"), answered=Count("pk", filter=Q(answered_at__isnull=False)))
    ways = _ends_by_way(since)
    return Outcomes(
        conversations=totals["all"],
        answered=totals["answered"],
        unhappy=_sum("all", ways),
        helped=_sum("answered", [way for way in ways if way.way != "none"]),
        ways=ways,
        speed=_speed(since),
    )


def _sum(name: str, ways: Iterable[Ends]) -> Ends:
    parts = list(ways)
    return Ends(name, *(sum(getattr(way, end) for way in parts) for end in ENDS))


def _ends_by_way(since: datetime) -> tuple[Ends, ...]:
    """Count who began unhappy, by way of the first answer and by how they feel now."""
    sent = Reply.objects.filter(conversation=OuterRef("pk"), state=Reply.State.SENT).order_by("sent_at")
    later = Post.objects.filter(
        conversation=OuterRef("pk"), ours=False, seen_at__gt=Coalesce(OuterRef("answered_at"), OuterRef("opened_at"))
    )
    rows = (
        Conversation.objects.filter(opened_at__gte=since, first_felt="negative")
        .annotate(
            way=Case(
                When(answered_at=None, then=Value("none")),
                default=Coalesce(Subquery(sent.values("presence__kind")[:1]), Value("outside")),
                output_field=CharField(),
            ),
            end=Case(
                When(~Exists(later), then=Value("unknown")),
                When(last_felt="positive", then=Value("good")),
                When(last_felt="neutral", then=Value("neutral")),
                When(last_felt="negative", then=Value("unhappy")),
                default=Value("unknown"),
                output_field=CharField(),
            ),
        )
        .values_list("way", "end")
        .annotate(count=Count("pk"))
        .order_by()
    )
    counts = {(way, end): count for way, end, count in rows}
    return tuple(Ends(way, *(counts.get((way, end), 0) for end in ENDS)) for way in WAYS)


def _speed(since: datetime) -> Speed:
    spans = (
        Conversation.objects.filter(opened_at__gte=since, answered_at__gte=F("opened_at"))
        .order_by("-pk")
        .values_list("opened_at", "answered_at")[:ANSWERS_MEASURED_MAX]
    )
    waited = sorted((answered - opened).total_seconds() for opened, answered in spans if answered is not None)
    if not waited:
        return Speed(0, None, None)
    most = waited[min(len(waited) - 1, round(0.9 * len(waited)))]
    return Speed(len(waited), timedelta(seconds=median(waited)), timedelta(seconds=most))
