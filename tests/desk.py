"""The desk as its users run it: `vivavoce` commands in processes of their own, ended with the test that began them."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from tests.servers.process import ServerFailedError, free_port

START_S_MAX = 90  # two to four seconds on an idle machine; the first start makes the database
STOP_S_MAX = 30  # workers finish what they hold
COMMAND_S_MAX = 90
CALL_S_MAX = 20
POLL_S = 0.1
LOG_TAIL_CHARACTERS = 6000

LINK = re.compile(r"http://localhost:\d+/welcome/\S+")

Found = TypeVar("Found")


class Desk:
    """A data folder, perhaps with a PostgreSQL, and the processes that run on it.

    Args:
        folder: where data and logs go; made when missing.
        database: the dsn of a PostgreSQL; SQLite in the folder without one.
        env: more variables for every process.
    """

    def __init__(self, folder: Path, *, database: str = "", env: Mapping[str, str] | None = None) -> None:
        self.data = folder / "data"
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self._logs = folder
        own = _own_environment(self.url, database) | {"VIVAVOCE_DATA": str(self.data)}
        self.environment = own | {"DJANGO_SETTINGS_MODULE": "vivavoce.desk.settings"} | dict(env or {})
        self._running: list[Running] = []

    def up(self, *options: str) -> str:
        """Start the whole desk in one process; return its one-time sign-in link."""
        process = self.start("up", "--port", str(self.port), *options)
        found = LINK.search(process.wait_for(lambda text: bool(LINK.search(text))))
        assert found is not None
        return found.group()

    def web(self) -> "Running":
        """Serve the pages in a process of their own."""
        process = self.start("web", "--port", str(self.port))
        wait_for(self.health, within_s=START_S_MAX, why=process.log_tail, alive=process)
        return process

    def start(self, *arguments: str) -> "Running":
        """Start a command that runs until it is stopped."""
        name = f"{arguments[0]}-{len(self._running)}"
        process = Running(
            [*_command(), *arguments, "--data", str(self.data)], self._logs / f"{name}.log", self.environment
        )
        self._running.append(process)
        return process

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run a command to its end and return what it printed; ServerFailedError when it did not end well."""
        done = subprocess.run(
            [*_command(), *arguments, "--data", str(self.data)],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=COMMAND_S_MAX,
            check=False,
        )
        if done.returncode:
            message = (
                f"vivavoce {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-LOG_TAIL_CHARACTERS:]}"
            )
            raise ServerFailedError(message)
        return done.stdout

    def health(self) -> dict[str, Any] | None:
        """Return what `/healthz` answers; None while nobody answers."""
        try:
            answer = httpx.get(f"{self.url}/healthz", timeout=CALL_S_MAX)
        except httpx.TransportError:
            return None
        state: dict[str, Any] = answer.json()
        return state

    def wait_until(self, holds: Callable[[dict[str, Any]], bool], *, within_s: float) -> dict[str, Any]:
        """Wait until `/healthz` says what is hoped for, and return it."""

        def look() -> dict[str, Any] | None:
            state = self.health()
            return state if state is not None and holds(state) else None

        return wait_for(look, within_s=within_s, why=lambda: f"{self.health()}\n{self.logs()}")

    def logs(self) -> str:
        """Return the end of what each process wrote."""
        return "\n".join(f"--- {process.log.name}\n{process.log_tail()}" for process in self._running)

    def close(self) -> None:
        """End every process that still runs."""
        for process in self._running:
            process.ask_to_stop()
        for process in self._running:
            process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Running:
    """One process of the desk, whose output goes to a file."""

    def __init__(self, command: list[str], log: Path, env: Mapping[str, str]) -> None:
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            self._child = subprocess.Popen(
                command, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """The pid of the process."""
        return self._child.pid

    def running(self) -> bool:
        """Say whether it is alive."""
        return self._child.poll() is None

    def log_tail(self) -> str:
        """Return the end of what it wrote."""
        return self.log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]

    def wait_for(self, holds: Callable[[str], bool]) -> str:
        """Wait until its output says something, and return the output."""

        def look() -> str | None:
            text = self.log.read_text(errors="replace")
            return text if holds(text) else None

        return wait_for(look, within_s=START_S_MAX, why=self.log_tail, alive=self)

    def ask_to_stop(self) -> None:
        """Send what Ctrl-C sends; do not wait."""
        if self.running():
            self._child.send_signal(signal.SIGINT)

    def stop(self) -> int:
        """End it politely, then by force; return its exit code."""
        self.ask_to_stop()
        try:
            return self._child.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """End it as a power cut would."""
        self._child.kill()
        return self._child.wait(STOP_S_MAX)


def wait_for(
    look: Callable[[], Found | None],
    *,
    within_s: float,
    why: Callable[[], str] = lambda: "",
    alive: Running | None = None,
) -> Found:
    """Call `look` until it finds something; ServerFailedError, with what `why` says, when it does not."""
    deadline = time.monotonic() + within_s
    while True:
        if (found := look()) is not None:
            return found
        if time.monotonic() > deadline or (alive is not None and not alive.running()):
            message = f"not seen within {within_s} s: {why()}"
            raise ServerFailedError(message)
        time.sleep(POLL_S)


def _command() -> list[str]:
    return [sys.executable, "-m", "vivavoce"]


def _own_environment(url: str, database: str) -> dict[str, str]:
    """Return this process's variables without those that steer a desk."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("VIVAVOCE_", "DJANGO_"))}
    return env | {"VIVAVOCE_URL": url, "VIVAVOCE_DATABASE": database, "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
