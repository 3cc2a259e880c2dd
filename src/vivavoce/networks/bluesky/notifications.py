"""The brand's notifications: who mentioned it, answered it or quoted it, as the AppView tells through the server."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vivavoce.networks.base import Gap
from vivavoce.networks.bluesky import mapping
from vivavoce.networks.bluesky.cursor import is_time_us, microseconds, moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from vivavoce.networks.bluesky.client import Server
    from vivavoce.posts import Author

REASONS = ("mention", "reply", "quote")

POLL_S = 3.0
"""100 requests in five minutes, of the 3,000 that the public servers allow."""

PAGE_SIZE = 50
PAGES_MAX = 60
"""3,000 notifications after an absence; more is a storm, and shown as a gap."""

FIRST_PAGES_MAX = 3
"""When a brand connects: what is unread of its latest 150."""

REWIND_US = 5_000_000
"""Notifications are listed by when they were indexed; two indexers differ by less than this."""

GAP_REASON = "More notifications came than can be fetched; the oldest of this time may be missing."


@dataclass(frozen=True, slots=True)
class Notified:
    """One notification, and when the AppView indexed it."""

    time_us: int
    came: mapping.Arrived
    author: Author


@dataclass(frozen=True, slots=True)
class Poll:
    """What one look brought, oldest first; ``newest_us`` is the latest of all that was listed."""

    notified: tuple[Notified, ...]
    newest_us: int | None
    gap: Gap | None = None


class Notifications:
    """Asks for notifications, not more often than is good.

    Args:
        server: where the account lives.
        monotonic: counts seconds, never backwards.
    """

    def __init__(self, server: Server, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._monotonic = monotonic
        self._next = monotonic()

    @property
    def due_s(self) -> float:
        """Seconds until it is time to ask again; 0 when it is."""
        return max(0.0, self._next - self._monotonic())

    def put_off(self, wait_s: float) -> None:
        """Do not ask again for so long."""
        self._next = self._monotonic() + wait_s

    def poll(self, since_us: int | None) -> Poll:
        """Return what came since; from the beginning, what is still unread of the latest.

        Raises:
            NetworkError: the server is away, refuses, or has no AppView behind it.
        """
        self.put_off(POLL_S)
        oldest_us = None if since_us is None else since_us - REWIND_US
        found: list[Notified] = []
        times: list[int] = []
        cursor: str | None = None
        for _ in range(FIRST_PAGES_MAX if since_us is None else PAGES_MAX):
            page = self._server.query(
                "app.bsky.notification.listNotifications", limit=PAGE_SIZE, reasons=list(REASONS), cursor=cursor
            )
            listed = [entry for entry in mapping.list_at(page, "notifications") if isinstance(entry, dict)]
            dated = [(_indexed_us(entry), entry) for entry in listed]
            times += [time_us for time_us, _ in dated if time_us is not None]
            fresh = [(at, entry) for at, entry in dated if at is not None and (oldest_us is None or at >= oldest_us)]
            unread = [pair for pair in fresh if since_us is not None or pair[1].get("isRead") is not True]
            found += filter(None, (_notified(at, entry) for at, entry in unread))
            cursor = mapping.text_at(page, "cursor") or None
            if cursor is None or not listed or len(fresh) < len([at for at, _ in dated if at is not None]):
                cursor = None
                break
        gap = None
        if cursor is not None and since_us is not None:
            gap = Gap(moment(since_us), moment(max(since_us, min(times, default=since_us))), GAP_REASON)
        return Poll(tuple(reversed(found)), max(times, default=None), gap)


def _indexed_us(entry: dict[str, Any]) -> int | None:
    at = mapping.network_time(entry.get("indexedAt"))
    return microseconds(at) if at is not None and is_time_us(microseconds(at)) else None


def _notified(time_us: int, entry: dict[str, Any]) -> Notified | None:
    if entry.get("reason") not in REASONS:
        return None
    came = mapping.arrived(entry.get("uri"), entry.get("cid"), entry.get("record"), moment(time_us))
    author = mapping.author(entry.get("author"))
    if came is None or author is None or author.id != came.address.did:
        return None
    return Notified(time_us, came, author)
