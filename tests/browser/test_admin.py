"""Working in the admin as an administrator would, under the policy that allows nothing inline."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import OpenPage, settled, sign_in
from tests.browser.server import Server

REGISTRIES = "/admin/registries/registry/"
SETTINGS = "/admin/networking/endpointsettings/"
RULES = "/admin/networking/firewallrule/"
BLADE = "/registries/mycontainerregistry/networking/"
WITH_SCRIPTS = [pytest.param(True, id="with scripts"), pytest.param(False, id="without scripts")]


@pytest.fixture(autouse=True)
def demonstration(server: Server) -> None:
    server.reset()


def find(page: Page, address: str, text: str) -> None:
    page.goto(address)
    page.locator("#searchbar").fill(text)
    page.locator("#searchbar").press("Enter")


def open_settings(page: Page, name: str) -> None:
    """By search, and the link of its line."""
    find(page, REGISTRIES, name)
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.locator("#result_list .field-networking a").click()
    expect(page.locator("#content")).to_contain_text(f"Endpoint settings of {name}")


def ranges(page: Page) -> list[str]:
    page.goto(BLADE)
    values: list[str] = page.eval_on_selector_all("#rules [name=range]", "inputs => inputs.map(input => input.value)")
    return [value for value in values if value]


def changes(page: Page) -> int:
    """How many change records there are."""
    page.goto("/admin/registries/change/")
    counted = re.search(r"(\d+) changes", page.locator(".paginator").inner_text())
    assert counted is not None
    return int(counted[1])


@pytest.mark.parametrize("javascript", WITH_SCRIPTS)
def test_rules_are_added_and_deleted_inline_as_one_change(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("contributor", javascript=javascript)
    page.goto("/registries/")
    page.goto("/admin/")
    page.get_by_role("link", name="Registries", exact=True).first.click()
    open_settings(page, "mycontainerregistry")
    if javascript:
        page.get_by_text("Add another Address range").click()
        page.locator("#id_rules-5-range").fill("192.0.2.11")
    page.locator("#id_rules-3-range").fill("192.0.2.10")
    page.locator("#id_rules-3-name").fill("Build agent")
    page.locator("#id_rules-4-range").fill("198.51.100.64/27")
    page.locator("#id_rules-0-DELETE").check()
    page.get_by_label("Comment").fill("Moved the office")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_contain_text("was changed successfully")
    added = ["192.0.2.10", "198.51.100.64/27", *(["192.0.2.11"] if javascript else [])]
    page.goto("/admin/registries/change/")
    newest = page.locator("#result_list tbody tr").first
    expect(newest).to_contain_text("Update networking")
    expect(newest).to_contain_text("bo@example.org")
    expect(newest.locator(".field-door_")).to_have_text("Admin")
    expect(newest.locator(".field-comment")).to_have_text("Moved the office")
    newest.get_by_role("link").first.click()
    expect(page.locator(".field-became pre")).to_contain_text("Build agent")
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    assert ranges(page) == ["203.0.113.0/24", "198.51.100.7", *added]
    page.goto("/activity/")
    expect(page.locator("main")).to_contain_text("Moved the office")


def test_a_mistake_is_told_beside_its_row_and_nothing_is_saved(open_page: OpenPage) -> None:
    page = open_page("contributor")
    open_settings(page, "mycontainerregistry")
    page.locator("#id_rules-3-range").fill("10.0.0.0/8")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#rules-3 .errorlist, .row-form-errors")).to_contain_text("10.0.0.0/8 is a private range")
    expect(page.locator("#id_rules-3-range")).to_have_value("10.0.0.0/8")
    assert len(ranges(page)) == 3


def test_a_page_that_is_out_of_date_saves_nothing(open_page: OpenPage) -> None:
    page = open_page("contributor")
    open_settings(page, "mycontainerregistry")
    address = page.url
    other = open_page("owner")
    other.goto(address)
    other.locator("#id_rules-3-range").fill("192.0.2.99")
    other.get_by_role("button", name="Save", exact=True).click()
    expect(other.locator(".messagelist .success")).to_be_visible()
    page.locator("#id_rules-3-range").fill("192.0.2.10")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".errorlist.nonfield")).to_contain_text("ada@example.org changed these settings")
    expect(page.locator("#id_rules-3-range")).to_have_value("192.0.2.10")
    assert "192.0.2.99" in ranges(page)
    assert "192.0.2.10" not in ranges(page)


def test_who_would_be_shut_out_is_asked_first(open_page: OpenPage) -> None:
    page = open_page("contributor")
    open_settings(page, "mycontainerregistry")
    page.locator("#id_rules-1-DELETE").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".errorlist.nonform")).to_contain_text("This would shut out you (203.0.113.24)")
    page.get_by_label("Save anyway").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert ranges(page) == ["16.17.18.0/24", "198.51.100.7"]


@pytest.mark.parametrize("javascript", WITH_SCRIPTS)
def test_rules_are_deleted_in_bulk(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("contributor", javascript=javascript)
    before = changes(page)
    find(page, RULES, "mycontainerregistry")
    settled(page)
    for box in page.locator("#result_list .action-select").all():
        box.check()
    page.locator("select[name=action]").select_option("delete_selected")
    page.locator(".actions button, .actions input[type=submit]").first.click()
    expect(page.locator("#content")).to_contain_text("this shuts out you (203.0.113.24)")
    page.get_by_role("button", name="Yes, I’m sure").click()
    expect(page.locator(".messagelist .success")).to_have_text("Successfully deleted 3 firewall rules.")
    assert ranges(page) == []
    assert changes(page) == before + 1


def test_a_range_is_added_to_several_registries(open_page: OpenPage) -> None:
    page = open_page("contributor", expected=["422"])
    page.goto(SETTINGS)
    for name in ("mycontainerregistry", "contosoarchive"):
        page.locator("#result_list tr", has_text=name).locator(".action-select").check()
    page.locator("select[name=action]").select_option("add_range")
    page.locator(".actions button, .actions input[type=submit]").first.click()
    page.get_by_label("Address range").fill("16.17.30.5/24")
    page.get_by_role("button", name="Add the range").click()
    expect(page.locator(".errorlist")).to_contain_text("Did you mean 16.17.30.0/24?")
    page.get_by_label("Address range").fill("16.17.30.0/24")
    page.get_by_role("button", name="Add the range").click()
    expect(page.locator(".messagelist .success")).to_have_text("Added 16.17.30.0/24 to 2 registries.")
    assert "16.17.30.0/24" in ranges(page)


def test_a_must_work_caller_is_added(open_page: OpenPage) -> None:
    page = open_page("contributor")
    page.goto("/admin/networking/mustworkcaller/add/")
    page.get_by_label("Registry").fill("MyContainerRegistry")
    page.get_by_label("Name", exact=False).fill("Build agents")
    page.get_by_label("Address or range").fill("16.17.18.8/29")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#result_list")).to_contain_text("Build agents")
    page.goto("/registries/mycontainerregistry/networking/tester/")
    expect(page.locator("main")).to_contain_text("Build agents")


def test_a_reader_can_only_look(open_page: OpenPage) -> None:
    page = open_page("reader", expected=["403"])
    open_settings(page, "mycontainerregistry")
    expect(page.locator("#content")).to_contain_text("203.0.113.0/24")
    expect(page.locator("#content-main input:visible, #content-main select:visible")).to_have_count(0)
    page.goto(RULES)
    expect(page.locator(".action-select")).to_have_count(0)
    answer = page.goto("/admin/registries/account/")
    assert answer is not None
    assert answer.status == 403


def test_an_owner_makes_an_account_that_can_sign_in(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/admin/registries/account/add/")
    page.get_by_label("Username").fill("di@example.org")
    page.locator("#id_password1").fill("correct horse battery")
    page.locator("#id_password2").fill("correct horse battery")
    page.get_by_label("Reader").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_contain_text("was added successfully")
    other = open_page(None, expected=["403"])
    other.goto("/admin/")
    assert "/sign-in/?next=/admin/" in other.url
    other.locator("input[name=username]:visible").fill("di@example.org")
    other.locator("input[name=password]:visible").fill("correct horse battery")
    other.locator("input[name=password]:visible").press("Enter")
    expect(other.locator("main")).to_contain_text("The administration needs an account that is staff")


def test_the_account_menu_leads_there_and_its_log_out_back(open_page: OpenPage) -> None:
    page = open_page(None)
    page = sign_in(page.context, "owner")
    page.locator(".tb-user").click()
    page.get_by_role("link", name="Administration").click()
    expect(page).to_have_url(re.compile("/admin/$"))
    page.get_by_role("link", name="View site").click()
    expect(page).to_have_url(re.compile("/registries/$"))
    page.goto("/admin/")
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile("/sign-in/$"))


EVERY_PAGE = [
    "/admin/",
    "/admin/registries/",
    "/admin/networking/",
    "/admin/password_change/",
    "/admin/auth/group/",
    *(
        f"/admin/{model}/{page}"
        for model in (
            "registries/registry",
            "registries/resourcegroup",
            "registries/subscription",
            "registries/account",
            "networking/mustworkcaller",
        )
        for page in ("", "add/")
    ),
    *(f"{SETTINGS}{page}" for page in ("", "add/")),
    RULES,
    "/admin/registries/change/",
]


def test_no_page_asks_for_more_than_the_policy_allows(open_page: OpenPage) -> None:
    """The fixture fails on whatever the policy refuses, and on every other error in the console."""
    page = open_page("owner")
    for address in EVERY_PAGE:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        assert "unsafe-inline" not in answer.headers["content-security-policy"]
        settled(page)


@pytest.mark.parametrize("model", ["registries/registry", "registries/account", "networking/endpointsettings"])
def test_nor_do_the_pages_of_one_thing(open_page: OpenPage, model: str) -> None:
    page = open_page("owner", expected=["403"])
    page.goto(f"/admin/{model}/")
    change = page.locator("#result_list tbody th a").first.get_attribute("href")
    assert change is not None
    for address in (change, change.replace("change/", "history/"), change.replace("change/", "delete/")):
        page.goto(address)
        settled(page)
