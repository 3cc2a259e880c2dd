"""The brand's account in the demo's world, behind the same promises as every other network."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from vivavoce.errors import NetworkError, UnclearError
from vivavoce.networks.base import BATCH_EVENTS_MAX, Batch, Capabilities, Record, Sighting, Standing, Words
from vivavoce.networks.demo.story import BRAND, BRAND_NAME
from vivavoce.networks.demo.world import EPOCH, Event, GoneError, World
from vivavoce.networks.permit import Permit, spend
from vivavoce.posts import Addressed, Author, Deletion, Post, Visibility, storable

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "demo"

CHARACTERS_MAX = 300
"""As on the networks that people know; counted in code points."""

POLL_S = 0.25
"""The courier writes from another process; looking this often costs nothing and feels immediate."""

RETRY_S = 1.0
"""Another process holds the file; it will not for long."""


class DemoNetwork:
    """Listens to and speaks in the demo's world."""

    name = NAME
    account = Author(id=BRAND, handle=f"{BRAND}@{NAME}", name=BRAND_NAME)
    capabilities = Capabilities(
        public=True, private=True, edit=True, delete=True, media=False, characters_max=CHARACTERS_MAX
    )

    def __init__(self, world: World) -> None:
        self._world = world

    def listen(self, cursor: str | None, *, wait_s_max: float) -> Batch:
        """Return what happened after ``cursor``; the morning first, when it is ``None``."""
        seq = self._seq(cursor)
        slept_s = 0.0
        while True:
            with _looking():
                self._world.advance()
                events = self._world.after(seq, events_max=BATCH_EVENTS_MAX)
                next_s = self._world.next_s()
            if events or slept_s >= wait_s_max:
                break
            nap_s = min(POLL_S, wait_s_max - slept_s)
            time.sleep(nap_s)
            slept_s += nap_s
        last = events[-1].seq if events else seq
        full = len(events) == BATCH_EVENTS_MAX
        wait_s = 0.0 if full else min(POLL_S, POLL_S if next_s is None else next_s)
        return Batch(tuple(self._heard(event) for event in events), f"{self._world.name}/{last}", wait_s=wait_s)

    def _seq(self, cursor: str | None) -> int:
        """A cursor from another day, whose file is gone, starts this day from its beginning."""
        day, _, number = (cursor or "").partition("/")
        return int(number) if day == self._world.name and number.isdecimal() else 0

    def _heard(self, event: Event) -> Post | Deletion:
        if event.kind == "deletion":
            return Deletion(id=event.body["id"], network=NAME, seen_at=event.at)
        return self._post(event.body, seen_at=event.at)

    def _post(self, body: dict[str, Any], *, seen_at: datetime) -> Post:
        ours = body["who"] == BRAND
        text = storable(body["text"])
        return Post(
            id=body["id"],
            network=NAME,
            author=self.account if ours else self._author(body["who"]),
            text=text,
            created_at=_time(body["created_at"]),
            seen_at=seen_at,
            reply_to=body["reply_to"],
            root=body["root"] if body["root"] != body["id"] else None,
            visibility=Visibility.PRIVATE if body["private"] else Visibility.PUBLIC,
            addressed=Addressed(body["addressed"] or "reply"),
            ours=ours,
            languages=(body["lang"],) if body.get("lang") else (),
            version=hashlib.sha256(text.encode()).hexdigest()[:16],
        )

    def _author(self, who: str) -> Author:
        person = self._world.story.people.get(who)
        automated = person is not None and person.says_automated
        name = person.name if person else ""
        return Author(id=f"person/{who}", handle=f"{who}@{NAME}", name=name, says_automated=automated)

    def thread(self, post_id: str) -> tuple[Post, ...]:
        """Return the public posts of the thread around a post, root first; empty when it is gone."""
        with _looking():
            self._world.advance()
            posts = self._world.thread(post_id)
        public = [post for post in posts if not post["private"]]
        return tuple(self._post(post, seen_at=_time(post["created_at"])) for post in public)

    def length(self, text: str) -> int:
        """Count the code points of a text."""
        return len(text)

    def freeze(self, words: Words, *, created_at: datetime) -> Record:
        """Make the record that ``send`` will put; refuse what this network would not take."""
        if not words.text.strip() or words.text != storable(words.text):
            _refuse("The reply is empty, or has characters that no screen can show; write it anew.")
        if self.length(words.text) > CHARACTERS_MAX:
            _refuse(f"The reply is longer than {CHARACTERS_MAX} characters; shorten it.")
        payload = {
            "text": words.text,
            "reply_to": words.reply_to,
            "private": words.visibility is Visibility.PRIVATE,
            "created_at": (created_at - EPOCH) // timedelta(microseconds=1),
            "lang": words.languages[0] if words.languages else "",
        }
        return Record(
            network=NAME,
            account=self.account.id,
            key=uuid.uuid4().hex,
            created_at=created_at,
            words=words,
            payload=json.dumps(payload, sort_keys=True),
        )

    def find(self, record: Record) -> Sighting:
        """Look whether a frozen record stands in the world."""
        with _looking():
            standing = self._world.sent(record.key)
        return self._sighting(record, standing) if standing else Sighting(Standing.ABSENT)

    def send(self, permit: Permit) -> Sighting:
        """Put the permitted record into the world, once."""
        record = spend(permit, network=NAME, account=self.account.id)
        try:
            return self._sighting(record, self._world.put(record.key, record.payload))
        except GoneError:
            _refuse("What this reply answers was taken back; nothing was sent.")
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                message = "The demo's world is busy; the reply will be tried again."
                raise NetworkError(message, retry_after_s=RETRY_S) from error
            message = f"The demo's world failed while it took the reply ({error}); look before trying again."
            raise UnclearError(message) from error

    def _sighting(self, record: Record, standing: tuple[str, str]) -> Sighting:
        payload, post_id = standing
        same = payload == record.payload
        version = hashlib.sha256(record.words.text.encode()).hexdigest()[:16] if same else ""
        return Sighting(Standing.PRESENT if same else Standing.OTHER_WORDS, id=post_id, version=version)

    def close(self) -> None:
        """Let go of the world's file."""
        self._world.close()


def _refuse(message: str) -> NoReturn:
    raise NetworkError(message, permanent=True)


def _time(microseconds: int) -> datetime:
    return (EPOCH + timedelta(microseconds=microseconds)).astimezone(UTC)


@contextmanager
def _looking() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        message = f"The demo's world cannot be read ({error}); it is tried again. Is the disk full?"
        raise NetworkError(message, retry_after_s=RETRY_S) from error
