"""Axe is silent on every page and state, wide, middling and on a phone, in light and dark; nothing scrolls sideways.

A page is opened once on each screen; widths and colours change under it.
"""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from tests.browser.chromium import AXE_COLOUR_RULES, AXE_RULES, OpenPage, Scheme, SignIns, axe, settled
from tests.browser.gate import log_a_morning
from tests.browser.pictures import PICTURES, Picture
from tests.browser.server import Server

# Django's admin fades from one colour of a link to the other.
FINISH = "document.getAnimations().forEach(each => each instanceof CSSTransition && each.finish())"
CHECKED: tuple[tuple[Scheme, list[str]], ...] = (("light", AXE_RULES), ("dark", AXE_COLOUR_RULES))


@dataclass(frozen=True)
class Screen:
    """Widths with their heights, the first of them when the page is opened, and one that is only measured.

    Tall on purpose: what merely sits under a bar that sticks would be reported as too small a target."""

    sizes: tuple[tuple[int, int], ...]
    narrowest: int | None = None


SCREENS = [
    pytest.param(Screen(((1440, 1000), (1024, 1400))), id="desktop"),
    pytest.param(Screen(((390, 2800),), narrowest=320), id="phone"),
]


@pytest.fixture(scope="module", autouse=True)
def demonstration(server: Server, sign_ins: SignIns) -> None:
    """After everybody has signed in, which is what a reset goes back to."""
    server.reset()
    log_a_morning(server)


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("picture", [pytest.param(picture, id=picture.name) for picture in PICTURES])
def test_axe_has_nothing_against_a_page(open_page: OpenPage, picture: Picture, screen: Screen) -> None:
    width, height = screen.sizes[0]
    page = open_page(picture.role, width=width, height=height, expected=["422", "409"])
    page.goto(picture.path)
    if picture.act:
        picture.act(page)
    settled(page)
    found = [each for width, height in screen.sizes for each in found_at(page, picture, width, height)]
    if screen.narrowest:
        found += found_sideways(page, picture, screen.narrowest, 700)
    assert found == []


def found_at(page: Page, picture: Picture, width: int, height: int) -> list[str]:
    """What is wrong with it at that width, a line for each, with the scheme it is wrong in. A scheme changes colours
    alone: one set of variables, the same elements in the same places."""
    found = found_sideways(page, picture, width, height)
    for scheme, rules in CHECKED:
        page.emulate_media(color_scheme=scheme)
        page.evaluate(FINISH)
        against = [each for each in axe(page, rules) if not each.startswith(picture.known)]
        found += [f"{picture.name}, {width}, {scheme}: {each}" for each in against]
    return found


def found_sideways(page: Page, picture: Picture, width: int, height: int) -> list[str]:
    page.set_viewport_size({"width": width, "height": height})
    wide = page.evaluate("document.documentElement.scrollWidth")
    return [] if wide <= width else [f"{picture.name}, {width}: {wide} pixels wide"]


def test_forced_colours_keep_borders_and_marks(open_page: OpenPage) -> None:
    page = open_page("owner", forced_colors="active", expected=["422", "409"])
    page.goto("/registries/mycontainerregistry/networking/")
    assert axe(page) == []
    chosen = page.locator("#pna-selected")
    assert chosen.evaluate("box => getComputedStyle(box, '::before').borderTopWidth") == "5px"
    assert page.locator("#access-card").evaluate("card => getComputedStyle(card).borderTopStyle") == "solid"
