"""What a user can set or call is written down, in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from vivavoce.cli import app

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [path for path in (ROOT / "src").rglob("*.py") if "tests" not in path.parts]
INTERNAL: set[str] = set()


def commands() -> dict[str, Any]:
    """All commands by name; Typer keeps its own copy of Click, whose classes have no public name."""
    found: dict[str, Any] = {}
    top: Any = typer.main.get_command(app)
    for name, command in top.commands.items():
        found[name] = command
        found.update({f"{name} {sub}": each for sub, each in getattr(command, "commands", {}).items()})
    return found


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_and_option_says_what_it_is_for(name: str) -> None:
    command = commands()[name]
    assert command.help
    options = [param for param in command.params if param.param_type_name == "option"]
    unsaid = [option.name for option in options if not option.help]
    assert options or hasattr(command, "commands")
    assert unsaid == []


@pytest.mark.parametrize("page", ["docs/team.md", "docs/fr/team.md"])
def test_every_environment_variable_is_documented(page: str) -> None:
    used = {name for path in SOURCES for name in re.findall(r"\bVIVAVOCE_[A-Z_]+\b", path.read_text(encoding="utf-8"))}
    said = set(re.findall(r"\bVIVAVOCE_[A-Z_]+\b", (ROOT / page).read_text(encoding="utf-8")))
    assert used - said - INTERNAL == set()


@pytest.mark.parametrize("page", ["README.md", "README.fr.md"])
def test_the_first_screen_has_two_commands(page: str) -> None:
    screen = (ROOT / page).read_text(encoding="utf-8").split("\n## ")[0]
    assert re.findall(r"^make (\w+)", screen, flags=re.MULTILINE) == ["run", "test"]


def test_every_link_in_the_docs_leads_somewhere() -> None:
    broken = []
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        targets = re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))
        local = [target for target in targets if "://" not in target]
        broken += [f"{path.relative_to(ROOT)}: {target}" for target in local if not (path.parent / target).exists()]
    assert broken == []
