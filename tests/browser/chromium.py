"""Chromium: pages of someone signed in, what goes wrong on them, and what axe says."""

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, StorageState

from registries.demonstration import DEMONSTRATION_ACCOUNTS
from tests.browser.server import Server

Scheme = Literal["light", "dark"]

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE_COLOUR_RULES = ["color-contrast", "link-in-text-block"]  # the only ones that look at a colour
# A request that ends with its page is no mistake; htmx logs it all the same.
ABORTED = ("htmx:sendAbort", "htmx:afterRequest, ")
PHONE = 500  # narrower than this, a page is shown as on a phone: touch, no hover
DESKTOP_SIZE, PHONE_SIZE = (1440, 1000), (390, 844)

# The policy's refusals, told the same way as every other mistake of the page.
REPORT_POLICY = """
document.addEventListener("securitypolicyviolation", event =>
    console.error(`Content-Security-Policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`))
"""

# A change of a draft is judged a moment later: `unjudged` is the element that is going to ask for it.
WATCH_DRAFTS = """
for (const type of ["input", "change", "ranges-changed"]) document.addEventListener(type, event => {
    if (event.target.closest?.("#net-form")) window.unjudged = document.getElementById("evaluator");
});
document.addEventListener("htmx:trigger", event => { if (event.target === window.unjudged) window.unjudged = null; });
"""
SETTLED = """!window.unjudged?.isConnected
    && !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")"""
SETTLES_WITHIN = 15.0


def settled(page: Page) -> None:
    """Wait until the page has loaded, its draft is judged, and no answer of htmx is waited for or being put in."""
    page.wait_for_load_state("load")
    until = time.monotonic() + SETTLES_WITHIN
    while not page.evaluate(SETTLED):
        assert time.monotonic() < until, f"{page.url} doesn't settle"
        page.wait_for_timeout(20)


def chromium_path() -> str | None:
    """The Chromium that CHROMIUM names, or the system's; None where there is none."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)


def context_options(*, width: int, height: int, scheme: Scheme) -> dict[str, Any]:
    return {
        "viewport": {"width": width, "height": height},
        "color_scheme": scheme,
        "is_mobile": width < PHONE,
        "has_touch": width < PHONE,
        "locale": "en-US",
        "timezone_id": "UTC",
    }


class SignIns:
    """Signs in once for each role, and again when somebody has signed out meanwhile."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self.states: dict[str, StorageState] = {}

    def state(self, role: str) -> StorageState:
        """Cookies of someone with that role, for a new browser context."""
        role = role.lower()
        if role not in self.states or not self._still_valid(self.states[role]):
            context = self.browser.new_context(base_url=self.url)
            sign_in(context, role)
            self.states[role] = context.storage_state()
            context.close()
        return self.states[role]

    def _still_valid(self, state: StorageState) -> bool:
        """Whoever isn't signed in is sent to sign in."""
        cookies = "; ".join(f"{each['name']}={each['value']}" for each in state["cookies"])
        asked = HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        asked.request("GET", "/notifications/", headers={"Cookie": cookies})
        status = asked.getresponse().status
        asked.close()
        return status == 200


def signed_in(browser: Browser, server: Server) -> SignIns:
    """Everybody signs in before `remember`, and stays so through every reset."""
    sign_ins = SignIns(browser, server.url)
    for account in DEMONSTRATION_ACCOUNTS:
        sign_ins.state(account.role)
    server.remember()
    return sign_ins


def sign_in(context: BrowserContext, role: str) -> Page:
    """Type the account of that role into the sign-in page; the page after it."""
    account = next(each for each in DEMONSTRATION_ACCOUNTS if each.role.lower() == role)
    page = context.new_page()
    page.goto("/sign-in/")
    page.locator("input[name=username]:visible").fill(account.username)
    password = page.locator("input[name=password]:visible")
    password.fill(account.password)
    password.press("Enter")
    page.wait_for_url("**/registries/**")
    return page


@dataclass(frozen=True)
class Kind:
    """What can't be changed of a browser context once it is there."""

    url: str
    javascript: bool
    phone: bool


