"""The listener: holds the leases of accounts and takes in what their networks bring, one thread an account."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from django.db import DatabaseError, connections, transaction

from vivavoce.desk.inbox.intake import take_in
from vivavoce.desk.inbox.models import Account
from vivavoce.desk.inbox.reader import read_records
from vivavoce.desk.live.services import touch
from vivavoce.desk.team.accounts import network_for
from vivavoce.desk.times import utc_now
from vivavoce.desk.workers.leases import RENEW_S, lease_claim, lease_release, leases_renew, owner_new
from vivavoce.desk.workers.pace import PACE
from vivavoce.errors import NetworkError, VivaVoceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vivavoce.desk.inbox.intake import Reader
    from vivavoce.networks.base import Clock, Network

log = structlog.get_logger()

LOOK_S = 1.0
"""How often the listener looks for accounts to hold: one connected in the browser is heard within a second or two."""

LISTEN_S_MAX = 2.0
"""One question to a network; the thread sees ``stop`` between two of them."""

QUIET_S_MIN = 0.2
"""After an empty answer without a wish, so that a network that never waits is not asked without end."""

QUIET_S_MAX = 60.0
"""A network's wish to be left alone is followed so far at a time, since a setting may change meanwhile."""

ACCOUNTS_MAX = 50
"""Threads of one process; more accounts are for the next process."""

RETRY_S_FIRST = 1.0
RETRY_S_MAX = 300.0
"""Waiting doubles from the first to the last, plus up to half by chance, so that accounts do not return together."""

PERMANENT_RETRY_S = 3600.0
"""An account that was refused for good is asked once an hour: somebody may have put it right on the network."""

FAREWELL_S_MAX = 8.0
"""Wait so long for an account's thread when stopping; its lease runs out by itself."""


@dataclass(slots=True)
class Ear:
    """Listens to one account, whose lease the listener holds."""

    account_id: int
    clock: Clock = utc_now
    open_network: Callable[..., Network] = network_for
    reader: Reader = read_records
    failures: int = 0
    network: Network | None = None
    opened_with: tuple[object, str] | None = None

    def run(self, stop: threading.Event) -> None:
        """Listen until ``stop`` is set, the account is gone, or the process ends."""
        try:
            while not stop.is_set():
                wait_s = self.step()
                if wait_s is None:
                    return
                stop.wait(wait_s)
        finally:
            self._close()
            connections.close_all()

    def step(self) -> float | None:
        """Ask the network once and store what came; return the seconds until the next time, ``None`` at the end."""
        try:
            account = Account.objects.filter(pk=self.account_id, active=True).first()
            if account is None:
                return None
            now = self.clock()
            if account.retry_at is not None and account.retry_at > now:
                return min((account.retry_at - now).total_seconds(), LOOK_S)
            return self._hear(account)
        except DatabaseError as error:
            log.warning("the database does not answer; the listener tries again", error=str(error))
            connections.close_all()
            return self._back_off(None)

    def _hear(self, account: Account) -> float:
        try:
            batch = self._network(account).listen(account.cursor or None, wait_s_max=LISTEN_S_MAX)
            take_in(account, batch, now=self.clock(), reader=self.reader, turn=PACE.turn)
        except NetworkError as error:
            return self._failed(account, error.message, permanent=error.permanent, retry_after_s=error.retry_after_s)
        except DatabaseError:
            raise
        except VivaVoceError as error:
            return self._failed(account, str(error), permanent=True)
        except Exception as error:
            log.exception("an account could not be heard", account=account.pk, network=account.network)
            return self._failed(account, f"Listening failed: {error!r}. The log says where.", permanent=False)
        self.failures = 0
        if batch.events and not batch.wait_s:
            return 0.0
        return min(max(batch.wait_s, QUIET_S_MIN), QUIET_S_MAX)

    def _network(self, account: Account) -> Network:
        """Return the open network; one whose settings changed is opened again."""
        settings = (account.settings, account.sealed)
        if self.network is None or self.opened_with != settings:
            self._close()
            self.network = self.open_network(account, clock=self.clock)
            self.opened_with = settings
        return self.network

    def _close(self) -> None:
        network, self.network = self.network, None
        if network is not None:
            try:
                network.close()
            except NetworkError as error:
                log.info("a network did not close well", error=str(error))

    def _failed(self, account: Account, problem: str, *, permanent: bool, retry_after_s: float | None = None) -> float:
        """Say on every screen what is wrong, and wait as the network asked, or ever longer."""
        self._close()
        wait_s = PERMANENT_RETRY_S if permanent else self._back_off(retry_after_s)
        retry_at = self.clock() + timedelta(seconds=wait_s)
        with transaction.atomic():
            Account.objects.filter(pk=account.pk).update(problem=problem, retry_at=retry_at)
            if problem != account.problem:
                touch("networks")
        return min(wait_s, LOOK_S)

    def _back_off(self, retry_after_s: float | None) -> float:
        self.failures += 1
        grown = min(RETRY_S_FIRST * 2 ** min(self.failures - 1, 20), RETRY_S_MAX)
        wait_s = retry_after_s if retry_after_s is not None else grown
        return wait_s * (1 + random.random() / 2)  # noqa: S311 - spreads the load, guards nothing


