"""The team's opening hours, and when an allowance of opening time runs out. Pure: no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vivavoce.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WALK_DAYS_MAX = 400
"""The walk through opening time ends after so many days: a year of holidays fits, an endless loop does not."""

DAYS_REMEMBERED = 4096
"""Days whose opening is kept computed: ten years for one team."""

Span = tuple[datetime, datetime]
"""Open from the first moment until just before the second, both in UTC."""

LocalSpan = tuple[time, time | None]
"""Open and close by the clock on the wall; ``None`` closes at the day's end."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When a team is open: a week in local time, without its holidays."""

    zone: ZoneInfo
    week: tuple[tuple[LocalSpan, ...], ...]
    """Seven days from Monday; the spans of a day are in order and apart."""
    holidays: frozenset[date]

    @classmethod
    def of(cls, *, time_zone: str, hours: Mapping[str, Sequence[Sequence[str]]], holidays: Sequence[str]) -> Hours:
        """Make the hours from a team's rule: ``{"0": [["09:00", "18:00"]], ...}`` and ISO dates.

        ``24:00`` closes at the day's end; a night shift is two spans. Spans that meet or overlap become one.

        Raises:
            BadInputError: an unknown time zone, something that is no time or date, or a span that closes first.
        """
        try:
            zone = ZoneInfo(time_zone)
            week = tuple(_day_of(hours.get(str(day), ())) for day in range(7))
            return cls(zone=zone, week=week, holidays=frozenset(map(date.fromisoformat, holidays)))
        except (ZoneInfoNotFoundError, ValueError, TypeError) as error:
            message = f"The opening hours cannot be read: {error}. Write times as 09:00 and dates as 2026-12-25."
            raise BadInputError(message) from error


def due_at(arrival: datetime, allowance_minutes: int, hours: Hours) -> datetime:
    """Return when ``allowance_minutes`` of opening time after ``arrival`` have passed, in UTC.

    An allowance of nothing is due on arrival. Minutes are real ones: a day on which the clocks change has an hour
    more or less of them where the team is open then. A team that does not open within ``WALK_DAYS_MAX`` days goes by
    the clock; one that opens too seldom is due when they end. Cost: one step a span of opening.
    """
    arrival = arrival.astimezone(UTC)
    left = timedelta(minutes=allowance_minutes)
    if not left:
        return arrival
    opened = False
    for start, end in _spans_after(arrival, hours):
        opened = True
        begin = max(start, arrival)
        if end - begin >= left:
            return begin + left
        left -= end - begin
    return arrival + (timedelta(days=WALK_DAYS_MAX) if opened else timedelta(minutes=allowance_minutes))


def is_open(moment: datetime, hours: Hours) -> bool:
    """Say whether the team is open at a moment."""
    day = moment.astimezone(hours.zone).date()
    return any(start <= moment < end for start, end in _opening(hours, day))


def _spans_after(arrival: datetime, hours: Hours) -> Iterator[Span]:
    """Yield the spans of opening that end after ``arrival``, in order, for ``WALK_DAYS_MAX`` days."""
    if not any(hours.week):
        return
    horizon = arrival + timedelta(days=WALK_DAYS_MAX)
    first = arrival.astimezone(hours.zone).date()
    for ahead in range(WALK_DAYS_MAX + 1):
        for start, end in _opening(hours, first + timedelta(days=ahead)):
            if end > arrival and start < horizon:
                yield start, min(end, horizon)


@lru_cache(maxsize=DAYS_REMEMBERED)
def _opening(hours: Hours, day: date) -> tuple[Span, ...]:
    """Return the spans of one local day in UTC; an hour that the clocks repeat is open twice, one they skip never."""
    if day in hours.holidays:
        return ()
    spans = []
    for opens, closes in hours.week[day.weekday()]:
        start = _moment(datetime.combine(day, opens), hours.zone, fold=0)
        close = datetime.combine(day + timedelta(days=1), time(0)) if closes is None else datetime.combine(day, closes)
        end = _moment(close, hours.zone, fold=0 if closes is None else 1)
        if start < end:
            spans.append((start, end))
    return tuple(spans)


def _moment(wall: datetime, zone: ZoneInfo, *, fold: int) -> datetime:
    """Return the moment in UTC at which the clock on the wall shows ``wall``.

    Of two such moments ``fold`` chooses; a time that the clocks skip is the moment of the change.
    """
    moment = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    before, after = sorted(wall.replace(tzinfo=zone, fold=side).astimezone(UTC) for side in (0, 1))
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _day_of(spans: Sequence[Sequence[str]]) -> tuple[LocalSpan, ...]:
    """Parse, sort and join one day's spans."""
    minutes = sorted((_minute(opens), _minute(closes)) for opens, closes in spans)
    joined: list[list[int]] = []
    for opens, closes in minutes:
        if opens >= closes:
            message = "a span closes before it opens"
            raise ValueError(message)
        if joined and opens <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], closes)
        else:
            joined.append([opens, closes])
    return tuple((_time(opens), None if closes == 24 * 60 else _time(closes)) for opens, closes in joined)


def _minute(text: str) -> int:
    """Return the minute of the day of ``HH:MM``; ``24:00`` is the day's end."""
    if text == "24:00":
        return 24 * 60
    parsed = time.fromisoformat(text)
    return parsed.hour * 60 + parsed.minute


def _time(minute: int) -> time:
    return time(minute // 60, minute % 60)
