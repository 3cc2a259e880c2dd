"""The place up to which an account was heard, as the opaque string that the store keeps."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from vivavoce.errors import NetworkError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIME_US_MAX = 7_258_118_400_000_000
"""The year 2200: a later time is a mistake, and would not fit where times are stored."""

_VERSION = 1


def moment(time_us: int) -> datetime:
    """Return the time of a count of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=time_us)


def microseconds(at: datetime) -> int:
    """Return the microseconds since 1970 of a time."""
    return (at - EPOCH) // timedelta(microseconds=1)


def is_time_us(value: object) -> bool:
    """Say whether a value that somebody sent is a time in microseconds."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < TIME_US_MAX


@dataclass(frozen=True, slots=True)
class Place:
    """Up to where the two sources of an account were heard.

    ``stream_us`` is the time of the stream's last event; until there was one (``stream_heard``) it is when we began to
    listen. ``notified_us`` is the time of the last notification. ``None``: never listened there.
    """

    stream_us: int | None = None
    stream_heard: bool = False
    notified_us: int | None = None

    def to_cursor(self) -> str:
        """Return the string to store."""
        fields = {
            "v": _VERSION,
            "stream_us": self.stream_us,
            "heard": self.stream_heard,
            "notified_us": self.notified_us,
        }
        return json.dumps(fields, separators=(",", ":"))

    @classmethod
    def from_cursor(cls, cursor: str | None) -> Place:
        """Read a stored string; ``None`` is the beginning.

        Raises:
            NetworkError: it is not one of ours.
        """
        if cursor is None:
            return cls()
        try:
            fields = json.loads(cursor)
            known = fields["v"] == _VERSION
            stream_us, notified_us = fields["stream_us"], fields["notified_us"]
            heard = bool(fields["heard"])
        except (ValueError, TypeError, KeyError, RecursionError):
            known, stream_us, notified_us, heard = False, None, None, False
        if not known or not all(value is None or is_time_us(value) for value in (stream_us, notified_us)):
            message = (
                "The stored place in Bluesky's stream cannot be read; connect the account anew to listen from now."
            )
            raise NetworkError(message, permanent=True)
        return cls(stream_us, heard, notified_us)
