"""Region names and what the portal calls them."""

import pytest

from registries.regions import DISPLAY_NAMES, arm_name, display_name


@pytest.mark.parametrize(
    ("region", "shown"),
    [
        pytest.param("eastus", "East US", id="a region"),
        pytest.param("eastus2", "East US 2", id="a number stands apart"),
        pytest.param("uaenorth", "UAE North", id="an abbreviation"),
        pytest.param("marsnorth", "marsnorth", id="an unknown one as it is spelled"),
        pytest.param("", "", id="none"),
    ],
)
def test_a_region_is_shown_as_the_portal_shows_it(region: str, shown: str) -> None:
    assert display_name(region) == shown


@pytest.mark.parametrize("spelled", ["East US 2", "eastus2", "EASTUS2", "east us 2", " EastUS2 "])
def test_either_spelling_is_one_region(spelled: str) -> None:
    assert arm_name(spelled) == "eastus2"


def test_every_name_leads_back_to_its_region() -> None:
    assert {arm_name(shown): shown for shown in DISPLAY_NAMES.values()} == DISPLAY_NAMES


def test_every_region_fits_its_column_and_a_host_name() -> None:
    assert all(region.isascii() and region.isalnum() and len(region) <= 40 for region in DISPLAY_NAMES)
