"""Starts Django once, then forks a worker for each line that it reads: a round costs no start of Python.

Arguments: the database's name, the slow network's port. A worker ends when the nursery does, or when it is killed.
"""

# ruff: noqa: PLC0415 - Django starts first

import os
import signal
import sys
import threading
import time

import django

WATCH_S = 0.5


def main() -> None:
    """Fork a worker a line; print its pid."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vivavoce.desk.settings")
    django.setup()

    from django.db import connections

    from vivavoce.desk.inbox.reader import read_records
    from vivavoce.desk.workers import courier, listener  # noqa: F401 - loaded before the first fork

    database, port = sys.argv[1], int(sys.argv[2])
    connections["default"].settings_dict["NAME"] = database
    read_records(["Il fait froid."], ["fr"])  # the tables are in memory before the first fork
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who was killed is gone, not a zombie that keeps its leases
    print("ready", flush=True)  # noqa: T201 - the test reads it
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
            _work(line.strip(), port)
            os._exit(0)
        print(pid, flush=True)  # noqa: T201 - the test reads it


def _work(kind: str, port: int) -> None:
    from tests.faults.slow_network import SlowNetwork
    from vivavoce.desk.workers.courier import Courier
    from vivavoce.desk.workers.listener import Listener

    def connect(_account: object, *, clock: object) -> SlowNetwork:  # noqa: ARG001 - the desk's signature
        return SlowNetwork(port)

    stop = threading.Event()
    if kind == "courier":
        Courier(open_network=connect, settle_s=0.05).run(stop)
    else:
        Listener(open_network=connect).run(stop)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_S)
    os._exit(0)


if __name__ == "__main__":
    main()
