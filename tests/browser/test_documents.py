"""The portal steps of the documents, step by step with their labels, with scripts and without."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import OpenPage
from tests.browser.server import Server


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(request: pytest.FixtureRequest, server: Server, open_page: OpenPage) -> Page:
    server.reset()
    return open_page("contributor", javascript=request.param)


def open_networking(page: Page, registry: str) -> None:
    """Navigate to your container registry; under Settings, select Networking; the Public access tab."""
    page.goto("/registries/")
    page.get_by_role("link", name=registry, exact=True).click()
    page.get_by_role("navigation", name="Resource menu").get_by_role("link", name="Networking", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Networking")
    tabs = page.get_by_role("navigation", name="Networking views")
    expect(tabs.get_by_role("link", name="Public access")).to_have_attribute("aria-current", "page")


def save(page: Page, registry: str, *, warned: str = "") -> None:
    """Select Save; where that shuts the person at the page out, the button that answers the warning."""
    page.get_by_role("button", name="Save", exact=True).click()
    if warned:
        page.get_by_role("button", name=warned, exact=True).click()
    expect(page.locator("#toasts")).to_contain_text(f"Saved to '{registry}'.")


def saved_ranges(page: Page, registry: str) -> list[str]:
    """What the registry holds, read anew."""
    page.goto(f"/registries/{registry}/networking/")
    values: list[str] = page.eval_on_selector_all("#rules [name=range]", "inputs => inputs.map(i => i.value)")
    return [value for value in values if value]


def chosen(page: Page) -> str:
    return page.locator("input[name=public_access]:checked").locator("xpath=..").inner_text().strip()


def test_document_001_selected_networks_with_an_address_and_a_range(page: Page) -> None:
    open_networking(page, "myregistry")
    page.get_by_label("Selected networks").check()
    expect(page.get_by_role("heading", name="Firewall", exact=True)).to_be_visible()
    page.get_by_placeholder("IP address or CIDR").last.fill("16.17.18.19")
    page.get_by_placeholder("IP address or CIDR").last.press("Enter")
    page.get_by_placeholder("IP address or CIDR").last.fill("16.17.20.0/24")
    save(page, "myregistry", warned="Save anyway")
    assert saved_ranges(page, "myregistry") == ["16.17.18.19", "16.17.20.0/24"]
    assert chosen(page) == "Selected networks"


def test_document_001_the_client_address_appears_by_itself(page: Page) -> None:
    open_networking(page, "myregistry")
    page.get_by_label("Selected networks").check()
    page.get_by_label("Add your client IP address ('203.0.113.24')").check()
    save(page, "myregistry")
    assert saved_ranges(page, "myregistry") == ["203.0.113.24"]


@pytest.mark.parametrize("document", ["001", "002"])
def test_documents_001_and_002_disable_public_access(page: Page, document: str) -> None:
    open_networking(page, "mycontainerregistry")
    page.get_by_label("Disabled").check()
    save(page, "mycontainerregistry", warned="Disable public access")
    assert saved_ranges(page, "mycontainerregistry") == ["16.17.18.0/24", "203.0.113.0/24", "198.51.100.7"]
    assert chosen(page) == "Disabled"


def test_document_001_restores_the_default_by_deleting_every_range(page: Page) -> None:
    open_networking(page, "mycontainerregistry")
    for text in ("16.17.18.0/24", "203.0.113.0/24", "198.51.100.7"):
        page.get_by_role("button", name=f"Delete {text}", exact=True).click()
        expect(page.get_by_role("button", name=f"Undo delete of {text}", exact=True)).to_be_visible()
    page.get_by_label("All networks").check()
    save(page, "mycontainerregistry")
    assert saved_ranges(page, "mycontainerregistry") == []
    assert chosen(page) == "All networks"


def test_document_002_enables_the_public_endpoint_again(page: Page) -> None:
    open_networking(page, "mycontainerregistry")
    page.get_by_label("Disabled").check()
    save(page, "mycontainerregistry", warned="Disable public access")
    open_networking(page, "mycontainerregistry")
    page.get_by_label("All networks").check()
    save(page, "mycontainerregistry")
    page.reload()
    assert chosen(page) == "All networks"
    expect(page.locator("#access-note")).to_contain_text("3 address ranges are kept")


def test_document_004_trusted_services_off_and_on(page: Page) -> None:
    exception = "Allow trusted Microsoft services to access this container registry"
    open_networking(page, "myregistry")
    expect(page.get_by_label(exception)).to_be_hidden()
    page.get_by_label("Selected networks").check()
    expect(page.get_by_role("heading", name="Firewall exception")).to_be_visible()
    expect(page.get_by_label(exception)).to_be_checked()
    page.get_by_label(exception).uncheck()
    save(page, "myregistry", warned="Save anyway")
    open_networking(page, "myregistry")
    expect(page.get_by_label(exception)).not_to_be_checked()
    page.get_by_label("Disabled").check()
    page.get_by_label(exception).check()
    save(page, "myregistry")
    open_networking(page, "myregistry")
    expect(page.get_by_label(exception)).to_be_checked()


def test_document_003_dedicated_data_endpoints_are_turned_on(page: Page) -> None:
    open_networking(page, "myregistry")
    page.get_by_label("Enable dedicated data endpoint").check()
    expect(page.locator(".dde-warn")).to_contain_text("Before you save: clients that only allow")
    expect(page.locator(".dde-warn")).to_be_visible()
    save(page, "myregistry")
    open_networking(page, "myregistry")
    expect(page.get_by_label("Enable dedicated data endpoint")).to_be_checked()
    expect(page.get_by_role("cell").get_by_text("myregistry.eastus.data.azurecr.localhost")).to_be_visible()
