"""What az changes through the ARM API, as the blade shows it: at once, without a reload, and with its history. Document
000, whose portal can't do what az does, from start to end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.blade import ASKS_EVERY, Blade
from tests.browser.chromium import OpenPage, SignIns, settled
from tests.clients.arm import DEMONSTRATION, GROUP, REGISTRY, ArmServer, path_of, running

START = ["16.17.18.0/24", "203.0.113.0/24", "198.51.100.7"]
NETWORK = f"{DEMONSTRATION}/resourceGroups/{GROUP}/providers/Microsoft.Network/virtualNetworks/myDockerVMVNET"
SUBNET = f"{NETWORK}/subnets/myDockerVMSubnet"
ARCHIVE = path_of("contosoarchive", "contoso-production")
EXCEPTION = "Allow trusted Microsoft services to access this container registry"
TASKS = "Allow ACR Tasks with a system-assigned identity to bypass network rules"


@pytest.fixture(scope="module")
def server() -> Iterator[ArmServer]:
    """With the ARM API, which the others' has not."""
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def sign_ins(browser: Browser, server: ArmServer) -> SignIns:
    """Who has signed in before `remember` stays so through every reset."""
    signed_in = SignIns(browser, server.url)
    for role in ("contributor", "reader"):
        signed_in.state(role)
    server.remember()
    return signed_in


@pytest.fixture(autouse=True)
def demonstration(server: ArmServer) -> None:
    server.reset()


def az_changes(server: ArmServer, command: str, properties: dict[str, Any], registry: str = REGISTRY) -> None:
    """What that az command sends, with its own name."""
    place = ARCHIVE if ARCHIVE.endswith(registry) else path_of(registry)
    answer = server.ask("PATCH", place, server.token(), {"properties": properties}, CommandName=command)
    assert answer.status == 200, answer.body


def az_adds(server: ArmServer, *ranges: str) -> None:
    """What `az acr network-rule add` sends: the whole list."""
    rules = [{"value": each, "action": "Allow"} for each in (*START, *ranges)]
    az_changes(server, "acr network-rule add", {"networkRuleSet": {"defaultAction": "Deny", "ipRules": rules}})


def switch_on(server: ArmServer) -> None:
    """What `az network vnet subnet update --service-endpoints` does: the subnet read, and put back with it."""
    token = server.token()
    subnet = server.ask("GET", SUBNET, token).json
    subnet["properties"]["serviceEndpoints"] = [{"service": "Microsoft.ContainerRegistry"}]
    assert server.ask("PUT", SUBNET, token, subnet, CommandName="network vnet subnet update").status == 200


def test_an_open_blade_says_that_az_changed_it_and_shows_it_when_refreshed(
    open_page: OpenPage, server: ArmServer
) -> None:
    blade = Blade(open_page("contributor"), clock=True)
    blade.type_range("192.0.2.10")
    az_adds(server, "192.0.2.64/26")
    blade.page.clock.fast_forward(ASKS_EVERY)
    told = blade.page.locator("#changed-elsewhere")
    expect(told).to_contain_text("demo-pipeline changed these settings")
    expect(told).to_contain_text("through the ARM API")
    assert blade.ranges() == [*START, "192.0.2.10"]

    blade.page.reload()
    settled(blade.page)
    assert blade.ranges() == [*START, "192.0.2.64/26"]
    expect(blade.page.locator("#changed-elsewhere")).to_be_empty()


def test_a_save_over_what_az_changed_is_compared_first(open_page: OpenPage, server: ArmServer) -> None:
    blade = Blade(open_page("contributor", expected=["409"]))
    blade.type_range("192.0.2.10")
    az_adds(server, "192.0.2.64/26")
    blade.save.click()
    expect(blade.page.locator("#error-summary")).to_contain_text("demo-pipeline changed these settings")
    assert server.ranges() == [*START, "192.0.2.64/26"]


def test_the_activity_log_names_the_principal_the_door_and_the_command(open_page: OpenPage, server: ArmServer) -> None:
    az_adds(server, "192.0.2.64/26")
    page = open_page("reader")
    page.goto(f"/registries/{REGISTRY}/activity/")
    newest = page.locator(".log tbody tr").first
    for part in ("demo-pipeline", "ARM API", "az acr network-rule add"):
        expect(newest).to_contain_text(part)
    newest.locator("summary").click()
    expect(newest.locator(".delta li").first).to_have_text("+ 192.0.2.64/26 added to address ranges")


