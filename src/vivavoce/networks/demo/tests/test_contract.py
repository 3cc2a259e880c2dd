import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vivavoce.networks.base import Network
from vivavoce.networks.contract import NetworkContract
from vivavoce.networks.demo import NETWORK
from vivavoce.networks.demo.network import DemoNetwork
from vivavoce.networks.demo.story import BRAND, read
from vivavoce.networks.demo.world import World
from vivavoce.networks.harness import Fault


class FragileWorld(World):
    """A world whose disk fails, or whose file another process holds, at the next reply."""

    fault: list[str]

    def put(self, key: str, payload: str) -> tuple[str, str]:
        fault = self.fault.pop() if self.fault else ""
        if fault == Fault.TOO_MANY:
            busy = sqlite3.OperationalError("database is locked")
            busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise busy
        if fault == Fault.BROKEN:
            message = "disk I/O error"
            raise sqlite3.OperationalError(message)
        put = super().put(key, payload)
        if fault == Fault.LOST_ANSWER:
            message = "disk I/O error"
            raise sqlite3.OperationalError(message)
        return put


class DemoHarness:
    """The demo's world, which stands still after its morning, and the people in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fault: list[str] = []
        self.count = 0
        self.world = self.open()

    def open(self) -> FragileWorld:
        path = self.folder / "world.sqlite3"
        world = FragileWorld(path, story=read(), clock=lambda: datetime.now(UTC), pace=0.001, seed="1")
        world.fault = self.fault
        return world

    def connect(self) -> Network:
        return DemoNetwork(self.open())

    def somebody_posts(
        self, text: str, *, mention: bool = True, reply_to: str | None = None, private: bool = False
    ) -> str:
        self.count += 1
        said = f"@{BRAND} {text}" if mention else text
        body = {"id": f"{self.world.name}/x{self.count}", "who": "passer.by", "text": said}
        self.world.happen({**body, "reply_to": reply_to, "private": private})
        return str(body["id"])

    def somebody_whispers(self, text: str) -> str:
        return self.somebody_posts(text, mention=False, private=True)

    def somebody_edits(self, post_id: str, text: str) -> None:
        self.world.happen({"id": post_id, "who": "passer.by", "text": text})

    def somebody_deletes(self, post_id: str) -> None:
        self.world.happen({"id": post_id, "who": "passer.by", "deletes": True})

    def read_back(self, post_id: str) -> str | None:
        return self.world.text(post_id)

    def break_next(self, fault: Fault) -> None:
        self.fault.append(fault)


class TestDemo(NetworkContract):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[DemoHarness]:
        harness = DemoHarness(tmp_path)
        yield harness
        harness.world.close()

    def test_its_connector_opens_the_same_world(self, tmp_path: Path) -> None:
        for _ in range(2):
            network = NETWORK.connect({"folder": str(tmp_path)}, clock=lambda: datetime.now(UTC))
            assert network.name == NETWORK.name
            network.close()
