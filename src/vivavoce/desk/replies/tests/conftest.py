"""What the tests of replies need: keys, a small world, a network in memory."""

from pathlib import Path

import pytest
from pytest_django import Settings
from tests.outbox.memory import MemoryNetwork, Server
from tests.outbox.world import World

from vivavoce.desk import keys
from vivavoce.desk.workers.courier import Courier
from vivavoce.posts import Author


@pytest.fixture(autouse=True)
def _own_keys(data_folder: Path, settings: Settings) -> None:
    keys.prepare(data_folder)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; the tests hash often
    settings.PUBLIC_URL, settings.RP_ID = "http://localhost:8000", "localhost"


@pytest.fixture
def world(db: None) -> World:  # noqa: ARG001 - opens the database
    return World()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def courier(world: World, server: Server) -> Courier:
    def connect(account: object, *, clock: object) -> MemoryNetwork:  # noqa: ARG001
        if server.connect_faults:
            raise server.connect_faults.pop(0)
        return MemoryNetwork(server, Author(id=world.account.remote_id, handle="brand"))

    return Courier(clock=world.clock, open_network=connect)
