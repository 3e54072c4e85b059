"""ARM resource ids, in any letter case."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registries.resource_id import ResourceId

SPELLED = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/myResourceGroup"
    "/providers/Microsoft.ContainerRegistry/registries/myRegistry"
)
HERE = ResourceId("00000000-0000-0000-0000-000000000001", "myResourceGroup", "myRegistry")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SPELLED, id="as ARM spells it"),
        pytest.param(SPELLED.replace("resourceGroups", "resourcegroups"), id="as clients send it"),
        pytest.param(SPELLED.replace("Microsoft.ContainerRegistry", "MICROSOFT.CONTAINERREGISTRY"), id="in capitals"),
        pytest.param(SPELLED + "/", id="a slash at the end"),
        pytest.param(f"  {SPELLED}\n", id="spaces around"),
    ],
)
def test_an_id_is_parsed_and_its_names_are_kept_as_they_were(text: str) -> None:
    assert ResourceId.parse(text) == HERE
    assert str(HERE) == SPELLED


def test_names_keep_their_letter_case() -> None:
    parsed = ResourceId.parse(SPELLED.upper())
    assert parsed == ResourceId("00000000-0000-0000-0000-000000000001", "MYRESOURCEGROUP", "MYREGISTRY")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("myRegistry", id="a name"),
        pytest.param(SPELLED[1:], id="no slash at the start"),
        pytest.param("https://management.azure.com" + SPELLED, id="a URL"),
        pytest.param(SPELLED.rpartition("/")[0], id="no registry"),
        pytest.param(SPELLED.replace("myResourceGroup", ""), id="no group"),
        pytest.param(SPELLED + "/replications/eastus", id="a part of a registry"),
        pytest.param(SPELLED + "//", id="two slashes at the end"),
        pytest.param(SPELLED.replace("Microsoft.Container", "MicrosoftXContainer"), id="a letter for the dot"),
        pytest.param(SPELLED.replace("ContainerRegistry/registries", "Storage/storageAccounts"), id="another type"),
        pytest.param(
            SPELLED.replace("subscriptions", "ſubscriptions"), id="a long s, which ignoring case takes for an s"
        ),
    ],
)
def test_anything_else_is_no_id(text: str) -> None:
    assert ResourceId.parse(text) is None


NAMES = st.text(st.characters(exclude_characters="/"), min_size=1).filter(lambda text: text == text.strip())


@settings(deadline=None)
@given(NAMES, NAMES, NAMES)
def test_what_is_spelled_is_parsed_again(subscription: str, group: str, name: str) -> None:
    here = ResourceId(subscription, group, name)
    assert ResourceId.parse(str(here)) == here


@settings(deadline=None)
@given(st.text())
def test_any_text_is_an_id_or_none(text: str) -> None:
    assert ResourceId.parse(text) is None or "/registries/" in text.lower()
