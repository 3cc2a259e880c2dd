"""Build the wheel, install it in an empty environment outside the checkout, start it, and ask how it is."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_S_MAX = 60
STOP_S_MAX = 20


def main() -> None:
    """Fail loudly when the wheel lacks something that the checkout has."""
    with tempfile.TemporaryDirectory(prefix="vivavoce-wheel-") as name:
        elsewhere = Path(name)
        build: list[str | Path] = [
            sys.executable,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "wheel",
            "--quiet",
            "--no-deps",
        ]
        subprocess.run([*build, "--no-build-isolation", "--wheel-dir", elsewhere, ROOT], check=True)
        wheel = next(elsewhere.glob("*.whl"))
        venv.create(elsewhere / "env", with_pip=True)
        binaries = elsewhere / "env" / "bin"
        pip: list[str | Path] = [binaries / "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--require-hashes", "-r", ROOT / "requirements" / "desk.txt"], check=True)
        subprocess.run([*pip, "--no-deps", wheel], check=True)
        _start(binaries / "vivavoce", elsewhere)
    print(f"The wheel {wheel.name} starts outside the checkout.")


def _start(command: Path, elsewhere: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("VIVAVOCE_", "PYTHON"))}
    up = subprocess.Popen(
        [command, "up", "--demo", "--port", "0", "--data", elsewhere / "data"],
        cwd=elsewhere,
        env=clean,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = _url(up)
        with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:  # noqa: S310 # our own address
            state = json.load(answer)
        if state["status"] != "ok":
            sys.exit(f"The wheel's desk is not well: {state}")
        with urllib.request.urlopen(f"{url}/accounts/login/", timeout=10) as page:  # noqa: S310 # our own address
            if b"<form" not in page.read():
                sys.exit("The wheel's sign-in page has no form.")
    finally:
        up.send_signal(signal.SIGINT)
        code = up.wait(STOP_S_MAX)
    if code not in {0, 130}:
        sys.exit(f"The wheel's desk ended with {code}.")


def _url(up: subprocess.Popen[str]) -> str:
    until = time.monotonic() + START_S_MAX
    while up.stdout is not None and time.monotonic() < until:
        found = re.search(r"http://localhost:\d+", up.stdout.readline())
        if found:
            return found.group()
        if up.poll() is not None:
            sys.exit(f"The wheel's desk did not start: exit code {up.returncode}")
    sys.exit("The wheel's desk printed no address.")


if __name__ == "__main__":
    main()
