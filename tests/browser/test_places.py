"""Documents 000 and 003 in Chromium: service endpoints, regions, and data endpoints before they are switched."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.blade import Blade
from tests.browser.chromium import OpenPage, axe
from tests.browser.server import Server

ARCHIVE = "/registries/contosoarchive/networking/"


@pytest.fixture(autouse=True)
def demonstration(server: Server) -> None:
    server.reset()


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(request: pytest.FixtureRequest, open_page: OpenPage) -> Page:
    return open_page("contributor", javascript=request.param)


def toast(page: Page, text: str) -> None:
    expect(page.locator("#toasts .toast").last).to_contain_text(text)


def test_document_000_a_subnet_gets_its_service_endpoint(page: Page) -> None:
    page.goto("/registries/")
    page.get_by_role("link", name="Virtual networks").click()
    page.get_by_role("link", name="myDockerVMVNET").click()
    expect(page.get_by_role("region", name="List of subnets")).to_contain_text("10.0.0.0/24")
    page.get_by_role("button", name="Switch on the service endpoint of myDockerVMSubnet").click()
    toast(page, "The service endpoint of 'myDockerVMSubnet' is on now.")
    page.get_by_text("Resource ID and commands of myDockerVMSubnet").click()
    expect(page.locator(".subnet-commands").first).to_contain_text("az acr network-rule add --name <registry> --subnet")
    page.get_by_role("button", name="Switch off the service endpoint of myDockerVMSubnet").click()
    toast(page, "Rules of contosoarchive still name the subnet")


def test_a_network_and_a_subnet_are_made_and_deleted(page: Page, open_page: OpenPage) -> None:
    page.goto("/virtual-networks/")
    page.get_by_role("link", name="Create", exact=True).click()
    page.get_by_label("Name", exact=True).fill("buildVNET")
    page.get_by_label("Service endpoint for Microsoft.ContainerRegistry").check()
    page.get_by_role("button", name="Create", exact=True).click()
    toast(page, "Created 'buildVNET'.")
    page.get_by_label("Subnet name").fill("agents")
    page.get_by_label("Subnet prefix").fill("10.0.1.0/24")
    page.get_by_role("button", name="Add", exact=True).click()
    toast(page, "Added the subnet 'agents' to 'buildVNET'.")
    expect(page.get_by_role("button", name="Delete agents")).to_have_count(0)  # only an Owner deletes
    owners = open_page("owner")
    owners.goto(page.url)
    owners.get_by_role("button", name="Delete agents").click()
    toast(owners, "Deleted the subnet 'agents' of 'buildVNET'.")
    owners.get_by_text("Delete 'buildVNET' with its subnets").click()
    owners.get_by_role("button", name="Delete virtual network").click()
    toast(owners, "Deleted 'buildVNET' with its subnets.")
    expect(owners.get_by_role("link", name="buildVNET")).to_have_count(0)


def test_a_service_endpoint_rule_is_removed_with_save(page: Page) -> None:
    page.goto(ARCHIVE)
    section = page.get_by_role("region", name="Service endpoints")
    expect(section).to_contain_text("There is no such subnet any more")
    expect(section).to_contain_text("It has no service endpoint for Microsoft.ContainerRegistry any more")
    page.get_by_label("Remove contosoBuildVNET / agents on save").check()
    page.get_by_role("button", name="Save", exact=True).click()
    toast(page, "Saved to 'contosoarchive'.")
    page.goto(ARCHIVE)
    expect(page.get_by_label("Remove contosoBuildVNET / agents on save")).to_have_count(0)
    expect(page.get_by_label("Remove myDockerVMVNET / myDockerVMSubnet on save")).not_to_be_checked()


def test_who_else_reaches_the_public_endpoint_is_said_as_long_as_it_is_true(page: Page) -> None:
    subnets, services = "and the subnets of virtual network rules", "and trusted services while the exception is on"
    said, trusted = page.locator(".eff-selected"), page.get_by_label("Allow trusted Microsoft services")
    page.goto(ARCHIVE)
    page.get_by_label("Selected networks").check()
    trusted.check()
    expect(said).to_contain_text(subnets, use_inner_text=True)
    expect(said).not_to_contain_text(services, use_inner_text=True)  # the exception doesn't apply beside such rules
    for box in page.locator("[name=remove_subnet]").all():
        box.check()
    expect(said).not_to_contain_text(subnets, use_inner_text=True)
    expect(said).to_contain_text(services, use_inner_text=True)
    trusted.uncheck()
    expect(said).to_have_text(
        "Only the address ranges below can reach the public endpoint. Everyone else gets 403 Forbidden.",
        use_inner_text=True,
    )


def test_a_reader_is_told_of_the_subnets_too(open_page: OpenPage) -> None:
    page = open_page("reader")
    page.goto(ARCHIVE)
    expect(page.locator(".eff:visible")).to_contain_text("public endpoint", use_inner_text=True)
    expect(page.locator(".eff-subnets").first).to_have_css("display", "inline")


def test_ticking_and_unticking_it_is_an_unsaved_change_and_none(open_page: OpenPage) -> None:
    blade = Blade(open_page("contributor"), ARCHIVE)
    box = blade.page.get_by_label("Remove contosoBuildVNET / agents on save")
    assert not blade.is_dirty()
    box.check()
    expect(blade.pending).to_have_text("1 unsaved change")
    assert blade.is_dirty()
    blade.evaluated()
    expect(box).to_be_focused()
    blade.page.get_by_label("Remove myDockerVMVNET / myDockerVMSubnet on save").check()
    blade.evaluated()
    expect(blade.page.locator("#subnet-notes")).to_be_empty()
    box.uncheck()
    blade.page.get_by_label("Remove myDockerVMVNET / myDockerVMSubnet on save").uncheck()
    expect(blade.pending).to_have_text("")
    assert not blade.is_dirty()
    box.check()
    blade.page.get_by_role("button", name="Discard").click()
    expect(box).not_to_be_checked()
    blade.page.get_by_role("button", name="Undo", exact=True).click()
    expect(box).to_be_checked()
    expect(blade.pending).to_have_text("1 unsaved change")


def test_document_003_what_firewalls_need_is_listed_before_the_switch(page: Page) -> None:
    page.goto("/registries/myregistry/networking/")
    page.get_by_role("link", name="Configure").click()
    page.get_by_label("Region", exact=True).select_option(label="West US")
    page.get_by_role("button", name="Add", exact=True).click()
    toast(page, "'myregistry' is replicated to West US.")
    page.goto("/registries/myregistry/networking/")
    warning = page.locator(".dde-warn")
    expect(warning).to_be_hidden()
    page.get_by_label("Enable dedicated data endpoint").check()
    expect(warning).to_be_visible()
    expect(warning).to_contain_text(re.compile(r"myregistry\.eastus\.data\.\S+, myregistry\.westus\.data\.\S+\s+first"))
    page.goto("/registries/myregistry/networking/data-endpoints/")
    steps = page.get_by_role("region", name="To switch them on without a failed pull").get_by_role("listitem")
    expect(steps.first).to_contain_text(re.compile("eastus.*westus", re.DOTALL))
    page.goto("/registries/myregistry/networking/")
    page.get_by_label("Enable dedicated data endpoint").check()
    page.get_by_role("button", name="Save", exact=True).click()
    toast(page, "Saved to 'myregistry'.")
    page.goto("/registries/myregistry/networking/")
    rows = page.locator(".endpoints tbody tr")
    expect(rows).to_contain_text(["East US", "West US"])
    page.get_by_label("Enable dedicated data endpoint").uncheck()
    expect(page.locator(".dde-gone")).to_be_visible()
    expect(page.locator(".dde-gone")).to_contain_text("Their firewalls must allow *.blob.core.windows.net first.")


def test_regions_come_and_go_and_the_log_tells(page: Page) -> None:
    page.goto("/registries/mycontainerregistry/replications/")
    page.get_by_label("Region", exact=True).select_option(label="North Europe")
    page.get_by_role("button", name="Add", exact=True).click()
    toast(page, "Client firewalls have to allow mycontainerregistry.northeurope.data.")
    page.get_by_role("button", name="Remove North Europe").click()
    expect(page.locator(".decide .msg li")).to_contain_text("mycontainerregistry.northeurope.data.")
    page.get_by_role("button", name="Remove", exact=True).click()
    toast(page, "'mycontainerregistry' isn't replicated to North Europe any more.")
    page.goto("/registries/mycontainerregistry/activity/")
    expect(page.locator(".log")).to_contain_text("Delete replication")


def test_axe_has_nothing_against_several_regions(open_page: OpenPage) -> None:
    page = open_page("contributor", width=390, height=2800)
    for region in ("West US", "North Europe"):
        page.goto("/registries/mycontainerregistry/replications/")
        page.get_by_label("Region", exact=True).select_option(label=region)
        page.get_by_role("button", name="Add", exact=True).click()
    removing = "replications/?op=remove&region=northeurope"
    for address in ("replications/", removing, "networking/data-endpoints/", "networking/"):
        page.goto(f"/registries/mycontainerregistry/{address}")
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
