"""A data folder with keys, and the hostile world in a database that is undone after each test."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.hostile.world import World, build
from vivavoce.desk import keys


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    keys.prepare(folder)
    return folder


@pytest.fixture
def world(db: None, data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:  # noqa: ARG001 - opens the database
    monkeypatch.setattr(settings, "DATA", data_folder)
    monkeypatch.setattr(settings, "PASSWORD_HASHERS", ["django.contrib.auth.hashers.MD5PasswordHasher"])
    return build()
