"""The desk as a teammate meets it: by mouse and by keyboard, with others at work beside."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect

from tests.browser.pages import PASSWORD, WAIT_MS_MAX, open_first, open_tab, sign_in
from tests.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

NO_WORKER = "delete globalThis.SharedWorker"
"""A browser that has none; one of its tabs then leads."""


def test_a_person_is_opened_by_keyboard_and_the_focus_is_on_the_post_to_answer(desk: Desk, page: Page) -> None:
    page.goto(f"{desk.url}/")
    first = page.locator(".row-who a").first
    for _press in range(40):
        page.keyboard.press("Tab")
        if first.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/conversations/**")
    expect(page.locator(".post--first")).to_be_focused()


def test_a_label_is_corrected_in_two_clicks_and_the_focus_stays_with_it(desk: Desk, page: Page) -> None:
    address = open_first(page, desk)
    cause = page.locator(".post--first details[id$=-cause]")
    cause.locator("summary").click()
    value = "billing" if cause.locator("[aria-pressed=true]").get_attribute("value") != "billing" else "idea"
    cause.locator(f"button[value={value}]").click()
    words = {"billing": "bill", "idea": "idea"}[value]
    expect(cause.locator("summary b")).to_have_text(words)
    expect(cause.locator("summary")).to_be_focused()
    assert page.url.partition("#")[0] == address
    cause.locator("summary").click()
    expect(cause.locator(".menu-sheet")).to_contain_text("Said by Léa Martin")
    page.keyboard.press("Escape")
    expect(cause).not_to_have_attribute("open", "")
    expect(cause.locator("summary")).to_be_focused()


def test_what_is_set_aside_can_be_brought_back(desk: Desk, page: Page) -> None:
    open_first(page, desk)
    page.get_by_role("button", name="No answer needed").click()
    expect(page.locator("#after")).to_contain_text("Set aside")
    expect(page.locator("#composer")).to_have_count(0)
    page.locator("#after").get_by_role("button", name="Undo").click()
    expect(page.locator("#composer")).to_be_visible()


def test_what_is_written_is_kept_as_a_draft(desk: Desk, page: Page) -> None:
    address = open_first(page, desk)
    text = page.locator("#text")
    text.fill("Bonjour 👩‍👩‍👧‍👦")
    expect(page.locator("#count")).to_have_text(re.compile(r"^9 / "))  # a family is one character to people
    expect(page.locator("#saved")).to_have_text("Draft kept")
    page.goto(address)
    expect(text).to_have_value("Bonjour 👩‍👩‍👧‍👦")
    text.fill("")
    expect(page.locator("#saved")).to_have_text("")


@pytest.mark.parametrize("script", ["", NO_WORKER], ids=["shared worker", "leading tab"])
def test_others_work_appears_by_itself_and_what_is_being_typed_stays(
    desk: Desk, chromium_browser: Browser, lea: StorageState, sams: Page, script: str
) -> None:
    with chromium_browser.new_context(storage_state=lea, locale="en-GB") as context:
        context.add_init_script(script)
        queue, conversation = open_tab(context), open_tab(context)
        address = open_first(conversation, desk)
        queue.goto(f"{desk.url}/")
        person = queue.locator("#queue > li").first.get_attribute("data-person")
        conversation.bring_to_front()
        conversation.locator("#text").press_sequentially("I am wri")
        sams.goto(address)
        standing = sams.locator("#standing")
        standing.get_by_role("button", name="I take it").click()
        expect(standing).to_contain_text("Yours")
        expect(conversation.locator("#standing")).to_contain_text("Sam Okoro", timeout=WAIT_MS_MAX)
        conversation.keyboard.type("ting")
        expect(conversation.locator("#text")).to_have_value("I am writing")
        queue.bring_to_front()
        expect(queue.locator(f"#person-{person}")).to_contain_text("Sam Okoro", timeout=WAIT_MS_MAX)
        standing.get_by_role("button", name="Give back").click()
        expect(queue.locator(f"#person-{person}")).not_to_contain_text("Sam Okoro", timeout=WAIT_MS_MAX)
        conversation.locator("#text").fill("")
        expect(conversation.locator("#saved")).to_have_text("")


def test_a_browser_listens_once_for_all_its_tabs(desk: Desk, context: BrowserContext) -> None:
    tabs = [open_tab(context) for _tab in range(8)]  # HTTP/1.1 gives a browser six connections to a server
    for tab in tabs:
        tab.goto(f"{desk.url}/")
        expect(tab.locator("#queue > li").first).to_be_visible()


def test_an_answer_without_a_passkey_leaves_signed_in_and_the_next_person_is_offered(desk: Desk, page: Page) -> None:
    open_first(page, desk)
    page.locator("#text").fill("We are on our way to you. Please stay on the line with us.")
    page.locator("[data-send]").click()
    if "/presence/" in page.url:
        pytest.fail("signing in by password opens the window")
    expect(page.locator(".post--ours").last).to_contain_text("signed in")
    expect(page.locator(".next a").first).to_be_visible()
    expect(page.locator("#text")).to_have_value("")


def test_the_language_is_chosen_once_and_kept(desk: Desk, sams: Page) -> None:
    sams.goto(f"{desk.url}/")
    sams.get_by_role("button", name="Français").click()
    expect(sams.locator("h1")).to_have_text("Qui attend quelqu\N{RIGHT SINGLE QUOTATION MARK}un")
    expect(sams.locator("html")).to_have_attribute("lang", "fr")
    sams.get_by_role("button", name="English").click()
    expect(sams.locator("h1")).to_have_text("Who waits for a person")


def test_what_was_written_while_signed_out_is_there_after_signing_in_again(
    desk: Desk, chromium_browser: Browser
) -> None:
    with chromium_browser.new_context(storage_state=sign_in(chromium_browser, desk, "lea"), locale="en-GB") as browser:
        page, other = open_tab(browser), open_tab(browser)
        open_first(page, desk)
        other.goto(f"{desk.url}/me/")
        other.locator("header summary").click()
        other.get_by_role("button", name="Sign out").click()
        expect(other.get_by_text("You are signed out.")).to_be_visible()
        page.locator("#text").fill("Bonjour, je vous réponds.")
        expect(page.locator("#saved")).to_contain_text("Draft not kept")
        page.get_by_role("button", name="Send", exact=True).click()
        page.locator("[name=login]").fill("lea")
        page.locator("[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.locator("#text")).to_have_value("Bonjour, je vous réponds.")
        page.locator("#text").fill("")
        expect(page.locator("#saved")).to_have_text("")


def test_words_sent_as_soon_as_they_are_written_leave_no_draft_behind(desk: Desk, page: Page) -> None:
    address = open_first(page, desk)
    page.locator("#text").fill("We have seen it; somebody calls you in five minutes.")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".post--ours").last).to_contain_text("somebody calls you")
    page.goto(address)
    expect(page.locator(".post--ours").filter(has_text="somebody calls you")).to_have_count(1)
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#saved")).to_have_text("")
