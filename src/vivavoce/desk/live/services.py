"""Telling every open screen that something changed."""

from __future__ import annotations

from itertools import islice

from django.db import connection

CHANNEL = "vivavoce"
"""The channel of PostgreSQL's NOTIFY; the payload is the topics, a space between them."""

TOPICS_NOTIFIED_MAX = 80
"""PostgreSQL takes less than 8,000 bytes a notice, and a topic has at most 80 characters, some of them four bytes."""

TOPICS_WRITTEN_MAX = 400
"""SQLite takes 999 parameters a statement at the least."""

GROW = (
    "INSERT INTO live_signal (topic, version) VALUES {rows} "
    "ON CONFLICT (topic) DO UPDATE SET version = live_signal.version + 1"
)


def touch(*topics: str) -> None:
    """Grow the versions of topics, within the caller's transaction: a screen hears of it when that commits.

    Call it last in a transaction: on PostgreSQL one transaction at a time is between its first touch and its end, so
    whoever locked something else afterwards could wait for another in a circle.
    """
    names = sorted(set(topics))
    if not names:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('vivavoce signals'))")
        for group in _groups(names, TOPICS_WRITTEN_MAX):
            cursor.execute(GROW.format(rows=", ".join(["(%s, 1)"] * len(group))), group)
        if connection.vendor == "postgresql":
            for group in _groups(names, TOPICS_NOTIFIED_MAX):
                cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, " ".join(group)])


def _groups(names: list[str], size: int) -> list[list[str]]:
    """Cut a list into groups of at most ``size``."""
    rest = iter(names)
    return list(iter(lambda: list(islice(rest, size)), []))
