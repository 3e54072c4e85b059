"""What a Save asks first, and what comes of two people saving at once."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.blade import ASKS_EVERY, URL, Blade
from tests.browser.chromium import OpenPage
from tests.browser.server import Server

START = ["16.17.18.0/24", "203.0.113.0/24", "198.51.100.7"]


@pytest.fixture(autouse=True)
def demonstration(server: Server) -> None:
    server.reset()


@pytest.fixture
def blade(open_page: OpenPage) -> Blade:
    return Blade(open_page("contributor", expected=["409", "401"]))


def lock_out(page: Page) -> None:
    page.get_by_role("button", name="Delete 203.0.113.0/24", exact=True).click()
    page.get_by_role("button", name="Save", exact=True).click()


def test_a_save_that_shuts_you_out_asks_first(blade: Blade) -> None:
    lock_out(blade.page)
    dialog = blade.page.get_by_role("dialog", name=re.compile("lose"))
    expect(dialog).to_contain_text("203.0.113.24")
    expect(dialog).to_contain_text("Training laptops")  # a must-work caller of the demonstration
    expect(dialog.get_by_role("button", name="Add the lost addresses and save")).to_be_focused()
    blade.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(blade.pending).to_have_text("1 unsaved change")
    assert blade.focused("value") == "save"
    blade.save.click()
    dialog.get_by_role("button", name="Save anyway").click()
    expect(blade.page.locator("#toasts")).to_contain_text("Saved to 'mycontainerregistry'.")
    expect(dialog).to_have_count(0)
    assert blade.ranges() == ["16.17.18.0/24", "198.51.100.7"]


def test_the_lost_addresses_are_added_and_saved_in_one_step(blade: Blade) -> None:
    lock_out(blade.page)
    blade.page.get_by_role("button", name="Add the lost addresses and save").click()
    expect(blade.page.locator("#toasts")).to_contain_text("Saved to 'mycontainerregistry'.")
    assert "203.0.113.24" in blade.ranges()
    assert "203.0.113.0/24" not in blade.ranges()


def test_disabling_offers_no_address_to_add(blade: Blade) -> None:
    blade.page.get_by_label("Disabled").check()
    blade.save.click()
    dialog = blade.page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Add the lost addresses and save")).to_have_count(0)
    dialog.get_by_role("button", name="Disable public access").click()
    expect(blade.page.locator("#toasts")).to_contain_text("Saved to 'mycontainerregistry'.")


def test_without_scripts_the_warning_is_a_page(open_page: OpenPage) -> None:
    page = open_page("contributor", javascript=False)
    page.goto(URL)
    lock_out(page)
    expect(page.get_by_role("heading", level=2)).to_contain_text("lose")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Undo delete of 203.0.113.0/24")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Save anyway").click()
    expect(page.locator("#toasts")).to_contain_text("Saved to 'mycontainerregistry'.")


def conflict(blade: Blade, open_page: OpenPage) -> None:
    """Bo adds a range and presses Save after Ada added another and allowed no trusted services."""
    blade.type_range("192.0.2.10")
    other = Blade(open_page("owner"))
    other.type_range("192.0.2.64/26")
    other.page.get_by_label("Allow trusted Microsoft services").uncheck()
    other.saved()
    blade.save.click()
    expect(blade.page.locator("#error-summary")).to_be_focused()


def test_a_stale_save_shows_both_sides_beside_what_the_page_began_with(blade: Blade, open_page: OpenPage) -> None:
    conflict(blade, open_page)
    expect(blade.page.locator("#error-summary")).to_contain_text("ada@example.org changed these settings")
    table = blade.page.locator(".diff")
    expect(table.locator("thead")).to_have_text("SettingWhen you opened the pageSaved now by ada@example.orgYour edits")
    trusted = table.get_by_role("row", name="Trusted services").get_by_role("cell")
    expect(trusted).to_have_text(["Allowed", "Not allowed changed", "Allowed"])
    ranges = table.get_by_role("row", name="Address ranges")
    expect(ranges.locator(".theirs ins")).to_have_text("192.0.2.64/26")
    expect(ranges.locator(".mine ins")).to_have_text("192.0.2.10")


def test_combining_both_is_a_draft_that_saves(blade: Blade, open_page: OpenPage) -> None:
    conflict(blade, open_page)
    blade.page.get_by_role("button", name="Combine both").click()
    expect(blade.pending).to_have_text("1 unsaved change")
    assert blade.ranges() == [*START, "192.0.2.64/26", "192.0.2.10"]
    expect(blade.page.get_by_label("Allow trusted Microsoft services")).not_to_be_checked()
    blade.saved()


def test_keeping_my_edits_marks_what_of_theirs_would_go(blade: Blade, open_page: OpenPage) -> None:
    conflict(blade, open_page)
    blade.page.get_by_role("button", name="Keep my edits only").click()
    expect(blade.page.get_by_role("button", name="Undo delete of 192.0.2.64/26")).to_be_visible()
    blade.saved()
    assert blade.ranges() == [*START, "192.0.2.10"]


def test_taking_theirs_shows_what_is_saved(blade: Blade, open_page: OpenPage) -> None:
    conflict(blade, open_page)
    blade.page.get_by_role("button", name="Take the saved settings").click()
    expect(blade.pending).to_have_text("")
    assert blade.ranges() == [*START, "192.0.2.64/26"]


def test_leaving_the_comparison_asks_too(blade: Blade, open_page: OpenPage) -> None:
    conflict(blade, open_page)
    blade.page.get_by_role("link", name="Overview").click()
    expect(blade.page.get_by_role("dialog", name="Discard unsaved changes?")).to_be_visible()


def test_an_open_page_says_that_it_was_changed_elsewhere(open_page: OpenPage) -> None:
    blade = Blade(open_page("contributor"), clock=True)
    blade.type_range("192.0.2.10")
    other = Blade(open_page("owner"))
    other.type_range("192.0.2.99")
    other.saved()
    blade.page.clock.fast_forward(ASKS_EVERY)
    expect(blade.page.locator("#changed-elsewhere")).to_contain_text("ada@example.org changed these settings")
    assert "192.0.2.10" in blade.ranges()


def test_discard_can_be_undone(blade: Blade) -> None:
    blade.type_range("192.0.2.10")
    blade.page.get_by_label("Why this change").fill("Ticket 4711")
    blade.page.get_by_role("button", name="Discard", exact=True).click()
    expect(blade.pending).to_have_text("")
    assert blade.ranges() == START
    blade.page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(blade.pending).to_have_text("1 unsaved change")
    assert blade.ranges() == [*START, "192.0.2.10"]
    expect(blade.page.get_by_label("Why this change")).to_have_value("Ticket 4711")


def test_whoever_was_signed_out_keeps_the_edits_and_is_told(blade: Blade) -> None:
    blade.type_range("192.0.2.10")
    blade.evaluated()
    blade.page.context.clear_cookies(name="sessionid")
    blade.save.click()
    expect(blade.page.locator("#toasts .toast.err")).to_contain_text("You are signed out.")
    assert "192.0.2.10" in blade.ranges()


def test_the_menu_is_filtered_while_typing(blade: Blade) -> None:
    menu = blade.page.get_by_role("navigation", name="Resource menu")
    menu.get_by_label("Filter the menu").fill("netw")
    expect(menu.get_by_role("link", name="Networking", exact=True)).to_be_visible()
    expect(menu.get_by_role("link", name="Overview")).to_be_hidden()


def test_an_address_from_elsewhere_arrives_as_a_draft(open_page: OpenPage) -> None:
    blade = Blade(open_page("contributor"), url=f"{URL}?add=192.0.2.50")
    assert blade.ranges() == [*START, "192.0.2.50"]
    expect(blade.pending).to_have_text("1 unsaved change")
