"""A real Chromium, found on the machine and driven by Playwright's synchronous interface."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from tests.servers.process import MissingPartError, ServerFailedError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
START_MS_MAX = 60_000  # one second on an idle machine

# Headless Chromium as root, that talks to nobody but the pages under test. Playwright adds an empty user data folder.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def executable(downloaded: str) -> str:
    """Return the machine's Chromium, else the one that `playwright install chromium` left at `downloaded`."""
    for found in (*map(shutil.which, NAMES), downloaded):
        if found is not None and Path(found).exists():
            return found
    message = "Chromium is missing: apt-get install chromium (or: playwright install chromium)."
    raise MissingPartError(message)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Start Chromium and end it after use.

    Playwright keeps an event loop running in this thread. While it does, Django would refuse its own database
    calls here, although nothing runs beside them: it is told not to. `asyncio.run` does not work meanwhile.
    """
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        path = executable(playwright.chromium.executable_path)
        try:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS, timeout=START_MS_MAX)
        except Error as error:
            message = f"{path} does not start: {error.message}"
            raise ServerFailedError(message) from error
        yield browser
        browser.close()