@dataclass(slots=True)
class Held:
    """A thread that listens, and how to stop it."""

    thread: threading.Thread
    stop: threading.Event


@dataclass(slots=True)
class Listener:
    """Claims the accounts that nobody holds, and keeps a thread for each."""

    clock: Clock = utc_now
    open_network: Callable[..., Network] = network_for
    reader: Reader = read_records
    owner: str = field(default_factory=owner_new)
    held: dict[int, Held] = field(default_factory=dict)
    renewed_at: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Listen until ``stop`` is set, then give the leases back."""
        try:
            while not stop.is_set():
                try:
                    self.step()
                except DatabaseError as error:
                    log.warning("the database does not answer; the listener tries again", error=str(error))
                    connections.close_all()
                stop.wait(LOOK_S)
        finally:
            self.close()

    def step(self) -> None:
        """Renew what is held, let go of what is lost, claim what is free."""
        now = self.clock()
        for pk in [pk for pk, held in self.held.items() if not held.thread.is_alive()]:
            del self.held[pk]
            lease_release(Account, pk, owner=self.owner)
        if self.renewed_at is None or (now - self.renewed_at).total_seconds() >= RENEW_S:
            self._renew(now)
        free = Account.objects.filter(active=True).exclude(pk__in=self.held)
        for pk in free.order_by("pk").values_list("pk", flat=True)[: ACCOUNTS_MAX - len(self.held)]:
            if lease_claim(Account.objects.filter(active=True), pk, owner=self.owner, now=now):
                self._start(pk)

    def _renew(self, now: datetime) -> None:
        still = leases_renew(Account, list(self.held), owner=self.owner, now=now)
        for pk in [pk for pk in self.held if pk not in still]:
            log.warning("another process took this account's lease", account=pk)
            self.held.pop(pk).stop.set()
        self.renewed_at = now

    def _start(self, pk: int) -> None:
        ear = Ear(pk, clock=self.clock, open_network=self.open_network, reader=self.reader)
        stop = threading.Event()
        thread = threading.Thread(target=ear.run, args=(stop,), name=f"listen-{pk}", daemon=True)
        self.held[pk] = Held(thread, stop)
        thread.start()

    def close(self) -> None:
        """Stop all threads and give the leases back, so that the next process need not wait."""
        for held in self.held.values():
            held.stop.set()
        try:
            for pk, held in self.held.items():
                held.thread.join(FAREWELL_S_MAX)
                lease_release(Account, pk, owner=self.owner)
        except DatabaseError as error:
            log.warning("the leases could not be given back; they run out by themselves", error=str(error))
        self.held.clear()
        connections.close_all()


def run_listener(*, stop: threading.Event) -> None:
    """Listen to every connected account that no other process holds, until ``stop`` is set."""
    Listener().run(stop)
