"""Times as archives write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.networks.archive.rows import RowError
from vivavoce.networks.archive.times import parse_time

NINE = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Tue Oct 31 22:10:47 +0000 2017", datetime(2017, 10, 31, 22, 10, 47, tzinfo=UTC)),
        ("Tue Oct 31 22:10:47 +0530 2017", datetime(2017, 10, 31, 16, 40, 47, tzinfo=UTC)),
        ("tue oct 31 22:10:47 -0100 2017", datetime(2017, 10, 31, 23, 10, 47, tzinfo=UTC)),
        ("2026-03-01T09:30:00Z", NINE),
        ("2026-03-01T10:30:00.000+01:00", NINE),
        ("2026-03-01 09:30", NINE),
        ("2026-03-01 09:30:00 UTC", NINE),
        ("2026-03-01", NINE.replace(hour=0, minute=0)),
        ("Sun, 01 Mar 2026 09:30:00 GMT", NINE),
        ("Sun, 01 Mar 2026 10:30:00 +0100", NINE),
        ("1772357400", NINE),
        (1772357400, NINE),
        (1772357400.0, NINE),
        (1772357400000, NINE),
        ("1772357400000000", NINE),
    ],
)
def test_a_time_is_read_to_utc(written: object, meant: datetime) -> None:
    found = parse_time(written)
    assert found == meant
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            None,
            "hier",
            "03/04/2026",
            "2026-02-30",
            "Tue Foo 31 22:10:47 +0000 2017",
            "Tue Oct 32 22:10:47 +0000 2017",
        ),
        *("2026-03-01T25:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1969-12-31", 0, -1, True),
        *(float("nan"), float("inf"), 10**40, "9" * 17, [], {}, "1" * 10_000, "\x00", "²026-03-01"),
    ],
)
def test_what_is_no_time_is_said_in_one_line(written: object) -> None:
    with pytest.raises(RowError) as told:
        parse_time(written)
    assert "created_at" in str(told.value)
    assert len(str(told.value)) < 200


@given(st.text() | st.floats() | st.integers() | st.from_regex(r"[0-9 :+TZ/,a-z-]{1,30}"))
def test_anything_is_a_time_or_a_reason(written: object) -> None:
    told = "created_at"
    try:
        assert parse_time(written).tzinfo is UTC
    except RowError as error:
        told = str(error)
    assert "created_at" in told


@given(
    at=st.datetimes(datetime(1972, 1, 1), datetime(2198, 1, 1)),  # noqa: DTZ001 - Hypothesis wants naive ones
    zone_min=st.integers(-14 * 60, 14 * 60),
)
def test_every_zone_comes_back_to_the_same_moment(at: datetime, zone_min: int) -> None:
    local = at.replace(tzinfo=timezone(timedelta(minutes=zone_min)))
    assert parse_time(local.isoformat()) == local
