"""The bell: with scripts the pane of every page, without them a page of its own."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.blade import Blade
from tests.browser.chromium import OpenPage, settled
from tests.browser.server import Server


@pytest.fixture(autouse=True)
def demonstration(server: Server) -> None:
    server.reset()


def told(page: Page, *addresses: str) -> None:
    """Make a notification for each address; the simulated one is changed to it."""
    for address in addresses:
        page.goto("/demonstration/")
        page.get_by_label("Simulated address").fill(address)
        page.get_by_role("button", name="Use this address").click()
        expect(page.locator("#toasts .toast")).to_contain_text(f"Everybody now comes from {address}.")


def bell(page: Page, unread: int) -> None:
    """The bell's button says that many, to the eye and to a screen reader."""
    name = f"Notifications, {unread} unread" if unread else "Notifications"
    expect(page.locator("[popovertarget=bell].tb-btn")).to_have_accessible_name(name)
    expect(page.locator("#bell-badge .badge")).to_have_text([str(unread)] if unread else [])


def notes(page: Page) -> list[str]:
    return page.locator("#bell .note p").all_inner_texts()


def open_bell(page: Page) -> None:
    page.locator(".tb-btn[popovertarget=bell]").click()
    expect(page.get_by_role("link", name="More events in the activity log")).to_be_visible()


def test_opening_shows_newest_first_and_marks_read(open_page: OpenPage) -> None:
    page = open_page("owner")
    told(page, "203.0.113.25", "203.0.113.26")
    bell(page, 2)
    open_bell(page)
    assert notes(page) == ["Everybody now comes from 203.0.113.26.", "Everybody now comes from 203.0.113.25."]
    expect(page.locator("#bell .tag")).to_have_text(["New", "New"])
    bell(page, 0)
    page.goto("/registries/")
    bell(page, 0)
    open_bell(page)
    expect(page.locator("#bell .tag")).to_have_count(0)


def test_dismissing_by_keyboard_keeps_the_place(open_page: OpenPage) -> None:
    page = open_page("owner")
    told(page, "203.0.113.25", "203.0.113.26", "203.0.113.27")
    page.goto("/registries/")
    page.locator(".tb-btn[popovertarget=bell]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#bell .note")).to_have_count(3)
    close = page.get_by_role("button", name="Close notifications")
    page.keyboard.press("Tab")
    expect(close).to_be_focused()
    for _ in range(4):  # the activity log, Dismiss all, the first two of the list
        page.keyboard.press("Tab")
    expect(page.locator("#bell .note").nth(1).get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#bell .note")).to_have_count(2)
    expect(page.locator("#bell .note").nth(1).get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#bell .note")).to_have_count(1)
    expect(page.locator("#bell .note").get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("You're all caught up.")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#bell")).to_be_hidden()


def test_the_pane_is_fetched_anew_each_time_it_opens(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/registries/")
    open_bell(page)
    expect(page.get_by_text("You're all caught up.")).to_be_visible()
    page.get_by_role("button", name="Close notifications").click()
    told(open_page("owner"), "203.0.113.25")
    open_bell(page)
    expect(page.locator("#bell .note p")).to_have_text(["Everybody now comes from 203.0.113.25."])
    page.get_by_role("button", name="Dismiss all").click()
    expect(page.get_by_text("You're all caught up.")).to_be_focused()


def test_closing_and_opening_after_a_dismissal_keeps_the_focus(open_page: OpenPage) -> None:
    page = open_page("owner")
    told(page, "203.0.113.25", "203.0.113.26")
    page.goto("/registries/")
    open_bell(page)
    page.get_by_role("button", name="Dismiss: Simulated client address changed").first.click()
    expect(page.locator("#bell .note")).to_have_count(1)
    page.keyboard.press("Escape")
    with page.expect_response("**/notifications/"):
        page.locator(".tb-btn[popovertarget=bell]").click()
    settled(page)
    assert page.evaluate("document.activeElement.matches('#bell *, .tb-btn')")


def test_a_save_in_place_counts_in_the_bell(open_page: OpenPage) -> None:
    blade = Blade(open_page("contributor"))
    bell(blade.page, 0)
    blade.type_range("192.0.2.10")
    blade.saved()
    bell(blade.page, 1)
    open_bell(blade.page)
    assert notes(blade.page) == ["Saved to 'mycontainerregistry'."]


@pytest.mark.parametrize("width", [1440, 390])
def test_without_scripts_the_bell_leads_to_its_page(open_page: OpenPage, width: int) -> None:
    page = open_page("owner", javascript=False, width=width)
    told(page, "203.0.113.25", "203.0.113.26")
    page.locator(".tb-btn[popovertarget=bell]").click()
    expect(page.locator("#bell .loading")).to_be_hidden()
    page.get_by_role("button", name="Open as a page").click()
    expect(page).to_have_title("Notifications – Portcullis")
    bell(page, 0)
    page.get_by_role("button", name="Dismiss: Simulated client address changed").first.click()
    expect(page.locator("main .note p")).to_have_text(["Everybody now comes from 203.0.113.25."])
    page.get_by_role("button", name="Dismiss all").click()
    expect(page.get_by_text("You're all caught up.")).to_be_visible()


def test_the_list_is_exported_as_it_is_asked_for(open_page: OpenPage) -> None:
    page = open_page("reader")
    page.goto("/registries/?tier=Standard")
    with page.expect_download() as started:
        page.get_by_role("link", name="Export to CSV").click()
    assert started.value.suggested_filename == "registries.csv"
    lines = started.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["Name", "contosoteam"]
