"""A desk with the demo's people and two teammates, Léa and Sam, each at a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState

from tests.browser.pages import NAMES, enrol, open_tab, sign_in
from tests.desk import Desk

WAITING_MIN = 8
HEARD_S_MAX = 90


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that has heard the demo's morning."""
    with Desk(tmp_path_factory.mktemp("desk")) as one:
        one.up("--demo")
        for username in NAMES:
            enrol(one, username)
        one.wait_until(lambda state: state["waiting"] >= WAITING_MIN, within_s=HEARD_S_MAX)
        yield one


@pytest.fixture(scope="module")
def lea(desk: Desk, chromium_browser: Browser) -> StorageState:
    """Léa's cookies."""
    return sign_in(chromium_browser, desk, "lea")


@pytest.fixture(scope="module")
def sam(desk: Desk, chromium_browser: Browser) -> StorageState:
    """Sam's cookies."""
    return sign_in(chromium_browser, desk, "sam")


@pytest.fixture
def context(chromium_browser: Browser, lea: StorageState) -> Iterator[BrowserContext]:
    """Léa's browser."""
    with chromium_browser.new_context(storage_state=lea, locale="en-GB") as one:
        yield one


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab of Léa's."""
    return open_tab(context)


@pytest.fixture
def sams(chromium_browser: Browser, sam: StorageState) -> Iterator[Page]:
    """A tab of Sam's."""
    with chromium_browser.new_context(storage_state=sam, locale="en-GB") as one:
        yield open_tab(one)
