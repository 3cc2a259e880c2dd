"""``vivavoce web``: the pages alone."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING, Any

from vivavoce.cli.frame import desk_ready
from vivavoce.cli.options import Data, Host, Port  # noqa: TC001 # Typer reads the annotations
from vivavoce.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable

SHUTDOWN_S_MAX = 3
"""Open pages hold a stream of signals; they are let go after so long."""

BACKLOG = 128


def web(host: Host = "127.0.0.1", port: Port = 8000, data: Data = None) -> None:
    """Serve the desk's pages, and nothing else: run `listen` and `courier` beside it, any number of each.

    Set `VIVAVOCE_DATABASE` to the team's PostgreSQL and `VIVAVOCE_URL` to the address that browsers use.
    """
    listening = bind(host, port)
    desk_ready(data, url=local_url(listening))
    serve(listening)


def bind(host: str, port: int) -> socket.socket:
    """Take the address before anything else is started.

    Raises:
        SetupError: somebody else has it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        message = f"Port {port} on {host} cannot be used ({error.strerror}). Choose another: --port {port + 1}"
        raise SetupError(message) from error
    return listening


def local_url(listening: socket.socket) -> str:
    """Return the address for a browser on this machine; passkeys need the name ``localhost``."""
    return f"http://localhost:{listening.getsockname()[1]}"


def serve(listening: socket.socket, *, started: Callable[[], None] | None = None) -> None:
    """Serve until Ctrl-C or a polite kill; call ``started`` once pages are served."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if started is not None and self.started:
                started()

        def handle_exit(self, sig: int, frame: Any) -> None:  # noqa: ANN401 # uvicorn's signature
            from vivavoce.desk.live.stream import close_all

            close_all()
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        "vivavoce.desk.asgi:application",
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S_MAX,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # uvicorn hears them first, and hands them on when it is done
    Server(config).run(sockets=[listening])
