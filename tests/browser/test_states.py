"""States of the page that a person meets seldom, and must understand at once."""

import pytest
from playwright.sync_api import expect

from tests.browser.blade import URL, Blade
from tests.browser.chromium import OpenPage, settled
from tests.browser.server import Server


@pytest.fixture(autouse=True)
def demonstration(server: Server) -> None:
    server.reset()


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        pytest.param("10.0.0.5", "10.0.0.5 is a private address, so it can't be a rule.", id="private"),
        pytest.param("2001:db8::7", "2001:db8::7 is an IPv6 address, and IP rules take IPv4 only.", id="IPv6"),
    ],
)
def test_an_address_that_can_be_no_rule_is_explained_and_not_offered(
    open_page: OpenPage, address: str, sentence: str
) -> None:
    page = open_page("owner")
    page.goto("/demonstration/")
    page.get_by_label("Simulated address").fill(address)
    page.get_by_role("button", name="Use this address").click()
    page.goto(URL)
    expect(page.get_by_label(f"Add your client IP address ('{address}')")).to_be_disabled()
    expect(page.get_by_text(sentence)).to_be_visible()
    expect(page.locator("#access-you")).to_contain_text("No address range matches")


def test_a_tier_without_network_rules_is_read_only_and_leads_to_the_tiers(open_page: OpenPage) -> None:
    page = open_page("contributor")
    page.goto("/registries/contosoteam/networking/")
    expect(page.get_by_text("need the Premium tier; 'contosoteam' is Standard")).to_be_visible()
    expect(page.get_by_label("All networks")).to_be_checked()
    for choice in ("Selected networks", "Disabled"):
        expect(page.get_by_label(choice)).to_be_disabled()
    expect(page.get_by_role("button", name="Save", exact=True)).to_have_count(0)
    page.get_by_role("link", name="Change the tier").click()
    page.wait_for_url("**/registries/contosoteam/tier/")


@pytest.mark.parametrize(
    ("status", "content_type", "body", "told"),
    [
        pytest.param(
            403,
            "text/plain; charset=utf-8",
            "Changing a registry needs the Contributor or Owner role. Ask an Owner of this console.",
            "Changing a registry needs the Contributor or Owner role.",
            id="403",
        ),
        pytest.param(500, "text/html", "<h1>Something</h1>", "The console can't reach the server.", id="500"),
        pytest.param(502, "text/html", "<h1>Bad gateway</h1>", "The console can't reach the server.", id="proxy"),
    ],
)
def test_a_save_that_fails_keeps_every_edit_and_says_why(
    open_page: OpenPage, status: int, content_type: str, body: str, told: str
) -> None:
    blade = Blade(open_page("contributor", expected=[str(status)]))
    blade.type_range("192.0.2.10")
    blade.evaluated()
    blade.page.route("**/networking/", lambda route: route.fulfill(status=status, content_type=content_type, body=body))
    blade.save.click()
    toast = blade.page.locator("#toasts .toast.err")
    expect(toast).to_contain_text(told)
    expect(toast).to_contain_text("Your edits are still here.")
    assert "192.0.2.10" in blade.ranges()
    expect(blade.pending).to_have_text("1 unsaved change")


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_a_theme_is_chosen_once_and_kept(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("reader", javascript=javascript, scheme="light")
    page.goto(URL)
    page.get_by_role("button", name="Appearance").click()
    page.get_by_label("Dark").check()
    if not javascript:
        page.get_by_role("button", name="Apply").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    settled(page)
    page.goto("/registries/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") == "rgb(27, 26, 25)"


def test_the_list_of_registries_is_exported_as_it_is_filtered(open_page: OpenPage) -> None:
    page = open_page("reader")
    page.goto("/registries/?tier=Basic")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export to CSV").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("contosolab,")
