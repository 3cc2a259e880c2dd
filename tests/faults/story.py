"""A courier and a teammate on a PostgreSQL that goes away and comes back; told what to do line by line.

Lines: ``send`` lets Anne answer one more person; ``rest`` waits until nothing moves and prints what became of all.
Argument: the slow network's port. The database comes from VIVAVOCE_DATABASE, the keys from VIVAVOCE_DATA.
"""

# ruff: noqa: PLC0415 - Django starts first

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import django

AWAY_S_MAX = 60
POLL_S = 0.2

Told = TypeVar("Told")


def main() -> None:
    """Do as told; print one line of JSON for each."""
    from vivavoce.desk import keys

    keys.prepare(Path(os.environ["VIVAVOCE_DATA"]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vivavoce.desk.settings")
    django.setup()

    from django.core.management import call_command

    from tests.faults.slow_network import NAME
    from tests.outbox.world import World
    from vivavoce.desk import logs

    logs.configure()
    call_command("migrate", verbosity=0)
    world = World(network=NAME, now=datetime.now(UTC))
    world.account.remote_id = "brand"
    world.account.save()
    threading.Thread(target=_courier, args=(int(sys.argv[1]),), daemon=True).start()
    _tell({"ready": True})
    for line in sys.stdin:
        _tell(patiently(lambda: _send(world)) if line.strip() == "send" else _rest())


def _courier(port: int) -> None:
    from tests.faults.slow_network import SlowNetwork
    from vivavoce.desk.workers.courier import Courier

    def connect(_account: object, *, clock: object) -> SlowNetwork:  # noqa: ARG001 - the desk's signature
        return SlowNetwork(port)

    Courier(open_network=connect, settle_s=0.05, lease_s=2.0).run(threading.Event())


def patiently(act: Callable[[], Told]) -> Told:
    """Do it again while the database is away, as a teammate presses the button again."""
    from django.db import DatabaseError, connections

    end = time.monotonic() + AWAY_S_MAX
    while True:
        try:
            return act()
        except DatabaseError:
            connections.close_all()
            if time.monotonic() > end:
                raise
            time.sleep(POLL_S)


def _send(world: Any) -> dict[str, Any]:
    from vivavoce.desk.replies import services
    from vivavoce.desk.replies.models import Reply
    from vivavoce.desk.replies.window import OpenWindow

    world.now = datetime.now(UTC)
    text = f"Réponse {Reply.objects.count()} : je suis là."
    conversation = world.asks("Et moi ?").conversation
    window = OpenWindow(world.anne.pk, "password", datetime.now(UTC))
    services.reply_send(
        conversation=conversation, teammate=world.anne, text=text, presence=window, now=datetime.now(UTC)
    )
    return {"sent": text}


def _rest() -> dict[str, Any]:
    from vivavoce.desk.replies.models import Reply
    from vivavoce.desk.replies.outbox import MOVING
    from vivavoce.desk.replies.verifying import State, verify_chain

    end = time.monotonic() + AWAY_S_MAX
    while patiently(lambda: Reply.objects.filter(MOVING).exists()) and time.monotonic() < end:
        time.sleep(POLL_S)
    states = patiently(lambda: dict(Reply.objects.values_list("text", "state")))
    broken = [finding.why for finding in verify_chain() if finding.state is State.BROKEN]
    return {"states": states, "broken": broken}


def _tell(values: dict[str, Any]) -> None:
    print(json.dumps(values), flush=True)  # noqa: T201 - the test reads it


if __name__ == "__main__":
    main()
