"""What az changes through the ARM API, as the blade shows it: at once, without a reload, and with its history."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.blade import Blade
from tests.browser.chromium import OpenPage, SignIns
from tests.clients.arm import REGISTRY, ArmServer, path_of, running

START = ["16.17.18.0/24", "203.0.113.0/24", "198.51.100.7"]
NOTICED_WITHIN = 17_000  # the page asks every fifteen seconds


@pytest.fixture(scope="module")
def server() -> Iterator[ArmServer]:
    """With the ARM API, which the others' has not."""
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def sign_ins(browser: Browser, server: ArmServer) -> SignIns:
    return SignIns(browser, server.url)


@pytest.fixture(autouse=True)
def demonstration(server: ArmServer) -> None:
    server.reset()


def az_adds(server: ArmServer, *ranges: str) -> None:
    """What `az acr network-rule add` sends: the whole list, and its own name."""
    rules = [{"value": each, "action": "Allow"} for each in (*START, *ranges)]
    body = {"properties": {"networkRuleSet": {"defaultAction": "Deny", "ipRules": rules}}}
    answer = server.ask("PATCH", path_of(), server.token(), body, CommandName="acr network-rule add")
    assert answer.status == 200, answer.body


def test_an_open_blade_says_that_az_changed_it_and_shows_it_when_refreshed(
    open_page: OpenPage, server: ArmServer
) -> None:
    blade = Blade(open_page("contributor"))
    blade.type_range("192.0.2.10")
    az_adds(server, "192.0.2.64/26")
    told = blade.page.locator("#changed-elsewhere")
    expect(told).to_contain_text("demo-pipeline changed these settings", timeout=NOTICED_WITHIN)
    expect(told).to_contain_text("through the ARM API")
    assert blade.ranges() == [*START, "192.0.2.10"]

    blade.page.reload()
    blade.page.wait_for_load_state("networkidle")
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
