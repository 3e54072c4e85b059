"""The acceptance list of the Networking page, with scripts."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.blade import URL, Blade
from tests.browser.chromium import OpenPage
from tests.browser.server import Server

START = ["16.17.18.0/24", "203.0.113.0/24", "198.51.100.7"]
REFUSED = ["422", "409"]  # Chromium logs an answer of 4xx as an error of the page


@pytest.fixture
def blade(server: Server, open_page: OpenPage) -> Blade:
    server.reset()
    return Blade(open_page("contributor", expected=REFUSED))


def test_a_clean_page_offers_nothing_to_save(blade: Blade) -> None:
    assert blade.ranges() == START
    expect(blade.save).to_have_attribute("aria-disabled", "true")
    requests: list[str] = []
    blade.page.on("request", lambda request: requests.append(request.method))
    blade.save.click(force=True)
    assert "No changes yet." in blade.announced()
    assert "POST" not in requests


def test_typing_on_without_waiting_loses_nothing(blade: Blade) -> None:
    blade.blank.focus()
    for text in ("192.0.2.10", "192.0.2.11"):
        blade.page.keyboard.type(text)
        blade.page.keyboard.press("Enter")
    blade.page.keyboard.type("192.0.2.12")
    assert blade.ranges() == [*START, "192.0.2.10", "192.0.2.11", "192.0.2.12"]
    expect(blade.pending).to_have_text("3 unsaved changes")
    expect(blade.page.locator("#rule-count")).to_have_text("6 of 100 rules")
    expect(blade.page.locator(".rule.blank")).to_have_count(1)
    assert blade.focused("value") == "192.0.2.12"
    blade.evaluated()
    expect(blade.row("192.0.2.12").locator(".size")).to_have_text("1 address")
    assert blade.focused("value") == "192.0.2.12"


def test_arrow_keys_move_between_rows_and_escape_reverts(blade: Blade) -> None:
    blade.type_range("192.0.2.10")
    blade.page.keyboard.press("ArrowUp")
    assert blade.focused("value") == "192.0.2.10"
    blade.page.keyboard.press("ArrowUp")
    blade.page.keyboard.press("End")
    blade.page.keyboard.type("8")
    assert blade.focused("value") == "198.51.100.78"
    blade.page.keyboard.press("Escape")
    assert blade.focused("value") == "198.51.100.7"
    blade.page.keyboard.press("ArrowDown")
    blade.page.keyboard.press("Escape")
    assert blade.ranges() == START
    expect(blade.pending).to_have_text("")


def test_returning_to_the_saved_values_by_hand_is_clean(blade: Blade) -> None:
    blade.page.get_by_label("Disabled").check()
    expect(blade.pending).to_have_text("1 unsaved change")
    assert blade.is_dirty()
    blade.page.get_by_label("Selected networks").check()
    expect(blade.pending).to_have_text("")
    assert not blade.is_dirty()
    expect(blade.save).to_have_attribute("aria-disabled", "true")


def test_a_saved_row_is_deleted_in_place_and_undone(blade: Blade) -> None:
    row = blade.row("16.17.18.0/24")
    blade.delete("16.17.18.0/24")
    expect(row).to_have_class(re.compile("removed"))
    expect(row.locator(".size")).to_have_text("Deleted on save")
    assert blade.focused("ariaLabel") == "Undo delete of 16.17.18.0/24"
    assert "Deleted 16.17.18.0/24. Undo is available. 2 rules left." in blade.announced()
    blade.page.keyboard.press("Enter")
    assert blade.focused("value") == "16.17.18.0/24"
    expect(blade.pending).to_have_text("")
    blade.delete("16.17.18.0/24")
    blade.page.keyboard.press("Control+z")
    assert blade.ranges() == START


def test_a_new_row_that_is_deleted_can_come_back(blade: Blade) -> None:
    blade.type_range("192.0.2.10")
    blade.delete("192.0.2.10")
    assert blade.ranges() == START
    blade.page.get_by_role("button", name="Undo", exact=True).click()
    assert blade.ranges() == [*START, "192.0.2.10"]


def test_the_client_ip_box_mirrors_the_list(blade: Blade) -> None:
    box = blade.page.get_by_label("Add your client IP address ('203.0.113.24')")
    expect(blade.page.locator("#client-cover")).to_have_text("This address is already allowed by 203.0.113.0/24.")
    box.check()
    assert blade.ranges() == [*START, "203.0.113.24"]
    box.uncheck()
    assert blade.ranges() == START
    expect(blade.pending).to_have_text("")
    blade.type_range("203.0.113.24")
    expect(box).to_be_checked()


def test_pasting_several_values_adds_a_row_each_and_counts_what_is_skipped(blade: Blade) -> None:
    blade.blank.focus()
    blade.page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text", "192.0.2.1\\n192.0.2.2, 192.0.2.3;16.17.18.0/24 # there already");
          document.activeElement.dispatchEvent(
            new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }"""
    )
    assert blade.ranges() == [*START, "192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert "3 ranges added, 1 skipped." in blade.announced()


def test_the_paste_dialog_adds_what_is_good_and_judges_what_is_not(blade: Blade) -> None:
    blade.page.get_by_role("button", name="Paste multiple ranges").click()
    dialog = blade.page.get_by_role("dialog", name="Paste multiple ranges")
    dialog.get_by_label("Address ranges").fill("192.0.2.1 # one\n10.0.0.0/8\n192.0.2.1")
    dialog.get_by_role("button", name="Add to the list").click()
    expect(dialog).to_have_count(0)
    assert blade.ranges() == [*START, "192.0.2.1", "10.0.0.0/8"]
    blade.evaluated()
    expect(blade.row("10.0.0.0/8")).to_contain_text("10.0.0.0/8 is a private range (RFC 1918).")


def test_ten_thousand_pasted_lines_fill_the_list_and_the_rest_is_counted(blade: Blade) -> None:
    blade.page.get_by_role("button", name="Paste multiple ranges").click()
    lines = "\n".join(f"20.{n // 256}.{n % 256}.1" for n in range(10_000))
    # Set at once: typing it would take Chromium half a minute.
    blade.page.get_by_label("Address ranges", exact=True).evaluate("(box, text) => { box.value = text }", lines)
    blade.page.get_by_role("button", name="Add to the list").click()
    expect(blade.page.locator("#rule-count")).to_have_text("100 of 100 rules")
    expect(blade.page.locator("#rule-status")).to_have_text("97 ranges added, 9,903 skipped.")


def test_control_s_saves_and_says_so_once(blade: Blade) -> None:
    blade.type_range("192.0.2.10")
    blade.page.keyboard.press("Control+s")
    expect(blade.page.locator("#toasts .toast")).to_contain_text("Saved to 'mycontainerregistry'.")
    expect(blade.pending).to_have_text("")
    assert blade.focused("value") == "save"
    assert [text for text in blade.announced() if "Networking updated" in text] == [
        "Networking updated. Saved to 'mycontainerregistry'."
    ]
    blade.page.keyboard.press("Control+s")
    assert "No changes to save." in blade.announced()
    blade.open()
    assert blade.ranges() == [*START, "192.0.2.10"]


def test_an_error_is_said_beside_its_field_and_in_a_summary_that_leads_to_it(blade: Blade) -> None:
    blade.type_range("10.0.0.0/8")
    blade.evaluated()
    field = blade.row("10.0.0.0/8").locator("[name=range]")
    expect(field).to_have_attribute("aria-invalid", "true")
    described = blade.page.locator("#" + (field.get_attribute("aria-describedby") or ""))
    expect(described).to_contain_text("RFC 1918")
    blade.save.click()
    expect(blade.page.locator("#error-summary")).to_be_focused()
    expect(blade.page.locator("#error-summary")).to_contain_text("1 entry needs attention. Nothing was saved.")
    assert blade.ranges() == [*START, "10.0.0.0/8"]
    expect(blade.pending).to_have_text("1 unsaved change")
    blade.page.locator("#error-summary a").click()
    assert blade.focused("value") == "10.0.0.0/8"


def test_the_fix_button_puts_the_right_range_in_place(blade: Blade) -> None:
    blade.type_range("16.17.19.5/24")
    blade.page.get_by_role("button", name="Use 16.17.19.0/24").click()
    assert blade.ranges() == [*START, "16.17.19.0/24"]
    assert blade.focused("value") == "16.17.19.0/24"


def test_two_adjacent_ranges_are_combined_into_one(blade: Blade) -> None:
    blade.type_range("16.17.19.0/24")
    blade.page.get_by_role("button", name="Combine into 16.17.18.0/23").click()
    assert blade.ranges() == ["16.17.18.0/23", "203.0.113.0/24", "198.51.100.7"]
    assert blade.focused("value") == "16.17.18.0/23"
    blade.saved()
    assert blade.ranges() == ["16.17.18.0/23", "203.0.113.0/24", "198.51.100.7"]


def test_a_name_and_a_note_are_opened_in_place_and_saved(blade: Blade) -> None:
    row = blade.row("198.51.100.7")
    row.locator("summary").click()
    row.get_by_label("Name", exact=True).fill("Build agent")
    row.get_by_label("Note", exact=True).fill("Rack 4")
    expect(blade.pending).to_have_text("1 unsaved change")
    blade.saved()
    expect(blade.row("198.51.100.7").locator(".more-name")).to_have_text("Build agent")
    blade.open()
    expect(blade.row("198.51.100.7").locator("[name=note]")).to_have_value("Rack 4")


def test_leaving_with_unsaved_changes_asks(blade: Blade) -> None:
    blade.type_range("192.0.2.10")
    assert blade.is_dirty()
    blade.page.get_by_role("link", name="Overview").click()
    dialog = blade.page.get_by_role("dialog", name="Discard unsaved changes?")
    expect(dialog).to_contain_text("You have 1 unsaved change on this page.")
    expect(dialog.get_by_role("button", name="Keep editing")).to_be_focused()
    blade.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert blade.ranges() == [*START, "192.0.2.10"]
    blade.page.get_by_role("link", name="Overview").click()
    dialog.get_by_role("button", name="Discard and continue").click()
    blade.page.wait_for_url("**/registries/mycontainerregistry/")


def test_refresh_asks_first_and_then_shows_what_is_saved(blade: Blade) -> None:
    blade.type_range("192.0.2.10")
    blade.page.get_by_role("link", name="Refresh").click()
    blade.page.get_by_role("button", name="Discard and continue").click()
    expect(blade.pending).to_have_text("")
    assert blade.ranges() == START


def test_discard_shows_the_saved_settings(blade: Blade) -> None:
    blade.type_range("192.0.2.10")
    blade.page.get_by_role("button", name="Discard", exact=True).click()
    expect(blade.page.locator("#toasts .toast")).to_contain_text("Changes discarded")
    assert blade.ranges() == START
    assert not blade.is_dirty()


def test_the_hundredth_rule_takes_the_place_of_the_blank_row(blade: Blade, open_page: OpenPage) -> None:
    blade.page.get_by_role("button", name="Paste multiple ranges").click()
    blade.page.get_by_label("Address ranges", exact=True).fill("\n".join(f"20.0.{n}.1" for n in range(96)))
    blade.page.get_by_role("button", name="Add to the list").click()
    expect(blade.page.locator("#rule-count")).to_have_text("99 of 100 rules")
    blade.type_range("192.0.2.10")
    expect(blade.page.locator(".rule.blank")).to_have_count(0)
    expect(blade.page.locator("#rule-status")).to_have_text(
        "All 100 rules are used. Delete one or combine ranges to add more."
    )


@pytest.mark.parametrize(
    ("registry", "choice", "stops"),
    [("myregistry", "Selected networks", "hosted build agents"), ("mycontainerregistry", "Disabled", "az acr build")],
)
def test_a_choice_names_what_stops_working(blade: Blade, registry: str, choice: str, stops: str) -> None:
    blade.page.goto(f"/registries/{registry}/networking/")
    warning = blade.page.locator(".stops").locator("visible=true")
    expect(warning).to_have_count(0)
    blade.page.get_by_label(choice).check()
    for text in (stops, "Image scanning goes on only while trusted services are allowed"):
        expect(warning).to_contain_text(text)


def test_disabled_keeps_the_rules_and_says_so(blade: Blade) -> None:
    blade.page.get_by_label("Disabled").check()
    expect(blade.page.locator("#access-note")).to_have_text(
        "3 address ranges are kept but ignored while public network access is disabled."
    )


def test_the_card_says_who_gets_in_now_and_after_saving(blade: Blade) -> None:
    you = blade.page.locator("#access-you")
    expect(you).to_contain_text("Matches 203.0.113.0/24 (rule 2")
    blade.delete("203.0.113.0/24")
    expect(you).to_contain_text("No address range matches")
    expect(you.locator(".was")).to_have_text("Now Allowed")
    blade.page.get_by_label("Check another address").fill("203.0.113.9")
    blade.page.get_by_role("button", name="Check", exact=True).click()
    expect(blade.page.locator("#probe-result")).to_contain_text("Saved settings: 203.0.113.9")
    expect(blade.page.locator("#probe-result")).to_contain_text("After saving: 203.0.113.9")
    assert blade.focused("textContent") == "Check"


def test_a_reader_sees_everything_and_can_change_nothing(server: Server, open_page: OpenPage) -> None:
    server.reset()
    page = open_page("reader")
    page.goto(URL)
    expect(page.get_by_text("Changing them needs the Owner or Contributor role.")).to_be_visible()
    expect(page.get_by_label("Address range 1")).to_be_disabled()
    expect(page.get_by_role("button", name="Save", exact=True)).to_have_count(0)
    page.get_by_label("Check another address").fill("16.17.18.19")
    page.keyboard.press("Enter")
    expect(page.locator("#probe-result")).to_contain_text("Matches 16.17.18.0/24 (rule 1")


def test_the_server_gone_keeps_the_edits_and_says_so(server: Server, open_page: OpenPage) -> None:
    blade = Blade(open_page("contributor", expected=["net::ERR_FAILED", "htmx:sendError", "htmx:afterRequest"]))
    blade.type_range("192.0.2.10")
    blade.evaluated()
    blade.page.route("**/networking/**", lambda route: route.abort())
    blade.save.click()
    expect(blade.page.locator("#toasts .toast.err")).to_contain_text("Your edits are still here.")
    assert "192.0.2.10" in blade.ranges()
