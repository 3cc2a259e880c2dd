"""Listening on a real PDS through the stream: nothing lost, nothing twice, and gaps shown."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.servers.jetstream import Jetstream
from tests.servers.process import free_port

from vivavoce.errors import NetworkError
from vivavoce.networks.bluesky import NETWORK
from vivavoce.networks.contract import answer
from vivavoce.networks.harness import Ear
from vivavoce.posts import Addressed, Deletion, Post

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.pds import Account, Pds, Ref

    from vivavoce.networks.base import Batch, Network
    from vivavoce.networks.bluesky.tests.conftest import World

pytestmark = pytest.mark.pds

SETTLE_S = 15.0


def started(network: Network, cursor: str | None = None) -> Ear:
    """Return an ear whose place is taken."""
    return Ear(network, network.listen(cursor, wait_s_max=0.0).cursor, settle_s=SETTLE_S)


def heard_until(network: Network, cursor: str | None, enough: Callable[[list[Batch]], bool]) -> list[Batch]:
    """Listen until the batches are enough."""
    batches: list[Batch] = []
    deadline = time.monotonic() + SETTLE_S
    while not enough(batches):
        assert time.monotonic() < deadline, batches
        batches.append(network.listen(cursor, wait_s_max=0.2))
        cursor = batches[-1].cursor
    return batches


def ids(batches: list[Batch]) -> list[str]:
    return [event.id for batch in batches for event in batch.events]


@pytest.fixture
def network(world: World) -> Iterator[Network]:
    network = world.connect()
    yield network
    network.close()


@pytest.fixture
def watching(world: World) -> Iterator[Network]:
    """Listens for words without any account."""
    settings = {"service": world.pds.url, "watch": "Turboencabulateur, #oystercloud", "jetstream": world.jetstream.url}
    network = NETWORK.connect(settings, clock=lambda: datetime.now(UTC))
    yield network
    network.close()


def test_without_an_account_watched_words_are_heard_and_nothing_can_be_said(world: World, watching: Network) -> None:
    ear = started(watching)
    world.somebody_posts("nothing of interest", mention=False)
    word = world.somebody_posts("mon TURBOENCABULATEUR fume", mention=False)
    tag = world.pds.post(world.person, "look at this", tags=["OysterCloud"]).uri
    heard = ear.posts(word, tag)
    assert {post.addressed for post in heard.values()} == {Addressed.OVERHEARD}
    assert heard[word].author.handle == world.person.handle
    assert not watching.capabilities.public
    with pytest.raises(NetworkError, match="only listens") as refusal:
        watching.freeze(answer(heard[word], "Bonjour"), created_at=datetime.now(UTC))
    assert refusal.value.permanent


def test_mention_reply_and_quote_are_heard_as_such_with_the_persons_name(world: World, network: Network) -> None:
    ear = started(network)
    world.pds.create_record(
        world.person,
        "app.bsky.actor.profile",
        {
            "displayName": "Zoé",
            "labels": {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "bot"}]},
        },
        rkey="self",
    )
    ours = world.pds.post(world.brand, "Nous ouvrons à neuf heures.")
    mention = world.somebody_posts("Bonjour")
    reply = world.somebody_posts("Ah bon ?", mention=False, reply_to=ours.uri)
    quote = world.pds.post(world.person, "Voyez", embed={"$type": "app.bsky.embed.record", "record": ours.json()}).uri
    heard = ear.posts(ours.uri, mention, reply, quote)
    assert [heard[uri].addressed for uri in (mention, reply, quote)] == ["mention", "reply", "quote"]
    assert (heard[reply].reply_to, heard[reply].root_id) == (ours.uri, ours.uri)
    author = heard[mention].author
    assert (author.id, author.handle, author.name) == (world.person.did, world.person.handle, "Zoé")
    assert author.says_automated
    assert heard[ours.uri].ours


def test_a_claimed_time_moves_neither_arrival_nor_order(world: World, network: Network) -> None:
    ear = started(network)
    before = datetime.now(UTC)
    mention = f"@{world.brand.handle} hi"
    early = world.pds.post(world.person, mention, mentions=(world.brand,), createdAt="2001-01-01T00:00:00Z")
    late = world.pds.post(world.person, mention, mentions=(world.brand,), createdAt="2099-01-01T00:00:00Z")
    heard = ear.posts(early.uri, late.uri)
    assert heard[early.uri].created_at.year == 2001
    assert before - timedelta(seconds=1) <= heard[early.uri].seen_at <= heard[late.uri].seen_at
    assert heard[late.uri].created_at == heard[late.uri].seen_at


def test_the_place_moves_on_without_a_match(world: World, network: Network) -> None:
    start = network.listen(None, wait_s_max=0.0).cursor
    world.somebody_posts("not for the brand", mention=False)
    last_us = world.jetstream.events

    def moved(batches: list[Batch]) -> bool:
        cursor = batches[-1].cursor if batches else None
        events = last_us()
        return cursor is not None and bool(events) and json.loads(cursor)["stream_us"] >= events[-1]["time_us"]

    batches = heard_until(network, start, moved)
    assert ids(batches) == []


def test_after_a_broken_line_nothing_is_lost_and_nothing_given_twice(world: World, network: Network) -> None:
    ear = started(network)
    posted = [world.somebody_posts("un")]
    ear.posts(*posted)
    world.jetstream.drop_connections()
    posted += [world.somebody_posts(f"{number}") for number in range(3)]
    seen: list[str] = []

    def all_heard(batches: list[Batch]) -> bool:
        seen[:] = ids(batches)
        return set(posted[1:]) <= set(seen)

    batches = heard_until(network, ear.cursor, all_heard)
    batches.append(network.listen(batches[-1].cursor, wait_s_max=0.5))
    assert sorted(ids(batches)) == sorted(posted[1:])
    assert [gap for batch in batches for gap in batch.gaps] == []


def test_what_could_not_be_stored_is_given_again(world: World, network: Network) -> None:
    stored = started(network).cursor
    uri = world.somebody_posts("encore")
    for _ in range(2):
        assert uri in ids(heard_until(network, stored, lambda batches: uri in ids(batches)))


def test_after_a_restart_listening_goes_on_where_it_was_stored(world: World, network: Network) -> None:
    ear = started(network)
    ear.post(world.somebody_posts("avant"))
    network.close()
    while_away = [world.somebody_posts("pendant"), world.somebody_posts("pendant aussi")]
    world.somebody_deletes(while_away[0])
    again = world.connect()
    batches = heard_until(again, ear.cursor, lambda batches: set(while_away) <= set(ids(batches)))
    again.close()
    events = [event for batch in batches for event in batch.events if event.id == while_away[0]]
    assert [type(event) for event in events] == [Post, Deletion]
    assert [gap for batch in batches for gap in batch.gaps] == []


def test_what_the_server_no_longer_remembers_is_shown_as_a_gap_with_its_times(world: World, network: Network) -> None:
    ear = started(network)
    last = ear.post(world.somebody_posts("avant"))
    network.close()
    lost = world.somebody_posts("personne ne saura")
    while lost.rsplit("/", 1)[1] not in json.dumps(world.jetstream.events()):
        time.sleep(0.05)
    world.jetstream.forget()
    again = world.connect()
    after = world.somebody_posts("après")
    batches = heard_until(again, ear.cursor, lambda batches: after in ids(batches))
    again.close()
    (gap,) = [gap for batch in batches for gap in batch.gaps]
    (heard,) = [event for batch in batches for event in batch.events if event.id == after]
    assert last.seen_at <= gap.start < gap.end <= heard.seen_at
    assert "Jetstream" in gap.reason
    assert lost not in ids(batches)


def test_a_post_deleted_with_its_account_is_taken_back(world: World, network: Network) -> None:
    ear = started(network)
    leaver = world.pds.create_account(f"leaver-{world.brand.handle.split('.')[0]}")
    uri = world.pds.post(leaver, f"@{world.brand.handle} adieu", mentions=(world.brand,)).uri
    ear.post(uri)
    removed(world.pds, leaver)
    ear.hears(lambda event: isinstance(event, Deletion) and event.id == uri, what="the account's end")


def removed(pds: Pds, account: Account) -> None:
    """Delete an account for good, as its server's administrator."""
    password = str(pds._config["adminPassword"])
    answer = httpx.post(
        f"{pds.url}/xrpc/com.atproto.admin.deleteAccount", json={"did": account.did}, auth=("admin", password)
    )
    answer.raise_for_status()


