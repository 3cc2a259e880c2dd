"""The pytest fixtures of the real servers; `/conftest.py` makes them known to every test of the checkout.

A server starts when the first test of the session asks for it. A missing part skips the test and says what to
do; with VIVAVOCE_NOTHING_SKIPPED=1, which .ci/run sets, it fails instead.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Browser

from tests.servers.chromium import running_browser
from tests.servers.fault_proxy import FaultProxy
from tests.servers.jetstream import Jetstream
from tests.servers.network import Network
from tests.servers.pds import Pds, Plc
from tests.servers.postgres import Postgres
from tests.servers.process import MissingPartError

NOTHING_SKIPPED = "VIVAVOCE_NOTHING_SKIPPED"
SHARED_DATA = Path(__file__).parents[3] / "shared" / "data"


def missing(reason: str) -> NoReturn:
    """Skip the test aloud, or fail it where nothing may be skipped."""
    if os.environ.get(NOTHING_SKIPPED) == "1":
        pytest.fail(f"{NOTHING_SKIPPED}=1 and {reason}", pytrace=False)
    pytest.skip(reason)


@contextmanager
def needed() -> Iterator[None]:
    """Turn a part that is not on this machine into `missing`."""
    try:
        yield
    except MissingPartError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def plc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plc]:
    """The directory of identities that every PDS of the session shares."""
    with needed():
        directory = Plc(tmp_path_factory.mktemp("plc"))
    yield directory
    directory.stop()


@pytest.fixture(scope="session")
def pds(plc: Plc, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pds]:
    """One PDS without an AppView, shared by the session: use handles of your own in each test."""
    with needed():
        server = Pds(tmp_path_factory.mktemp("pds"), plc_url=plc.url)
    with server:
        yield server


@pytest.fixture
def own_pds(plc: Plc, tmp_path: Path) -> Iterator[Pds]:
    """A PDS for one test alone, which may stop, kill and restart it."""
    with needed():
        server = Pds(tmp_path, plc_url=plc.url)
    with server:
        yield server


@pytest.fixture
def jetstream(pds: Pds) -> Iterator[Jetstream]:
    """A Jetstream of the session's PDS, for one test; `Jetstream(server.firehose_url)` makes one of another."""
    with Jetstream(pds.firehose_url) as stream:
        yield stream


@pytest.fixture
def fault_proxy(pds: Pds) -> Iterator[FaultProxy]:
    """A proxy before the session's PDS, for one test; `FaultProxy(url)` makes one before another server."""
    with FaultProxy(pds.url) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL, shared by the session: ask it for a database of your own with `create_database()`."""
    with needed():
        server = Postgres()
    with server:
        yield server


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A PostgreSQL for one test alone, which may stop, kill and restart it."""
    with needed():
        server = Postgres()
    with server:
        yield server


@pytest.fixture(scope="session")
def bluesky_network(plc: Plc, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """A PDS with its AppView, shared by the session: notifications, threads, search."""
    with needed():
        network = Network(tmp_path_factory.mktemp("network"), plc=plc, postgres_dsn=postgres.create_database())
    with network:
        yield network


@pytest.fixture(scope="module")
def chromium_browser() -> Iterator[Browser]:
    """One Chromium for the tests of a module; each makes its own context, which is a browser without a past.

    Not for the session: tests after it could not use `asyncio.run` (see `running_browser`).
    """
    with needed(), running_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of data sets beside the checkout; it is not part of the project, so its absence always skips."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no data at {SHARED_DATA}")
    return SHARED_DATA
