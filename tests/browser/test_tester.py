"""Connection tester, must-work callers and Troubleshoot, with scripts and without."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import OpenPage
from tests.browser.server import Server

REGISTRY = "/registries/mycontainerregistry/"
TESTER = f"{REGISTRY}networking/tester/"
REFUSED = ["422"]  # Chromium logs an answer of 4xx as an error of the page


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(request: pytest.FixtureRequest, server: Server, open_page: OpenPage) -> Page:
    server.reset()
    return open_page("contributor", javascript=request.param, expected=REFUSED)


def open_tester(page: Page) -> None:
    """By the menu, as a person finds it."""
    page.goto(REGISTRY)
    page.get_by_role("navigation", name="Resource menu").get_by_role("link", name="Connection tester").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Connection tester")


def callers(page: Page) -> list[str]:
    return page.locator("#must-work tbody tr").all_inner_texts()


def test_a_denied_address_is_walked_and_can_be_added(page: Page) -> None:
    open_tester(page)
    page.get_by_label("Source address").fill("192.0.2.50")
    page.get_by_label("Source address").press("Enter")
    expect(page.locator(".tested [role=status]")).to_have_text(
        "Denied – 403 Forbidden. No address range matches 192.0.2.50."
    )
    expect(page.locator(".steps li")).to_have_count(4)
    expect(page.locator(".steps .decided")).to_have_count(1)
    expect(page.locator(".steps .decided")).to_contain_text("Address ranges")
    expect(page.locator(".steps .decided")).to_contain_text("Decided: denied")
    expect(page.locator(".printed").first).to_contain_text("/v2/ failed with status: 403 Forbidden")
    page.get_by_role("link", name="Add 192.0.2.50 to the address ranges").click()
    expect(page).to_have_url(re.compile(r"/registries/mycontainerregistry/networking/\?add=192\.0\.2\.50$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Networking")


def test_use_mine_and_run_test_are_two_buttons(page: Page) -> None:
    open_tester(page)
    page.get_by_label("Source address").fill("192.0.2.50")
    page.get_by_role("button", name="Use mine").click()
    expect(page.locator(".tested [role=status]")).to_have_text("Allowed. 203.0.113.0/24 contains 203.0.113.24.")
    expect(page).to_have_url(re.compile(r"\?ip=203\.0\.113\.24$"))
    page.get_by_label("Target").select_option(label="mycontainerregistry.eastus.data.azurecr.localhost (layers)")
    page.get_by_role("button", name="Run test").click()
    expect(page.locator(".printed")).to_have_count(1)
    expect(page.get_by_label("Source address")).to_have_value("203.0.113.24")
    page.get_by_role("link", name="Clear results").click()
    expect(page.locator(".tested")).to_have_count(0)


def test_one_choice_shows_the_fields_of_that_caller(page: Page) -> None:
    """The stylesheet does it, so it works without scripts too."""
    open_tester(page)
    named = {"Subnet": "subnet", "Private endpoint": "endpoint", "Trusted service": "service"}
    for caller, shown in (
        ("An address", ""),
        ("A machine in a subnet", "Subnet"),
        ("A client of a private endpoint", "Private endpoint"),
        ("A trusted service", "Trusted service"),
        ("A registry task with its own identity", ""),
    ):
        page.get_by_label("Caller", exact=True).select_option(label=caller)
        for label, name in named.items():
            expect(page.locator(f"#{name}")).to_be_visible(visible=label == shown)


def test_a_trusted_service_is_chosen_by_name(page: Page) -> None:
    open_tester(page)
    page.get_by_label("Caller", exact=True).select_option(label="A trusted service")
    page.get_by_label("Trusted service").select_option(label="Microsoft Defender for Cloud (by its identity only)")
    page.get_by_label("Source address").fill("")
    page.get_by_role("button", name="Run test").click()
    expect(page.locator(".tested [role=status]")).to_have_text(
        "Allowed. The firewall exception lets 'Microsoft Defender for Cloud' pass."
    )
    expect(page).to_have_url(re.compile(r"\?ip=&service=Microsoft\+Defender\+for\+Cloud$"))
    expect(page.locator(".steps .decided")).to_contain_text("Trusted services")
    page.get_by_label("Caller", exact=True).select_option(label="A client of a private endpoint")
    page.get_by_label("Private endpoint").select_option(label="Any in state Approved")
    page.get_by_role("button", name="Run test").click()
    expect(page.locator(".steps .decided")).to_contain_text("Private endpoints")
    expect(page).to_have_url(re.compile(r"\?ip=&endpoint=Approved$"))


def test_a_subnet_that_is_none_is_refused_where_it_was_typed(page: Page) -> None:
    open_tester(page)
    page.get_by_label("Caller", exact=True).select_option(label="A machine in a subnet")
    page.get_by_label("Subnet").fill("build")
    page.get_by_label("Subnet").press("Enter")
    field = page.get_by_label("Subnet")
    expect(field).to_have_value("build")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("^'build' isn't the resource id of a subnet."))


def test_what_is_no_address_is_refused_where_it_was_typed(page: Page) -> None:
    open_tester(page)
    page.get_by_label("Source address").fill("example.org")
    page.get_by_role("button", name="Run test").click()
    field = page.get_by_label("Source address")
    expect(field).to_have_value("example.org")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("^'example.org' isn't an IP address"))


def test_a_must_work_caller_is_added_refused_and_removed(page: Page) -> None:
    page.goto(f"{TESTER}?ip=192.0.2.50")
    before = callers(page)
    form = page.get_by_role("form", name="Add a must-work caller")
    form.get_by_label("Name").fill("Night build")
    form.get_by_label("Address range").fill("16.17.18.200/24")
    form.get_by_role("button", name="Add", exact=True).click()
    expect(form.get_by_label("Address range")).to_have_accessible_description(
        "'16.17.18.200/24' isn't the start of a range. Did you mean 16.17.18.0/24?"
    )
    expect(form.get_by_label("Name")).to_have_value("Night build")
    form.get_by_label("Address range").fill("198.51.100.0/29")
    form.get_by_label("Address range").press("Enter")
    expect(page.locator("#toasts")).to_contain_text("'Night build' is watched over from now on.")
    expect(page.locator("#must-work tbody tr", has_text="Night build")).to_contain_text(
        re.compile(r"Partly allowed\s*1 of 8 addresses")
    )
    expect(page.locator(".tested")).to_have_count(1)
    page.get_by_role("button", name="Remove Night build").click()
    expect(page.locator("#toasts")).to_contain_text("Removed 'Night build' (198.51.100.0/29).")
    assert callers(page) == before


def test_troubleshoot_answers_for_a_proxy_and_leads_to_the_tester(page: Page) -> None:
    page.goto(REGISTRY)
    page.get_by_role("navigation", name="Resource menu").get_by_role("link", name="Troubleshoot").click()
    page.get_by_label("Proxy's public address").fill("192.0.2.50")
    page.get_by_role("button", name="Check").click()
    verdict = page.locator(".case [role=status]")
    expect(verdict).to_contain_text("192.0.2.50, because no address range in the list contains it.")
    expect(page.get_by_label("Proxy's public address")).to_have_value("192.0.2.50")
    verdict.get_by_role("link", name="See its path step by step").click()
    expect(page.locator(".steps .decided")).to_contain_text("Address ranges")
    expect(page).to_have_url(re.compile(r"/networking/tester/\?ip=192\.0\.2\.50$"))
