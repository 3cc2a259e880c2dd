"""The demo's world: a small social network in one SQLite file, which several processes may share.

What is still to happen waits in ``due``; ``advance`` lets happen what its time has come for, in one transaction that
takes the file's lock first, so two processes never tell the same thing twice. ``event`` is what the brand hears.
Invariant: only ``put`` writes in the brand's name.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from vivavoce.networks.demo.story import BRAND, Line, Story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vivavoce.networks.base import Clock

BUSY_S_MAX = 5.0
"""The other process holds the file for milliseconds; longer means that something hangs."""

REACTION_S_MIN, REACTION_S_SPREAD = 6, 14
"""Somebody needs a few seconds to read an answer and to type."""

SILENCE_PATIENCES = 2
"""After so many times their patience, people write again."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SCHEMA = """
CREATE TABLE IF NOT EXISTS day (start INTEGER NOT NULL, pace REAL NOT NULL, seed TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS due (n INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, silence INTEGER NOT NULL,
    body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS due_at ON due (at, n);
CREATE TABLE IF NOT EXISTS post (id TEXT PRIMARY KEY, root TEXT NOT NULL, body TEXT NOT NULL, gone INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS post_root ON post (root);
CREATE TABLE IF NOT EXISTS event (seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL,
    body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sent (key TEXT PRIMARY KEY, payload TEXT NOT NULL, id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answered (line TEXT PRIMARY KEY, in_time INTEGER NOT NULL, times INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that the brand hears: a post, an edit (``post`` again, with other words) or a deletion."""

    seq: int
    at: datetime
    kind: str
    body: dict[str, Any]


class GoneError(Exception):
    """The post that a reply answers is not there any more."""


class World:
    """One day of the story, played from when its file was made.

    Args:
        path: the file; made when missing, and then the day starts.
        pace: minutes of the story in one minute of the clock, for a day that starts now.
        seed: decides the small differences in how fast people react.
    """

    def __init__(self, path: Path, *, story: Story, clock: Clock, pace: float, seed: str) -> None:
        self.story = story
        self.clock = clock
        self._database = sqlite3.connect(path, timeout=BUSY_S_MAX, isolation_level=None, check_same_thread=False)
        try:
            self._start(pace, seed)
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        """Let go of the file. May be called twice."""
        self._database.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield self._database
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def _all(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(self._database.execute(query, values)) as cursor:
            return cursor.fetchall()

    def _start(self, pace: float, seed: str) -> None:
        with self._writing() as database:
            for statement in SCHEMA.split(";"):
                database.execute(statement)
            known = self._all("SELECT start, pace, seed FROM day")
            self._day, self._pace, self._seed = known[0] if known else (_microseconds(self.clock()), pace, seed)
            if not known:
                database.execute("INSERT INTO day VALUES (?, ?, ?)", (self._day, pace, seed))
                for line in self.story.lines.values():
                    self._plan(line)

    @property
    def name(self) -> str:
        """The day's name, part of every identifier, so that two days never mix."""
        return f"{_time(self._day):%Y%m%dT%H%M%S}"

    def _id(self, line_id: str) -> str:
        return f"{self.name}/{line_id}"

    def _when(self, at_min: float) -> int:
        """Map the story's clock to ours: the past runs at its own speed, the rest at the day's pace."""
        ahead = at_min - self.story.opens_min
        return int(self._day + ahead * 60_000_000 / (self._pace if ahead > 0 else 1))

    def _jitter(self, what: str) -> float:
        digest = hashlib.sha256(f"{self._seed}/{what}".encode()).digest()
        return int.from_bytes(digest[:4]) / 2**32

    def _later(self, at: int, who: str, body: dict[str, Any], *, silence: bool = False) -> None:
        row = (at, who, silence, json.dumps(body))
        self._database.execute("INSERT INTO due (at, who, silence, body) VALUES (?, ?, ?, ?)", row)

    def _plan(self, line: Line) -> None:
        target = line.edits or line.deletes or line.id
        body = {
            "id": self._id(target),
            "line": line.id,
            "who": line.who,
            "text": line.text,
            "lang": line.lang,
            "reply_to": self._id(line.re) if line.re else None,
            "private": line.private,
            "quotes": line.quotes,
            "deletes": bool(line.deletes),
        }
        self._later(self._when(line.at_min), line.who, body)
        if line.never:
            spread = self._jitter(line.id) * line.patience_min
            wait_min = SILENCE_PATIENCES * line.patience_min + spread
            again = {
                **body,
                "id": self._id(f"{line.id}-again"),
                "text": line.never,
                "reply_to": body["id"],
                "again": True,
            }
            self._later(self._when(self._waits_from(line) + wait_min), line.who, again, silence=True)

    def _waits_from(self, line: Line) -> int:
        """Nobody can be late before the desk was opened."""
        return max(line.at_min, self.story.opens_min)

    # What happens

    def advance(self) -> None:
        """Let happen all that its time has come for."""
        now = _microseconds(self.clock())
        if not self._all("SELECT 1 FROM due WHERE at <= ? LIMIT 1", now):
            return
        with self._writing() as database:
            for n, at, body in self._all("SELECT n, at, body FROM due WHERE at <= ? ORDER BY at, n", now):
                self._happen(at, json.loads(body))
                database.execute("DELETE FROM due WHERE n = ?", (n,))

    def happen(self, body: dict[str, Any]) -> None:
        """Let somebody post, edit or take back now; ``body`` has at least ``id`` and ``who``."""
        with self._writing():
            self._happen(_microseconds(self.clock()), body)

    def _happen(self, at: int, body: dict[str, Any]) -> None:
        if body.get("deletes"):
            self._database.execute("UPDATE post SET gone = 1 WHERE id = ?", (body["id"],))
            self._tell(at, "deletion", {"id": body["id"]})
            return
        before = self._body(body["id"])
        parent = self._body(body.get("reply_to") or "")
        if body.get("again") and parent is None:  # who took a question back does not ask where the answer is
            return
        post = {"lang": "", "private": False, "reply_to": None, **(before or body), "text": body["text"]}
        post.setdefault("created_at", at)
        post.setdefault("root", parent["root"] if parent else body["id"])
        post.setdefault("addressed", self._addressed(post, parent))
        self._store(post)
        self._tell(at, "post", post)

    def _addressed(self, post: dict[str, Any], parent: dict[str, Any] | None) -> str:
        if post["private"]:
            return "private"
        if post.get("quotes"):
            return "quote"
        if parent and parent["who"] == BRAND:
            return "reply"
        if f"@{BRAND}" in post["text"]:
            return "mention"
        root = self._body(post["root"]) if parent else None
        follows = root is not None and root["who"] == post["who"] and root["addressed"] != "overheard"
        return "reply" if follows else "overheard"

    def _store(self, post: dict[str, Any]) -> None:
        row = (post["id"], post["root"], json.dumps(post))
        self._database.execute("INSERT OR REPLACE INTO post VALUES (?, ?, ?, 0)", row)

    def _tell(self, at: int, kind: str, body: dict[str, Any]) -> None:
        row = (at, kind, json.dumps(body))
        self._database.execute("INSERT INTO event (at, kind, body) VALUES (?, ?, ?)", row)

    # What can be looked at

    def _body(self, post_id: str) -> dict[str, Any] | None:
        rows = self._all("SELECT body FROM post WHERE id = ? AND NOT gone", post_id)
        return json.loads(rows[0][0]) if rows else None

    def after(self, seq: int, *, events_max: int) -> list[Event]:
        """Return the events after a number, oldest first."""
        rows = self._all("SELECT seq, at, kind, body FROM event WHERE seq > ? ORDER BY seq LIMIT ?", seq, events_max)
        return [Event(number, _time(at), kind, json.loads(body)) for number, at, kind, body in rows]

    def next_s(self) -> float | None:
        """Return the seconds until something happens by itself; ``None`` when the day is over."""
        (at,) = self._all("SELECT min(at) FROM due")[0]
        return None if at is None else max(0.0, (at - _microseconds(self.clock())) / 1e6)

    def text(self, post_id: str) -> str | None:
        """Return the words that stand under an identifier."""
        body = self._body(post_id)
        return None if body is None else str(body["text"])

    def thread(self, post_id: str) -> list[dict[str, Any]]:
        """Return the posts of the thread around a post, oldest first; none when the post is gone."""
        post = self._body(post_id)
        if post is None:
            return []
        rows = self._all("SELECT body FROM post WHERE root = ? AND NOT gone", post["root"])
        posts = [json.loads(body) for (body,) in rows]
        return sorted(posts, key=lambda each: (each["id"] != each["root"], each["created_at"]))

    def sent(self, key: str) -> tuple[str, str] | None:
        """Return payload and identifier of what the brand put under a key, if it still stands."""
        rows = self._all("SELECT payload, sent.id FROM sent JOIN post USING (id) WHERE key = ? AND NOT gone", key)
        return rows[0] if rows else None

    # What the brand says, and how people take it

    def put(self, key: str, payload: str) -> tuple[str, str]:
        """Put the brand's reply under a key, once; return payload and identifier of what stands there.

        Raises:
            GoneError: what it answers was taken back.
        """
        self.advance()
        now = _microseconds(self.clock())
        with self._writing() as database:
            rows = self._all("SELECT payload, id FROM sent WHERE key = ?", key)
            if rows:
                return rows[0][0], rows[0][1]
            reply = json.loads(payload)
            parent = self._body(reply["reply_to"])
            if parent is None:
                raise GoneError
            post_id = self._id(f"reply-{key}")
            database.execute("INSERT INTO sent VALUES (?, ?, ?)", (key, payload, post_id))
            row = {**reply, "id": post_id, "root": parent["root"], "who": BRAND, "addressed": ""}
            private = bool(parent["private"] or reply["private"])
            self._store({**row, "line": parent.get("line", ""), "private": private})
            self._react({**parent, "private": private}, post_id, now)
        return payload, post_id

    def _react(self, parent: dict[str, Any], reply_id: str, now: int) -> None:
        who = parent["who"]
        self._database.execute("DELETE FROM due WHERE silence AND who = ?", (who,))
        line = self.story.reacting(parent.get("line", ""))
        if line is None:
            return
        rows = self._all("SELECT in_time, times FROM answered WHERE line = ?", line.id)
        in_time, times = rows[0] if rows else (now <= self._when(self._waits_from(line) + line.patience_min), 0)
        self._database.execute("INSERT OR REPLACE INTO answered VALUES (?, ?, ?)", (line.id, in_time, times + 1))
        said = line.in_time if in_time else line.late
        if times < len(said):
            post_id = self._id(f"{line.id}-{times + 1}")
            delay_s = REACTION_S_MIN + REACTION_S_SPREAD * self._jitter(post_id)
            body = {"id": post_id, "line": line.id, "who": who, "text": said[times], "lang": line.lang}
            again = {**body, "reply_to": reply_id, "private": parent["private"]}
            self._later(now + int(delay_s * 1e6), who, again)


def _microseconds(time: datetime) -> int:
    return (time - EPOCH) // timedelta(microseconds=1)


def _time(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
