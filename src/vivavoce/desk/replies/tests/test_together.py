"""Many teammates, couriers and the listener at once: one order of the chain, one answer a person, no deadlock."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections
from tests.outbox.memory import MemoryNetwork, Server
from tests.outbox.world import World

from vivavoce.desk.inbox.intake import take_in
from vivavoce.desk.inbox.reader import read_records
from vivavoce.desk.replies import services
from vivavoce.desk.replies.models import Head, Link, Reply
from vivavoce.desk.replies.verifying import State, verify_chain
from vivavoce.desk.workers.courier import Courier
from vivavoce.errors import RefusedError
from vivavoce.networks.base import Batch
from vivavoce.posts import Addressed, Author, Post

CONVERSATIONS = 12
THREADS = 4


@pytest.fixture
def world(transactional_db: None) -> World:  # noqa: ARG001 - threads need a database that commits
    return World()


def together(*acts: Callable[[], None]) -> list[BaseException]:
    """Do several things at once; return what went wrong."""
    wrong: list[BaseException] = []
    start = threading.Barrier(len(acts))

    def guarded(act: Callable[[], None]) -> None:
        try:
            start.wait()
            act()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test says it
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guarded, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def test_replies_deliveries_and_arrivals_at_once_keep_one_chain(world: World) -> None:
    asked = [world.asks(f"Question {number}").conversation for number in range(CONVERSATIONS)]
    server = Server()
    world.passes(seconds=1)

    def answers(part: int) -> Callable[[], None]:
        def act() -> None:
            for conversation in asked[part::THREADS]:
                assert conversation is not None
                services.reply_send(
                    conversation=conversation, teammate=world.anne, text=f"Réponse {conversation.pk}",
                    presence=world.window(), now=world.now,
                )  # fmt: skip

        return act

    def carries() -> None:
        def connect(_account: object, *, clock: object) -> MemoryNetwork:  # noqa: ARG001 - the desk's signature
            return MemoryNetwork(server, Author(id=world.account.remote_id, handle="brand"))

        courier = Courier(clock=world.clock, open_network=connect)
        for _step in range(CONVERSATIONS * 20):
            courier.step()

    def hears() -> None:
        for number in range(CONVERSATIONS):
            post = Post(
                id=f"post/new{number}", network="demo", author=Author(id=f"p/new{number}", handle="x"), text="Et moi ?",
                created_at=world.now, seen_at=world.now - timedelta(hours=1), addressed=Addressed.MENTION, version="1",
            )  # fmt: skip
            take_in(world.account, Batch((post,), f"{number}"), now=world.now, reader=read_records)

    assert together(*(answers(part) for part in range(THREADS)), carries, carries, hears) == []
    assert Reply.objects.count() == CONVERSATIONS
    carries()
    assert sorted(server.arrivals) == sorted(Reply.objects.values_list("text", flat=True))
    assert set(Reply.objects.values_list("state", flat=True)) == {"sent"}
    assert Head.objects.get().number == Link.objects.count() == 2 * CONVERSATIONS
    assert [finding for finding in verify_chain() if finding.state is not State.WHOLE] == []


def test_two_teammates_who_press_at_once_give_one_answer(world: World) -> None:
    def presses(who: str) -> Callable[[], None]:
        teammate = getattr(world, who)

        def act() -> None:
            services.reply_send(
                conversation=world.conversation, teammate=teammate, text=f"C'est {who}.",
                presence=world.window(teammate), now=world.now,
            )  # fmt: skip

        return act

    wrong = together(presses("anne"), presses("bruno"))
    assert [type(error) for error in wrong] == [services.AnsweredMeanwhileError]
    assert Reply.objects.count() == 1


def test_a_challenge_that_two_requests_bring_at_once_serves_one(world: World) -> None:
    proof = world.proof("Je suis là.")

    def presses() -> None:
        services.reply_send(
            conversation=world.conversation, teammate=world.anne, text="Je suis là.", presence=proof, now=world.now
        )

    wrong = together(presses, presses)
    assert all(isinstance(error, RefusedError) for error in wrong)
    assert Reply.objects.count() == 1
