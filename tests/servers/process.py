"""A server in a child process: started in bounded time, ended by its pid, never left behind."""

import contextlib
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

START_S_MAX = 90  # a PDS needs 3 s; a busy two-core machine was seen to need twenty times that
PORTS = range(20_000, 32_000)  # below what Linux and macOS give to outgoing connections
STOP_S_MAX = 10  # then the process is killed
LOG_TAIL_CHARACTERS = 4000  # enough for a Node stack trace in a test report


class MissingPartError(Exception):
    """A part that a server needs is not on this machine; the message says how to get it."""


class ServerFailedError(Exception):
    """A server did not start, or did not do what it must; the message shows its last words."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now, and that no outgoing connection takes later.

    A server that a test stops must get its port again. The ports that the system hands out (`bind` to 0, and
    every connection a client opens) are above these.
    """
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


class Process:
    """A child that prints one line of JSON when it answers, and ends when its standard input closes.

    Args:
        command: program and arguments; the program itself, not a wrapper, so that the pid is the server's.
        log: file that gets the child's standard error.
        start_s_max: seconds until the line must be there.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        start_s_max: float = START_S_MAX,
    ) -> None:
        self.log = log
        with log.open("ab") as errors:
            self._child = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C is for pytest, which then stops its servers in order
            )
        try:
            self.facts: dict[str, Any] = json.loads(self._first_line(start_s_max))
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """The pid of the server itself."""
        return self._child.pid

    def running(self) -> bool:
        """Say whether the child is alive."""
        return self._child.poll() is None

    def _first_line(self, wait_s_max: float) -> bytes:
        stream = self._child.stdout
        assert stream is not None
        deadline = time.monotonic() + wait_s_max
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([stream], [], [], max(0.0, deadline - time.monotonic()))[0]:
                message = f"{self._child.args!r} was not ready in {wait_s_max} s.\n{self.log_tail()}"
                raise ServerFailedError(message)
            piece = os.read(stream.fileno(), 65536)
            if not piece:
                message = f"{self._child.args!r} ended before it was ready.\n{self.log_tail()}"
                raise ServerFailedError(message)
            line += piece
        return line

    def log_tail(self) -> str:
        """Return the end of what the child wrote to standard error."""
        return self.log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]

    def stop(self) -> None:
        """End the child politely, then by force; harmless when it has ended already."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the child as a power cut would (SIGKILL)."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self.running():
            self._child.send_signal(how)
        try:
            self._child.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(STOP_S_MAX)
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
