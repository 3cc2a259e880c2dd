"""The whole network: the brand's notifications and threads, as the AppView tells of them."""

from __future__ import annotations

import itertools
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.servers.jetstream import Jetstream
from tests.servers.pds import Ref
from tests.servers.process import free_port

from vivavoce.errors import NetworkError
from vivavoce.networks.bluesky import NETWORK, notifications
from vivavoce.networks.bluesky.client import Server
from vivavoce.networks.bluesky.notifications import Notifications
from vivavoce.networks.contract import answer, permit_for
from vivavoce.networks.harness import Ear
from vivavoce.posts import Addressed, Post

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.network import Network as Bluesky
    from tests.servers.pds import Account

    from vivavoce.networks.base import Network

pytestmark = pytest.mark.appview

SETTLE_S = 20.0
_numbers = itertools.count(1)


@pytest.fixture
def brand(bluesky_network: Bluesky) -> Account:
    return bluesky_network.create_account(f"brand-view-{next(_numbers)}")


@pytest.fixture
def person(bluesky_network: Bluesky) -> Account:
    return bluesky_network.create_account(f"person-view-{next(_numbers)}")


def connected(bluesky: Bluesky, brand: Account, *, jetstream: str | None = None) -> Network:
    return NETWORK.connect(
        {
            "service": bluesky.url,
            "handle": brand.handle,
            "app_password": bluesky.pds.create_app_password(brand, f"desk {next(_numbers)}"),
            "jetstream": jetstream or f"ws://127.0.0.1:{free_port()}/nobody",
        },
        clock=lambda: datetime.now(UTC),
    )


@pytest.fixture
def network(bluesky_network: Bluesky, brand: Account) -> Iterator[Network]:
    """Hears by notifications alone."""
    network = connected(bluesky_network, brand)
    yield network
    network.close()


class PatientEar(Ear):
    """Goes on listening when the stream, which is away in these tests, says so."""

    def until(self, *ids: str) -> dict[str, Post]:
        found: dict[str, Post] = {}
        deadline = time.monotonic() + self.settle_s
        while set(found) != set(ids):
            assert time.monotonic() < deadline, found
            try:
                batch = self.network.listen(self.cursor, wait_s_max=0.5)
            except NetworkError as error:
                assert "Jetstream" in error.message  # noqa: PT017 - the rest of the error is not of interest
                continue
            self.cursor = batch.cursor
            found |= {event.id: event for event in batch.events if isinstance(event, Post) and event.id in ids}
        return found


def mention(bluesky: Bluesky, person: Account, brand: Account, text: str) -> Ref:
    return bluesky.pds.post(person, f"@{brand.handle} {text}", mentions=(brand,))


def test_mention_reply_and_quote_are_notified_and_answered(
    bluesky_network: Bluesky, network: Network, brand: Account, person: Account
) -> None:
    ear = PatientEar(network, None, settle_s=SETTLE_S)
    ours = bluesky_network.pds.post(brand, "Nous ouvrons à neuf heures.")
    asked = mention(bluesky_network, person, brand, "et dimanche ?")
    reply = bluesky_network.pds.post(person, "Merci", parent=ours)
    embed = {"$type": "app.bsky.embed.record", "record": ours.json()}
    quote = bluesky_network.pds.post(person, "Voyez", embed=embed)
    heard = ear.until(asked.uri, reply.uri, quote.uri)
    assert [heard[ref.uri].addressed for ref in (asked, reply, quote)] == [
        Addressed.MENTION,
        Addressed.REPLY,
        Addressed.QUOTE,
    ]
    assert heard[asked.uri].author.handle == person.handle
    assert heard[asked.uri].version == asked.cid
    record = network.freeze(answer(heard[asked.uri], "Non, lundi."), created_at=datetime.now(UTC))
    sent = network.send(permit_for(record))
    bluesky_network.wait_for_post(brand, Ref(sent.id, sent.version))
    thread = network.thread(asked.uri)
    assert [post.text for post in thread] == [f"@{brand.handle} et dimanche ?", "Non, lundi."]
    assert [post.ours for post in thread] == [False, True]


def test_what_was_unread_when_the_brand_connects_is_given_and_what_was_read_is_not(
    bluesky_network: Bluesky, brand: Account, person: Account
) -> None:
    mention(bluesky_network, person, brand, "lu")
    bluesky_network.wait_for(lambda: bluesky_network.notifications(brand))
    seen_at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    bluesky_network.pds.procedure("app.bsky.notification.updateSeen", brand, seenAt=seen_at)
    unread = mention(bluesky_network, person, brand, "pas lu")
    bluesky_network.wait_for(lambda: len(bluesky_network.notifications(brand)) == 2)
    network = connected(bluesky_network, brand)
    batch = network.listen(None, wait_s_max=0.0)
    network.close()
    assert [event.id for event in batch.events] == [unread.uri]


