from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.desk.inbox.hours import WALK_DAYS_MAX, Hours, due_at, is_open
from vivavoce.desk.team.models import default_hours
from vivavoce.errors import BadInputError

PARIS = ZoneInfo("Europe/Paris")
OFFICE = Hours.of(time_zone="Europe/Paris", hours=default_hours(), holidays=["2026-12-25"])
NIGHTS = Hours.of(time_zone="Europe/Paris", hours={"6": [["00:00", "05:00"]]}, holidays=[])
ALWAYS = Hours.of(time_zone="America/New_York", hours={str(day): [["00:00", "24:00"]] for day in range(7)}, holidays=[])
NEVER = Hours.of(time_zone="Europe/Paris", hours={}, holidays=[])


def paris(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=PARIS)  # type: ignore[misc, arg-type]


def moments() -> st.SearchStrategy[datetime]:
    return st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def teams(draw: st.DrawFn) -> Hours:
    """A team that opens at least once a week, somewhere, with a few holidays."""
    week = draw(
        st.dictionaries(
            st.integers(0, 6).map(str),
            st.lists(
                st.tuples(st.integers(0, 23 * 60), st.integers(30, 59)).map(
                    lambda span: [
                        f"{span[0] // 60:02}:{span[0] % 60:02}",
                        f"{(span[0] + span[1]) // 60:02}:{(span[0] + span[1]) % 60:02}",
                    ]
                ),
                min_size=1,
                max_size=3,
            ),
            min_size=1,
        )
    )
    zone = draw(st.sampled_from(["Europe/Paris", "America/St_Johns", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu"]))
    holidays = draw(st.lists(st.dates(date(2025, 1, 1), date(2028, 1, 1)).map(str), max_size=5))
    return Hours.of(time_zone=zone, hours=week, holidays=holidays)


def test_an_allowance_within_the_day_is_due_the_same_day() -> None:
    assert due_at(paris(2026, 11, 23, 10, 0), 60, OFFICE) == paris(2026, 11, 23, 11, 0)


def test_what_arrives_before_opening_counts_from_the_opening() -> None:
    assert due_at(paris(2026, 11, 23, 3, 0), 60, OFFICE) == paris(2026, 11, 23, 10, 0)


def test_what_is_left_at_closing_goes_on_after_the_weekend() -> None:
    friday = paris(2026, 11, 27, 17, 30)
    assert due_at(friday, 60, OFFICE) == paris(2026, 11, 30, 9, 30)


def test_a_holiday_is_a_closed_day() -> None:
    assert due_at(paris(2026, 12, 24, 17, 30), 60, OFFICE) == paris(2026, 12, 28, 9, 30)
    assert not is_open(paris(2026, 12, 25, 12, 0), OFFICE)
    assert is_open(paris(2026, 12, 24, 12, 0), OFFICE)


def test_a_due_time_at_the_very_close_stays_there() -> None:
    assert due_at(paris(2026, 11, 23, 17, 0), 60, OFFICE) == paris(2026, 11, 23, 18, 0)


def test_the_hour_that_spring_skips_is_never_worked() -> None:
    arrival = paris(2026, 3, 29, 1, 30)
    assert due_at(arrival, 60, NIGHTS) == arrival.astimezone(UTC) + timedelta(minutes=60)
    assert due_at(paris(2026, 3, 29, 0, 0), 4 * 60, NIGHTS) == paris(2026, 3, 29, 5, 0)


def test_the_hour_that_autumn_repeats_is_worked_twice() -> None:
    assert due_at(paris(2026, 10, 25, 0, 0), 6 * 60, NIGHTS) == paris(2026, 10, 25, 5, 0)


def test_opening_in_the_skipped_hour_is_the_moment_of_the_change() -> None:
    hours = Hours.of(time_zone="Europe/Paris", hours={"6": [["02:30", "04:00"]]}, holidays=[])
    assert due_at(paris(2026, 3, 29, 0, 0), 1, hours) == datetime(2026, 3, 29, 1, 1, tzinfo=UTC)


def test_a_team_that_never_opens_goes_by_the_clock() -> None:
    arrival = paris(2026, 11, 23, 3, 0)
    assert due_at(arrival, 90, NEVER) == arrival + timedelta(minutes=90)


def test_a_team_that_opens_too_seldom_is_due_when_the_walk_ends() -> None:
    seldom = Hours.of(time_zone="UTC", hours={"0": [["09:00", "09:01"]]}, holidays=[])
    arrival = datetime(2026, 11, 23, tzinfo=UTC)
    assert due_at(arrival, 10_000, seldom) == arrival + timedelta(days=WALK_DAYS_MAX)


def test_spans_that_meet_are_one() -> None:
    split = Hours.of(time_zone="UTC", hours={"0": [["12:00", "18:00"], ["09:00", "12:00"]]}, holidays=[])
    assert split == Hours.of(time_zone="UTC", hours={"0": [["09:00", "18:00"]]}, holidays=[])


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Mars/Olympus", "hours": {}, "holidays": []},
        {"time_zone": "../../etc/passwd", "hours": {}, "holidays": []},
        {"time_zone": "UTC", "hours": {"0": [["18:00", "09:00"]]}, "holidays": []},
        {"time_zone": "UTC", "hours": {"0": [["nine", "six"]]}, "holidays": []},
        {"time_zone": "UTC", "hours": {"0": [["09:00"]]}, "holidays": []},
        {"time_zone": "UTC", "hours": {}, "holidays": ["Christmas"]},
    ],
)
def test_hours_that_cannot_be_read_are_refused_in_words(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInputError, match="cannot be read"):
        Hours.of(**wrong)  # type: ignore[arg-type]


@given(moments(), st.integers(0, 5_000))
def test_a_team_that_is_always_open_goes_by_the_clock(arrival: datetime, minutes: int) -> None:
    assert due_at(arrival, minutes, ALWAYS) == arrival + timedelta(minutes=minutes)


@given(moments(), st.integers(0, 300), st.integers(0, 300), teams())
def test_two_allowances_one_after_the_other_are_one(arrival: datetime, first: int, then: int, hours: Hours) -> None:
    assert due_at(due_at(arrival, first, hours), then, hours) == due_at(arrival, first + then, hours)


@given(moments(), st.timedeltas(timedelta(0), timedelta(days=9)), st.integers(0, 300), st.integers(0, 300), teams())
def test_who_comes_later_or_may_wait_longer_is_never_due_earlier(
    arrival: datetime, later: timedelta, minutes: int, more: int, hours: Hours
) -> None:
    due = due_at(arrival, minutes, hours)
    assert due >= arrival + timedelta(minutes=minutes)
    assert due_at(arrival + later, minutes, hours) >= due
    assert due_at(arrival, minutes + more, hours) >= due


@given(moments(), st.integers(1, 300), teams())
def test_the_minute_before_a_due_time_is_opening_time(arrival: datetime, minutes: int, hours: Hours) -> None:
    assert is_open(due_at(arrival, minutes, hours) - timedelta(seconds=1), hours)
