"""Replies on a real PDS: the right place, the right marks, and never twice."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.servers.fault_proxy import Fault
from tests.servers.pds import Ref

from vivavoce.errors import NetworkError, UnclearError
from vivavoce.networks.base import Standing, Words
from vivavoce.networks.bluesky import NETWORK
from vivavoce.networks.bluesky.client import Server
from vivavoce.networks.contract import permit_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vivavoce.networks.base import Network
    from vivavoce.networks.bluesky.tests.conftest import World

pytestmark = pytest.mark.pds

CREATE = "com.atproto.repo.createRecord"
AT = datetime(2026, 11, 22, 21, 33, 8, 123456, tzinfo=UTC)


@pytest.fixture
def network(world: World) -> Iterator[Network]:
    network = world.connect()
    yield network
    network.close()


def words_to(uri: str, text: str, **more: Any) -> Words:
    """Word a reply by someone who knows only the post's address."""
    return Words(text, reply_to=uri, reply_to_version="", root=uri, root_version="", **more)


def test_a_reply_stands_under_its_root_and_parent_with_its_marks(world: World, network: Network) -> None:
    root = world.pds.post(world.person, "Le début")
    middle = world.pds.post(world.person, "La suite", parent=root)
    asked = world.pds.post(world.person, "Et ensuite ?", parent=middle, root=root)
    text = f"Voilà @{world.person.handle} et @nobody-at-all.test : https://example.com/é #été"
    record = network.freeze(words_to(asked.uri, text, languages=("fr",)), created_at=AT)
    sent = network.send(permit_for(record))
    stands = world.record(sent.id)["value"]
    assert stands == json.loads(record.payload)
    assert stands["reply"] == {"root": root.json(), "parent": asked.json()}
    assert stands["langs"] == ["fr"]
    assert stands["createdAt"] == "2026-11-22T21:33:08.123Z"
    features = [facet["features"][0] for facet in stands["facets"]]
    assert [feature.get("did") or feature.get("uri") or feature["tag"] for feature in features] == [
        world.person.did,
        "https://example.com/é",
        "été",
    ]
    assert sent.id == f"at://{world.brand.did}/app.bsky.feed.post/{record.key}"
    assert sent.url == f"https://bsky.app/profile/{world.brand.did}/post/{record.key}"
    assert network.find(record) == sent


def test_an_existing_key_is_never_written_over(world: World, network: Network) -> None:
    asked = world.pds.post(world.person, "Bonjour")
    record = network.freeze(words_to(asked.uri, "Bonjour !"), created_at=AT)
    first = network.send(permit_for(record))
    with pytest.raises(UnclearError):
        network.send(permit_for(record))
    assert network.find(record) == first
    assert len(world.pds.records(world.brand)) == 1
    other = replace(record, payload=json.dumps({**json.loads(record.payload), "text": "Autre"}))
    assert network.find(other).standing is Standing.OTHER_WORDS


def test_an_answer_to_a_post_that_is_gone_is_refused_for_good(world: World, network: Network) -> None:
    asked = world.pds.post(world.person, "Oubliez cela")
    world.pds.delete(world.person, asked)
    for uri in (asked.uri, "https://bsky.app/profile/x/post/1", f"at://{world.person.did}/app.bsky.feed.like/1"):
        with pytest.raises(NetworkError) as refusal:
            network.freeze(words_to(uri, "Trop tard"), created_at=AT)
        assert refusal.value.permanent


def test_a_reply_deleted_meanwhile_is_absent(world: World, network: Network) -> None:
    asked = world.pds.post(world.person, "Bonjour")
    record = network.freeze(words_to(asked.uri, "Bonjour !"), created_at=AT)
    sent = network.send(permit_for(record))
    world.pds.delete(world.brand, Ref(sent.id, ""))
    assert network.find(record).standing is Standing.ABSENT


def server(world: World) -> Server:
    """Return a signed-in server that waits for no answer longer than a test should."""
    server = Server(world.proxy.url, clock=lambda: datetime.now(UTC), call_s_max=2.0)
    server.sign_in(world.brand.handle, world.app_password)
    return server


def body(world: World, key: str) -> dict[str, Any]:
    record = {"$type": "app.bsky.feed.post", "text": "Bonjour", "createdAt": "2026-11-22T21:33:08.123Z"}
    return {"repo": world.brand.did, "collection": "app.bsky.feed.post", "rkey": key, "record": record}


def test_a_time_out_after_the_reply_arrived_is_unclear(world: World) -> None:
    calls = server(world)
    world.proxy.hang(CREATE)
    with pytest.raises(UnclearError, match="not clear"):
        calls.create_record(body(world, "3n2wlk7jzq627"))
    calls.close()
    assert [record["value"]["text"] for record in world.pds.records(world.brand)] == ["Bonjour"]


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failing_server_is_unclear(world: World, status: int) -> None:
    calls = server(world)
    world.proxy.fail(CREATE, status=status)
    with pytest.raises(UnclearError) as failure:
        calls.create_record(body(world, "3n2wlk7jzq627"))
    calls.close()
    assert not failure.value.permanent


