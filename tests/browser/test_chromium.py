"""The watching itself: what goes wrong on a page must come to light."""

import pytest

from tests.browser.chromium import OpenPage, SignIns, Windows, axe
from tests.browser.server import Server

STYLE = "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">inline</p>')"


def test_a_console_error_is_kept(open_page: OpenPage) -> None:
    page = open_page(None, expected=["on purpose"])
    page.goto("/sign-in/")
    page.evaluate("console.error('on purpose')")
    assert open_page.problems == ["on purpose"]


def test_an_uncaught_error_is_kept(open_page: OpenPage) -> None:
    page = open_page(None, expected=["on purpose"])
    page.goto("/sign-in/")
    page.evaluate("setTimeout(() => { throw new Error('on purpose') })")
    page.wait_for_timeout(50)
    assert len(open_page.problems) == 1


def test_an_inline_style_is_kept(open_page: OpenPage) -> None:
    page = open_page(None, expected=["Content-Security-Policy", "Content Security Policy"])
    page.goto("/sign-in/")
    page.evaluate(STYLE)
    page.wait_for_timeout(50)
    assert any(problem.startswith("Content-Security-Policy: style-src-attr inline") for problem in open_page.problems)


def test_an_error_that_no_test_expects_is_told(open_page: OpenPage) -> None:
    page = open_page(None)
    page.goto("/sign-in/")
    page.evaluate("console.error('on purpose')")
    assert open_page.unexpected() == ["on purpose"]
    open_page.problems.clear()


@pytest.mark.parametrize("role", ["owner", "contributor", "reader"])
def test_each_role_is_signed_in(open_page: OpenPage, role: str) -> None:
    page = open_page(role)
    page.goto("/registries/")
    assert page.url.endswith("/registries/")


@pytest.mark.parametrize("by", ["the tests", "manage.py"])
def test_a_role_stays_signed_in_through_a_reset(open_page: OpenPage, server: Server, by: str) -> None:
    page = open_page("owner")
    server.reset() if by == "the tests" else server.manage("demo", "--reset")
    page.goto("/registries/")
    assert page.url.endswith("/registries/")


def test_a_role_is_signed_in_again_after_signing_out(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/registries/")
    page.locator(".tb-user").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")
    page = open_page("owner")
    page.goto("/registries/")
    assert page.url.endswith("/registries/")


def test_a_window_keeps_nothing_for_the_next_test(windows: Windows, sign_ins: SignIns) -> None:
    before, after = OpenPage(windows, sign_ins), OpenPage(windows, sign_ins)
    page = before("owner")
    page.goto("/registries/")
    page.context.add_cookies([{"name": "theme", "value": "dark", "url": sign_ins.url}])
    before.close()
    other = after(None)
    assert other.context == page.context
    assert other.context.cookies() == []
    other.goto("/registries/")
    assert "/sign-in/" in other.url
    other.evaluate("console.error('on purpose')")
    after.close()
    assert (before.problems, after.problems) == ([], ["on purpose"])


def test_axe_names_what_is_wrong(open_page: OpenPage) -> None:
    page = open_page(None)
    page.goto("/sign-in/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=\"/static/registries/favicon.svg\">')")
    assert [line.split(":")[0] for line in axe(page) if "image-alt" in line] == ["image-alt (critical)"]
