"""Both ears of an account in one: notifications and the stream, each post once, from a stored place on."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vivavoce.errors import NetworkError
from vivavoce.networks.base import BATCH_EVENTS_MAX, Batch, Gap
from vivavoce.networks.bluesky import mapping
from vivavoce.networks.bluesky.client import AnswerError
from vivavoce.networks.bluesky.connector import NAME
from vivavoce.networks.bluesky.cursor import Place, microseconds, moment
from vivavoce.networks.bluesky.jetstream import Missed, Reach, Stream
from vivavoce.networks.bluesky.sieve import Known, Said, Sieve, TakenBack
from vivavoce.posts import Addressed, Author, Deletion, Post

if TYPE_CHECKING:
    from collections.abc import Callable

    from vivavoce.networks.base import Clock
    from vivavoce.networks.bluesky.notifications import Notifications, Notified
    from vivavoce.networks.bluesky.people import People
    from vivavoce.networks.bluesky.watch import Watch

CHECKPOINT_S = 5.0
"""The place is given back for storing at least this often, even when nothing concerned us."""

GIVEN_MAX = 20_000
"""What comes twice comes within a rewind: seconds of the network, of which few posts concern us."""

NO_APPVIEW_S = 60.0
"""A server without an AppView, or whose AppView is away, is asked this often for notifications."""


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sources:
    """What an account listens to.

    ``notifications`` is missing without an account; ``brand`` is then empty.
    """

    brand: str
    watch: Watch
    jetstream: str
    notifications: Notifications | None
    people: People
    blobs: mapping.Blobs


class Listening:
    """Gives batches of what came after a cursor; begins anew there when it is not the last one given.

    Args:
        sources: what to listen to.
        clock: says from when on, the first time.
        jitter: gives a number from 0 to 1, for the stream's back-off.
        monotonic: counts seconds, never backwards.
    """

    def __init__(
        self,
        sources: Sources,
        *,
        clock: Clock,
        jitter: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources = sources
        self._clock = clock
        self._jitter = jitter
        self._monotonic = monotonic
        self._known = Known()
        self._cursor: str | None = None
        self._begun_us: int | None = None
        self._place = Place()
        self._stream: Stream | None = None
        self._polled_us: int | None = None
        self._waiting: deque[Notified] = deque()
        self._gaps: list[Gap] = []
        self._given: OrderedDict[tuple[str, str], Addressed] = OrderedDict()

    def listen(self, cursor: str | None, *, wait_s_max: float) -> Batch:
        """Return what came after ``cursor``, as ``Network.listen`` says."""
        if self._cursor is None or cursor != self._cursor:
            self._begin(cursor)
        try:
            events = self._heard(min(wait_s_max, CHECKPOINT_S))
        except NetworkError:
            raise  # nothing was taken before it
        except BaseException:
            self._cursor = None  # what was taken is fetched again from the stored place
            raise
        gaps, self._gaps = tuple(self._gaps), []
        self._cursor = self._place.to_cursor()
        return Batch(tuple(events), self._cursor, gaps)

    def close(self) -> None:
        """Stop listening. May be called twice."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._cursor = None

    def _begin(self, cursor: str | None) -> None:
        """Go to a stored place: the first time, after a restart, or when what was given could not be stored."""
        place = Place.from_cursor(cursor)
        self.close()
        if self._begun_us is None:
            self._begun_us = microseconds(self._clock())
        if place.stream_us is None:
            place = replace(place, stream_us=self._begun_us, stream_heard=False)
        self._place = place
        self._polled_us = place.notified_us
        self._waiting.clear()
        self._given.clear()
        self._gaps = []
        sieve = Sieve(brand=self._sources.brand, watch=self._sources.watch, known=self._known)
        start = Reach(place.stream_us or self._begun_us, place.stream_heard)
        self._stream = Stream(self._sources.jetstream, sieve=sieve, start=start, jitter=self._jitter)
        if self._sources.notifications is not None:
            self._sources.notifications.put_off(0.0)

    def _heard(self, wait_s_max: float) -> list[Post | Deletion]:
        """Wait for something that cannot wait: deletions of others' posts, many a second, go along later."""
        self._poll()
        until = self._monotonic() + min(wait_s_max, self._due_s())
        events = self._notified()
        pressing = bool(events or self._gaps)
        while True:
            left_s = max(0.0, until - self._monotonic())
            came, more_pressing = self._streamed(BATCH_EVENTS_MAX - len(events), 0.0 if pressing else left_s)
            events += came
            pressing = pressing or more_pressing
            if pressing or left_s <= 0 or len(events) >= BATCH_EVENTS_MAX:
                break
        if not events and not self._gaps:
            self._tell_trouble()
        events.sort(key=lambda event: event.seen_at)
        return events

    def _notified(self) -> list[Post | Deletion]:
        """Return what notifications told, as much as fits."""
        notified = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_EVENTS_MAX))]
        at_us = notified[-1].time_us if self._waiting else self._polled_us
        self._place = replace(self._place, notified_us=at_us)
        events: list[Post | Deletion] = []
        for entry in notified:
            self._sources.people.note(entry.author)
            self._known.add(entry.came.address.uri)
            events.append(self._post(entry.came, entry.author))
        return [event for event in events if self._is_news(event)]

    def _streamed(self, items_max: int, wait_s: float) -> tuple[list[Post | Deletion], bool]:
        """Return what the stream told, and whether any of it cannot wait."""
        if self._stream is None:
            return [], True
        items, reach = self._stream.take(items_max, wait_s_max=wait_s)
        self._place = replace(self._place, stream_us=reach.time_us, stream_heard=reach.heard)
        gaps = [item.gap for item in items if isinstance(item, Missed)]
        self._gaps += gaps
        said = [item for item in items if isinstance(item, Said)]
        taken_back = [item for item in items if isinstance(item, TakenBack)]
        authors = self._sources.people.authors(item.came.address.did for item in said)
        events: list[Post | Deletion] = [self._post(item.came, authors[item.came.address.did]) for item in said]
        events += [Deletion(item.uri, NAME, moment(item.time_us)) for item in taken_back]
        events.sort(key=lambda event: event.seen_at)
        news = [event for event in events if self._is_news(event)]
        return news, bool(gaps) or any(isinstance(event, Post) or event.id in self._known for event in news)

    def _due_s(self) -> float:
        notifications = self._sources.notifications
        return CHECKPOINT_S if notifications is None else notifications.due_s

    def _post(self, came: mapping.Arrived, author: Author) -> Post:
        return mapping.post(came, author=author, brand=self._sources.brand, blobs=self._sources.blobs)

    def _poll(self) -> None:
        notifications = self._sources.notifications
        if notifications is None or self._waiting or notifications.due_s > 0:
            return
        try:
            poll = notifications.poll(self._polled_us)
        except AnswerError as error:
            if not error.no_appview:
                notifications.put_off(error.retry_after_s or NO_APPVIEW_S)
                raise
            _log.info("no notifications from this server now: %s", error.message)
            notifications.put_off(NO_APPVIEW_S)
            return
        self._waiting.extend(note for note in poll.notified if self._is_new_notification(note))
        newest = [at for at in (self._polled_us, poll.newest_us) if at is not None]
        self._polled_us = max(newest, default=None)
        self._gaps += [poll.gap] if poll.gap is not None else []

    def _is_new_notification(self, note: Notified) -> bool:
        given = self._given.get((note.came.address.uri, note.came.cid))
        return given is None or given is Addressed.OVERHEARD

    def _is_news(self, event: Post | Deletion) -> bool:
        """Say whether an event was not given before; a post that turns out to be addressed is given again."""
        if isinstance(event, Deletion):
            if event.id not in self._known:
                return True  # perhaps of a post from before a restart; too many to remember
            key, addressed = (event.id, ""), Addressed.OVERHEARD
            news = key not in self._given
        else:
            key, addressed = (event.id, event.version), event.addressed
            before = self._given.get(key)
            news = before is None or (before is Addressed.OVERHEARD and addressed is not Addressed.OVERHEARD)
            self._given.pop((event.id, ""), None)  # it is back: taking it back again is news
        if news:
            self._given[key] = addressed
            while len(self._given) > GIVEN_MAX:
                self._given.popitem(last=False)
        return news

    def _tell_trouble(self) -> None:
        trouble = self._stream.take_trouble() if self._stream is not None else None
        if trouble is not None:
            message, retry_after_s = trouble
            raise NetworkError(message, retry_after_s=retry_after_s)
