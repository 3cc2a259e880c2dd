"""The courier and a real PDS that refuses, fails, falls silent, dies and comes back: one reply stands in the end."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.outbox.world import World
from tests.servers.fault_proxy import FaultProxy
from tests.servers.pds import Account as Owner
from tests.servers.pds import Pds, Ref
from vivavoce.desk.inbox.models import Account, Conversation, Post
from vivavoce.desk.replies.models import Reply
from vivavoce.desk.replies.problems import Problem
from vivavoce.desk.team.accounts import connect_account
from vivavoce.desk.workers.courier import Courier

pytestmark = [pytest.mark.pds, pytest.mark.faults]

CREATE = "com.atproto.repo.createRecord"
TEXT = "Je suis là. Que se passe-t-il ?"
PATIENCE = 60
"""Steps of the courier, a quarter of a minute of its clock apart, within which each story must end."""

_numbers = itertools.count(1)


@dataclass
class Brand:
    """A connected account on the PDS, behind a proxy that can break the line, and one conversation."""

    pds: Pds
    proxy: FaultProxy
    owner: Owner
    world: World
    courier: Courier

    def standing(self) -> list[str]:
        """What the brand says on the network, read past the proxy."""
        return [record["value"]["text"] for record in self.pds.records(self.owner)]

    def settles(self, reply: Reply) -> None:
        """Let the courier work, with time passing on its own clock, until nothing moves."""
        for _step in range(PATIENCE):
            while self.courier.step():
                pass
            reply.refresh_from_db()
            if reply.state == "sent" or reply.asks_for_a_person:
                return
            self.world.passes(seconds=15)

    def sent_once(self, reply: Reply) -> None:
        self.settles(reply)
        assert (reply.state, reply.problem_code) == ("sent", "")
        assert self.standing() == [TEXT]
        assert reply.remote_id == self.pds.records(self.owner)[0]["uri"]
        assert Post.objects.get(ours=True).remote_id == reply.remote_id


@pytest.fixture
def brand(db: None, own_pds: Pds) -> Iterator[Brand]:  # noqa: ARG001 - opens the database
    number = next(_numbers)
    owner, person = own_pds.create_account(f"brand-{number}"), own_pds.create_account(f"person-{number}")
    asked = own_pds.post(person, f"@{owner.handle} Il fait froid.", mentions=(owner,))
    with FaultProxy(own_pds.url) as proxy:
        world = World(network="bluesky")
        values = {
            "service": proxy.url,
            "handle": owner.handle,
            "app_password": own_pds.create_app_password(owner),
            "jetstream": "ws://127.0.0.1:9/subscribe",
        }
        account = connect_account(network="bluesky", values=values, clock=world.clock)
        Conversation.objects.update(account=account, root=asked.uri)
        Post.objects.update(
            account=account, remote_id=asked.uri, version=asked.cid, root=asked.uri, root_version=asked.cid
        )
        Account.objects.exclude(pk=account.pk).delete()
        courier = Courier(clock=world.clock)
        yield Brand(own_pds, proxy, owner, world, courier)
        courier.close()


def test_a_reply_stands_on_the_network_word_for_word(brand: Brand) -> None:
    reply = brand.world.sends(TEXT)
    brand.sent_once(reply)
    record = brand.pds.records(brand.owner)[0]["value"]
    assert record["reply"]["parent"]["uri"] == brand.world.post.remote_id or record["reply"]["parent"]["uri"]


def test_too_many_requests(brand: Brand) -> None:
    reply = brand.world.sends(TEXT)
    brand.proxy.rate_limit(CREATE, retry_after_s=30)
    brand.courier.step()
    reply.refresh_from_db()
    assert (reply.state, reply.problem_code) == ("queued", Problem.WAITING)
    brand.world.passes(seconds=29)
    assert not brand.courier.step()
    brand.sent_once(reply)


def test_a_server_that_fails_again_and_again(brand: Brand) -> None:
    reply = brand.world.sends(TEXT)
    brand.proxy.fail(CREATE, times=3)
    brand.sent_once(reply)


def test_a_time_out_after_the_reply_arrived(brand: Brand) -> None:
    reply = brand.world.sends(TEXT)
    brand.proxy.drop_answer(CREATE)
    brand.courier.step()
    reply.refresh_from_db()
    assert (reply.state, reply.problem_code) == ("unknown", Problem.LOOKING)
    assert brand.standing() == [TEXT]
    brand.sent_once(reply)
    assert brand.proxy.count(CREATE) == 1


def test_a_reply_that_somebody_deleted_before_the_courier_could_look(brand: Brand) -> None:
    reply = brand.world.sends(TEXT)
    brand.proxy.drop_answer(CREATE)
    brand.courier.step()
    found = brand.pds.records(brand.owner)[0]
    brand.pds.delete(brand.owner, Ref(found["uri"], found["cid"]))
    brand.sent_once(reply)


def test_a_pds_that_is_killed_and_comes_back(brand: Brand) -> None:
    reply = brand.world.sends(TEXT)
    brand.pds.kill()
    brand.courier.step()
    reply.refresh_from_db()
    assert reply.state in ("queued", "unknown")
    brand.pds.start()
    brand.sent_once(reply)


def test_a_pds_that_dies_after_it_took_the_reply(brand: Brand) -> None:
    reply = brand.world.sends(TEXT)
    brand.proxy.drop_answer(CREATE)
    brand.courier.step()
    brand.pds.kill()
    brand.world.passes(seconds=5)
    brand.courier.step()
    reply.refresh_from_db()
    assert (reply.state, reply.problem_code) == ("unknown", Problem.LOOKING)
    brand.pds.start()
    brand.sent_once(reply)


def test_a_pds_that_stays_away_for_hours(brand: Brand) -> None:
    reply = brand.world.sends(TEXT)
    brand.pds.kill()
    for _hour in range(13):
        brand.courier.step()
        brand.world.passes(minutes=10)
    brand.courier.step()
    reply.refresh_from_db()
    assert reply.asks_for_a_person
    assert brand.world.post.pk in Post.objects.filter(waits=True).values_list("pk", flat=True)
