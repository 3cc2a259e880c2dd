"""One transaction's worth of arrivals: people, posts, readings, conversations, due times, places, ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vivavoce.desk.inbox.answers import answered_already, answers_given
from vivavoce.desk.inbox.bulk import insert_rows
from vivavoce.desk.inbox.due import DECIDED, TeamRule, corrections_of, decided_of, due_of_stored, set_due
from vivavoce.desk.inbox.handles import handles_for
from vivavoce.desk.inbox.models import Account, Handle, Lane, Post, Reading
from vivavoce.desk.inbox.queue import Place, lock_people, places_set
from vivavoce.desk.inbox.rows import WORDED, Fresh, Record, empty, worded
from vivavoce.desk.inbox.threads import (
    Asked,
    asked_by,
    conversations_follow,
    conversations_found,
    conversations_open,
    join_ours,
)
from vivavoce.desk.transparency.models import LedgerEntry
from vivavoce.posts import Addressed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from vivavoce import posts
    from vivavoce.desk.inbox.arrivals import Arrival

CHANGED = (
    *WORDED,
    "deleted_at",
    "edited_at",
    "addressed",
    "conversation",
    "waits",
    "lane",
    "due_at",
    "due_reason",
    "answered_at",
)
"""The columns that an arrival may change on a post that was known."""


Facts = dict[str, Any] | None
"""What the ledger keeps of a before or an after: labels and ids, nobody's words."""


