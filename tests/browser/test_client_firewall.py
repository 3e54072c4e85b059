"""Document 003 from start to end, as a person does it, with scripts and without; and the import of service tags."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests import service_tags_file as file
from tests.browser.chromium import OpenPage
from tests.browser.server import Server

REGISTRY = "/registries/myregistry/"
RULES = f"{REGISTRY}client-firewall/"
LOGIN = "myregistry.azurecr.localhost"
DATA = "myregistry.eastus.data.azurecr.localhost"


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(request: pytest.FixtureRequest, server: Server, open_page: OpenPage) -> Page:
    server.reset()
    return open_page("owner", javascript=request.param, expected=["422"])


def hosts(page: Page) -> list[str]:
    return page.locator(".hosts tbody code").all_inner_texts()


def choose(page: Page, form: str) -> str:
    page.get_by_label("Format").select_option(label=form)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name=f"For your firewall: {form}")).to_be_visible()
    return page.locator("#rules-text").inner_text()


def test_document_003_from_start_to_end(page: Page) -> None:
    page.goto(REGISTRY)
    page.get_by_role("navigation", name="Resource menu").get_by_role("link", name="Client firewall rules").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Client firewall rules")
    # About registry endpoints, and allow access to them.
    assert hosts(page) == [LOGIN, "azurecr.localhost", "*.blob.core.windows.net"]
    expect(page.locator(".msg.warn").first).to_contain_text("Clients must allow *.blob.core.windows.net")
    # Allow access by service tag, in all regions and in one.
    assert "--destination-address-prefixes AzureContainerRegistry\n" in choose(
        page, "Azure network security group (az)"
    )
    page.get_by_label("Region").select_option(label="East US")
    assert "--destination-address-prefixes AzureContainerRegistry.EastUS\n" in choose(
        page, "Azure network security group (az)"
    )
    # Allow access by IP address range.
    page.get_by_label("Address prefixes").check()
    assert "13.66.140.72/29" in choose(page, "Plain list").splitlines()
    # Configure client firewall rules for MCR.
    page.get_by_label("Microsoft's own images (MCR)").check()
    assert "acl container_registry dstdomain .data.mcr.microsoft.com" in choose(page, "Squid ACL")
    assert hosts(page)[-2:] == ["mcr.microsoft.com", "*.data.mcr.microsoft.com"]
    # Enable dedicated data endpoints: the new names first, then the switch; the login URL stays.
    page.goto(RULES)
    expect(page.locator("dl.kv div", has_text="Before you turn them on, allow")).to_contain_text(DATA)
    page.get_by_role("link", name="Networking", exact=True).last.click()
    page.get_by_label("Enable dedicated data endpoint").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Networking updated")
    page.goto(RULES)
    assert hosts(page) == [LOGIN, "azurecr.localhost", DATA]
    expect(page.locator(".msg.ok")).to_contain_text("no wildcard for blob storage is needed")


def test_the_rules_are_downloaded_as_they_are_shown(page: Page) -> None:
    page.goto(RULES)
    page.get_by_label("Address prefixes").check()
    shown = choose(page, "JSON")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download", exact=True).click()
    assert download.value.suggested_filename == "myregistry-endpoints.json"
    assert json.loads(Path(download.value.path()).read_text()) == json.loads(shown)


def test_copying_says_what_was_copied(server: Server, open_page: OpenPage) -> None:
    page = open_page("reader")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(RULES)
    page.get_by_role("button", name="Copy host names").click()
    expect(page.locator("#announce")).to_contain_text(f"Copied {LOGIN}")
    assert page.evaluate("navigator.clipboard.readText()").splitlines() == hosts(page)
    page.get_by_role("button", name="Copy the rules").click()
    expect(page.locator("#announce")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").splitlines() == hosts(page)


def test_service_tags_are_imported_compared_and_searched(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "ServiceTags_Public_21261118.json"
    path.write_bytes(file.written(file.real_size(services=8), indent=9))
    page.goto(RULES)
    page.get_by_role("link", name="Service tags").first.click()
    expect(page.locator("dl.kv").first).to_contain_text("ServiceTags_Public_sample.json")
    page.get_by_label("File of service tags").set_input_files(path)
    page.get_by_role("button", name="Import").click()
    expect(page.locator("#toasts")).to_contain_text("Service tags imported", timeout=30_000)
    expect(page.locator("dl.kv").first).to_contain_text("392 tags, 13,440 address prefixes")
    expect(page.get_by_role("heading", name="What the last import changed")).to_be_visible()
    page.get_by_label("An IPv4 or IPv6 address, or a part of a tag's name").fill("13.64.0.5")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("region", name="Tags that hold the address")).to_contain_text("AzureContainerRegistry")
    page.get_by_role("link", name="AzureContainerRegistry", exact=True).first.click()
    expect(page.get_by_role("heading", name="Address prefixes of AzureContainerRegistry")).to_be_visible()


def test_a_broken_file_leaves_the_last_import_and_says_why(page: Page) -> None:
    page.goto("/service-tags/")
    page.get_by_label("File of service tags").set_input_files(
        {"name": "ServiceTags_Public.json", "mimeType": "application/json", "buffer": b'{"changeNumber": 85, '}
    )
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("alert")).to_contain_text(
        re.compile("The file ends in the middle, after 21 bytes.*stays in place")
    )
    expect(page.locator("dl.kv").first).to_contain_text("ServiceTags_Public_sample.json")


def test_while_the_file_is_on_its_way_the_page_says_so(server: Server, open_page: OpenPage) -> None:
    """The form is held back, as by a slow line; the open page asks how far it is, and ends when the answer comes."""
    server.reset()
    page = open_page("owner", expected=["422"])
    page.goto("/service-tags/")
    page.get_by_label("File of service tags").set_input_files(
        {"name": "ServiceTags_Public.json", "mimeType": "application/json", "buffer": file.written(file.small())}
    )
    held: list[Route] = []
    page.route("**/service-tags/import/", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if "sending=1" in request.url else None)
    page.get_by_role("button", name="Import").click(no_wait_after=True)
    # Asked again, so what came first said that the file is on its way. Playwright reads no page that is going.
    with page.expect_event("request", lambda request: len(asked) == 2):
        pass
    held[0].continue_()
    expect(page.locator("#toasts")).to_contain_text("Service tags imported")
    expect(page.locator("#import-status progress")).to_have_count(0)
