"""``vivavoce courier``: put on the networks what teammates wrote."""

from __future__ import annotations

from vivavoce.cli.frame import desk_ready, run_until_stopped
from vivavoce.cli.options import Data  # noqa: TC001 # Typer reads the annotations


def courier(data: Data = None) -> None:
    """Send the replies that teammates let leave, each once, until stopped.

    Run as many as you like over one PostgreSQL: each reply is held by one of them at a time.
    """
    desk_ready(data)
    from vivavoce.desk.workers.courier import run_courier

    run_until_stopped(lambda stop: run_courier(stop=stop))
