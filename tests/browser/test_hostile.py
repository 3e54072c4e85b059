"""What a review with fresh eyes found once, held from now on."""

import pytest
from playwright.sync_api import Route, expect

from tests.browser.blade import Blade
from tests.browser.chromium import OpenPage
from tests.browser.server import Server

START = ["16.17.18.0/24", "203.0.113.0/24", "198.51.100.7"]


@pytest.fixture
def blade(server: Server, open_page: OpenPage) -> Blade:
    server.reset()
    return Blade(open_page("contributor", expected=["409", "422", "401", "403"]))


def test_a_mistake_corrected_does_not_overwrite_what_somebody_saved_meanwhile(
    blade: Blade, open_page: OpenPage
) -> None:
    other = Blade(open_page("owner"))
    other.type_range("192.0.2.99")
    other.saved()
    blade.type_range("nonsense")
    blade.save.click()
    expect(blade.page.locator("#error-summary")).to_contain_text("1 entry needs attention")
    blade.row("nonsense").locator("[name=range]").fill("192.0.2.10")
    blade.save.click()
    expect(blade.page.locator("#error-summary")).to_contain_text("ada@example.org changed these settings")
    other.open()
    assert other.ranges() == [*START, "192.0.2.99"]


@pytest.mark.parametrize("field", ["#pna-selected", "#trusted", "#comment", "#probe"])
def test_enter_never_saves(blade: Blade, field: str) -> None:
    blade.type_range("192.0.2.10")
    blade.evaluated()
    blade.page.locator(field).focus()
    blade.page.keyboard.press("Enter")
    blade.page.keyboard.press("Enter")
    blade.evaluated()
    expect(blade.pending).to_have_text("1 unsaved change")
    expect(blade.page.locator(field)).to_be_focused()


def test_what_is_typed_while_a_save_is_under_way_is_not_taken_and_not_lost_unseen(blade: Blade) -> None:
    blade.type_range("192.0.2.10")
    blade.evaluated()

    def slowly(route: Route) -> None:
        blade.page.wait_for_timeout(500)
        route.continue_()

    blade.page.route("**/networking/", slowly)
    blade.save.click()
    expect(blade.page.locator(".cols")).to_have_attribute("inert", "")
    expect(blade.pending).to_have_text("")
    expect(blade.page.locator(".cols")).not_to_have_attribute("inert", "")
    assert blade.ranges() == [*START, "192.0.2.10"]


def test_signing_in_again_in_another_tab_lets_the_save_through(blade: Blade) -> None:
    blade.type_range("192.0.2.10")
    blade.evaluated()
    tab = blade.page.context.new_page()
    tab.goto("/registries/")
    tab.locator(".tb-user").click()
    tab.get_by_role("button", name="Sign out").click()
    blade.save.click()
    expect(blade.page.locator("#toasts .toast.err")).to_contain_text("You are signed out.")
    tab.get_by_role("button", name="Sign in as Contributor").click()
    tab.wait_for_url("**/registries/**")
    blade.saved()
    assert blade.ranges() == [*START, "192.0.2.10"]


def test_two_deleted_rows_come_back_one_after_the_other(blade: Blade) -> None:
    for text in ("192.0.2.10", "192.0.2.11"):
        blade.type_range(text)
    for text in ("192.0.2.10", "192.0.2.11"):
        blade.delete(text)
    assert blade.ranges() == START
    for _ in range(2):
        blade.page.locator("#trusted").focus()
        blade.page.keyboard.press("Control+z")
    assert sorted(blade.ranges()) == sorted([*START, "192.0.2.10", "192.0.2.11"])


def test_deleting_and_undoing_an_edited_row_brings_the_edit_back(blade: Blade) -> None:
    blade.row("198.51.100.7").locator("[name=range]").fill("198.51.100.8")
    blade.delete("198.51.100.8")
    blade.page.get_by_role("button", name="Undo delete of 198.51.100.7").click()
    assert blade.ranges() == [*START[:2], "198.51.100.8"]


def test_an_error_of_a_note_leads_into_the_row(blade: Blade) -> None:
    row = blade.row("198.51.100.7")
    row.locator("summary").click()
    row.locator("[name=note]").evaluate("input => { input.maxLength = 5000; input.value = 'x'.repeat(500); }")
    row.locator("[name=note]").press("End")
    row.locator("[name=note]").press("y")
    blade.evaluated()
    expect(row.locator("[name=note]")).to_have_attribute("aria-invalid", "true")
    expect(row.locator("[name=range]")).not_to_have_attribute("aria-invalid", "true")
    blade.save.click()
    blade.page.locator("#error-summary a").click()
    expect(blade.row("198.51.100.7").locator("[name=note]")).to_be_focused()


def test_the_undo_of_a_discard_never_drops_newer_typing(blade: Blade) -> None:
    blade.type_range("192.0.2.10")
    blade.page.get_by_role("button", name="Discard", exact=True).click()
    expect(blade.page.locator("#toasts form")).to_have_count(1)
    blade.type_range("192.0.2.11")
    expect(blade.page.locator("#toasts form")).to_have_count(0)
    assert blade.ranges() == [*START, "192.0.2.11"]
