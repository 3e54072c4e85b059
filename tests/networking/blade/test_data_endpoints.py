"""What changes for client firewalls when dedicated data endpoints are switched: the page, and the draft's notice."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from networking.access.endpoints import Switch
from networking.access.policy import AccessPolicy
from networking.arm.registry_queries import stored
from networking.blade.client_hosts import hosts_of
from networking.models import EndpointSettings
from networking.replicating import Wanted, replicate
from registries.models import Registry
from tests import make

pytestmark = pytest.mark.django_db

URL = "/registries/myregistry/networking/data-endpoints/"
BLADE = "/registries/myregistry/networking/"
LOGIN = "myregistry.azurecr.io"
STORAGE = "*.blob.core.windows.net"
EAST, WEST = "myregistry.eastus.data.azurecr.io", "myregistry.westus.data.azurecr.io"


def registry(*, on: bool, replicated: bool = True, **more: Any) -> Registry:
    made = make.registry("myregistry", policy=AccessPolicy(data_endpoint=on), **more)
    if replicated:
        replicate(made, "westus", Wanted(), make.BO)
        made.refresh_from_db()
    return made


def text_of(answer: Any) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def test_before_they_are_switched_on_the_page_lists_what_firewalls_need_before_and_after(reader: Client) -> None:
    registry(on=False)
    answer = reader.get(URL)
    told = answer.context
    assert told["needed_now"] == [LOGIN, "azurecr.io", STORAGE]
    assert (told["added"], told["no_longer"]) == ((EAST, WEST), (STORAGE,))
    page = text_of(answer)
    assert "Dedicated data endpoints are <strong>off</strong> for 'myregistry'." in page
    assert "To switch them on without a failed pull" in page
    assert 'data-copy="az acr update --name myregistry --data-endpoint-enabled"' in page
    assert f'data-copy="{EAST} {WEST}"' in page
    assert "TCP port 443" in page
    assert "The login server stays the same either way." in page


def test_before_they_are_switched_off_it_is_the_other_way_round(reader: Client) -> None:
    registry(on=True)
    answer = reader.get(URL)
    told = answer.context
    assert told["needed_now"] == [LOGIN, "azurecr.io", EAST, WEST]
    assert (told["added"], told["no_longer"]) == ((STORAGE,), (EAST, WEST))
    assert "To switch them off without a failed pull" in text_of(answer)
    assert 'data-copy="az acr update --name myregistry --data-endpoint-enabled false"' in text_of(answer)


def test_the_hosts_stand_in_the_order_of_show_endpoints() -> None:
    """az reads dataEndpointHostNames, which ARM has in the order of the regions' names."""
    made = registry(on=True)
    replicate(made, "australiaeast", Wanted(), make.BO)
    made.refresh_from_db()
    hosts = stored(made).hosts("data")
    assert list(Switch.of(hosts_of(made)).only_on) == hosts
    assert [host.split(".")[1] for host in hosts] == ["australiaeast", "eastus", "westus"]


def test_a_registry_under_a_name_of_ones_own_is_told_the_hosts_of_its_own_gate(
    reader: Client, contributor: Client, settings: Settings
) -> None:
    settings.LOGIN_SERVER_SUFFIX = "registry.example.org"
    registry(on=False)
    blob = "myregistry.blob.registry.example.org"
    assert reader.get(URL).context["needed_now"] == ["myregistry.registry.example.org", "registry.example.org", blob]
    page = text_of(contributor.get(BLADE))
    assert f"clients that only allow <code>{blob}</code> will fail to pull layers." in page
    assert STORAGE not in page


def test_an_approved_private_endpoint_holds_on_to_them(reader: Client) -> None:
    made = registry(on=True, replicated=False)
    assert "They can't be switched off" not in text_of(reader.get(URL))
    make.connection(made, "agents", "Pending")
    assert "They can't be switched off" not in text_of(reader.get(URL))
    make.connection(made, "office", "Approved")
    assert "They can't be switched off" in text_of(reader.get(URL))


@pytest.mark.parametrize(("role", "way"), [("Contributor", "Change the tier"), ("Reader", "can change the tier.")])
def test_a_lower_tier_is_told_the_way_up(as_role: Callable[[str], Client], role: str, way: str) -> None:
    make.registry("myregistry", sku="Standard")
    page = text_of(as_role(role).get(URL))
    assert "Dedicated data endpoints need the Premium tier; 'myregistry' is Standard." in page
    assert way in page


def test_the_blade_has_both_notices_and_the_way_there(contributor: Client) -> None:
    """The style sheet shows the one of the two that the checkbox asks for."""
    registry(on=False)
    page = text_of(contributor.get(BLADE))
    assert f'href="{URL}"' in page
    assert f"Their firewalls must allow <code>{EAST}</code>, <code>{WEST}</code> first." in page
    assert f"clients that only allow <code>{EAST}</code>, <code>{WEST}</code> will fail to pull layers." in page
    assert '<a href="/registries/myregistry/replications/">Configure</a>' in page


def test_the_blade_lists_a_data_endpoint_for_each_region(reader: Client) -> None:
    registry(on=True)
    page = text_of(reader.get(BLADE))
    table = page[page.index('<table class="grid endpoints') :]
    assert table.index("East US") < table.index(EAST) < table.index("West US") < table.index(WEST)


def test_the_page_switches_nothing_and_takes_the_same_queries(
    reader: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    made = registry(on=True, replicated=False)
    with django_assert_num_queries(10):
        reader.get(URL)
    for region in ("westus", "northeurope"):
        replicate(made, region, Wanted(), make.BO)
    with django_assert_num_queries(10):
        reader.get(URL)
    assert EndpointSettings.of(made).policy == AccessPolicy(data_endpoint=True)


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_other_methods_are_refused(contributor: Client, method: str) -> None:
    registry(on=False)
    assert getattr(contributor, method)(URL).status_code == 405


def test_it_is_for_those_who_may_look(client: Client, as_role: Callable[[str | None], Client]) -> None:
    registry(on=False)
    assert client.get(URL)["Location"].startswith("/sign-in/")
    assert as_role(None).get(URL).status_code == 403
    assert as_role("Reader").get("/registries/nosuch/networking/data-endpoints/").status_code == 404
