"""The desk's commands as a Unix user meets them: words, exit codes, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

RUN_S_MAX = 60


def vivavoce(*words: str, data: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("VIVAVOCE_", "DJANGO_"))}
    where = ["--data", str(data)] if data else []
    command = [sys.executable, "-W", "error", "-m", "vivavoce", *words, *where]
    return subprocess.run(
        command, env={**clean, **env}, capture_output=True, text=True, timeout=RUN_S_MAX, check=False, input=""
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("desk")


def findings(data: Path, **env: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = vivavoce("doctor", "--json", data=data, **env)
    return done.returncode, {each["what"]: each for each in json.loads(done.stdout)["findings"]}


def test_a_new_folder_is_healthy_and_says_what_to_do_next(data: Path) -> None:
    code, found = findings(data)
    assert code == 0
    assert found["database"]["state"] == "ok"
    assert found["keys"]["state"] == "ok"
    assert "vivavoce up" in found["teammates"]["do"]
    assert "vivavoce connect" in found["networks"]["do"]


def test_the_doctor_sees_keys_that_others_may_read(tmp_path: Path) -> None:
    findings(tmp_path)
    (tmp_path / "keys" / "sealing").chmod(0o644)
    code, found = findings(tmp_path)
    assert code == 1
    assert "sealing" in found["keys"]["how"]
    assert found["keys"]["do"].startswith("chmod")


def test_the_doctor_sees_a_database_that_does_not_answer(data: Path) -> None:
    code, found = findings(data, VIVAVOCE_DATABASE="postgresql://nobody@127.0.0.1:1/nowhere")
    assert code == 1
    assert "does not answer" in found["start"]["how"]


def test_the_demo_connects_from_the_shell_and_the_doctor_finds_it_well(data: Path) -> None:
    done = vivavoce("connect", "demo", data=data)
    assert done.returncode == 0, done.stderr
    assert "Connected to demo as ostrel" in done.stdout
    _code, found = findings(data)
    assert [each["state"] for what, each in found.items() if what.startswith("demo")] == ["ok"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["connect", "nowhere"], 1, "Installed:"),
        (["connect", "demo", "--set", "colour=blue"], 2, "no setting colour"),
        (["connect", "demo", "--set", "blue"], 2, "NAME=VALUE"),
        (["teammate", "link", "nobody"], 2, "No teammate signs in as 'nobody'"),
        (["teammate", "add", "a b"], 2, "valid username"),
        (["read", "no-such-file.txt"], 2, "no-such-file.txt"),
        (["fly"], 2, "No such command"),
    ],
)
def test_a_mistake_gets_one_clear_word_and_an_exit_code(data: Path, words: list[str], code: int, said: str) -> None:
    where = None if words[0] in {"fly", "read"} else data
    done = vivavoce(*words, data=where)
    assert done.returncode == code
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_database_of_another_kind_is_refused(data: Path) -> None:
    done = vivavoce("verify", data=data, VIVAVOCE_DATABASE="mysql://x/y")
    assert done.returncode == 1
    assert "postgresql://" in done.stderr


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    done = vivavoce("verify", data=tmp_path / "file" / "desk")
    assert done.returncode == 1
    assert "--data DIR" in done.stderr


def test_teammates_are_added_listed_and_closed(data: Path) -> None:
    added = vivavoce("teammate", "add", "lea", "--name", "Léa Morel", data=data)
    assert added.stdout.startswith("http://localhost:8000/welcome/")
    assert "Léa Morel" in vivavoce("teammate", "list", data=data, COLUMNS="200").stdout
    assert vivavoce("teammate", "close", "lea", data=data).returncode == 0
    row = next(
        line for line in vivavoce("teammate", "list", data=data, COLUMNS="200").stdout.splitlines() if "lea" in line
    )
    assert row.split()[-2] == "no"


def test_a_teammate_is_erased_only_when_that_is_said_clearly(data: Path) -> None:
    vivavoce("teammate", "add", "nino", "--name", "Nino Ferrant", data=data)
    assert vivavoce("teammate", "erase", "nino", data=data).returncode == 1
    assert "Nino Ferrant" in vivavoce("teammate", "list", data=data, COLUMNS="200").stdout
    assert vivavoce("teammate", "erase", "nino", "--yes", data=data).returncode == 0
    after = vivavoce("teammate", "list", data=data, COLUMNS="200").stdout
    assert "Nino" not in after
    assert "erased-" in after


def test_a_teammate_who_lost_every_key_gets_a_link_to_new_ones(data: Path) -> None:
    vivavoce("teammate", "add", "olga", data=data)
    assert vivavoce("teammate", "reset", "olga", data=data).returncode == 1
    done = vivavoce("teammate", "reset", "olga", "--yes", data=data)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("http://localhost:8000/welcome/")


def test_an_empty_chain_verifies(data: Path) -> None:
    done = vivavoce("verify", "--json", data=data)
    assert done.returncode == 0
    assert json.loads(done.stdout) == {
        "whole": 0,
        "erased": 0,
        "broken": 0,
        "findings": [],
        "head": {"number": 0, "hash": "0" * 64},
    }


def test_the_version_and_the_module_are_the_program() -> None:
    assert vivavoce("--version").stdout.startswith("vivavoce ")
