"""The clock: what changes by time alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from django.db import DatabaseError, connections, transaction

from vivavoce.desk.inbox.models import Person
from vivavoce.desk.live.services import touch
from vivavoce.desk.replies.models import Challenge
from vivavoce.desk.workers.pace import PACE

if TYPE_CHECKING:
    import threading

log = structlog.get_logger()

TICK_S = 15.0
"""A due time that passes is seen on every screen within so many seconds."""

CHALLENGE_KEPT_S = 3600
"""Challenges live for minutes; what is left of them after an hour is swept."""


def tick(*, since: datetime, now: datetime) -> None:
    """Tell the screens when a due time has passed between two moments, and sweep old challenges."""
    passed = Person.objects.filter(waiting=True, due_at__gt=since, due_at__lte=now).exists()
    swept = Challenge.objects.filter(made_at__lt=now - timedelta(seconds=CHALLENGE_KEPT_S))
    if passed or swept.exists():
        with PACE.turn(), transaction.atomic():
            swept.delete()
            if passed:
                touch("queue")


def run_clock(*, stop: threading.Event) -> None:
    """Tick until ``stop`` is set."""
    since = datetime.now(UTC)
    try:
        while not stop.wait(TICK_S):
            now = datetime.now(UTC)
            try:
                tick(since=since, now=now)
                since = now
            except DatabaseError as error:
                log.warning("the database does not answer; the clock tries again", error=str(error))
                connections.close_all()
    finally:
        connections.close_all()