def test_what_the_blade_saves_is_what_az_reads(open_page: OpenPage, server: ArmServer) -> None:
    token = server.token()
    before = server.ask("GET", path_of(), token)
    blade = Blade(open_page("contributor"))
    blade.type_range("192.0.2.10")
    blade.saved()
    after = server.ask("GET", path_of(), token)
    rules = after.json["properties"]["networkRuleSet"]["ipRules"]
    assert [rule["value"] for rule in rules] == [*START, "192.0.2.10"]
    stale = server.ask("PATCH", path_of(), token, {"tags": {}}, **{"If-Match": before.headers["ETag"]})
    assert stale.status == 412


# Each kind of change, and where the blade shows it


@dataclass(frozen=True)
class Shown:
    """A change of az, and what shows it on a page that is opened then."""

    properties: dict[str, Any]
    seen: Callable[[Page], None]
    registry: str = REGISTRY
    before: Callable[[ArmServer], None] | None = None


def is_chosen(label: str) -> Callable[[Page], None]:
    return lambda page: expect(page.get_by_label(label, exact=True)).to_be_checked()


def is_not_chosen(label: str) -> Callable[[Page], None]:
    return lambda page: expect(page.get_by_label(label, exact=True)).not_to_be_checked()


def shows_the_range(page: Page) -> None:
    expect(page.get_by_label("Address range 1", exact=True)).to_have_value("192.0.2.64/26")
    expect(page.locator("#rule-count")).to_contain_text("1 of 100")


def shows_no_range(page: Page) -> None:
    expect(page.locator("#rules .rule:not(.blank)")).to_have_count(0)


def shows_the_subnet(page: Page) -> None:
    section = page.get_by_role("region", name="Service endpoints")
    expect(section.get_by_role("row", name="myDockerVMVNET / myDockerVMSubnet")).to_be_visible()


def shows_data_endpoints(page: Page) -> None:
    is_chosen("Enable dedicated data endpoint")(page)
    expect(page.locator(".endpoints tbody tr")).to_contain_text(["myregistry.eastus.data.azurecr.localhost"])


def rules(**lists: list[dict[str, str]]) -> dict[str, Any]:
    return {"networkRuleSet": {"defaultAction": "Deny", **lists}}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(Shown(rules(), is_chosen("Selected networks"), "myregistry"), id="default action, Deny"),
        pytest.param(
            Shown({"networkRuleSet": {"defaultAction": "Allow"}}, is_chosen("All networks")), id="default action, Allow"
        ),
        pytest.param(Shown({"publicNetworkAccess": "Disabled"}, is_chosen("Disabled")), id="public access, off"),
        pytest.param(
            Shown({"publicNetworkAccess": "Enabled"}, is_chosen("Selected networks"), "contosoarchive"),
            id="public access, on",
        ),
        pytest.param(Shown({"networkRuleBypassOptions": "None"}, is_not_chosen(EXCEPTION)), id="trusted services"),
        pytest.param(Shown({"networkRuleBypassAllowedForTasks": True}, is_chosen(TASKS)), id="tasks"),
        pytest.param(Shown({"dataEndpointEnabled": True}, shows_data_endpoints, "myregistry"), id="data endpoint"),
        pytest.param(Shown(rules(ipRules=[{"value": "192.0.2.64/26"}]), shows_the_range), id="address range"),
        pytest.param(Shown(rules(ipRules=[]), shows_no_range), id="address ranges removed"),
        pytest.param(
            Shown(rules(virtualNetworkRules=[{"id": SUBNET}]), shows_the_subnet, before=switch_on), id="subnet"
        ),
    ],
)
def test_the_blade_shows_each_change(open_page: OpenPage, server: ArmServer, change: Shown) -> None:
    if change.before:
        change.before(server)
    az_changes(server, "acr update", change.properties, change.registry)
    page = open_page("contributor")
    page.goto(f"/registries/{change.registry}/networking/")
    change.seen(page)


