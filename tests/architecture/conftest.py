"""The whole desk, with its own addresses, and one conversation in which nobody is present."""

from pathlib import Path

import pytest
from pytest_django import Settings
from tests.outbox.world import World

from vivavoce.desk import keys
from vivavoce.desk.conftest import data_folder, django_db_modify_db_settings, english

__all__ = ["data_folder", "django_db_modify_db_settings", "english"]


@pytest.fixture(autouse=True)
def _own_keys(data_folder: Path, settings: Settings) -> None:
    keys.prepare(data_folder)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; the tests hash often
    settings.STATIC_ROOT = data_folder
    settings.PUBLIC_URL, settings.RP_ID = "http://localhost:8000", "localhost"


@pytest.fixture
def world(db: None) -> World:  # noqa: ARG001 - opens the database
    return World()
