"""``vivavoce listen``: take in what the networks bring."""

from __future__ import annotations

from vivavoce.cli.frame import desk_ready, run_until_stopped
from vivavoce.cli.options import Data  # noqa: TC001 # Typer reads the annotations


def listen(data: Data = None) -> None:
    """Listen to all connected accounts, read what comes and put it in the queue, until stopped.

    Run as many as you like over one PostgreSQL: each account is held by one of them at a time.
    """
    desk_ready(data)
    from vivavoce.desk.workers.clock import run_clock
    from vivavoce.desk.workers.listener import run_listener
    from vivavoce.desk.workers.together import run_together

    run_until_stopped(lambda stop: run_together([run_listener, run_clock], stop=stop))
