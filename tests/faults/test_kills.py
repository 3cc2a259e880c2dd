"""kill -9 of listener and courier at random points: nothing lost, nothing doubled, nothing stuck without saying so."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from tests.faults.slow_network import NAME, SlowServer
from tests.outbox.world import World
from vivavoce.desk.inbox.models import Account, Conversation, Person, Post
from vivavoce.desk.replies import services
from vivavoce.desk.replies.models import Reply
from vivavoce.desk.replies.outbox import MOVING
from vivavoce.desk.replies.verifying import State, verify_chain
from vivavoce.desk.replies.window import OpenWindow
from vivavoce.errors import VivaVoceError

ROUNDS = 200
SEED = 20261122
LIVES_S_MAX = 0.5
"""A round lasts so long at most, twice: long enough for some work, short enough for many deaths."""

QUIET_S_MAX = 60
"""After the last kill everything must have come to rest within this time."""

CHECKOUT = Path(__file__).parent.parent.parent


class Nursery:
    """Forks workers, kills them, and leaves none behind."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pids: dict[str, int] = {}

    def start(self, kind: str) -> None:
        """Let a worker of this kind run, if none does."""
        if kind not in self.pids:
            self.pids[kind] = int(self._say(kind))

    def kill(self, kind: str) -> None:
        """End it as a power cut would."""
        os.kill(self.pids.pop(kind), signal.SIGKILL)

    def kill_all(self) -> None:
        """End those that still run."""
        for kind in list(self.pids):
            with suppress(ProcessLookupError):
                self.kill(kind)

    def _say(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(line, file=self._process.stdin, flush=True)
        return self._process.stdout.readline()


@contextmanager
def nursery(port: int, data: Path) -> Iterator[Nursery]:
    database = str(connection.settings_dict["NAME"])
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.nursery", database, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        env=os.environ | {"VIVAVOCE_DATA": str(data), "VIVAVOCE_LOG": "error"},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        workers = Nursery(process)
        try:
            yield workers
        finally:
            workers.kill_all()
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=10)


def answer_some(world: World, chance: random.Random) -> None:
    """Let Anne answer one or two of those who wait."""
    waiting = Conversation.objects.filter(posts__waits=True).distinct().order_by("pk")
    for conversation in waiting[: chance.randint(1, 2)]:
        now = datetime.now(UTC)
        text = f"Réponse {Reply.objects.count()} : je suis là."
        window = OpenWindow(world.anne.pk, "password", now)
        try:
            services.reply_send(conversation=conversation, teammate=world.anne, text=text, presence=window, now=now)
        except VivaVoceError:
            continue  # the listener has just changed what waits


def at_rest(server: SlowServer) -> bool:
    heard = Post.objects.filter(remote_id__in=[event["id"] for event in server.events]).count()
    moves = Reply.objects.filter(MOVING).exists() or Post.objects.filter(waits=True).exists()
    return heard == len(server.events) and not moves


@pytest.fixture
def world(transactional_db: None) -> World:  # noqa: ARG001 - opens the database
    world = World(network=NAME, now=datetime.now(UTC))
    Account.objects.filter(pk=world.account.pk).update(remote_id="brand")
    Post.objects.update(waits=False)
    Person.objects.update(waiting=False)
    return world


@pytest.mark.faults
@pytest.mark.timeout(ROUNDS * 3 + 2 * QUIET_S_MAX)
def test_two_hundred_kills_lose_nothing_double_nothing_and_stick_nowhere(world: World, data_folder: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - a seed to repeat, no secret
    deaths: Counter[str] = Counter()
    with SlowServer(chance) as server, nursery(server.port, data_folder) as workers:
        for number in range(ROUNDS):
            workers.start("listener")
            workers.start("courier")
            server.somebody_writes(number)
            time.sleep(chance.random() * LIVES_S_MAX)
            answer_some(world, chance)
            time.sleep(chance.random() * LIVES_S_MAX)
            for kind in chance.choice([("courier",), ("courier",), ("listener",), ("courier", "listener")]):
                states = Reply.objects.values_list("state", flat=True)
                deaths[f"{kind} while sending"] += "sending" in set(states)
                workers.kill(kind)
                deaths[kind] += 1
        workers.start("listener")
        workers.start("courier")
        end = time.monotonic() + QUIET_S_MAX
        while time.monotonic() < end and not at_rest(server):
            answer_some(world, chance)
            time.sleep(0.2)
        workers.kill_all()
        check(world, server)
    print(dict(deaths), len(server.arrivals), "replies")  # noqa: T201 - shown with -s: how the kills fell
    assert deaths["courier while sending"] > 0


def check(world: World, server: SlowServer) -> None:
    """Hold what the desk has against what the network has."""
    stored = dict(Post.objects.filter(remote_id__in=[e["id"] for e in server.events]).values_list("remote_id", "text"))
    assert stored == {event["id"]: event["text"] for event in server.events}
    assert not [text for text, times in Counter(server.arrivals).items() if times > 1]
    replies = list(Reply.objects.all())
    assert {reply.text for reply in replies if reply.state == "sent"} == set(server.arrivals)
    for reply in replies:
        assert reply.state == "sent" or reply.asks_for_a_person or reply.settled_at is not None, reply.state
    assert [finding for finding in verify_chain() if finding.state is not State.WHOLE] == []
    answered = {reply.conversation_id for reply in replies if reply.state == "sent"}
    for post in Post.objects.filter(ours=False, account=world.account).exclude(pk=world.post.pk):
        assert post.waits != (post.conversation_id in answered), post.remote_id
    waiting = set(Post.objects.filter(waits=True).values_list("author__person", flat=True))
    assert set(Person.objects.filter(waiting=True).values_list("pk", flat=True)) == waiting
