"""Take README's picture of the desk: ``python -m scripts.screenshots``, from the root of the checkout.

It starts a desk with the demo in a temporary folder, waits until the morning's people wait, and takes the front page.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.desk import Desk
from tests.plain_browser import PlainBrowser
from tests.servers.chromium import running_browser

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "desk.png"

NAME, PASSWORD = "Léa Martin", "only for this picture"
WAITING_MIN = 12
HEARD_S_MAX = 120
SETTLE_MS = 1500
WIDTH, HEIGHT, SCALE = 1280, 960, 1.5
"""Sharp on a good screen, and still a few hundred kilobytes."""


def main() -> None:
    """Take it."""
    with tempfile.TemporaryDirectory() as folder, Desk(Path(folder)) as desk:
        desk.up("--demo")
        link = desk.run("teammate", "add", "lea").strip()
        with PlainBrowser(desk.url) as browser:
            browser.open(link)
            browser.submit("", name=NAME, password=PASSWORD)
        desk.wait_until(lambda state: state["waiting"] >= WAITING_MIN, within_s=HEARD_S_MAX)
        take(desk)
    print(PICTURE)


def take(desk: Desk) -> None:
    """Sign in and photograph the front page."""
    with running_browser() as browser:
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT},
            device_scale_factor=SCALE,
            locale="en-GB",
            color_scheme="light",
        )
        page.goto(f"{desk.url}/accounts/login/")
        page.locator("[name=login]").fill("lea")
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("[name=password]").press("Enter")
        page.wait_for_url(f"{desk.url}/")
        page.wait_for_timeout(SETTLE_MS)
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURE)


if __name__ == "__main__":
    main()