def test_notifications_resume_from_the_stored_place(
    bluesky_network: Bluesky, network: Network, brand: Account, person: Account
) -> None:
    ear = PatientEar(network, None, settle_s=SETTLE_S)
    ear.until(mention(bluesky_network, person, brand, "avant").uri)
    network.close()
    missed = [mention(bluesky_network, person, brand, f"pendant {number}").uri for number in range(3)]
    again = connected(bluesky_network, brand)
    PatientEar(again, ear.cursor, settle_s=SETTLE_S).until(*missed)
    again.close()


def test_what_both_ears_hear_is_given_once_and_the_stream_tells_of_deletions(
    bluesky_network: Bluesky, brand: Account, person: Account
) -> None:
    with Jetstream(bluesky_network.pds.firehose_url) as jetstream:
        network = connected(bluesky_network, brand, jetstream=jetstream.url)
        cursor = network.listen(None, wait_s_max=0.0).cursor
        asked = mention(bluesky_network, person, brand, "une fois")
        bluesky_network.wait_for(lambda: bluesky_network.notifications(brand))
        heard: list[str] = []
        deadline = time.monotonic() + notifications.POLL_S * 2 + 1
        while time.monotonic() < deadline:
            batch = network.listen(cursor, wait_s_max=0.5)
            cursor = batch.cursor
            heard += [event.id for event in batch.events]
        bluesky_network.pds.delete(person, asked)
        Ear(network, cursor, settle_s=SETTLE_S).hears(lambda event: event.id == asked.uri, what="the deletion")
        network.close()
    assert heard == [asked.uri]
    assert cursor is not None
    assert json.loads(cursor)["notified_us"] is not None


def test_a_thread_comes_whole_with_its_branches_and_is_empty_when_gone(
    bluesky_network: Bluesky, network: Network, brand: Account, person: Account
) -> None:
    root = bluesky_network.pds.post(person, "racine")
    left = bluesky_network.pds.post(person, "à gauche", parent=root)
    right = bluesky_network.pds.post(brand, "à droite", parent=root)
    leaf = bluesky_network.pds.post(person, "feuille", parent=left, root=root)
    for ref in (root, left, right, leaf):
        bluesky_network.wait_for_post(brand, ref)
    from_root = network.thread(root.uri)
    assert {post.text for post in from_root} == {"racine", "à gauche", "à droite", "feuille"}
    assert [post.text for post in network.thread(leaf.uri)] == ["racine", "à gauche", "feuille"]
    assert all(post.root_id == root.uri for post in from_root)
    bluesky_network.pds.delete(person, leaf)
    bluesky_network.wait_for(lambda: not network.thread(leaf.uri) or None)


def test_more_notifications_than_can_be_fetched_are_shown_as_a_gap(
    bluesky_network: Bluesky, brand: Account, person: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        mention(bluesky_network, person, brand, f"{number}")
    bluesky_network.wait_for(lambda: len(bluesky_network.notifications(brand)) == 4)
    monkeypatch.setattr(notifications, "PAGE_SIZE", 1)
    monkeypatch.setattr(notifications, "PAGES_MAX", 2)
    server = Server(bluesky_network.url, clock=lambda: datetime.now(UTC))
    server.sign_in(brand.handle, brand.password)
    poll = Notifications(server).poll(1)
    server.close()
    assert len(poll.notified) == 2
    assert poll.gap is not None
    assert poll.gap.start < poll.gap.end <= poll.notified[0].came.seen_at


def test_pictures_keep_their_alternative_text(
    bluesky_network: Bluesky, network: Network, brand: Account, person: Account
) -> None:
    blob: dict[str, Any] = bluesky_network.pds._answer(
        bluesky_network.pds._http.post(
            "/xrpc/com.atproto.repo.uploadBlob",
            content=b"\x89PNG\r\n\x1a\n" + b"0" * 64,
            headers={"Authorization": f"Bearer {person.access_jwt}", "Content-Type": "image/png"},
        )
    )["blob"]
    embed = {"$type": "app.bsky.embed.images", "images": [{"image": blob, "alt": "un four éteint"}]}
    text = f"@{brand.handle} voyez"
    asked = bluesky_network.pds.post(person, text, mentions=(brand,), embed=embed, langs=["fr"])
    post = PatientEar(network, None, settle_s=SETTLE_S).until(asked.uri)[asked.uri]
    assert [medium.alt for medium in post.media] == ["un four éteint"]
    assert post.languages == ("fr",)
    fetched = bluesky_network.pds._http.get(post.media[0].url)
    assert fetched.content.startswith(b"\x89PNG")
