"""The Requests page as people use it, and what the Networking page says of the gates."""

import csv
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.blade import URL as BLADE
from tests.browser.blade import Blade
from tests.browser.chromium import OpenPage, SignIns, axe, signed_in
from tests.browser.gate import gate_log, log_a_morning, report, request, wake_own_gate
from tests.browser.server import Server, running

URL = "/registries/mycontainerregistry/requests/"


@pytest.fixture(scope="module")
def server(server: Server) -> Iterator[Server]:
    """One of its own: the gate of the others' may have begun to report."""
    with running(like=server) as started:
        yield started


@pytest.fixture(scope="module")
def sign_ins(browser: Browser, server: Server) -> SignIns:
    return signed_in(browser, server)


@pytest.fixture(autouse=True)
def demonstration(server: Server) -> None:
    server.reset()


def lines(page: Page) -> Locator:
    return page.locator(".requests tbody tr")


def ask_registry(page: Page, **headers: str) -> Any:
    """A client's first request, at the server's own gate."""
    host = "mycontainerregistry.azurecr.localhost"
    return page.request.get("/v2/", headers={"Host": f"{host}:{urlsplit(page.url).port}", **headers})


def seen(page: Page, text: str) -> Locator:
    """The newest line, once it is about that address: what a client did stands there a second later."""
    for _ in range(50):
        page.goto(URL)
        if lines(page).count() and text in lines(page).first.inner_text():
            break
        page.wait_for_timeout(200)
    return lines(page).first


def test_a_save_waits_for_every_gate_and_says_when_the_last_has_it(open_page: OpenPage, server: Server) -> None:
    page = open_page("owner")
    with gate_log(server) as tell:
        tell(report(10**6, "gate1"))
        tell(report(1, "gate2"))
        page.wait_for_timeout(1000)
        blade = Blade(page)
        gates = page.locator("#applied")
        expect(gates).to_have_text("Waiting for the gate (1 of 2 have it).")
        blade.type_range("192.0.2.10")
        tell(report(10**6 + 1, "gate2"))
        expect(gates).to_have_text("Applied.", timeout=10_000)
        # What was typed meanwhile is still there, and so is the focus.
        assert "192.0.2.10" in blade.ranges()
        assert blade.focused("name") == "range"
        assert axe(page) == []
    assert blade.announced() == []


def test_a_gate_that_stopped_is_a_warning(open_page: OpenPage, server: Server) -> None:
    page = open_page("reader")
    with gate_log(server) as tell:
        tell(report(10**6, ago=timedelta(minutes=30)))
    page.goto(BLADE)
    warning = page.locator("#applied .msg.warn")
    expect(warning).to_contain_text("No gate has reported since")
    expect(warning).to_contain_text("what is enforced may be older.")
    assert axe(page) == []


def test_the_list_opens_filters_and_goes_into_a_file(open_page: OpenPage, server: Server, tmp_path: Path) -> None:
    log_a_morning(server)
    page = open_page("reader")
    page.goto(URL)
    expect(lines(page)).to_have_count(9)
    expect(page.get_by_role("link", name="Add this address")).to_have_count(0)
    page.locator(".filters [name=verdict]").select_option(label="Allowed")
    page.get_by_label("Address or its beginning").fill("203.0.113.24")
    page.get_by_role("button", name="Apply").click()
    expect(lines(page)).to_have_count(4)
    expect(lines(page).first).to_contain_text("By 203.0.113.0/24, Training room")
    opened = lines(page).first.locator("dl")
    expect(opened).to_be_hidden()
    lines(page).first.locator("summary").click()
    expect(opened).to_contain_text("mycontainerregistry.eastus.data.azurecr.localhost")
    expect(opened).not_to_contain_text("secret")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    assert download.value.suggested_filename == "mycontainerregistry-requests.csv"
    path = tmp_path / "requests.csv"
    download.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert [line["Verdict"] for line in csv.DictReader(file)] == ["Allowed"] * 4
    page.get_by_role("link", name="Clear filters").click()
    expect(lines(page)).to_have_count(9)


