"""Axe is silent on every page and state, wide, middling and on a phone, in light and dark; nothing scrolls sideways."""

import pytest

from tests.browser.chromium import OpenPage, Scheme, axe
from tests.browser.gate import log_a_morning
from tests.browser.pictures import PICTURES, Picture
from tests.browser.server import Server

# Tall on purpose: what merely sits under a bar that sticks would be reported as too small a target.
SIZES = [pytest.param(1440, 1000, id="1440"), pytest.param(1024, 1400, id="1024"), pytest.param(390, 2800, id="390")]


@pytest.fixture(scope="module", autouse=True)
def demonstration(server: Server) -> None:
    server.reset()
    log_a_morning(server)


@pytest.mark.parametrize("picture", [pytest.param(picture, id=picture.name) for picture in PICTURES])
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_nothing_against_a_page(
    open_page: OpenPage, picture: Picture, width: int, height: int, scheme: Scheme
) -> None:
    page = open_page(picture.role, width=width, height=height, scheme=scheme, expected=["422", "409"])
    page.goto(picture.path)
    if picture.act:
        picture.act(page)
    page.wait_for_load_state("networkidle")
    assert [found for found in axe(page) if not found.startswith(picture.known)] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("picture", [pytest.param(picture, id=picture.name) for picture in PICTURES])
def test_a_page_fits_320_pixels(open_page: OpenPage, picture: Picture) -> None:
    page = open_page(picture.role, width=320, height=700, expected=["422", "409"])
    page.goto(picture.path)
    if picture.act:
        picture.act(page)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_forced_colours_keep_borders_and_marks(open_page: OpenPage) -> None:
    page = open_page("owner", forced_colors="active", expected=["422", "409"])
    page.goto("/registries/mycontainerregistry/networking/")
    assert axe(page) == []
    chosen = page.locator("#pna-selected")
    assert chosen.evaluate("box => getComputedStyle(box, '::before').borderTopWidth") == "5px"
    assert page.locator("#access-card").evaluate("card => getComputedStyle(card).borderTopStyle") == "solid"
