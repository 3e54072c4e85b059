"""Document 004 from start to end, callers without a fixed address, and the wizard's Networking step; with scripts and
without."""

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import OpenPage
from tests.browser.server import Server

REGISTRY = "/registries/mycontainerregistry/"
TRUSTED = "Allow trusted Microsoft services to access this container registry"
TASKS = "Allow ACR Tasks with a system-assigned identity to bypass network rules"
REFUSED = ["422"]  # Chromium logs an answer of 4xx as an error of the page


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(request: pytest.FixtureRequest, server: Server, open_page: OpenPage) -> Page:
    server.reset()
    return open_page("contributor", javascript=request.param, expected=REFUSED)


def open_by_menu(page: Page, name: str) -> None:
    page.goto(REGISTRY)
    page.get_by_role("navigation", name="Resource menu").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def save(page: Page) -> None:
    """Select Save, whoever may be shut out by it."""
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Saved to 'mycontainerregistry'.")


def state_of_the_setting(page: Page) -> str:
    """Of the third step of the workflow."""
    return page.locator("#workflow .steps li").nth(2).locator(".tag").inner_text()


def test_document_004_disable_enable_and_follow_the_workflow(page: Page) -> None:
    open_by_menu(page, "Networking")
    expect(page.get_by_label(TRUSTED)).to_be_checked()  # the default
    page.get_by_label(TRUSTED).uncheck()
    save(page)
    open_by_menu(page, "Trusted services")
    expect(page.get_by_role("status").first).to_contain_text("The exception is off")
    assert state_of_the_setting(page) == "To do"
    step = page.locator("#workflow .steps li").nth(2)
    expect(step).to_contain_text("az acr update --name mycontainerregistry --allow-trusted-services true")
    step.get_by_role("link", name="Open Networking").click()
    page.get_by_label(TRUSTED).check()
    save(page)
    open_by_menu(page, "Trusted services")
    page.get_by_label("Service", exact=True).select_option(label="Machine Learning")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="Step by step: Machine Learning")).to_be_visible()
    expect(page.locator("#workflow .steps li")).to_have_count(5)
    assert state_of_the_setting(page) == "Done"
    page.get_by_role("link", name="Test Machine Learning", exact=True).last.click()
    expect(page.locator(".tested [role=status]")).to_have_text(
        "Allowed. The firewall exception lets 'Machine Learning' pass."
    )


def test_document_004_applies_in_disabled_too(page: Page) -> None:
    open_by_menu(page, "Networking")
    page.get_by_label("Disabled").check()
    page.get_by_label(TRUSTED).uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Disable public access", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Saved to 'mycontainerregistry'.")
    tested = f"{REGISTRY}networking/tester/?ip=&service=Microsoft+Defender+for+Cloud"
    page.goto(tested)
    expect(page.locator(".tested [role=status]")).to_contain_text("Denied – 403 Forbidden.")
    page.get_by_role("link", name="Open Networking").click()
    page.get_by_label(TRUSTED).check()
    save(page)
    page.goto(tested)
    expect(page.locator(".tested [role=status]")).to_contain_text("Allowed.")


def test_tasks_have_a_switch_of_their_own(page: Page) -> None:
    tested = f"{REGISTRY}networking/tester/?ip=&identity=registry_task"
    page.goto(tested)
    expect(page.locator(".tested [role=status]")).to_contain_text("Denied – 403 Forbidden.")
    page.get_by_role("link", name="Open Networking").click()
    page.get_by_label(TASKS).check()
    save(page)
    expect(page.get_by_label(TASKS)).to_be_checked()
    expect(page.locator("#access-lines")).to_contain_text("ACR Tasks")
    page.goto(tested)
    expect(page.locator(".tested [role=status]")).to_contain_text("Allowed.")


def test_the_switch_of_tasks_counts_as_one_unsaved_change(server: Server, open_page: OpenPage) -> None:
    server.reset()
    page = open_page("contributor")
    page.goto(f"{REGISTRY}networking/")
    expect(page.locator("#pending")).to_have_text("")
    page.get_by_label(TASKS).check()
    expect(page.locator("#pending")).to_have_text("1 unsaved change")
    expect(page.locator("#f-tasks_bypass")).to_have_class(re.compile("is-dirty"))
    expect(page.locator("#access-lines")).to_contain_text("ACR Tasks")
    page.get_by_label(TASKS).uncheck()
    expect(page.locator("#pending")).to_have_text("")


def test_document_002_a_self_hosted_agent_becomes_a_rule_and_a_must_work_caller(page: Page) -> None:
    open_by_menu(page, "Pipelines and clusters")
    agent = page.locator("#agent")
    agent.get_by_label("Agent's public address").fill("10.20.0.4")
    agent.get_by_role("button", name="Add as rule").click()
    field = agent.get_by_label("Agent's public address")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("^10.20.0.4 is inside the private range"))
    field.fill("192.0.2.10")
    agent.get_by_role("button", name="Add as must-work caller").click()
    expect(page.locator("#must-work")).to_contain_text("Pipeline agent")
    open_by_menu(page, "Pipelines and clusters")
    agent.get_by_label("Agent's public address").fill("192.0.2.10")
    agent.get_by_role("button", name="Add as rule").click()
    expect(page.locator("#rules [name=range]").nth(3)).to_have_value("192.0.2.10")
    save(page)
    page.goto(f"{REGISTRY}networking/tester/?ip=192.0.2.10")
    expect(page.locator(".tested [role=status]")).to_have_text("Allowed. 192.0.2.10 contains 192.0.2.10.")


def test_document_002_a_cluster_with_a_fixed_egress_address_is_let_in(page: Page) -> None:
    for case, label, address in (
        ("#aks-basic", "Static address", "192.0.2.20"),
        ("#aks-standard", "Outbound address", "192.0.2.32/30"),
    ):
        open_by_menu(page, "Pipelines and clusters")
        page.locator(case).get_by_label(label).fill(address)
        page.locator(case).get_by_role("button", name="Add as rule").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Networking")
        save(page)
    page.goto(f"{REGISTRY}networking/tester/?ip=192.0.2.33")
    expect(page.locator(".tested [role=status]")).to_contain_text("Allowed.")


def test_a_registry_is_created_with_private_access_and_leads_to_its_private_endpoints(page: Page) -> None:
    name = f"private{uuid.uuid4().hex[:8]}"  # a reset leaves it there
    page.goto("/create-registry/")
    page.get_by_label("Or create a new group").fill("practice")
    page.get_by_label("Registry name").fill(name)
    page.get_by_label("Standard").check()
    page.get_by_role("button", name="Next: Networking >").click()
    expect(page.get_by_label("Public access (all networks)")).to_be_checked()
    page.get_by_label("Private access (Recommended)").check()
    page.get_by_role("button", name="Review + create", exact=True).last.click()
    expect(page.locator("#error-summary")).to_contain_text("Private access needs the Premium tier")
    page.get_by_role("button", name="Basics").click()
    expect(page.get_by_label("Registry name")).to_have_value(name)
    page.get_by_label("Premium").check()
    page.get_by_role("button", name="Review + create", exact=True).last.click()
    expect(page.locator(".kv").last).to_contain_text("Private access (Recommended)")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page).to_have_url(re.compile(f"/registries/{name}/networking/private/$"))
    expect(page.locator("#toasts")).to_contain_text("Until it has a private endpoint connection, only trusted services")
    page.goto(f"/registries/{name}/networking/")
    expect(page.get_by_label("Disabled")).to_be_checked()
