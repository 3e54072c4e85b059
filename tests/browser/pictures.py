"""`make pictures`: every page in docs/pictures/NAME-WIDTH-SCHEME.png, from one table."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page, sync_playwright

from networking.access.policy import AccessPolicy
from tests.browser.chromium import (
    PHONE,
    WATCH_DRAFTS,
    Scheme,
    SignIns,
    chromium_path,
    context_options,
    launch,
    settled,
)
from tests.browser.gate import log_a_morning, wake_own_gate
from tests.browser.server import ROOT, running

FOLDER = ROOT / "docs" / "pictures"
WIDTHS = (1440, 390)
LONGEST = 2000
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@dataclass(frozen=True)
class Picture:
    """One page in one state. `act` brings it there; it must not save, the pictures share a server."""

    name: str
    path: str
    role: str | None = "owner"
    act: Callable[[Page], None] | None = None
    on_a_phone: bool = False  # one that the documents show narrow too
    known: tuple[str, ...] = ()  # what axe has against markup that isn't ours

    @property
    def widths(self) -> tuple[int, ...]:
        return WIDTHS if self.on_a_phone else WIDTHS[:1]


def open_resource_group(page: Page) -> None:
    page.get_by_role("link", name="myResourceGroup").first.click()


def create_with_mistakes(page: Page) -> None:
    page.get_by_label("Registry name").fill("my-registry")
    page.get_by_role("button", name="Review + create").last.click()


def review_a_new_registry(page: Page) -> None:
    page.get_by_label("Or create a new group").fill("practice")
    page.get_by_label("Registry name").fill("practiceregistry")
    page.get_by_role("button", name="Review + create").last.click()
    page.get_by_role("button", name="Create", exact=True).wait_for()


def choose_private_access(page: Page) -> None:
    page.get_by_label("Or create a new group").fill("practice")
    page.get_by_label("Registry name").fill("practiceregistry")
    page.get_by_role("button", name="Next: Networking >").click()
    page.get_by_label("Private access (Recommended)").check()


def add_a_private_agent(page: Page) -> None:
    page.get_by_label("Agent's public address").fill("10.20.0.4")
    page.get_by_role("button", name="Add as rule").first.click()
    page.get_by_text("10.20.0.4 is inside").wait_for()


def mistype_the_name(page: Page) -> None:
    page.locator("form input[type=text]").last.fill("another name")
    page.get_by_role("button", name="Delete").last.click()


def edit(page: Page) -> None:
    """A rule edited, one added, one deleted, and another address checked."""
    fields = page.locator("#rules [name=range]")
    fields.nth(2).fill("198.51.100.0/28")
    fields.last.fill("192.0.2.10")
    fields.last.press("Enter")
    page.get_by_role("button", name="Delete 16.17.18.0/24").click()
    page.get_by_label("Check another address").fill("16.17.18.19")
    page.get_by_role("button", name="Check", exact=True).click()
    settled(page)


def make_mistakes(page: Page) -> None:
    for text in ("10.20.0.0/16", "16.17.18.19/24", "203.0.113.9", "16.17.19.0/24", "16.17.x.1"):
        page.locator("#rules [name=range]").last.fill(text)
        page.locator("#rules [name=range]").last.press("Enter")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator("#error-summary").wait_for()
    settled(page)


def paste(page: Page) -> None:
    page.get_by_role("button", name="Paste multiple ranges").click()
    page.get_by_label("Address ranges", exact=True).fill("16.17.20.0/24\n198.51.100.32/27   # build agents\n192.0.2.10")


def name_a_rule(page: Page) -> None:
    page.locator("#rules summary").first.click()


def choose_disabled(page: Page) -> None:
    page.get_by_label("Disabled").check()
    settled(page)


def leave(page: Page) -> None:
    choose_disabled(page)
    page.get_by_role("link", name="Portcullis").click()


def lock_yourself_out(page: Page) -> None:
    page.get_by_role("button", name="Delete 203.0.113.0/24", exact=True).click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("dialog").wait_for()


def run_into_a_conflict(page: Page) -> None:
    """A Save from a page that was opened before the registry had any rule."""
    opened_with = AccessPolicy().fingerprint
    page.locator("[name=fingerprint]").first.evaluate("(input, value) => { input.value = value }", opened_with)
    page.get_by_role("button", name="Delete 16.17.18.0/24", exact=True).click()
    page.locator("#rules [name=range]").last.fill("192.0.2.10")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator("#conflict-form").wait_for()


def explain_trusted_services(page: Page) -> None:
    page.get_by_text("What passes, and what each needs").click()
    page.get_by_role("button", name="About trusted services").click()


def remove_a_subnet_rule(page: Page) -> None:
    page.get_by_label("Remove myDockerVMVNET / myDockerVMSubnet on save").check()
    settled(page)
    page.locator("#se-h").scroll_into_view_if_needed()


def want_data_endpoints(page: Page) -> None:
    page.get_by_label("Enable dedicated data endpoint").check()
    settled(page)


def open_a_network(page: Page) -> None:
    page.get_by_role("link", name="myDockerVMVNET").click()
    page.get_by_text("Resource ID and commands of").first.click()


def add_a_wrong_subnet(page: Page) -> None:
    page.get_by_role("link", name="contosoVNET").click()
    page.get_by_label("Subnet name").fill("agents")
    page.get_by_label("Subnet prefix").fill("10.99.0.0/24")
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator("#error-summary").wait_for()


def import_a_broken_file(page: Page) -> None:
    """One that ends in the middle; the last import stays."""
    page.get_by_label("File of service tags").set_input_files(
        {
            "name": "ServiceTags_Public.json",
            "mimeType": "application/json",
            "buffer": b'{"changeNumber": 85, "cloud": "Pub',
        }
    )
    page.get_by_role("button", name="Import").click()
    page.get_by_role("alert").wait_for()


def open_account_menu(page: Page) -> None:
    page.locator(".tb-user").click()


def open_bell(page: Page) -> None:
    page.locator(".tb-btn[popovertarget=bell]").click()
    page.get_by_role("link", name="More events in the activity log").wait_for()


def simulate_and_open_bell(page: Page) -> None:
    """The address of the start once more: a notification that changes nothing."""
    page.get_by_role("button", name="Use this address").click()
    page.locator("#toasts .toast").wait_for()
    open_bell(page)


def expand_changes(page: Page) -> None:
    for operation in page.locator(".log summary").all()[:2]:
        operation.click()


def expand_a_request(page: Page) -> None:
    page.locator(".requests summary").nth(1).click()
    page.evaluate("scrollTo(0, 0)")


def wake_gate(page: Page) -> None:
    wake_own_gate(page)
    page.locator("#rules summary").nth(1).click()
    page.evaluate("scrollTo(0, 0)")


def open_settings_in_the_admin(page: Page) -> None:
    page.locator("#result_list").get_by_role("link", name="mycontainerregistry").first.click()
    page.get_by_role("button", name="Save", exact=True).wait_for()


def open_first_endpoint(page: Page) -> None:
    page.get_by_role("link", name="archive-backup").click()
    page.get_by_role("heading", name="What DNS answers").wait_for()


def delete_first_endpoint(page: Page) -> None:
    open_first_endpoint(page)
    page.get_by_role("link", name="Delete private endpoint").click()
    page.get_by_role("button", name="Delete private endpoint").wait_for()


def approve_the_waiting(page: Page) -> None:
    page.get_by_role("row", name="archive-reports").get_by_role("checkbox").check()
    page.get_by_role("button", name="Approve").click()
    page.get_by_label("Description").wait_for()


def remove_the_last_endpoint(page: Page) -> None:
    """Asks once more, and removes nothing."""
    page.get_by_role("row", name="archive-backup").get_by_role("checkbox").check()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove anyway").wait_for()


def create_an_endpoint_with_mistakes(page: Page) -> None:
    page.get_by_label("Name").fill("-agents")
    page.get_by_role("button", name="Create").click()
    page.locator("#error-summary").wait_for()


BLADE = "/registries/mycontainerregistry/networking/"
PRIVATE = "/registries/contosoarchive/networking/private/"
PICTURES = (
    Picture("sign-in", "/sign-in/", role=None),
    Picture("list", "/registries/", on_a_phone=True),
    Picture("create", "/create-registry/"),
    Picture("create-networking", "/create-registry/", act=choose_private_access, on_a_phone=True),
    Picture("create-mistakes", "/create-registry/", act=create_with_mistakes),
    Picture("create-review", "/create-registry/", act=review_a_new_registry),
    Picture("list-nothing", "/registries/?q=nothing+like+it"),
    Picture("overview", "/registries/mycontainerregistry/"),
    Picture("tier", "/registries/mycontainerregistry/tier/"),
    Picture("delete", "/registries/mycontainerregistry/delete/"),
    Picture("delete-mistake", "/registries/mycontainerregistry/delete/", act=mistype_the_name),
    Picture("resource-group", "/registries/mycontainerregistry/", act=open_resource_group),
    Picture("networking", BLADE, on_a_phone=True),
    Picture("networking-all", "/registries/myregistry/networking/"),
    Picture("networking-disabled", "/registries/contosoarchive/networking/"),
    Picture("networking-hundred", "/registries/contosobranches/networking/"),
    Picture("networking-standard", "/registries/contosoteam/networking/"),
    Picture("networking-reader", BLADE, role="reader"),
    Picture("networking-edited", BLADE, act=edit),
    Picture("networking-mistakes", BLADE, act=make_mistakes),
    Picture("networking-paste", BLADE, act=paste),
    Picture("networking-names", BLADE, act=name_a_rule, on_a_phone=True),
    Picture("networking-disabling", BLADE, act=choose_disabled),
    Picture("networking-leaving", BLADE, act=leave),
    Picture("networking-lock-out", BLADE, act=lock_yourself_out, on_a_phone=True),
    Picture("networking-conflict", BLADE, act=run_into_a_conflict),
    Picture("networking-trusted", BLADE, act=explain_trusted_services),
    Picture("private", PRIVATE, on_a_phone=True),
    Picture("private-nothing", "/registries/mycontainerregistry/networking/private/"),
    Picture("private-standard", "/registries/contosoteam/networking/private/"),
    Picture("private-reader", PRIVATE, role="reader"),
    Picture("private-approve", PRIVATE, act=approve_the_waiting, on_a_phone=True),
    Picture("private-last", PRIVATE, act=remove_the_last_endpoint),
    Picture("private-create", f"{PRIVATE}create/", on_a_phone=True),
    Picture("private-create-mistakes", f"{PRIVATE}create/", act=create_an_endpoint_with_mistakes),
    Picture("private-endpoint", PRIVATE, act=open_first_endpoint, on_a_phone=True),
    Picture("private-endpoint-delete", PRIVATE, act=delete_first_endpoint, on_a_phone=True),
    Picture("networking-subnets", "/registries/contosoarchive/networking/", act=remove_a_subnet_rule, on_a_phone=True),
    Picture("networking-data-endpoint", "/registries/myregistry/networking/", act=want_data_endpoints),
    Picture("data-endpoints", "/registries/myregistry/networking/data-endpoints/", on_a_phone=True),
    Picture("replications", "/registries/mycontainerregistry/replications/", on_a_phone=True),
    Picture("replications-standard", "/registries/contosoteam/replications/"),
    Picture("virtual-networks", "/virtual-networks/"),
    Picture("virtual-network", "/virtual-networks/", act=open_a_network, on_a_phone=True),
    Picture("virtual-network-mistakes", "/virtual-networks/", act=add_a_wrong_subnet),
    Picture("virtual-network-create", "/create-virtual-network/"),
    Picture("account-menu", BLADE, act=open_account_menu),
    Picture("tester", "/registries/mycontainerregistry/networking/tester/?ip=192.0.2.50"),
    Picture("tester-allowed", "/registries/mycontainerregistry/networking/tester/?ip=16.17.18.19", on_a_phone=True),
    Picture(
        "tester-service",
        "/registries/mycontainerregistry/networking/tester/?ip=&service=Microsoft+Defender+for+Cloud",
        on_a_phone=True,
    ),
    Picture("tester-endpoint", "/registries/mycontainerregistry/networking/tester/?ip=10.0.0.4&endpoint=Pending"),
    Picture("troubleshoot", "/registries/mycontainerregistry/networking/troubleshoot/?proxy=192.0.2.50"),
    Picture("trusted-services", "/registries/mycontainerregistry/trusted-services/", on_a_phone=True),
    Picture(
        "trusted-services-archive",
        "/registries/contosoarchive/trusted-services/?service=Microsoft+Defender+for+Cloud",
        role="reader",
    ),
    Picture("pipelines", "/registries/mycontainerregistry/pipelines-and-clusters/", on_a_phone=True),
    Picture("pipelines-mistake", "/registries/mycontainerregistry/pipelines-and-clusters/", act=add_a_private_agent),
    Picture("requests", "/registries/mycontainerregistry/requests/", act=expand_a_request, on_a_phone=True),
    Picture("requests-nothing", "/registries/mycontainerregistry/requests/?verdict=maybe&method=PATCH"),
    Picture("requests-no-gate", "/registries/contosolab/requests/"),
    Picture("client-firewall", "/registries/mycontainerregistry/client-firewall/", on_a_phone=True),
    Picture("client-firewall-off", "/registries/myregistry/client-firewall/?mcr=1&prefixes=1&format=nsg"),
    Picture(
        "client-firewall-nftables", "/registries/mycontainerregistry/client-firewall/?region=eastus&format=nftables"
    ),
    Picture("service-tags", "/service-tags/?q=13.66.140.75", on_a_phone=True),
    Picture("service-tags-reader", "/service-tags/?q=Storage", role="reader"),
    Picture("service-tags-mistake", "/service-tags/", act=import_a_broken_file),
    Picture("activity", "/registries/mycontainerregistry/activity/", act=expand_changes),
    Picture("activity-all", "/activity/", act=expand_changes),
    Picture("activity-nothing", "/activity/?timespan=soon&q=nothing"),
    Picture("help", "/help/"),
    Picture("notifications", "/demonstration/", act=simulate_and_open_bell),
    Picture("notifications-page", "/notifications/"),
    Picture("notifications-empty", "/registries/", role="reader", act=open_bell),
    Picture("demonstration", "/demonstration/"),
    Picture("admin", "/admin/registries/registry/"),
    Picture(
        "admin-settings",
        "/admin/networking/endpointsettings/?q=mycontainerregistry",
        act=open_settings_in_the_admin,
        known=("empty-table-header",),  # of Django's own table of inlines
    ),
    Picture("admin-rules", "/admin/networking/firewallrule/?q=mycontainerregistry"),
    Picture("admin-requests", "/admin/networking/accessrequest/"),
    # The last: from then on a gate reports, and every Networking page says so.
    Picture("networking-applied", BLADE, act=wake_gate, on_a_phone=True),
)


def take(browser: Browser, sign_ins: SignIns, picture: Picture, width: int, scheme: Scheme) -> Path:
    """One picture: what a desktop screen shows, or on a phone the whole page."""
    context = browser.new_context(
        **context_options(width=width, height=844 if width < PHONE else 1000, scheme=scheme),
        base_url=sign_ins.url,
        reduced_motion="reduce",
        storage_state=sign_ins.state(picture.role) if picture.role else None,
    )
    context.add_init_script(WATCH_DRAFTS)
    page = context.new_page()
    answer = page.goto(picture.path)
    assert answer is not None
    assert answer.status == 200, f"{picture.name}: {picture.path} answers {answer.status}"
    if picture.act:
        picture.act(page)
    settled(page)
    path = FOLDER / f"{picture.name}-{width}-{scheme}.png"
    page.screenshot(path=path, full_page=width < PHONE, clip=clip(page, width), animations="disabled")
    context.close()
    shrink(path)
    return path


def clip(page: Page, width: int) -> FloatRect | None:
    """On a phone the top of a page that is very long; a hundred rules look like twenty."""
    height = int(page.evaluate("document.documentElement.scrollHeight"))
    return {"x": 0, "y": 0, "width": width, "height": LONGEST} if width < PHONE and height > LONGEST else None


def shrink(path: Path) -> None:
    """A third of the size: 256 colours stay exactly, the few pixels of others get the nearest of them. Every hue keeps
    its commonest colour, however few its pixels: a red sign stays red. The rest are the commonest of all."""
    with Image.open(path) as opened:
        raw = opened.convert("RGB").tobytes()
        size = opened.size
    pixels = list(zip(raw[::3], raw[1::3], raw[2::3], strict=True))
    counted = [colour for colour, _ in Counter(pixels).most_common()]
    hues: dict[tuple[int, ...], tuple[int, ...]] = {}
    for colour in counted:
        hues.setdefault(tuple(channel >> 5 for channel in colour), colour)
    kept = list(dict.fromkeys([*list(hues.values())[:200], *counted]))[:256]
    index = {colour: number for number, colour in enumerate(kept)}
    for rare in counted:
        if rare in index:
            continue
        index[rare] = index[min(kept, key=lambda colour: sum(abs(a - b) for a, b in zip(colour, rare, strict=True)))]
    small = Image.frombytes("P", size, bytes(index[pixel] for pixel in pixels))
    small.putpalette([channel for colour in kept for channel in colour])
    small.save(path, optimize=True)


def all_of(pictures: list[Picture], width: int | None) -> Iterator[Path]:
    with running() as server, sync_playwright() as playwright:
        browser = launch(playwright)
        sign_ins = SignIns(browser, server.url)
        log_a_morning(server)
        for picture in pictures:
            for each, scheme in product([width] if width else picture.widths, SCHEMES):
                yield take(browser, sign_ins, picture, each, scheme)
        browser.close()


def main() -> int:
    known = {picture.name: picture for picture in PICTURES}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(known)}; left out, all of them")
    parser.add_argument(
        "--width", type=int, default=os.environ.get("WIDTH") or None, help="instead of 1440, and 390 for some"
    )
    wanted = parser.parse_args()
    if unknown := [name for name in wanted.names if name not in known]:
        parser.error(f"there is no picture {', '.join(unknown)}")
    if chromium_path() is None:
        parser.error("Chromium isn't installed; CHROMIUM can name one")
    FOLDER.mkdir(parents=True, exist_ok=True)
    pictures = [known[name] for name in wanted.names] or list(PICTURES)
    total = 0
    for path in all_of(pictures, wanted.width):
        total += path.stat().st_size
        sys.stdout.write(f"{path.stat().st_size:8,} {path.relative_to(ROOT)}\n")
    sys.stdout.write(f"{total:8,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
