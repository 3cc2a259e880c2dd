"""The desk's keys: made once, read by their owner alone, never replaced."""

import stat
import threading
from pathlib import Path

import pytest
from pytest_django import Settings

from vivavoce.desk import keys
from vivavoce.errors import SetupError


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA = tmp_path
    return tmp_path


def test_they_are_for_their_owner_alone(data: Path) -> None:
    keys.prepare(data)
    assert stat.S_IMODE((data / "keys").stat().st_mode) == 0o700
    made = sorted((data / "keys").iterdir())
    assert [path.name for path in made] == ["chain.pem", "django", "sealing"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}


def test_what_is_there_stays(data: Path) -> None:
    keys.prepare(data)
    before = {path.name: path.read_bytes() for path in (data / "keys").iterdir()}
    keys.prepare(data)
    assert {path.name: path.read_bytes() for path in (data / "keys").iterdir()} == before


def test_two_that_start_at_once_have_the_same_keys(data: Path) -> None:
    threads = [threading.Thread(target=keys.prepare, args=(data,)) for _thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list((data / "keys").iterdir())) == 3
    assert keys.chain_public_key() == keys.chain_public_key()


def test_several_machines_may_share_a_folder_of_keys(
    data: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path_factory.mktemp("shared")
    monkeypatch.setenv("VIVAVOCE_KEYS", str(shared))
    keys.prepare(data)
    assert not (data / "keys").exists()
    assert (shared / "chain.pem").exists()
    assert len(keys.chain_public_key()) == 32


@pytest.mark.parametrize(
    "values", [{}, {"app_password": "clé \U0001f511 \x00"}, {"a": "mot secret", "b": "autre mot"}], ids=str
)
def test_secrets_are_sealed_and_come_back(data: Path, values: dict[str, str]) -> None:
    keys.prepare(data)
    sealed = keys.seal(values)
    assert not any(value in sealed for value in values.values())
    assert keys.unseal(sealed) == values


def test_nothing_sealed_is_nothing(data: Path) -> None:  # noqa: ARG001 - no keys are needed
    assert keys.unseal("") == {}


def test_another_key_opens_nothing_and_says_what_to_do(data: Path) -> None:
    keys.prepare(data)
    sealed = keys.seal({"app_password": "x"})
    (data / "keys" / "sealing").unlink()
    keys.prepare(data)
    with pytest.raises(SetupError, match="Connect it again"):
        keys.unseal(sealed)


def test_a_missing_key_says_what_to_do(data: Path) -> None:  # noqa: ARG001 - an empty folder
    with pytest.raises(SetupError, match="vivavoce up"):
        keys.chain_key()


@pytest.mark.parametrize("name", ["chain.pem", "sealing"])
def test_a_broken_key_says_what_to_do(data: Path, name: str) -> None:
    keys.prepare(data)
    (data / "keys" / name).write_bytes(b"nonsense")
    with pytest.raises(SetupError, match="Put the file back"):
        keys.seal({}) if name == "sealing" else keys.chain_key()


def test_a_folder_that_cannot_be_made_says_what_to_do(data: Path) -> None:
    (data / "keys").write_text("a file")
    with pytest.raises(SetupError, match="cannot be kept"):
        keys.prepare(data)
