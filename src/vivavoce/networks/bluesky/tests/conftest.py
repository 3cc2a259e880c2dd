"""A brand on a real PDS, with people around it, the stream before it, and a proxy that can break the line."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.servers.fault_proxy import FaultProxy
from tests.servers.jetstream import Jetstream
from tests.servers.pds import Account, Pds, Ref, now_text

from vivavoce.errors import BadInputError
from vivavoce.networks.bluesky import NETWORK
from vivavoce.networks.harness import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.network import Network as Bluesky

    from vivavoce.networks.base import Clock, Network

CREATE = "com.atproto.repo.createRecord"
_numbers = itertools.count(1)


def now() -> datetime:
    """The clock of a connected account."""
    return datetime.now(UTC)


@dataclass
class World:
    """One brand and one other person on the session's PDS."""

    pds: Pds
    jetstream: Jetstream
    proxy: FaultProxy
    brand: Account
    person: Account
    app_password: str
    watch: str = ""

    def connect(self, clock: Clock = now) -> Network:
        return NETWORK.connect(
            {
                "service": self.proxy.url,
                "handle": self.brand.handle,
                "app_password": self.app_password,
                "watch": self.watch,
                "jetstream": self.jetstream.url,
            },
            clock=clock,
        )

    def somebody_posts(self, text: str, *, mention: bool = True, reply_to: str | None = None) -> str:
        parent = self.ref(reply_to) if reply_to else None
        root = self.root(reply_to) if reply_to else None
        words = f"@{self.brand.handle} {text}" if mention else text
        mentions = (self.brand,) if mention else ()
        try:
            return self.pds.post(self.person, words, parent=parent, root=root, mentions=mentions).uri
        except (httpx.HTTPStatusError, UnicodeEncodeError) as error:
            raise BadInputError(str(error)) from error

    def somebody_deletes(self, post_id: str) -> None:
        self.pds.delete(self.person, Ref(post_id, ""))

    def somebody_edits(self, post_id: str, text: str) -> None:
        record = self.record(post_id)["value"]
        words = f"@{self.brand.handle} {text}"
        self.pds.procedure(
            "com.atproto.repo.putRecord",
            self.person,
            repo=self.person.did,
            collection="app.bsky.feed.post",
            rkey=post_id.rsplit("/", 1)[1],
            record={**record, "text": words, "createdAt": now_text()},
        )

    def read_back(self, post_id: str) -> str | None:
        with contextlib.suppress(httpx.HTTPStatusError):
            text: str = self.record(post_id)["value"]["text"]
            return text
        return None

    def break_next(self, fault: Fault) -> None:
        if fault == Fault.TOO_MANY:
            self.proxy.rate_limit(CREATE)
        elif fault == Fault.BROKEN:
            self.proxy.fail(CREATE)
        else:
            self.proxy.drop_answer(CREATE)

    def record(self, uri: str) -> dict:  # type: ignore[type-arg]
        did, collection, rkey = uri.removeprefix("at://").split("/")
        return self.pds.query("com.atproto.repo.getRecord", repo=did, collection=collection, rkey=rkey)

    def ref(self, uri: str) -> Ref:
        return Ref(uri, self.record(uri)["cid"])

    def root(self, uri: str) -> Ref:
        found = self.record(uri)
        reply = found["value"].get("reply")
        return Ref(**reply["root"]) if reply else Ref(uri, found["cid"])


@pytest.fixture
def whole_world(bluesky_network: Bluesky) -> Iterator[World]:
    """The same with an AppView behind the PDS."""
    number = next(_numbers)
    brand = bluesky_network.create_account(f"brand-whole-{number}")
    person = bluesky_network.create_account(f"person-whole-{number}")
    pds = bluesky_network.pds
    with Jetstream(pds.firehose_url) as jetstream, FaultProxy(pds.url) as proxy:
        yield World(pds, jetstream, proxy, brand, person, pds.create_app_password(brand))


@pytest.fixture
def world(pds: Pds, jetstream: Jetstream, fault_proxy: FaultProxy) -> World:
    number = next(_numbers)
    brand = pds.create_account(f"brand-{number}")
    person = pds.create_account(f"person-{number}")
    return World(pds, jetstream, fault_proxy, brand, person, pds.create_app_password(brand))
