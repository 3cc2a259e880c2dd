"""What holds for every page: accessible, quiet in the console, no wider than the screen, in both languages."""

from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, StorageState

from tests.browser.pages import open_first, open_tab, violations
from tests.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ADDRESSES = (
    "/",
    "/?scope=mine",
    "/overheard/",
    "/outbox/",
    "/outcomes/",
    "/ledger/",
    "/presence/",
    "/me/",
    "/rule/",
    "/teammates/",
    "/networks/",
    "/networks/connect/bluesky/",
    "/accounts/2fa/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/2fa/totp/activate/",
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
    "/accounts/logout/",
)
SCREENS: dict[str, dict[str, Any]] = {
    "wide, light, English": {
        "viewport": {"width": 1440, "height": 900},
        "color_scheme": "light",
        "locale": "en-GB",
    },
    "small, dark, French": {
        "viewport": {"width": 360, "height": 740},
        "color_scheme": "dark",
        "locale": "fr-FR",
    },
}

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    desk: Desk, chromium_browser: Browser, lea: StorageState, screen: str
) -> None:
    known = SCREENS[screen]
    with chromium_browser.new_context(
        storage_state=lea, bypass_csp=True, **known
    ) as context:  # axe comes into the page
        page = open_tab(context)
        conversation = open_first(page, desk)
        for address in (*(f"{desk.url}{address}" for address in ADDRESSES), conversation):
            page.goto(address)
            assert (address, violations(page), page.evaluate(WIDER)) == (address, [], 0)
            assert page.locator("html").get_attribute("lang") == known["locale"][:2]
        page.locator(".label summary").first.click()
        assert violations(page) == []


@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
def test_the_door_is_accessible(desk: Desk, chromium_browser: Browser, locale: str) -> None:
    with chromium_browser.new_context(
        locale=locale, bypass_csp=True, viewport={"width": 360, "height": 740}
    ) as context:
        page = open_tab(context)
        page.goto(f"{desk.url}/accounts/login/")
        assert (violations(page), page.evaluate(WIDER)) == ([], 0)
        assert page.locator("h1").inner_text() == {"en": "Sign in", "fr": "Se connecter"}[locale[:2]]


def test_no_page_breaks_its_own_content_security_policy(desk: Desk, page: Page) -> None:
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            said.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    conversation = open_first(page, desk)
    for address in (*(f"{desk.url}{address}" for address in ADDRESSES), conversation):
        page.goto(address)
    assert said == []
