"""The database goes away in the middle of the courier's work and comes back: each reply stands once."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.slow_network import SlowServer
from tests.servers.postgres import Postgres

CHECKOUT = Path(__file__).parent.parent.parent
RESTARTS = 6
REPLIES = 5
"""Before each restart, so that the courier is in the middle of them."""

WORK_S_MAX = 0.4


class Story:
    """The other process, told what to do."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def hears(self) -> dict[str, Any]:
        """Return what it says next."""
        assert self._process.stdout is not None
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told

    def say(self, line: str) -> dict[str, Any]:
        """Tell it what to do; return what it says."""
        assert self._process.stdin is not None
        print(line, file=self._process.stdin, flush=True)
        return self.hears()


@contextmanager
def story(database: str, port: int, data: Path) -> Iterator[Story]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.story", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        env=os.environ | {"VIVAVOCE_DATABASE": database, "VIVAVOCE_DATA": str(data), "VIVAVOCE_LOG": "error"},
    ) as process:
        try:
            told = Story(process)
            assert told.hears() == {"ready": True}
            yield told
        finally:
            process.kill()


@pytest.mark.faults
@pytest.mark.postgres
@pytest.mark.parametrize("way", ["restart", "kill"])
def test_a_database_that_comes_back_loses_and_doubles_nothing(own_postgres: Postgres, tmp_path: Path, way: str) -> None:
    chance = random.Random(way)  # noqa: S311 - a seed to repeat, no secret
    database = own_postgres.create_database()
    with SlowServer(chance) as server, story(database, server.port, tmp_path) as desk:
        for _restart in range(RESTARTS):
            for _reply in range(REPLIES):
                desk.say("send")
            time.sleep(chance.random() * WORK_S_MAX)
            if way == "kill":
                own_postgres.kill()
            else:
                own_postgres.stop()
            own_postgres.start()
        end = desk.say("rest")
        assert set(end["states"].values()) == {"sent"}
        assert len(end["states"]) == RESTARTS * REPLIES
        assert Counter(server.arrivals) == Counter(list(end["states"]))
        assert end["broken"] == []
