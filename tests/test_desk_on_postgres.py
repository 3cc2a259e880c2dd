"""The desk's own tests, once more, on a real PostgreSQL."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.postgres import Postgres

CHECKOUT = Path(__file__).parent.parent

SUITE_S_MAX = 900
"""The desk's tests need about a minute; a busy machine may take ten times as long."""


@pytest.mark.postgres
@pytest.mark.timeout(SUITE_S_MAX + 60)
def test_everything_that_holds_on_sqlite_holds_on_postgresql(postgres: Postgres) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "src/vivavoce/desk"],
        cwd=CHECKOUT,
        env=os.environ | {"VIVAVOCE_DATABASE": postgres.dsn("desk")},
        capture_output=True,
        text=True,
        timeout=SUITE_S_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8_000:]
