"""What every command of the desk does first, and how errors leave the program."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

from vivavoce.errors import BadInputError, SetupError, VivaVoceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

stderr = Console(stderr=True, soft_wrap=True, highlight=False)


def desk_ready(data: Path | None, *, migrate: bool = True, url: str = "") -> Path:
    """Make the data folder, its keys and its database ready, and start Django. Returns the folder.

    Raises:
        SetupError: something on this machine must be put right first; the message says what.
    """
    if importlib.util.find_spec("django") is None:
        message = "The desk is not installed here. Install it with: pip install 'vivavoce[desk]'"
        raise SetupError(message)
    if data is not None:
        os.environ["VIVAVOCE_DATA"] = str(data.absolute())
    if url:
        os.environ.setdefault("VIVAVOCE_URL", url)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vivavoce.desk.settings")

    from vivavoce.desk import folders, keys

    folder = folders.default_data()
    folders.make_folder(folder)
    keys.prepare(folder)

    import django

    django.setup()
    from vivavoce.desk import logs, schema

    logs.configure()
    if migrate:
        schema.bring_up_to_date()
    else:
        schema.check()
    return folder


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn our own errors into one line on standard error and an exit code; others keep their traceback."""
    try:
        yield
    except BadInputError as error:
        stderr.print(str(error), style="red", markup=False)
        sys.exit(EXIT_USAGE)
    except VivaVoceError as error:
        stderr.print(str(error), style="red", markup=False)
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_FAILED)


def run_until_stopped(work: Callable[[threading.Event], None]) -> None:
    """Run a worker's loop until Ctrl-C or a polite kill, and let it finish what it holds."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    work(stop)
