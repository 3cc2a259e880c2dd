"""A teammate at a real browser: opens the one-time link, enrols a passkey, reads the queue, answers."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from playwright.sync_api import BrowserContext, Page, expect

PAGE_MS_MAX = 20_000  # two cores carry the desk, its network and the browser

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
"""A passkey of the machine itself, whose owner is there and shows a finger whenever asked (WebAuthn 2, 11.3)."""


@dataclass(frozen=True)
class Row:
    """A person of the queue, as the page shows them."""

    person: int
    danger: bool
    due_at: datetime
    address: str

    @property
    def place(self) -> tuple[bool, datetime, int]:
        """What the queue is ordered by: danger first, then the due time."""
        return (not self.danger, self.due_at, self.person)


class Teammate:
    """One teammate at one browser that has a passkey."""

    def __init__(self, context: BrowserContext) -> None:
        context.set_default_timeout(PAGE_MS_MAX)
        self.page: Page = context.new_page()
        self._devtools = context.new_cdp_session(self.page)
        self._devtools.send("WebAuthn.enable")
        made = self._devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        self._authenticator: str = made["authenticatorId"]

    def enrol(self, link: str, *, name: str) -> None:
        """Sign in by the one-time link and make a passkey, which is then the only way in."""
        self.page.goto(link)
        self.page.locator("input[name=name]").fill(name)
        self.page.locator("main form button").click()
        self.page.wait_for_url("**/webauthn/add/")
        passwordless = self.page.locator("input[name=passwordless]")
        if passwordless.count():
            passwordless.check()
        self.page.locator("#mfa_webauthn_add").click()
        self.page.wait_for_url(lambda url: not url.endswith("/webauthn/add/"))

    def credentials(self) -> int:
        """Count the passkeys that the authenticator holds."""
        found = self._devtools.send("WebAuthn.getCredentials", {"authenticatorId": self._authenticator})
        return len(found["credentials"])

    def queue(self, url: str) -> list[Row]:
        """Read the queue from its first page to its last, by its own links."""
        rows: list[Row] = []
        self.page.goto(url)
        while True:
            rows += self._rows()
            onward = self.page.locator(".pager a[href*='after=']")
            if not onward.count():
                return rows
            self.page.goto(urljoin(self.page.url, onward.get_attribute("href") or ""))

    def answer(self, text: str) -> None:
        """Write in the conversation that is open, sign the words and send them."""
        self.page.locator("#text").fill(text)
        self.page.locator("[data-send]").click()
        self.page.wait_for_load_state()

    def felt(self) -> tuple[str, str]:
        """Return how the person of the open conversation felt first and feels now, in the page's words."""
        first, now = self.page.locator("#felt dd").all_inner_texts()[:2]
        return first, now

    def sees(self, selector: str, text: str) -> None:
        """Wait until some part of the open page, which nobody reloads, shows a text."""
        expect(self.page.locator(selector).first).to_contain_text(text, timeout=PAGE_MS_MAX)

    def _rows(self) -> list[Row]:
        found = self.page.locator("#queue > li").evaluate_all(
            """rows => rows.map(row => [row.dataset.person, row.classList.contains("row--danger"),
            row.querySelector("time").dateTime, row.querySelector("a").href])"""
        )
        return [Row(int(person), danger, datetime.fromisoformat(due), to) for person, danger, due, to in found]
