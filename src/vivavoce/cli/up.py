"""``vivavoce up``: the whole desk in one process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from vivavoce.cli.frame import desk_ready
from vivavoce.cli.options import Data, Host, Port  # noqa: TC001 # Typer reads the annotations
from vivavoce.cli.web import bind, local_url, serve
from vivavoce.desk import folders
from vivavoce.desk.times import utc_now

if TYPE_CHECKING:
    from pathlib import Path
    from socket import socket

Demo = Annotated[
    bool, typer.Option(help="Connect the demo: a fictional utility and its people, in one compressed day.")
]
Watch = Annotated[
    list[str] | None,
    typer.Option(
        "--watch", metavar="WORD", help="Listen for a word or #hashtag on Bluesky; no account needed. Repeat."
    ),
]


def up(
    *, host: Host = "127.0.0.1", port: Port = 8000, demo: Demo = False, watch: Watch = None, data: Data = None
) -> None:
    """Start the desk: pages, listener and courier in one process, on SQLite, with no other service.

    It prints a link that signs you in once. Ctrl-C stops it; nothing is lost, and it goes on where it was.
    """
    folder = (data or folders.default_data()).absolute()
    folders.make_folder(folder)
    with folders.only_desk(folder):
        listening = bind(host, port)
        desk_ready(folder, url=local_url(listening))
        _connect(demo=demo, watch=watch or [])
        _run(listening, folder)


def _connect(*, demo: bool, watch: list[str]) -> None:
    from vivavoce.desk.team.accounts import connect_account

    if demo:
        connect_account(network="demo", values={}, clock=utc_now)
    if watch:
        connect_account(network="bluesky", values={"watch": ", ".join(watch)}, clock=utc_now)


def _run(listening: socket, folder: Path) -> None:
    from vivavoce.desk.team.links import first_link
    from vivavoce.desk.workers.clock import run_clock
    from vivavoce.desk.workers.courier import run_courier
    from vivavoce.desk.workers.listener import run_listener
    from vivavoce.desk.workers.together import FAREWELL_S_MAX, start_together

    stop = threading.Event()
    threads: list[threading.Thread] = []
    url, link = local_url(listening), first_link(now=utc_now())

    def started() -> None:
        out = Console(soft_wrap=True, highlight=False)
        out.print(f"\n  The desk is up: [bold]{url}[/]\n  Sign in once with: [bold]{link}[/]")
        out.print(f"  Data: {folder}    Stop: Ctrl-C\n", style="dim")
        threads.extend(start_together([run_listener, run_courier, run_clock], stop=stop))

    try:
        serve(listening, started=started)
    finally:
        stop.set()
        for thread in threads:
            thread.join(FAREWELL_S_MAX)