class Window:
    """A browser context, and a tab of it that stays open. Its window costs Chromium as much as opening three pages."""

    def __init__(self, browser: Browser, kind: Kind) -> None:
        width, height = PHONE_SIZE if kind.phone else DESKTOP_SIZE
        self.context = browser.new_context(
            **context_options(width=width, height=height, scheme="light"),
            base_url=kind.url,
            java_script_enabled=kind.javascript,
        )
        self.problems: list[str] = []
        self.context.add_init_script(REPORT_POLICY + WATCH_DRAFTS)
        self.context.on("console", lambda message: self._keep(message.text) if message.type == "error" else None)
        self.context.on("weberror", lambda error: self._keep(str(error.error)))
        self._stays = self.context.new_page()

    def _keep(self, problem: str) -> None:
        self.problems.append(problem)

    def begin(self, state: StorageState | None, problems: list[str]) -> None:
        """For a new test: signed in like that and nothing else, and what goes wrong goes into that list."""
        self.problems = problems
        self.context.clear_cookies()
        self.context.clear_permissions()
        if state:
            self.context.add_cookies(
                [
                    {
                        "name": cookie["name"],
                        "value": cookie["value"],
                        "domain": cookie["domain"],
                        "path": cookie["path"],
                        "httpOnly": cookie["httpOnly"],
                        "sameSite": cookie["sameSite"],
                    }
                    for cookie in state["cookies"]
                ]
            )

    def end(self) -> None:
        for page in self.context.pages:
            if page != self._stays:
                page.close()


class Windows:
    """Windows that outlive a test. One is never of two tests, nor of two pages of one test."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.free: dict[Kind, list[Window]] = {}

    def take(self, kind: Kind) -> Window:
        free = self.free.get(kind)
        return free.pop() if free else Window(self.browser, kind)

    def give_back(self, kind: Kind, window: Window) -> None:
        self.free.setdefault(kind, []).append(window)


class OpenPage:
    """Opens pages, and keeps everything that went wrong on them."""

    def __init__(self, windows: Windows, sign_ins: SignIns) -> None:
        self.windows = windows
        self.sign_ins = sign_ins
        self.opened: list[tuple[Kind, Window]] = []
        self.problems: list[str] = []
        self.expected: list[str] = []

    def __call__(
        self,
        role: str | None = "owner",
        *,
        width: int = DESKTOP_SIZE[0],
        height: int = DESKTOP_SIZE[1],
        scheme: Scheme = "light",
        javascript: bool = True,
        forced_colors: Literal["active", "none"] = "none",
        expected: Sequence[str] = (),
    ) -> Page:
        """A page signed in with that role, None for nobody; `expected` are parts of the errors this test provokes.

        Addresses are relative to the server: `page.goto("/registries/")`."""
        self.expected.extend(expected)
        kind = Kind(self.sign_ins.url, javascript, width < PHONE)
        window = self.windows.take(kind)
        self.opened.append((kind, window))
        window.begin(self.sign_ins.state(role) if role else None, self.problems)
        page = window.context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, forced_colors=forced_colors)
        return page

    def close(self) -> None:
        for kind, window in self.opened:
            window.end()
            self.windows.give_back(kind, window)

    def unexpected(self) -> list[str]:
        known = (*self.expected, *ABORTED)
        return [problem for problem in self.problems if not any(part in problem for part in known)]


def axe(page: Page, rules: Sequence[str] = AXE_RULES) -> list[str]:
    """What axe has against the page by these rules or groups of them, a line for each; empty where it is silent."""
    if not page.evaluate("'axe' in window"):  # half a megabyte, which takes as long to read as some pages to check
        page.evaluate(Axe().axe_script)
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    return [
        f"{violation['id']} ({violation['impact']}): {' '.join(map(str, node['target']))}: {_summary(node)}"
        for violation in page.evaluate("options => axe.run(options).then(found => found.violations)", options)
        for node in violation["nodes"]
    ]


def _summary(node: dict[str, Any]) -> str:
    return " ".join(node.get("failureSummary", "").split())
