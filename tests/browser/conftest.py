"""What the tests in Chromium can ask for: the running server, and pages of someone signed in."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import OpenPage, SignIns, Windows, chromium_path, launch, signed_in
from tests.browser.server import Server, running

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here `browser`, and run it last: Playwright's event loop is in the way of Django's ORM."""
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.browser)
    items[:] = [item for item in items if item not in ours] + ours


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if chromium_path() is None:
        why = "Chromium isn't installed; CHROMIUM can name one."
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    with sync_playwright() as playwright:
        launched = launch(playwright)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The real product. What a test changes there stays until `server.reset()`."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def sign_ins(browser: Browser, server: Server) -> SignIns:
    return signed_in(browser, server)


@pytest.fixture(scope="session")
def windows(browser: Browser) -> Windows:
    return Windows(browser)


@pytest.fixture
def open_page(windows: Windows, server: Server, sign_ins: SignIns) -> Iterator[OpenPage]:
    """Call it for a page. Console errors, script errors and policy violations on any of them fail the test."""
    opener = OpenPage(windows, sign_ins)
    yield opener
    opener.close()
    assert opener.unexpected() == []
