"""Taking in what a network gave: read first, then stored in short transactions, and only then acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING

from django.db import connection, transaction

from vivavoce.desk.inbox.arrivals import Arrival, fold
from vivavoce.desk.inbox.due import TeamRule
from vivavoce.desk.inbox.models import Account, Post
from vivavoce.desk.inbox.rows import Record, fresh_rows
from vivavoce.desk.inbox.store import Store
from vivavoce.desk.live.services import touch
from vivavoce.desk.transparency.models import LedgerEntry

if TYPE_CHECKING:
    from datetime import datetime

    from vivavoce.networks.base import Batch, Gap

BATCH_POSTS = 100
"""Posts in one transaction: it then lasts at most 50 ms on SQLite, the longest that a teammate's write should wait
(``bench/intake.py`` measures it)."""

Reader = Callable[[Sequence[str], Sequence[str | None]], Sequence[Record]]
"""Reads texts, given the language that each claims: one record a text, in their order."""

Turn = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Taken:
    """How many events of a batch were what; an event counts once."""

    new: int = 0
    known: int = 0
    """Seen before, with nothing new in it."""
    edited: int = 0
    deleted: int = 0
    rejected: int = 0
    """With names too long or unfit to store."""
    erased: int = 0
    """By people who had themselves erased: not stored again."""

    def __add__(self, other: Taken) -> Taken:
        return Taken(*(getattr(self, name) + getattr(other, name) for name in Taken.__slots__))


def take_in(account: Account, batch: Batch, *, now: datetime, reader: Reader, turn: Turn = nullcontext) -> Taken:
    """Store a batch, and its cursor with the last of its posts.

    Everything is read before the first transaction opens. Each transaction stores at most ``BATCH_POSTS`` posts, whole;
    the last one moves the cursor too. Killed between two of them, the same batch comes again and nothing is doubled.

    Args:
        account: as whom the network was heard.
        batch: what came after ``account.cursor``.
        now: the time of storing.
        reader: reads the texts of posts that are not the brand's own.
        turn: opened around each transaction, so that people may write between them: ``workers.pace.PACE.turn``.

    Raises:
        BadInputError: the team's rule cannot be read.
    """
    folded = fold(batch.events)
    arrivals = sorted(folded.arrivals.values(), key=lambda arrival: arrival.network)
    records = _read(arrivals, reader)
    rule = TeamRule.load()
    taken = Taken(known=folded.repeated, rejected=folded.rejected)
    chunks = list(_chunks(arrivals)) or [[]]
    for number, chunk in enumerate(chunks, start=1):
        store = Store(account, fresh_rows(account, chunk, records, rule, now), records, rule, now)
        with turn(), transaction.atomic():
            topics = set()
            if chunk:
                one_intake_at_a_time(chunk[0].network)
                topics |= store.run(chunk)
            if number == len(chunks):
                topics |= _acknowledge(account, batch, now=now)
            touch(*topics)
        taken += Taken(**store.counts)
    return taken


def _read(arrivals: Iterable[Arrival], reader: Reader) -> dict[tuple[str, str], Record]:
    """Read every wording that has no reading yet; a rewound network is not read twice."""
    worded = [arrival.post for arrival in arrivals if arrival.post is not None and not arrival.post.ours]
    known: set[tuple[str, str, str]] = set()
    for network, group in groupby(worded, key=lambda post: post.network):
        rows = Post.objects.filter(network=network, remote_id__in=[post.id for post in group])
        known |= set(rows.filter(deleted_at__isnull=True).values_list("network", "remote_id", "version"))
    unread = [post for post in worded if (post.network, post.id, post.version) not in known]
    if not unread:
        return {}
    claimed = [next(iter(post.languages), None) for post in unread]
    records = reader([post.text for post in unread], claimed)
    return {(post.network, post.id): record for post, record in zip(unread, records, strict=True)}


def _chunks(arrivals: Iterable[Arrival]) -> Iterator[list[Arrival]]:
    """Cut arrivals, sorted by network, into transactions; each has one network."""
    for _network, group in groupby(arrivals, key=lambda arrival: arrival.network):
        while chunk := list(islice(group, BATCH_POSTS)):
            yield chunk


def one_intake_at_a_time(network: str) -> None:
    """Let no other process store this network's posts until the transaction ends.

    Two accounts of one network hear the same people and posts; in turn, neither makes a person twice nor waits for the
    other in a circle. SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"vivavoce intake {network}"])


def _acknowledge(account: Account, batch: Batch, *, now: datetime) -> set[str]:
    """Keep the cursor and the gaps, and return the topics to touch; the account answered, so nothing is wrong now."""
    LedgerEntry.objects.bulk_create(_gap(account, gap, now) for gap in batch.gaps)
    account.heard_at, account.problem, account.retry_at = now, "", None
    if batch.cursor is not None:
        account.cursor = batch.cursor
    account.save(update_fields=["cursor", "heard_at", "problem", "retry_at"])
    return {"networks"} if batch.gaps else set()


def _gap(account: Account, gap: Gap, now: datetime) -> LedgerEntry:
    return LedgerEntry(
        at=now,
        part="listener",
        act="gap",
        reason="gap",
        after={
            "account": account.pk,
            "network": account.network,
            "start": gap.start.isoformat(),
            "end": gap.end.isoformat(),
            "why": gap.reason,
        },
    )
