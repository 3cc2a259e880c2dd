import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from django.db import OperationalError

from vivavoce.desk.inbox.models import Account, Post
from vivavoce.desk.inbox.reader import read_records
from vivavoce.desk.live.models import Signal
from vivavoce.desk.team.models import Rule
from vivavoce.desk.workers import listener
from vivavoce.desk.workers.listener import Ear, Listener
from vivavoce.errors import NetworkError, SetupError
from vivavoce.networks.base import Batch, Network
from vivavoce.posts import Addressed, Author
from vivavoce.posts import Post as Wording

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
SOON_S_MAX = 20.0


@dataclass
class Radio:
    """A network that says one post after another, and what it is told to raise instead."""

    posts: int = 3
    trouble: list[Exception] = field(default_factory=list)
    asked_from: list[str | None] = field(default_factory=list)
    opened: int = 0
    closed: int = 0
    wait_s: float = 0.0

    def open(self, _account: Account, *, clock: object) -> Network:
        assert callable(clock)
        self.opened += 1
        return cast("Network", self)

    def listen(self, cursor: str | None, *, wait_s_max: float) -> Batch:
        assert wait_s_max > 0
        self.asked_from.append(cursor)
        if self.trouble:
            raise self.trouble.pop(0)
        number = int(cursor or 0)
        if number == self.posts:
            return Batch((), cursor, wait_s=self.wait_s)
        said = Wording(
            id=f"post-{number}",
            network="demo",
            author=Author("ada", "@ada"),
            text="Bonjour ?",
            created_at=NOON,
            seen_at=NOON,
            addressed=Addressed.MENTION,
        )
        return Batch((said,), str(number + 1))

    def close(self) -> None:
        self.closed += 1


@dataclass
class Time:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def radio() -> Radio:
    return Radio()


@pytest.fixture
def clock() -> Time:
    return Time()


def account_of(name: str = "brand", **more: Any) -> Account:
    return Account.objects.create(network="demo", remote_id=name, **more)


@pytest.fixture
def ear(db: None, radio: Radio, clock: Time) -> Ear:  # noqa: ARG001 - the database is there
    return Ear(account_of().pk, clock=clock, open_network=radio.open, reader=read_records)


def test_each_step_goes_on_where_the_last_was_stored(ear: Ear, radio: Radio) -> None:
    waits = [ear.step() for _number in range(4)]
    assert radio.asked_from == [None, "1", "2", "3"]
    assert Post.objects.count() == 3
    assert waits == [0.0, 0.0, 0.0, listener.QUIET_S_MIN]
    assert radio.opened == 1


def test_a_network_that_asks_for_quiet_gets_it_within_bounds(ear: Ear, radio: Radio) -> None:
    radio.posts = 0
    radio.wait_s = 10_000
    assert ear.step() == listener.QUIET_S_MAX


def test_a_refusal_for_good_is_shown_and_asked_again_only_after_an_hour(ear: Ear, radio: Radio, clock: Time) -> None:
    radio.trouble = [NetworkError("The app password was revoked. Make a new one.", permanent=True)]
    ear.step()
    account = Account.objects.get()
    assert account.problem == "The app password was revoked. Make a new one."
    assert Signal.objects.filter(topic="networks").exists()
    ear.step()
    assert len(radio.asked_from) == 1
    clock.now += timedelta(hours=1, seconds=1)
    ear.step()
    account.refresh_from_db()
    assert (account.problem, account.retry_at, Post.objects.count()) == ("", None, 1)


def test_a_network_says_how_long_to_wait(ear: Ear, radio: Radio) -> None:
    radio.trouble = [NetworkError("Too many requests", retry_after_s=100)]
    ear.step()
    retry_at = Account.objects.get().retry_at
    assert retry_at is not None
    assert NOON + timedelta(seconds=100) <= retry_at <= NOON + timedelta(seconds=150)