def test_deletions_of_posts_we_never_knew_wait_for_company(world: World, watching: Network) -> None:
    cursor = watching.listen(None, wait_s_max=0.0).cursor
    for number in range(3):
        world.somebody_deletes(world.somebody_posts(f"{number}", mention=False))
    word = world.somebody_posts("un turboencabulateur", mention=False)
    batches = heard_until(watching, cursor, lambda batches: word in ids(batches))
    (batch,) = [batch for batch in batches if word in ids([batch])]
    assert [type(event) for event in batch.events][-1] is Post
    world.somebody_deletes(word)
    Ear(watching, batch.cursor, settle_s=SETTLE_S).hears(lambda event: event.id == word, what="the deletion")


def test_an_unreachable_stream_is_said_with_the_next_try(world: World) -> None:
    nowhere = f"ws://127.0.0.1:{free_port()}/subscribe"
    network = NETWORK.connect(
        {"service": world.pds.url, "watch": "anything", "jetstream": nowhere}, clock=lambda: datetime.now(UTC)
    )
    with pytest.raises(NetworkError, match="cannot be followed") as trouble:
        heard_until(network, None, lambda _batches: False)
    network.close()
    assert not trouble.value.permanent
    assert trouble.value.retry_after_s is not None


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_wrong_loses_nothing(world: World, hours: int) -> None:
    network = world.connect(clock=lambda: datetime.now(UTC) + timedelta(hours=hours))
    ear = started(network)
    ear.post(world.somebody_posts("un"))
    network.close()
    missed = world.somebody_posts("deux")
    again = world.connect(clock=lambda: datetime.now(UTC) + timedelta(hours=hours))
    batches = heard_until(again, ear.cursor, lambda batches: missed in ids(batches))
    again.close()
    assert [gap for batch in batches for gap in batch.gaps] == []


@pytest.mark.parametrize(
    "stored", ["", "nonsense", "{}", '{"v":1,"stream_us":-1,"heard":true,"notified_us":null}', "[" * 9000]
)
def test_a_place_that_cannot_be_read_is_said(network: Network, stored: str) -> None:
    with pytest.raises(NetworkError, match="stored place") as refusal:
        network.listen(stored, wait_s_max=0.0)
    assert refusal.value.permanent


def test_a_restarted_server_is_heard_again(own_pds: Pds) -> None:
    with Jetstream(own_pds.firehose_url) as jetstream:
        brand, person = own_pds.create_account("brand-restart"), own_pds.create_account("person-restart")
        settings = {
            "service": own_pds.url,
            "handle": brand.handle,
            "app_password": own_pds.create_app_password(brand),
            "jetstream": jetstream.url,
        }
        network = NETWORK.connect(settings, clock=lambda: datetime.now(UTC))
        ear = started(network)
        own_pds.kill()
        own_pds.start()
        mention: Ref = own_pds.post(person, f"@{brand.handle} de retour ?", mentions=(brand,))
        assert ear.post(mention.uri).author.handle == person.handle
        network.close()
