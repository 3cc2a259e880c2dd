"""Runs a server that knows nothing of its parent, and ends it when the parent ends.

Its one argument is JSON: `command`, `stop` (the signal that the server obeys) and `user` and `group` to run it as
(numbers, or null to change nothing). Prints `{"pid": <the server's>}` on standard output. When standard input
closes, or at SIGTERM, the server gets its signal, and SIGKILL when it does not obey. It ends when the server does.
"""

import contextlib
import json
import signal
import subprocess
import sys
from types import FrameType

OBEY_S_MAX = 8  # less than the parent waits for the guard


def main(command: list[str], stop: str, user: int | None, group: int | None) -> None:
    """Run the command until standard input closes."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGCHLD, _leave)  # a guard without its server has nothing to do
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, user=user, group=group)
    try:
        print(json.dumps({"pid": server.pid}), flush=True)  # noqa: T201 - the line the parent waits for
        sys.stdin.read()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        server.send_signal(signal.Signals[stop])
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(OBEY_S_MAX)
        server.kill()
        server.wait()


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