@pytest.mark.parametrize("status", [400, 403, 413])
def test_a_refusal_is_clear_and_for_good(world: World, status: int) -> None:
    calls = server(world)
    world.proxy.fail(CREATE, status=status)
    with pytest.raises(NetworkError) as refusal:
        calls.create_record(body(world, "3n2wlk7jzq627"))
    calls.close()
    assert refusal.value.permanent
    assert not isinstance(refusal.value, UnclearError)


def test_a_server_that_is_away_took_nothing(world: World) -> None:
    calls = server(world)
    world.proxy.close()
    with pytest.raises(NetworkError, match="cannot be reached") as failure:
        calls.create_record(body(world, "3n2wlk7jzq627"))
    calls.close()
    assert not isinstance(failure.value, UnclearError)
    assert not failure.value.permanent


@pytest.mark.parametrize(
    ("headers", "least_s", "most_s"),
    [({"Retry-After": "7"}, 7, 7), ({"ratelimit-reset": "later"}, 300, 300), ({}, 300, 300), (None, 100, 120)],
)
def test_a_pause_that_the_server_asks_for_is_passed_on(
    world: World, headers: dict[str, str] | None, least_s: float, most_s: float
) -> None:
    calls = server(world)
    if headers is None:
        headers = {"ratelimit-reset": str(int(datetime.now(UTC).timestamp()) + 120)}
    world.proxy._add(Fault(CREATE, 1, "answer", 429, headers, b"{}"))
    with pytest.raises(NetworkError, match="pause") as refusal:
        calls.create_record(body(world, "3n2wlk7jzq627"))
    calls.close()
    assert refusal.value.retry_after_s is not None
    assert least_s <= refusal.value.retry_after_s <= most_s


def expired(name: str) -> bytes:
    return json.dumps({"error": name, "message": "Token has expired"}).encode()


def test_an_expired_session_is_renewed_once_and_the_reply_goes_out(world: World) -> None:
    calls = server(world)
    world.proxy._add(Fault(CREATE, 1, "answer", 400, {"Content-Type": "application/json"}, expired("ExpiredToken")))
    made = calls.create_record(body(world, "3n2wlk7jzq627"))
    assert made["uri"].endswith("/3n2wlk7jzq627")
    assert world.proxy.count("refreshSession") == 1
    world.proxy._add(Fault(CREATE, 1, "answer", 400, {}, expired("ExpiredToken")))
    world.proxy._add(Fault("refreshSession", 1, "answer", 400, {}, expired("ExpiredToken")))
    calls.create_record(body(world, "3n2wlk7jzq62a"))
    assert world.proxy.count("createSession") == 2
    world.proxy._add(Fault(CREATE, 2, "answer", 400, {}, expired("ExpiredToken")))
    with pytest.raises(NetworkError) as refusal:
        calls.create_record(body(world, "3n2wlk7jzq62b"))
    calls.close()
    assert refusal.value.permanent


def test_a_wrong_app_password_is_said_and_never_shown(world: World, caplog: pytest.LogCaptureFixture) -> None:
    secret = "zzzz-never-shown-zzzz"
    settings = {"service": world.pds.url, "handle": world.brand.handle, "app_password": secret}
    with caplog.at_level("DEBUG"), pytest.raises(NetworkError, match="app password") as refusal:
        NETWORK.connect(settings, clock=lambda: AT)
    assert refusal.value.permanent
    shown = f"{refusal.value} {refusal.value.__cause__} {caplog.text}"
    assert secret not in shown


@pytest.mark.parametrize(
    ("settings", "because"),
    [
        ({"handle": "brand.test"}, "both"),
        ({"app_password": "x"}, "both"),
        ({}, "watched words"),
        ({"watch": "ostrel", "jetstream": "https://not-a-socket.example"}, "wss://"),
        ({"watch": "ostrel", "service": "http://[broken"}, "https://"),
        ({"watch": "ostrel", "service": "bsky.social"}, "https://"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_what_to_change(settings: dict[str, str], because: str) -> None:
    with pytest.raises(NetworkError, match=because) as refusal:
        NETWORK.connect(settings, clock=lambda: AT)
    assert refusal.value.permanent


def test_what_does_not_speak_the_protocol_is_said(world: World) -> None:
    world.proxy._add(Fault("createSession", 1, "answer", 200, {"Content-Type": "application/json"}, b"<html>"))
    settings = {"service": world.proxy.url, "handle": world.brand.handle, "app_password": world.app_password}
    with pytest.raises(NetworkError, match="check its address"):
        NETWORK.connect(settings, clock=lambda: AT)
