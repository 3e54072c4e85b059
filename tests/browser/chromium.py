"""Chromium: pages of someone signed in, what goes wrong on them, and what axe says."""

import os
import shutil
from collections.abc import Sequence
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, StorageState

from registries.demonstration import DEMONSTRATION_ACCOUNTS

Scheme = Literal["light", "dark"]

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE_COLOUR_RULES = ["color-contrast", "link-in-text-block"]  # the only ones that look at a colour
# A request that ends with its page is no mistake; htmx logs it all the same.
ABORTED = ("htmx:sendAbort", "htmx:afterRequest, ")
PHONE = 500  # narrower than this, a page is shown as on a phone: touch, no hover

# The policy's refusals, told the same way as every other mistake of the page.
REPORT_POLICY = """
document.addEventListener("securitypolicyviolation", event =>
    console.error(`Content-Security-Policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`))
"""


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
    """Signs in once for each role, and again when a reset of the demonstration has ended the session."""

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
        context = self.browser.new_context(base_url=self.url, storage_state=state)
        answer = context.request.get("/registries/", max_redirects=0)
        context.close()
        return answer.status == 200


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


class OpenPage:
    """Opens pages, and keeps everything that went wrong on them."""

    def __init__(self, browser: Browser, sign_ins: SignIns) -> None:
        self.browser = browser
        self.sign_ins = sign_ins
        self.contexts: list[BrowserContext] = []
        self.problems: list[str] = []
        self.expected: list[str] = []

    def __call__(
        self,
        role: str | None = "owner",
        *,
        width: int = 1440,
        height: int = 1000,
        scheme: Scheme = "light",
        javascript: bool = True,
        forced_colors: Literal["active", "none"] | None = None,
        expected: Sequence[str] = (),
    ) -> Page:
        """A page signed in with that role, None for nobody; `expected` are parts of the errors this test provokes.

        Addresses are relative to the server: `page.goto("/registries/")`."""
        self.expected.extend(expected)
        context = self.browser.new_context(
            **context_options(width=width, height=height, scheme=scheme),
            base_url=self.sign_ins.url,
            java_script_enabled=javascript,
            forced_colors=forced_colors,
            storage_state=self.sign_ins.state(role) if role else None,
        )
        self.contexts.append(context)
        context.add_init_script(REPORT_POLICY)
        context.on("console", lambda message: self._keep(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: self._keep(str(error.error)))
        return context.new_page()

    def _keep(self, problem: str) -> None:
        self.problems.append(problem)

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