@pytest.mark.parametrize("status", ["Approved", "Rejected"])
def test_the_blade_shows_what_was_said_of_a_connection(open_page: OpenPage, server: ArmServer, status: str) -> None:
    token, connections = server.token(), f"{ARCHIVE}/privateEndpointConnections"
    waiting = next(
        each
        for each in server.ask("GET", connections, token).json["value"]
        if each["properties"]["privateLinkServiceConnectionState"]["status"] == "Pending"
    )
    said = {**waiting["properties"], "privateLinkServiceConnectionState": {"status": status, "description": "By az"}}
    answer = server.ask("PUT", f"{connections}/{waiting['name']}", token, {"properties": said})
    assert answer.status == 201, answer.body
    page = open_page("contributor")
    page.goto("/registries/contosoarchive/networking/private/")
    row = page.locator(".connections tbody tr", has_text="archive-reports")
    expect(row.locator(".status")).to_have_text(status)
    expect(row).to_contain_text("By az")


# Document 000


def test_document_000_from_the_service_endpoint_to_the_rule_and_back(open_page: OpenPage, server: ArmServer) -> None:
    """By the API, as the document does where the portal can't, and shown in the blade."""
    page = open_page("contributor")
    page.goto("/virtual-networks/")
    page.get_by_role("link", name="myDockerVMVNET").click()
    page.get_by_role("button", name="Switch on the service endpoint of myDockerVMSubnet").click()
    expect(page.locator("#toasts .toast").last).to_contain_text("The service endpoint of 'myDockerVMSubnet' is on now.")
    az_changes(server, "acr update", rules(), "myregistry")
    az_changes(server, "acr network-rule add", rules(virtualNetworkRules=[{"id": SUBNET}]), "myregistry")

    blade = Blade(page, "/registries/myregistry/networking/")
    is_chosen("Selected networks")(page)
    section = page.get_by_role("region", name="Service endpoints")
    for text in (
        "Azure's own portal doesn't show these rules.",
        "service endpoints for registries aren't developed further",
        "Only virtual machines and AKS clusters in such a subnet are let in.",
        "the firewall exception lets no trusted service pass",
    ):
        expect(section).to_contain_text(text)
    expect(section).not_to_contain_text("any more,")  # the rule names a subnet that is as it should be
    assert asked(page, "A machine in a subnet", "Subnet", SUBNET).startswith("Allowed.")
    assert asked(page, "A machine in a subnet", "Subnet", f"{NETWORK}/subnets/other").startswith("Denied – 403")
    assert asked(page, "An address", "Source address", "192.0.2.50").startswith("Denied – 403 Forbidden.")
    expect(page.locator(".tested")).to_contain_text("failed with status: 403 Forbidden")

    blade.open()
    page.get_by_label("Remove myDockerVMVNET / myDockerVMSubnet on save").check()
    blade.saved()
    assert asked(page, "A machine in a subnet", "Subnet", SUBNET).startswith("Denied – 403 Forbidden.")
    blade.open()
    page.get_by_label("All networks").check()
    blade.saved()
    assert asked(page, "An address", "Source address", "192.0.2.50").startswith("Allowed.")
    stored = server.policy("myregistry")["networkRuleSet"]
    assert (stored["defaultAction"], stored["virtualNetworkRules"]) == ("Allow", [])

    page.goto("/registries/myregistry/activity/")
    told = page.locator(".log tbody tr").filter(has=page.locator("summary"))
    for number, command in ((2, "az acr network-rule add"), (3, "az acr update")):
        for text in ("demo-pipeline", "ARM API", command):
            expect(told.nth(number)).to_contain_text(text)
    expect(told.nth(1)).to_contain_text(f"{SUBNET} removed from virtual network rules")


def asked(page: Page, caller: str, field: str, value: str) -> str:
    """What the connection tester of myregistry answers."""
    page.goto("/registries/myregistry/networking/tester/")
    page.get_by_label("Caller", exact=True).select_option(label=caller)
    if field != "Source address":
        page.get_by_label("Source address").fill("")
    page.get_by_label(field, exact=True).fill(value)
    page.get_by_role("button", name="Run test").click()
    return page.locator(".tested [role=status]").inner_text()
