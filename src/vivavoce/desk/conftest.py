"""The desk's tests: a data folder that goes away, and a database like the real one.

SQLite is a file, as for a team: threads and processes then meet its one writer. With VIVAVOCE_DATABASE set to an
address of PostgreSQL the same tests run there.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.utils import translation

from vivavoce.desk import keys


@pytest.fixture(scope="session", autouse=True)
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of this run of the tests."""
    folder = tmp_path_factory.mktemp("data")
    settings.DATA = folder
    keys.prepare(folder)
    return folder


@pytest.fixture(scope="session")
def django_db_modify_db_settings(data_folder: Path) -> None:
    """Put the test database into the data folder, where it is a file."""
    default = connections["default"]
    if default.vendor == "sqlite":
        default.settings_dict["TEST"]["NAME"] = str(data_folder / "test.sqlite3")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Each test begins and ends in English."""
    with translation.override("en"):
        yield