def test_all_of_it_works_with_the_keyboard(open_page: OpenPage, server: Server) -> None:
    with gate_log(server) as tell:
        tell(request("192.0.2.50", "no_rule", forwarded="10.0.0.1"))
    page = open_page("owner")
    page.goto(URL)
    page.get_by_role("button", name="Apply").focus()
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim().replace(/\\s+/g, ' ').slice(0, 40)"))
    assert reached[1:4] == ["GET /v2/", "Test 192.0.2.50", "Add this address 192.0.2.50"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#pending")).to_have_text("1 unsaved change")


def test_without_scripts_the_list_and_the_gates_say_the_same(open_page: OpenPage, server: Server) -> None:
    log_a_morning(server)
    page = open_page("owner", javascript=False)
    page.goto(f"{URL}?method=magic")
    expect(page.locator(".msg")).to_contain_text("This list has no method 'magic'; left out.")
    page.locator(".filters [name=reason]").select_option(label="No address range matches")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Apply").click()
    expect(lines(page)).to_have_count(3)
    lines(page).first.locator("summary").press("Enter")
    expect(lines(page).first.locator("dl")).to_be_visible()
    with gate_log(server) as tell:
        tell(report(10**6))
        page.wait_for_timeout(1000)
        lines(page).first.get_by_role("link", name="Add this address").click()
        expect(page.locator("#rules [name=range]").nth(3)).to_have_value("192.0.2.50")
        expect(page.locator("#applied")).to_have_text("Applied.")
        used = page.locator("#rules td.used")
        expect(used.nth(1)).to_contain_text("minutes ago")
        expect(used.nth(0)).to_contain_text("Not since")
        expect(used.nth(3)).to_have_text("")


@pytest.mark.parametrize("width", [1440, 390])
def test_forced_colours_show_the_verdicts(open_page: OpenPage, server: Server, width: int) -> None:
    log_a_morning(server)
    page = open_page("owner", forced_colors="active", width=width)
    page.goto(URL)
    assert axe(page) == []
    for verdict in ("Allowed", "Refused", "Not decided"):
        expect(page.locator(".verdict", has_text=verdict).first.locator("svg")).to_be_visible()


# From here on the server's own gate reports.


def test_a_refused_client_is_found_tested_and_added_and_comes_in(open_page: OpenPage) -> None:
    page = open_page("contributor")
    page.goto(URL)
    assert ask_registry(page, **{"X-Forwarded-For": "192.0.2.50"}).status == 403
    line = seen(page, "192.0.2.50")
    expect(line).to_contain_text("Refused")
    expect(line).to_contain_text("No address range matches")
    expect(line.locator("td").nth(4)).to_have_text("403")
    line.get_by_role("link", name="Test 192.0.2.50").click()
    expect(page.locator(".tested [role=status]")).to_contain_text("Denied")
    page.go_back()
    lines(page).first.get_by_role("link", name="Add this address 192.0.2.50").click()
    blade = Blade(page, url=page.url)
    expect(blade.pending).to_have_text("1 unsaved change")
    blade.saved()
    gates = page.locator("#applied")
    expect(gates).to_have_text(re.compile(r"^Applied at \d+:\d\d:\d\d [AP]M\.$"), timeout=10_000)
    assert ask_registry(page, **{"X-Forwarded-For": "192.0.2.50"}).status == 401
    line = seen(page, "Allowed")
    expect(line).to_contain_text("By 192.0.2.50")
    expect(line.get_by_role("link", name="Add this address")).to_have_count(0)
    page.goto(BLADE)
    expect(page.locator("#rules tr", has=page.locator("[value='192.0.2.50']")).locator("td.used")).to_have_text(
        "Just now"
    )


def test_a_rule_says_on_a_phone_too_when_it_was_used(open_page: OpenPage, server: Server) -> None:
    log_a_morning(server)
    page = open_page("owner", width=390)
    page.goto(BLADE)
    wake_own_gate(page)
    expect(page.locator("td.used").first).to_be_hidden()
    page.locator("#rules summary").nth(1).click()
    use = page.locator("#rules .use").nth(1)
    expect(use).to_contain_text(re.compile(r"(minutes ago|Just now)\."))
    use.get_by_role("link", name="Requests that 203.0.113.0/24 let in").click()
    expect(lines(page).first).to_be_visible()
    for _ in range(50):  # the one that woke the gate stands there a second later
        if lines(page).count() == 5:
            break
        page.wait_for_timeout(200)
        page.reload()
    expect(lines(page)).to_have_count(5)
