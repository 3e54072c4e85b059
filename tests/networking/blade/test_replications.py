"""The Geo-replications page."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from networking.access.policy import AccessPolicy
from networking.blade.replica_lines import free_regions
from networking.models import Subnet
from networking.replicating import Wanted, replicate
from registries.models import Change, Registry
from tests import make

pytestmark = pytest.mark.django_db

URL = "/registries/myregistry/replications/"


@pytest.fixture
def registry(db: None) -> Registry:
    """In West US, with its data endpoint."""
    return make.registry("myregistry", location="westus", policy=AccessPolicy(data_endpoint=True))


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def regions_of(registry: Registry) -> list[str]:
    registry.refresh_from_db()
    return list(registry.replica_regions)


def test_a_region_is_added_with_its_data_endpoint(contributor: Client, registry: Registry) -> None:
    answer = contributor.post(URL, {"op": "add", "region": "eastus"})
    assert (answer.status_code, answer["Location"], regions_of(registry)) == (303, URL, ["eastus"])
    page = text_of(contributor.get(URL))
    assert "'myregistry' is replicated to East US. Client firewalls have to allow myregistry.eastus.data" in page
    lines = contributor.get(URL).context["lines"]
    assert [(line.name, line.host, line.replica is None) for line in lines] == [
        ("East US", "myregistry.eastus.data.azurecr.io", False),
        ("West US", "myregistry.westus.data.azurecr.io", True),
    ]
    assert 'aria-label="Remove East US"' in page
    assert 'aria-label="Remove West US"' not in page
    assert "<title>myregistry | Geo-replications – Portcullis</title>" in page


def test_without_data_endpoints_the_page_says_what_clients_use(reader: Client) -> None:
    make.registry("myregistry")
    page = text_of(reader.get(URL))
    assert "Off; it would be <code>myregistry.eastus.data.azurecr.io</code>" in page
    assert "<code>*.blob.core.windows.net</code>" in page


def test_a_region_is_removed(contributor: Client, registry: Registry) -> None:
    replicate(registry, "eastus", Wanted(), make.BO)
    answer = contributor.post(URL, {"op": "remove", "region": "eastus"})
    assert (answer.status_code, regions_of(registry)) == (303, [])
    again = contributor.post(URL, {"op": "remove", "region": "eastus"})
    assert again.status_code == 303
    assert "has no replication there any more" in text_of(contributor.get(URL))


def test_before_a_region_goes_the_page_says_which_name_clients_lose(contributor: Client, registry: Registry) -> None:
    replicate(registry, "eastus", Wanted(), make.BO)
    page = text_of(contributor.get(URL))
    assert f'<form method="get" action="{URL}"><input type="hidden" name="region" value="eastus">' in page
    question = contributor.get(URL, {"op": "remove", "region": "eastus"})
    assert (question.status_code, regions_of(registry)) == (200, ["eastus"])
    told = text_of(question)
    assert "Remove the replication in East US?" in told
    assert "<li><code>myregistry.eastus.data.azurecr.io</code></li>" in told
    assert "westus" not in told.partition("<h2>")[2]
    assert "private endpoint" not in told.partition("<h2>")[2]
    assert '<button class="btn danger" type="submit" name="op" value="remove">' in told


def test_without_data_endpoints_no_name_goes(contributor: Client) -> None:
    registry = make.registry("myregistry", location="westus")
    replicate(registry, "eastus", Wanted(), make.BO)
    make.connection(registry, "one")
    told = text_of(contributor.get(URL, {"op": "remove", "region": "eastus"}))
    assert "Dedicated data endpoints are off, so no name goes that a client firewall allows." in told
    assert "gives back its address for <code>myregistry.eastus.data.azurecr.io</code>" in told


@pytest.mark.parametrize(
    ("region", "sentence"),
    [
        pytest.param("westus", "which it is served from always", id="its own"),
        pytest.param("eastus", "Choose a region that the registry has.", id="one it doesn't have"),
        pytest.param("", "Choose a region that the registry has.", id="none"),
    ],
)
def test_what_cannot_be_removed_is_not_asked_about(
    contributor: Client, registry: Registry, region: str, sentence: str
) -> None:
    answer = contributor.get(URL, {"op": "remove", "region": region})
    assert answer.status_code == 422
    assert sentence in text_of(answer)


def test_who_may_not_change_is_not_asked(reader: Client, registry: Registry) -> None:
    replicate(registry, "eastus", Wanted(), make.BO)
    assert reader.get(URL, {"op": "remove", "region": "eastus"}).status_code == 403


def test_another_cloud_has_its_own_storage(reader: Client, settings: Settings) -> None:
    settings.LOGIN_SERVER_SUFFIX = "azurecr.cn"
    make.registry("myregistry")
    assert "<code>*.blob.core.chinacloudapi.cn</code>" in text_of(reader.get(URL))


def test_the_activity_log_tells_both(contributor: Client, registry: Registry) -> None:
    contributor.post(URL, {"op": "add", "region": "eastus"})
    contributor.post(URL, {"op": "remove", "region": "eastus"})
    page = text_of(contributor.get("/registries/myregistry/activity/"))
    for told in ("Add replication", "Delete replication", "Replication in East US"):
        assert told in page
    change = Change.objects.get(operation="Add replication")
    assert (change.door, change.account.startswith("contributor")) == ("portal", True)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        pytest.param({"op": "add", "region": "moon"}, "Choose a region of the list.", id="no region"),
        pytest.param({"op": "add"}, "Choose a region of the list.", id="nothing chosen"),
        pytest.param({"op": "add", "region": "westus"}, "West US is the registry's own region.", id="its own"),
        pytest.param({"op": "add", "region": "eastus"}, "'myregistry' is replicated to East US already.", id="twice"),
        pytest.param({"op": "remove", "region": "westus"}, "which it is served from always", id="remove its own"),
        pytest.param({"op": "move", "region": "eastus"}, "Choose Add or Remove.", id="another button"),
        pytest.param({}, "Choose Add or Remove.", id="nothing"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    contributor: Client, registry: Registry, typed: dict[str, str], sentence: str
) -> None:
    replicate(registry, "eastus", Wanted(region_endpoint_enabled=False), make.BO)
    before = Change.objects.count()
    answer = contributor.post(URL, typed)
    assert answer.status_code == 422
    assert "<strong>Nothing was changed.</strong>" in text_of(answer)
    assert sentence in text_of(answer)
    assert (regions_of(registry), Change.objects.count()) == (["eastus"], before)
    assert registry.replications.get().region_endpoint_enabled is False


def test_without_an_address_left_for_a_private_endpoint_no_region_is_added(
    contributor: Client, registry: Registry
) -> None:
    network = make.virtual_network()
    make.private_endpoint(registry)
    Subnet.objects.filter(virtual_network=network).update(address_prefixes=["10.0.0.0/29"])
    for region in ("eastus", "northeurope"):
        answer = contributor.post(URL, {"op": "add", "region": region})
    assert answer.status_code == 422
    assert "does not have enough capacity" in text_of(answer)
    assert regions_of(registry) == ["eastus"]


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
def test_a_lower_tier_is_told_the_way_up(as_role: Callable[[str], Client], sku: str) -> None:
    registry = make.registry("myregistry", sku=sku)
    contributor = as_role("Contributor")
    page = text_of(contributor.get(URL))
    assert f"Geo-replication needs the Premium tier; 'myregistry' is {sku}." in page
    assert 'href="/registries/myregistry/tier/"' in page
    assert 'id="ad-h"' not in page
    refused = contributor.post(URL, {"op": "add", "region": "westus"})
    assert refused.status_code == 422
    assert f"geo-replication is not supported for the SKU {sku}." in text_of(refused)
    assert regions_of(registry) == []
    assert "A Contributor or Owner can change the tier." in text_of(as_role("Reader").get(URL))


def test_a_reader_sees_the_regions_and_changes_nothing(reader: Client, registry: Registry) -> None:
    page = text_of(reader.get(URL))
    assert "Changing them needs the Owner or Contributor role." in page
    assert 'id="ad-h"' not in page
    assert reader.post(URL, {"op": "add", "region": "eastus"}).status_code == 403
    assert regions_of(registry) == []


def test_a_replica_left_out_of_the_global_endpoint_says_so(reader: Client, registry: Registry) -> None:
    replicate(registry, "eastus", Wanted(region_endpoint_enabled=False, zone_redundancy="Enabled"), make.BO)
    page = text_of(reader.get(URL))
    assert "left out of the global endpoint" in page
    assert "zone redundant" in page


def test_a_registry_deleted_meanwhile_is_not_found(
    contributor: Client, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> Any:
        raise Registry.DoesNotExist

    monkeypatch.setattr("networking.blade.replications.add", gone)
    assert contributor.post(URL, {"op": "add", "region": "eastus"}).status_code == 404


def test_the_page_takes_the_same_queries_for_any_number_of_regions(
    contributor: Client, registry: Registry, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(8):
        contributor.get(URL)
    for region in ("eastus", "eastus2", "northeurope"):
        replicate(registry, region, Wanted(), make.BO)
    with django_assert_num_queries(8):
        contributor.get(URL)


def test_only_regions_it_does_not_have_are_offered(registry: Registry) -> None:
    replicate(registry, "eastus", Wanted(), make.BO)
    registry.refresh_from_db()
    offered = free_regions(registry)
    assert not {"westus", "eastus"} & {region for region, _ in offered}
    assert offered[:2] == [("australiacentral", "Australia Central"), ("australiaeast", "Australia East")]
    assert ("eastus2", "East US 2") in offered


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(contributor: Client, registry: Registry, method: str) -> None:
    assert getattr(contributor, method)(URL).status_code == 405


def test_it_is_for_those_who_may_look(
    client: Client, as_role: Callable[[str | None], Client], registry: Registry
) -> None:
    assert client.get(URL)["Location"].startswith("/sign-in/")
    assert as_role(None).get(URL).status_code == 403
    assert as_role("Reader").get("/registries/nosuch/replications/").status_code == 404
