"""The blade as the tests in Chromium speak of it."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import settled

URL = "/registries/mycontainerregistry/networking/"
ASKS_EVERY = 15_000  # milliseconds between two questions of an open page, whether somebody else has saved

KEEP_ANNOUNCEMENTS = """
window.announced = [];
addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
  const text = document.getElementById("announce").textContent;
  if (text) announced.push(text);
}).observe(document.getElementById("announce"), {childList: true, characterData: true, subtree: true}));
"""


class Blade:
    """One opened Networking page."""

    def __init__(self, page: Page, url: str = URL, *, clock: bool = False) -> None:
        """With a `clock`, `page.clock.fast_forward` brings what would come later."""
        self.page = page
        self.url = url
        if clock:
            page.clock.install()
        page.add_init_script(KEEP_ANNOUNCEMENTS)
        self.open()

    def open(self) -> None:
        self.page.goto(self.url)
        settled(self.page)

    @property
    def save(self) -> Locator:
        return self.page.get_by_role("button", name="Save", exact=True)

    @property
    def blank(self) -> Locator:
        return self.page.locator("#rules .rule.blank [name=range]").last

    def row(self, text: str) -> Locator:
        """The row whose address range is `text`."""
        rid = self.page.evaluate(
            """text => [...document.querySelectorAll("#rules .rule")]
              .find(row => row.querySelector("[name=range]").value === text).dataset.rid""",
            text,
        )
        return self.page.locator(f'#rules .rule[data-rid="{rid}"]')

    def ranges(self) -> list[str]:
        """What a Save would store, in order."""
        values: list[str] = self.page.eval_on_selector_all(
            "#rules .rule:not(.removed) [name=range]", "inputs => inputs.map(input => input.value)"
        )
        return [value for value in values if value]

    def type_range(self, text: str) -> None:
        """Type in the blank row and press Enter, as a person does."""
        self.blank.focus()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def delete(self, text: str) -> None:
        self.row(text).locator(".act button").click()

    def evaluated(self) -> None:
        """Wait until the server has judged the draft that is on the page."""
        settled(self.page)

    def saved(self) -> None:
        """Press Save and wait until the page is clean again."""
        self.save.click()
        expect(self.page.locator("#toasts .toast").last).to_contain_text("Networking updated")
        expect(self.pending).to_have_text("")

    @property
    def pending(self) -> Locator:
        return self.page.locator("#pending")

    def focused(self, reading: str) -> Any:
        """A property of the focused element, such as "value" or "id"."""
        return self.page.evaluate(f"document.activeElement.{reading}")

    def announced(self) -> list[str]:
        self.page.wait_for_timeout(120)
        said: list[str] = self.page.evaluate("announced")
        return said

    def is_dirty(self) -> bool:
        """Whether the browser would ask before the page is closed."""
        armed: bool = self.page.evaluate(
            """() => {
              const event = new Event("beforeunload", {cancelable: true});
              dispatchEvent(event);
              return event.defaultPrevented;
            }"""
        )
        return armed
