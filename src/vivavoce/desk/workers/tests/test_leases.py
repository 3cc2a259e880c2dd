import os
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from vivavoce.desk.inbox.models import Account
from vivavoce.desk.workers.leases import (
    LEASE_S,
    lease_claim,
    lease_release,
    leases_renew,
    owner_is_dead,
    owner_new,
)

NOW = timezone.now()
AFTER = NOW + timedelta(seconds=LEASE_S + 1)


@pytest.fixture
def account(transactional_db: None) -> Account:  # noqa: ARG001 - the database is there
    return Account.objects.create(network="demo", remote_id="brand")


def claimed(account: Account, owner: str, *, now: object = NOW) -> bool:
    return lease_claim(Account.objects.all(), account.pk, owner=owner, now=now)  # type: ignore[arg-type]


def test_one_owner_at_a_time_holds_a_lease(account: Account) -> None:
    assert claimed(account, "elsewhere:1:a")
    assert not claimed(account, "elsewhere:2:b")


def test_a_lease_that_ran_out_is_free(account: Account) -> None:
    claimed(account, "elsewhere:1:a")
    assert claimed(account, "elsewhere:2:b", now=AFTER)
    assert leases_renew(Account, [account.pk], owner="elsewhere:1:a", now=AFTER) == set()


def test_a_renewed_lease_stays(account: Account) -> None:
    claimed(account, "elsewhere:1:a")
    assert leases_renew(Account, [account.pk], owner="elsewhere:1:a", now=AFTER) == {account.pk}
    assert not claimed(account, "elsewhere:2:b", now=AFTER)


def test_a_lease_given_back_is_free_at_once_and_only_its_owner_gives_it_back(account: Account) -> None:
    claimed(account, "elsewhere:1:a")
    lease_release(Account, account.pk, owner="elsewhere:2:b")
    assert not claimed(account, "elsewhere:2:b")
    lease_release(Account, account.pk, owner="elsewhere:1:a")
    assert claimed(account, "elsewhere:2:b")


def test_a_process_that_was_killed_here_holds_nothing(account: Account) -> None:
    code = "from vivavoce.desk.workers.leases import owner_new; print(owner_new())"
    dead = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert claimed(account, dead)
    assert claimed(account, owner_new())


def test_a_living_process_and_another_machine_are_not_dead() -> None:
    assert not owner_is_dead(owner_new())
    assert not owner_is_dead("another machine:999999999:a")
    assert not owner_is_dead("")
    assert len(owner_new()) <= 64
    assert owner_new() != owner_new()
    assert owner_is_dead(owner_new().replace(f":{os.getpid()}:", ":999999999:"))


def test_of_many_who_try_at_once_one_has_it(account: Account) -> None:
    won: list[str] = []
    start = threading.Barrier(8)

    def attempt(name: str) -> None:
        start.wait(10)
        if claimed(account, name):
            won.append(name)
        connections.close_all()

    threads = [threading.Thread(target=attempt, args=(f"elsewhere:{number}:x",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    account.refresh_from_db()
    assert won == [account.lease_owner]