@dataclass(slots=True)
class Store:
    """The state of one such transaction. ``run`` does it all; the caller opens and closes the transaction."""

    account: Account
    fresh: Mapping[str, Fresh]
    records: Mapping[tuple[str, str], Record]
    rule: TeamRule
    now: datetime
    new: list[Post] = field(default_factory=list)
    changed: dict[int, Post] = field(default_factory=dict)
    called: list[Post] = field(default_factory=list)
    """Known posts that were overheard and turned out to be addressed."""
    reread: list[Post] = field(default_factory=list)
    ledger: list[LedgerEntry] = field(default_factory=list)
    asked: Asked = field(default_factory=Asked)
    made: set[int] = field(default_factory=set)
    """Conversations that this transaction opened: nothing waited there before."""
    gone: set[int] = field(default_factory=set)
    """People of whom a post was taken back."""
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("new", "known", "edited", "deleted", "erased"), 0)
    )

    def run(self, arrivals: Sequence[Arrival]) -> set[str]:
        """Store the arrivals of one network and return the topics to touch."""
        network = arrivals[0].network
        authors = [arrival.post.author for arrival in arrivals if arrival.post is not None]
        handles = handles_for(network, authors, now=self.now)
        stored = self._stored(network, arrivals)
        ours = [
            arrival.post
            for arrival in arrivals
            if arrival.post is not None and arrival.post.ours and arrival.id not in stored
        ]
        self.asked = asked_by(self.account, network, ours, {arrival.id for arrival in arrivals if arrival.post})
        people = {handle.person_id for handle in handles.values() if handle is not None}
        people |= {post.author.person_id for post in stored.values()}
        before = lock_people(people | self.asked.people)
        for arrival in arrivals:
            self._meet(arrival, stored.get(arrival.id), handles)
        self._join()
        self._set_due()
        self._write()
        return self._settle(before)

    # What each arrival means

    def _stored(self, network: str, arrivals: Iterable[Arrival]) -> dict[str, Post]:
        ids = [arrival.id for arrival in arrivals]
        rows = Post.objects.filter(network=network, remote_id__in=ids).select_related("author")
        return {post.remote_id: post for post in rows}

    def _meet(self, arrival: Arrival, stored: Post | None, handles: Mapping[str, Handle | None]) -> None:
        post = arrival.post
        author = handles[post.author.id] if post is not None else None
        if post is not None and author is None:
            self.counts["erased"] += 1
        elif stored is None and post is not None and author is not None:
            self._first(arrival, author)
        elif stored is not None:
            if post is not None:
                self._again(stored, post)
            if arrival.deleted_at is not None:
                self._taken_back(stored, arrival.deleted_at)

    def _first(self, arrival: Arrival, author: Handle) -> None:
        """Store a post; it arrived with its first wording, even when an edit came in the same batch."""
        row = self.fresh[arrival.id].row
        row.author = author
        self.counts["new"] += 1
        self.new.append(row)

    def _again(self, row: Post, post: posts.Post) -> None:
        """Take in a known post's new wording, its return after a deletion, or that it is addressed after all."""
        revived = row.deleted_at is not None and post.seen_at > row.deleted_at
        edited = (
            row.deleted_at is None and row.version != post.version and post.seen_at >= (row.edited_at or row.seen_at)
        )
        addressed = row.addressed == Addressed.OVERHEARD and post.addressed is not Addressed.OVERHEARD
        if revived or edited:
            self._note(
                row,
                "revived" if revived else "edited",
                before={"version": row.version},
                after={"version": post.version},
            )
            for name, value in worded(post).items():
                setattr(row, name, value)
            row.edited_at, row.deleted_at = post.seen_at, None
            self.counts["edited"] += 1
            if not row.ours:
                self.reread.append(row)
        else:
            self.counts["known"] += 1
        if addressed:
            self._note(row, "addressed", before={"addressed": row.addressed}, after={"addressed": post.addressed.value})
            row.addressed = post.addressed.value
            self.called.append(row)
        if revived or addressed:
            row.waits = self._may_wait(row) and row.answered_at is None
        if revived or edited or addressed:
            self.changed[row.pk] = row

    def _taken_back(self, row: Post, at: datetime) -> None:
        """Empty a post that its author deleted, unless it has come back since."""
        if row.deleted_at is not None or (row.edited_at is not None and at < row.edited_at):
            return
        self._note(row, "deleted", after={"deleted_at": at.isoformat()})
        row.deleted_at, row.waits = at, False
        empty(row)
        self.counts["deleted"] += 1
        self.changed[row.pk] = row
        self.gone.add(row.author.person_id)

    def _note(self, row: Post, act: str, *, before: Facts = None, after: Facts = None) -> None:
        self.ledger.append(
            LedgerEntry(
                at=self.now,
                part="listener",
                act=act,
                person_id=row.author.person_id,
                post=row,
                before=before,
                after=after,
            )
        )

    # Conversations and waiting

    def _may_wait(self, row: Post) -> bool:
        return not row.ours and row.deleted_at is None and row.addressed != Addressed.OVERHEARD

    def _join(self) -> None:
        """Give each addressed post its conversation, and each of the brand's own that of whom it answers."""
        theirs = [row for row in (*self.new, *self.changed.values()) if not row.ours]
        loose = [row for row in theirs if row.conversation_id is None and row.addressed != Addressed.OVERHEARD]
        opened: dict[tuple[int, str], datetime] = {}
        for row in loose:
            key = (row.author.person_id, row.root)
            opened[key] = min(row.seen_at, opened.get(key, row.seen_at))
        found = conversations_found(self.account, opened)
        made = conversations_open(self.account, {key: at for key, at in opened.items() if key not in found})
        self.made = set(made.values())
        conversations = found | made
        for row in loose:
            row.conversation_id = conversations[row.author.person_id, row.root]
        join_ours(self.asked, [row for row in self.new if row.ours], theirs)

    def _set_due(self) -> None:
        """Set the due times of known posts that wait now, and let what the brand had answered wait no more."""
        waiting = [row for row in (*self.new, *self.called) if row.waits]
        answered_already(waiting, [row for row in self.new if row.ours])
        fresh = {row.pk for row in self.reread}
        called = [row for row in self.changed.values() if row.waits and row.pk not in fresh]
        due_of_stored(called, self.rule, now=self.now)

    # Writing

    def _write(self) -> None:
        self._read_again()
        insert_rows(Post, self.new)
        readings = []
        for row in self.new:
            reading = self.fresh[row.remote_id].reading
            if reading is not None:
                reading.post_id = row.pk
                readings.append(reading)
        insert_rows(Reading, readings)
        Post.objects.bulk_update([self.changed[pk] for pk in sorted(self.changed)], CHANGED)
        insert_rows(LedgerEntry, self.ledger)

    def _read_again(self) -> None:
        """Replace the readings of edited posts; what teammates corrected holds."""
        if not self.reread:
            return
        corrections = corrections_of(row.pk for row in self.reread)
        for reading in Reading.objects.select_related("post").filter(post__in=self.reread):
            row = self.changed[reading.post_id]
            record = self.records.get((row.network, row.remote_id))
            if record is None:
                continue
            held = corrections.get(row.pk, {})
            decided = decided_of(record, held)
            before = {label: getattr(reading, label) for label in DECIDED}
            reading.record, reading.reader = dict(record), record["reader"]
            for label, value in decided.items():
                setattr(reading, label, value)
            reading.save()
            self._note(row, "read again", before=before, after=decided)
            if row.conversation_id is not None and row.deleted_at is None:
                set_due(row, decided, record, self.rule, now=self.now, corrected=held)
                if row.lane == Lane.DANGER:
                    row.waits, row.answered_at = True, None

    def _settle(self, before: Mapping[int, Place]) -> set[str]:
        """Let answers, conversations and places follow what was written."""
        given = answers_given(row for row in self.new if row.ours and row.conversation_id not in self.made)
        rows = [*self.new, *self.changed.values()]
        conversations = given.conversations | {row.conversation_id for row in rows if row.conversation_id is not None}
        conversations_follow(conversations)
        moved = given.people | {
            row.author.person_id for row in rows if not row.ours and row.conversation_id is not None
        }
        places = {pk: place for pk, place in before.items() if pk in moved} | lock_people(moved - before.keys())
        topics = places_set(places, part="queue", now=self.now, left_of=dict.fromkeys(self.gone, "deleted"))
        if any(row.conversation_id is None for row in rows):
            topics.add("overheard")
        return topics | {f"conversation:{pk}" for pk in conversations}
