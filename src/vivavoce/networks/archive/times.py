"""Times as archives write them, to aware UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from vivavoce.networks.archive.rows import RowError

YEAR_MIN, YEAR_MAX = 1971, 2199
"""Outside of these a time is a mistake of some program (zero, or the wrong unit); no due time can be made of it."""

TEXT_CODE_POINTS_MAX = 64
"""The longest form, RFC 2822 with a zone's name, takes about 45; an error repeats no more than this."""

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TWITTER = re.compile(
    r"(?:mon|tue|wed|thu|fri|sat|sun) ([a-z]{3}) (\d\d?) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d) (\d{4})",
    re.ASCII | re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{9,17}(?:\.\d{1,9})?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SECONDS_BELOW = 10**11
MILLISECONDS_BELOW = 10**14
"""A whole number is in the unit that makes it a time of our days: seconds, milliseconds, else microseconds."""


def parse_time(value: object, *, what: str = "created_at") -> datetime:
    """Read a time: ISO 8601, Twitter's own form, RFC 2822, or a count since 1970 in seconds, milli- or microseconds.

    A time without a zone is taken as UTC.

    Raises:
        RowError: it is missing, none of these, or not between ``YEAR_MIN`` and ``YEAR_MAX``.
    """
    if value is None or value == "":
        message = f"no {what}"
        raise RowError(message)
    try:
        found = _parse(value)
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError) as error:
        shown = repr(value)[:TEXT_CODE_POINTS_MAX]
        message = f"{what} is not a time that can be read: {shown}; write it as 2026-03-01T09:30:00Z"
        raise RowError(message) from error
    if not YEAR_MIN <= found.year <= YEAR_MAX:
        message = f"{what} is in the year {found.year}, which must be a mistake"
        raise RowError(message)
    return found


def _parse(value: object) -> datetime:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, int | float):
        return _counted(value)
    if not isinstance(value, str) or len(value) > TEXT_CODE_POINTS_MAX:
        raise ValueError
    text = value.strip()
    if match := _TWITTER.fullmatch(text):
        return _twitter(*match.groups())
    if _NUMBER.fullmatch(text):
        return _counted(float(text) if "." in text else int(text))
    try:
        return datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        if "/" in text:  # 03/04/2026 is March or April: nobody can tell
            raise
        return parsedate_to_datetime(text)


def _counted(value: float) -> datetime:
    if value < SECONDS_BELOW:
        return _EPOCH + timedelta(seconds=value)
    if value < MILLISECONDS_BELOW:
        return _EPOCH + timedelta(milliseconds=value)
    return _EPOCH + timedelta(microseconds=value)


def _twitter(*parts: str) -> datetime:
    """Read Twitter's form without ``strptime``, which follows the machine's language for the names of months."""
    month, day, hour, minute, second, sign, zone_h, zone_min, year = parts
    offset = timedelta(hours=int(zone_h), minutes=int(zone_min)) * (-1 if sign == "-" else 1)
    local = datetime(
        int(year), MONTHS.index(month.lower()) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC
    )
    return local - offset
