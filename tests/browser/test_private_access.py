"""Private access, with scripts and without: an endpoint made, approved, rejected and removed, and what it locks."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import OpenPage
from tests.browser.server import Server

ARCHIVE = "/registries/contosoarchive/networking/"
OPEN = "/registries/mycontainerregistry/networking/"
REFUSED = ["422"]  # Chromium logs an answer of 4xx as an error of the page


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(request: pytest.FixtureRequest, server: Server, open_page: OpenPage) -> Page:
    server.reset()
    return open_page("contributor", javascript=request.param, expected=REFUSED)


def row(page: Page, endpoint: str) -> Locator:
    return page.locator(".connections tbody tr", has_text=endpoint)


def open_tab(page: Page, url: str = ARCHIVE) -> None:
    """By the tabs, as a person finds it."""
    page.goto(url)
    page.get_by_role("navigation", name="Networking views").get_by_role("link", name="Private access").click()
    expect(page).to_have_url(re.compile(r"/networking/private/$"))


def choose(page: Page, command: str, *endpoints: str) -> None:
    for endpoint in endpoints:
        row(page, endpoint).get_by_role("checkbox").check()
    page.get_by_role("button", name=command).click()


def test_a_waiting_connection_is_approved_and_rejected_again(page: Page) -> None:
    open_tab(page)
    expect(row(page, "archive-reports")).to_contain_text("Pending")
    choose(page, "Approve", "archive-reports")
    page.get_by_label("Description").fill("Approved by the archive team")
    page.get_by_role("button", name="Approve").click()
    expect(row(page, "archive-reports")).to_contain_text("Approved by the archive team")
    expect(row(page, "archive-reports").locator(".status")).to_have_text("Approved")
    expect(page.locator("#toasts")).to_contain_text("Approved 'archive-reports'.")
    choose(page, "Reject", "archive-reports")
    page.get_by_label("Description").fill("Not any more")
    page.get_by_role("button", name="Reject").click()
    expect(row(page, "archive-reports").locator(".status")).to_have_text("Rejected")
    page.get_by_role("navigation", name="Resource menu").get_by_role("link", name="Activity log").click()
    page.locator(".log summary", has_text="Reject private endpoint connection").first.click()
    expect(page.locator(".log tbody tr").first).to_contain_text(
        "Whoever comes through the private endpoint 'archive-reports' loses access"
    )


def test_the_last_way_in_is_closed_only_by_whoever_says_so_twice(page: Page) -> None:
    open_tab(page)
    choose(page, "Remove", "archive-backup", "archive-reports")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("alert")).to_contain_text("only trusted services can reach 'contosoarchive'")
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator(".connections tbody tr")).to_have_count(2)
    choose(page, "Remove", "archive-backup", "archive-reports")
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove anyway").click()
    expect(page.get_by_text("No private endpoint connections.")).to_be_visible()


def test_the_list_is_filtered_by_name_and_state(page: Page) -> None:
    open_tab(page)
    page.get_by_label("Connection state").select_option("Pending")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".connections tbody tr")).to_have_count(1)
    expect(row(page, "archive-reports")).to_be_visible()
    page.get_by_label("Filter by name").fill("backup")
    page.get_by_label("Filter by name").press("Enter")
    expect(page.get_by_text("No connection matches these filters.")).to_be_visible()
    page.get_by_role("link", name="Clear filters").first.click()
    expect(page.locator(".connections tbody tr")).to_have_count(2)


def test_an_endpoint_is_made_step_by_step_and_shows_its_addresses(page: Page) -> None:
    open_tab(page, OPEN)
    page.get_by_role("link", name="Create a private endpoint connection").click()
    page.get_by_label("Name", exact=False).first.fill("docker-vm")
    page.get_by_label("Region").select_option("East US")
    page.get_by_label("Virtual network").select_option(label="myDockerVMVNET (East US, myResourceGroup)")
    page.get_by_label("Subnet").select_option(label="myDockerVMSubnet (10.0.0.0/24)")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Private endpoint docker-vm")).to_be_visible()
    fqdns = page.get_by_role("region", name="Host names and addresses").locator("tbody tr")
    expect(fqdns).to_have_count(2)
    expect(fqdns.last).to_contain_text(re.compile(r"mycontainerregistry\.azurecr\.localhost\s*10\.0\.0\.5"))
    answers = page.get_by_role("region", name="Answers of DNS").locator("tbody tr").last
    expect(answers).to_contain_text("mycontainerregistry.privatelink.azurecr.localhost")
    page.get_by_role("link", name="Test a client of this private endpoint").click()
    expect(page.locator(".tested [role=status]")).to_contain_text("Allowed.")
    page.goto(OPEN)
    expect(page.locator("#access-card")).to_contain_text("1 approved, 0 pending")
    expect(page.get_by_label("Enable dedicated data endpoint")).to_be_checked()
    expect(page.get_by_label("Enable dedicated data endpoint")).to_be_disabled()


def test_a_mistake_is_told_at_its_field_and_keeps_what_was_typed(page: Page) -> None:
    page.goto(f"{OPEN}private/create/")
    page.get_by_label("Name", exact=False).first.fill("-docker-vm")
    page.get_by_role("button", name="Create").click()
    field = page.get_by_label("Name", exact=False).first
    expect(field).to_have_value("-docker-vm")
    expect(field).to_have_accessible_description(re.compile("Resource name -docker-vm is invalid"))
    expect(page.get_by_role("alert")).to_be_focused()


def test_a_locked_box_is_not_an_unsaved_change_and_survives_a_save(page: Page) -> None:
    page.goto(ARCHIVE)
    box = page.get_by_label("Enable dedicated data endpoint")
    expect(box).to_be_checked()
    expect(box).to_be_disabled()
    expect(box).to_have_accessible_description(re.compile("^Always on while the registry has an approved"))
    expect(page.locator("#pending")).to_have_text("")
    page.get_by_label("Allow trusted Microsoft services").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Saved to 'contosoarchive'.")
    expect(page.get_by_label("Enable dedicated data endpoint")).to_be_checked()


# With scripts only


@pytest.fixture
def scripted(server: Server, open_page: OpenPage) -> Page:
    server.reset()
    return open_page("contributor")


def test_commands_wait_for_a_choice_and_all_are_chosen_at_once(scripted: Page) -> None:
    page = scripted
    open_tab(page)
    approve = page.get_by_role("button", name="Approve")
    expect(approve).to_have_attribute("aria-disabled", "true")
    approve.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#announce")).to_have_text("Select a connection first.")
    page.get_by_label("Select all connections").check()
    expect(page.locator(".connections [name=id]:checked")).to_have_count(2)
    expect(approve).not_to_have_attribute("aria-disabled", "true")
    row(page, "archive-backup").get_by_role("checkbox").uncheck()
    expect(page.get_by_label("Select all connections")).not_to_be_checked()
    row(page, "archive-reports").get_by_role("checkbox").uncheck()
    expect(approve).to_have_attribute("aria-disabled", "true")


def test_only_what_lies_in_the_chosen_region_and_network_is_offered(scripted: Page) -> None:
    page = scripted
    page.goto(f"{OPEN}private/create/")
    offered = page.locator("#id_network option[data-within]:not([disabled])")
    page.get_by_label("Region").select_option("West Europe")
    expect(offered).to_have_text([re.compile("^contosoArchiveVNET")])
    page.get_by_label("Virtual network").select_option(index=offered.evaluate("each => each.index"))
    expect(page.locator("#id_subnet option[data-within]:not([disabled])")).to_have_text(["endpoints (10.30.1.0/24)"])
    page.get_by_label("Region").select_option("East US")
    expect(page.get_by_label("Virtual network")).to_have_value("")


def test_an_endpoint_without_a_connection_is_found_at_its_network_and_deleted(
    request: pytest.FixtureRequest, page: Page, open_page: OpenPage
) -> None:
    open_tab(page)
    choose(page, "Remove", "archive-reports")
    page.get_by_role("button", name="Remove").click()
    expect(row(page, "archive-reports")).to_have_count(0)
    scripts = "with scripts" in request.node.name
    owner = open_page("owner", javascript=scripts)
    owner.goto("/virtual-networks/")
    owner.get_by_role("link", name="contosoArchiveVNET").click()
    owner.get_by_role("link", name="archive-reports").click()
    expect(owner.get_by_text("It leads nowhere")).to_be_visible()
    owner.get_by_role("button", name="Delete private endpoint").click()
    expect(owner.locator("#toasts")).to_contain_text("Deleted 'archive-reports'.")
    expect(owner.get_by_role("link", name="archive-reports")).to_have_count(0)
    expect(owner.get_by_role("link", name="archive-backup")).to_be_visible()
