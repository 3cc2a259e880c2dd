"""``vivavoce up`` as a user meets it: a process, a link, Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_S_MAX = 60
STOP_S_MAX = 30


@contextmanager
def desk(data: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Run a desk; yield the process, its address and the one-time link."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("VIVAVOCE_", "DJANGO_"))}
    command = [sys.executable, "-m", "vivavoce", "up", "--port", "0", "--data", str(data), *options]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    killer = threading.Timer(START_S_MAX, process.kill)
    killer.start()
    try:
        assert process.stdout is not None
        link = ""
        for line in process.stdout:
            found = re.search(r"http://localhost:\d+/welcome/\S+", line)
            if found:
                link = found.group()
                break
        killer.cancel()
        if not link:
            _out, complaint = process.communicate(timeout=STOP_S_MAX)
            pytest.fail(f"the desk printed no link: {complaint}")
        yield process, link.rpartition("/welcome/")[0], link
    finally:
        killer.cancel()
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=STOP_S_MAX)


def health(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:
        state: dict[str, Any] = json.load(answer)
    return state


def test_the_desk_comes_up_with_the_demo_alive_and_ends_cleanly_on_ctrl_c(tmp_path: Path) -> None:
    with desk(tmp_path / "desk", "--demo") as (process, url, _link):
        waited = threading.Event()
        for _try in range(100):
            state = health(url)
            if state["waiting"] and state["posts"]:
                break
            waited.wait(0.2)
        assert state["status"] == "ok"
        assert state["database"] == "sqlite"
        assert state["posts"] > 0
        assert state["waiting"] > 0
        assert [network["network"] for network in state["networks"]] == ["demo"]
        process.send_signal(signal.SIGINT)
        _out, complaint = process.communicate(timeout=STOP_S_MAX)
        assert process.returncode == 0
        assert "Traceback" not in complaint


def test_a_second_desk_on_the_same_data_says_so_and_fails(tmp_path: Path) -> None:
    with desk(tmp_path / "desk") as (process, _url, _link):
        second = subprocess.run(
            [sys.executable, "-m", "vivavoce", "up", "--port", "0", "--data", str(tmp_path / "desk")],
            capture_output=True,
            text=True,
            timeout=START_S_MAX,
            check=False,
        )
        assert second.returncode == 1
        assert f"already runs on {tmp_path / 'desk'} (process {process.pid})" in second.stderr
        assert "Traceback" not in second.stderr


def test_the_link_signs_in_once_and_leads_to_enrolling(tmp_path: Path) -> None:
    with desk(tmp_path / "desk") as (_process, url, link):
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(link, timeout=10) as first:
            assert first.url == f"{url}/enrol/"
        with pytest.raises(urllib.error.HTTPError) as again:
            urllib.request.build_opener().open(link, timeout=10)
        assert again.value.code == 410
        again.value.close()


def test_a_taken_port_is_said_plainly(tmp_path: Path) -> None:
    with desk(tmp_path / "one") as (_process, url, _link):
        port = url.rpartition(":")[2]
        second = subprocess.run(
            [sys.executable, "-m", "vivavoce", "up", "--port", port, "--data", str(tmp_path / "two")],
            capture_output=True,
            text=True,
            timeout=START_S_MAX,
            check=False,
        )
        assert second.returncode == 1
        assert f"Port {port}" in second.stderr
        assert "--port" in second.stderr
