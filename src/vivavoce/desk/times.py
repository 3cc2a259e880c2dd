"""The desk's clock, which everything else takes as an argument."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Tell the time, aware and in UTC."""
    return datetime.now(UTC)
