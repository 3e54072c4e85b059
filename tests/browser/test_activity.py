"""The activity log as people use it: what they saved, deleted and created is in it, and can be found and taken away."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.blade import Blade
from tests.browser.chromium import OpenPage, axe, settled
from tests.browser.server import Server


@pytest.fixture(autouse=True)
def demonstration(server: Server) -> None:
    server.reset()


def lines(page: Page) -> Locator:
    return page.locator(".log tbody tr")


def narrow(page: Page, **filters: str) -> None:
    """Choose in the filters, by label, and apply them."""
    for name, value in filters.items():
        page.locator(f".filters [name={name}]").and_(page.locator("select")).select_option(label=value)
    page.get_by_role("button", name="Apply", exact=True).click()
    settled(page)


def save_twice(page: Page) -> None:
    blade = Blade(page)
    blade.type_range("192.0.2.0/28")
    page.get_by_label("Why this change").fill("Ticket 4711")
    blade.saved()
    blade.delete("198.51.100.7")
    page.get_by_label("Allow trusted Microsoft services to access this container registry").uncheck()
    blade.saved()


def delete_and_create(page: Page) -> None:
    page.goto("/registries/contosolab/delete/")
    page.get_by_label("Type contosolab to confirm").fill("contosolab")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.wait_for_url("**/registries/")
    page.goto("/create-registry/")
    page.locator("[name=resource_group]").select_option(index=1)
    page.get_by_label("Registry name").fill("contosolab")
    page.get_by_label("Location").select_option(label="North Europe")
    page.get_by_role("button", name="Review + create").last.click()
    page.get_by_role("button", name="Create", exact=True).click()
    page.wait_for_url("**/registries/contosolab/")


def opened(line: Locator) -> list[str]:
    """What the line's difference says, after it is expanded."""
    expect(line.locator(".delta").first).to_be_hidden()
    line.locator("summary").click()
    expect(line.locator(".delta").first).to_be_visible()
    return [" ".join(text.split()) for text in line.locator(".delta li").all_inner_texts()]


def test_every_save_deletion_and_creation_is_in_the_log_with_what_it_did(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page("owner")
    save_twice(page)
    page.get_by_role("link", name="Activity log").click()
    expect(page.locator("h1")).to_have_text("mycontainerregistry | Activity log")
    assert opened(lines(page).nth(0)) == [
        "~ Trusted services: was Allowed → and is Not allowed",
        "− 198.51.100.7 (Build server) removed from address ranges",
        "− 1 address loses access: 198.51.100.7",
    ]
    assert opened(lines(page).nth(1)) == [
        "+ 192.0.2.0/28 added to address ranges",
        "+ 16 addresses gain access: 192.0.2.0/28",
    ]
    for part in ("ada@example.org", "203.0.113.24", "Portal", "Ticket 4711"):
        expect(lines(page).nth(1)).to_contain_text(part)
    assert axe(page) == []

    delete_and_create(page)
    page.goto("/registries/")
    page.get_by_role("link", name="Activity log").click()
    expect(page.locator("h1")).to_have_text("Activity log")
    expect(lines(page).nth(0)).to_contain_text("Create registry")
    expect(lines(page).nth(0).get_by_role("link", name="contosolab")).to_be_visible()
    assert "+ Location: North Europe" in opened(lines(page).nth(0))
    expect(lines(page).nth(1)).to_contain_text("Delete registry")
    # The new registry has the name of the old one, which stays deleted.
    expect(lines(page).nth(1)).to_contain_text("contosolab deleted")
    expect(lines(page).nth(1).get_by_role("link")).to_have_count(0)

    page.get_by_label("Operation, account, address, comment or registry").fill("TICKET 47")
    narrow(page, timespan="Last hour", by="ada@example.org", door="Portal")
    expect(lines(page)).to_have_count(1)
    expect(page.get_by_label("Timespan")).to_have_value("hour")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    assert download.value.suggested_filename == "activity-log.csv"
    path = tmp_path / "log.csv"
    download.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        [line] = csv.DictReader(file)
    assert line["Difference"] == ("192.0.2.0/28 added to address ranges; 16 addresses gain access: 192.0.2.0/28")
    assert (line["Registry"], line["Comment"]) == ("mycontainerregistry", "Ticket 4711")
    page.get_by_role("link", name="Clear filters").click()
    assert lines(page).count() > 4


def test_without_scripts_the_log_opens_filters_and_explains_itself(open_page: OpenPage) -> None:
    page = open_page("reader", javascript=False)
    page.goto("/registries/mycontainerregistry/activity/?door=window")
    expect(page.locator(".msg")).to_contain_text("This log has no door 'window'; that filter is left out.")
    lines(page).first.locator("summary").press("Enter")
    expect(lines(page).first.locator(".delta").first).to_be_visible()
    narrow(page, door="Command line", operation="Update networking")
    expect(lines(page)).to_have_count(1)
    page.get_by_label("Operation, account, address, comment or registry").fill("nothing of the kind")
    page.keyboard.press("Enter")
    expect(page.locator(".empty")).to_contain_text("No events match these filters.")
    page.get_by_role("link", name="Clear filters").last.click()
    expect(lines(page)).not_to_have_count(0)
