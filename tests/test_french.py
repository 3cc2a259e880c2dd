"""The French of the desk: complete, and set as French is."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

DESK = Path(__file__).parent.parent / "src" / "vivavoce" / "desk"
CATALOGUE = Path("locale") / "fr" / "LC_MESSAGES" / "django.po"

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|</?\w+>")
BADLY_SET = re.compile(r"'| [;:!?»]| %%|« |\.\.\.")
"""A straight apostrophe, a breaking space before or after what French keeps together, three dots for an ellipsis."""

COMPILE_S_MAX = 120


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def texts(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


@pytest.fixture(scope="module")
def ours() -> Catalog:
    return read(DESK / CATALOGUE)


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What makemessages finds in the desk now."""
    if shutil.which("xgettext") is None:
        pytest.skip("GNU gettext is not installed")
    desk = tmp_path_factory.mktemp("french") / "desk"
    shutil.copytree(DESK, desk, ignore=shutil.ignore_patterns("*.po", "*.mo", "__pycache__", "tests"))
    (desk / CATALOGUE).parent.mkdir(parents=True, exist_ok=True)
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "django", "makemessages", "--locale=fr", "--no-location"]
    subprocess.run(command, cwd=desk, env=env, check=True, capture_output=True, timeout=COMPILE_S_MAX)
    return read(desk / CATALOGUE)


def test_each_sentence_of_the_desk_has_its_french(ours: Catalog, wanted: Catalog) -> None:
    missing = []
    for message in wanted:
        known = ours.get(message.id, message.context) if message.id else None
        if message.id and (known is None or known.fuzzy or not texts(known) or not all(texts(known))):
            missing.append((message.context, message.id))
    assert missing == []


def test_nothing_is_translated_that_the_desk_no_longer_says(ours: Catalog, wanted: Catalog) -> None:
    assert [message.id for message in ours if message.id and wanted.get(message.id, message.context) is None] == []


def test_every_placeholder_comes_through(ours: Catalog) -> None:
    for message in ours:
        if not message.id:
            continue
        allowed = {frozenset(PLACEHOLDER.findall(one)) for one in ids(message)}
        for text in texts(message):
            assert frozenset(PLACEHOLDER.findall(text)) in allowed, message.id


def test_french_is_set_as_french(ours: Catalog) -> None:
    for message in ours:
        for text in texts(message) if message.id else ():
            assert not BADLY_SET.search(text), text
