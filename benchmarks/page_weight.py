"""Requests and bytes on the wire of the first load of the Networking page. Exit status 1 above the limit."""

import sys
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from tests.browser.chromium import SignIns, chromium_path, launch
from tests.browser.server import running

PAGE = "/registries/mycontainerregistry/networking/"
LIMIT = 60 * 1024


def main() -> int:
    if chromium_path() is None:
        print("Chromium isn't installed; CHROMIUM can name one.", file=sys.stderr)
        return 1
    loaded = first_load(PAGE)
    for path, size in loaded:
        print(f"{size:8,} {path}")
    total = sum(size for _, size in loaded)
    print(f"{total:8,} bytes in {len(loaded)} requests, compressed, with headers; the limit is {LIMIT:,}")
    return 0 if total <= LIMIT else 1


def first_load(path: str) -> list[tuple[str, int]]:
    """Path and bytes of everything a browser with an empty cache fetches for that page."""
    paths: dict[str, str] = {}
    sizes: dict[str, int] = {}

    def responded(event: dict[str, Any]) -> None:
        paths[event["requestId"]] = urlsplit(event["response"]["url"]).path

    def finished(event: dict[str, Any]) -> None:
        sizes[event["requestId"]] = int(event["encodedDataLength"])

    with running() as server, sync_playwright() as playwright:
        browser = launch(playwright)
        state = SignIns(browser, server.url).state("owner")
        page = browser.new_context(base_url=server.url, storage_state=state).new_page()
        network = page.context.new_cdp_session(page)
        network.on("Network.responseReceived", responded)
        network.on("Network.loadingFinished", finished)
        network.send("Network.enable")
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, f"{path} answers {answer.status}"
        page.wait_for_load_state("networkidle")
        browser.close()
    return [(paths[request], size) for request, size in sizes.items()]


if __name__ == "__main__":
    sys.exit(main())