def test_waiting_grows_with_each_failure_to_a_limit(ear: Ear, radio: Radio, clock: Time) -> None:
    radio.trouble = [NetworkError("Broken") for _number in range(12)]
    waits = []
    while radio.trouble:
        ear.step()
        retry_at = Account.objects.get().retry_at
        assert retry_at is not None
        waits.append((retry_at - clock.now).total_seconds())
        clock.now = retry_at + timedelta(seconds=1)
    assert waits[0] < 2
    assert waits[4] > waits[0]
    assert max(waits) <= listener.RETRY_S_MAX * 1.5
    assert radio.closed == len(waits)
    ear.step()
    assert ear.failures == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "trouble", [SetupError("The key is missing."), ValueError("a bug"), OperationalError("the database went away")]
)
def test_no_trouble_ends_the_listening(ear: Ear, radio: Radio, clock: Time, trouble: Exception) -> None:
    radio.trouble = [trouble]
    assert ear.step() is not None
    clock.now += timedelta(hours=2)
    ear.step()
    assert Post.objects.count() == 1


def test_hours_that_cannot_be_read_are_said_and_nothing_is_lost(ear: Ear, clock: Time) -> None:
    rule = Rule.objects.create(time_zone="Nowhere/Land")
    ear.step()
    assert "opening hours" in Account.objects.get().problem
    assert Account.objects.get().cursor == ""
    rule.time_zone = "Europe/Paris"
    rule.save()
    clock.now += timedelta(hours=2)
    ear.step()
    assert Post.objects.count() == 1


def test_new_settings_open_the_network_anew(ear: Ear, radio: Radio) -> None:
    ear.step()
    Account.objects.update(settings={"watch": "panne"})
    ear.step()
    assert (radio.opened, radio.closed) == (2, 1)


def test_an_account_that_was_disconnected_is_left(ear: Ear) -> None:
    Account.objects.update(active=False)
    assert ear.step() is None


def until(true: Callable[[], bool]) -> None:
    """Look until something is so; fail when it is not so soon."""
    ends = time.monotonic() + SOON_S_MAX
    while not true():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.01)


@pytest.fixture
def running() -> Iterator[list[Listener]]:
    listeners: list[Listener] = []
    yield listeners
    for each in listeners:
        each.close()


def started(running: list[Listener], radio: Radio, owner: str) -> Listener:
    made = Listener(open_network=radio.open, owner=owner)
    running.append(made)
    made.step()
    return made


@pytest.mark.django_db(transaction=True)
def test_two_listeners_share_the_accounts_and_none_is_heard_twice(running: list[Listener], radio: Radio) -> None:
    accounts = {account_of(name).pk for name in "abc"} | {account_of("saved", active=False).pk}
    first = started(running, radio, "elsewhere:1:a")
    second = started(running, radio, "elsewhere:2:b")
    assert len(first.held) == 3
    assert set(first.held) < accounts
    assert not second.held
    until(lambda: Post.objects.count() == 3)
    first.close()
    second.step()
    assert len(second.held) == 3
    assert radio.opened >= 3


@pytest.mark.django_db(transaction=True)
def test_who_loses_a_lease_stops_listening(running: list[Listener], radio: Radio) -> None:
    account = account_of()
    first = started(running, radio, "elsewhere:1:a")
    thread = first.held[account.pk].thread
    Account.objects.update(lease_owner="elsewhere:9:z", lease_until=datetime.now(UTC) + timedelta(hours=1))
    first.renewed_at = None
    first.step()
    thread.join(SOON_S_MAX)
    assert (first.held, thread.is_alive()) == ({}, False)


@pytest.mark.django_db(transaction=True)
def test_it_ends_soon_after_it_is_told_and_gives_its_leases_back(radio: Radio) -> None:
    account_of()
    stop = threading.Event()
    thread = threading.Thread(target=Listener(open_network=radio.open).run, args=(stop,))
    thread.start()
    until(lambda: Post.objects.count() == 3)
    stop.set()
    thread.join(SOON_S_MAX)
    assert not thread.is_alive()
    account = Account.objects.get()
    assert (account.lease_owner, account.lease_until) == ("", None)
    assert radio.closed == 1
