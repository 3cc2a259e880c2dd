"""What the tests of the pages share: who signs in, and what every page must hold."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, StorageState

from tests.desk import Desk
from tests.plain_browser import PlainBrowser

NAMES = {"lea": "Léa Martin", "sam": "Sam Okoro"}
PASSWORD = "a calm and patient desk"
WAIT_MS_MAX = 20_000  # two cores carry the desk and the browser


def enrol(desk: Desk, username: str) -> None:
    """Add a teammate who signs in by password."""
    link = desk.run("teammate", "add", username, "--admin").strip()
    with PlainBrowser(desk.url) as browser:
        browser.open(link)
        browser.submit("", name=NAMES[username], password=PASSWORD)


def sign_in(browser: Browser, desk: Desk, username: str) -> StorageState:
    """Sign in once; the state opens further browsers of the same teammate."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{desk.url}/accounts/login/")
        page.locator("[name=login]").fill(username)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("[name=password]").press("Enter")
        page.wait_for_url(f"{desk.url}/")
        return context.storage_state()


def open_tab(context: BrowserContext) -> Page:
    """Open a tab that is patient and fails the test on errors of script and of content security."""
    page = context.new_page()
    page.set_default_timeout(WAIT_MS_MAX)
    return page


def open_first(page: Page, desk: Desk) -> str:
    """Open the conversation of whoever stands first, and return its address without the post."""
    page.goto(f"{desk.url}/")
    page.locator(".row-who a").first.click()
    page.wait_for_url("**/conversations/**")
    return page.url.partition("#")[0]


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """Return what axe finds on a page: the rule, and where."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]
