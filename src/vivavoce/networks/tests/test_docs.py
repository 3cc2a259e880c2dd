import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[4] / "docs" / "networks.md"
BLOCK = re.compile(r"^`(\w+\.py)`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the docs are part of the checkout, not of the package")

SPEND = "record = spend(permit, network=self.name, account=self.account.id)"
PIN = 'self.board.pin({"id": "x", "who": "townhall", "text": "", "reply_to": None, "root": words.root})'
SABOTAGES = {
    "speaks with whatever has a record": (
        SPEND,
        f"record = getattr(permit, 'record', None)\n        if not record: {SPEND}",
    ),
    "writes when it should only freeze": ("payload = {", f"{PIN}\n        payload = {{"),
    "gives the same words the same key": ("uuid.uuid4().hex", "hashlib.sha256(words.text.encode()).hexdigest()"),
    "steps over what it has not told": ("str(start + len(batch))", "str(start + len(batch) + 1)"),
    "has no cursor before the first post": (
        "str(start + len(batch))",
        "str(start + len(batch)) if start or batch else None",
    ),
    "writes again under a used key": ('if notice["id"] not in standing:', "if True:"),
    "takes any length": ("0 < len(words.text) <= self.capabilities.characters_max", "words.text"),
    "counts in bytes": ("return len(text)", "return 2 * len(text)"),
    "tells times without their zone": (
        'datetime.fromisoformat(notice["seen_at"])',
        'datetime.fromisoformat(notice["seen_at"]).replace(tzinfo=None)',
    ),
    "starts a thread at its end": (
        "notices = self.board.read()\n        root",
        "notices = self.board.read()[::-1]\n        root",
    ),
    "finds what is not there": (
        "if notice else Sighting(Standing.ABSENT)",
        "if notice else Sighting(Standing.PRESENT)",
    ),
    "changes the words": ('"text": words.text, "reply_to"', '"text": words.text.upper(), "reply_to"'),
    "whispers aloud": ("if words.visibility is not Visibility.PUBLIC:", "if False:"),
    "gives each telling another version": ("version=hashlib", "version=uuid.uuid4().hex or hashlib"),
    "tells what cannot be stored": ('text=storable(notice["text"])', 'text=notice["text"]'),
}


def blocks() -> dict[str, str]:
    return dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))


def run_contract(folder: Path, files: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "no:cacheprovider", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_network_of_the_docs_passes_the_contract_as_printed(tmp_path: Path) -> None:
    files = blocks()
    assert set(files) == {"noticeboard.py", "test_noticeboard.py"}
    run = run_contract(tmp_path, files)
    assert run.returncode == 0, run.stdout + run.stderr
    passed = re.search(r"(\d+) passed", run.stdout)
    assert passed
    assert int(passed[1]) >= 25


@pytest.mark.parametrize("name", SABOTAGES)
def test_the_contract_catches_a_network_that(tmp_path: Path, name: str) -> None:
    files = blocks()
    good, bad = SABOTAGES[name]
    assert files["noticeboard.py"].count(good) == 1
    files["noticeboard.py"] = files["noticeboard.py"].replace(good, bad)
    files["test_noticeboard.py"] = files["test_noticeboard.py"].replace("settle_s = 5.0", "settle_s = 0.5")
    run = run_contract(tmp_path, files, "-x", "--tb=line")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "1 failed" in run.stdout or "1 error" in run.stdout
