from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from networking.models import PrivateEndpoint
from registries.models import Registry, ResourceGroup
from tests import make
from tests.networking.arm.asking import GROUP, SUBSCRIPTION, Arm

ALL = f"{SUBSCRIPTION}/resources"
REGISTRIES = "Microsoft.ContainerRegistry/registries"
NETWORKS = "Microsoft.Network/virtualNetworks"
ENDPOINTS = "Microsoft.Network/privateEndpoints"


@pytest.fixture(autouse=True)
def one_of_each(arm_server: None) -> None:
    """In myResourceGroup; and a registry in another group."""
    registry = make.registry(tags={"Team": "net"})
    make.virtual_network()
    make.private_endpoint(registry)
    make.registry("elsewhere", group=make.resource_group("other"), location="westeurope", sku="Basic")


def names(arm: Arm, path: str) -> list[str]:
    return [each["name"] for each in arm.get(path).json["value"]]


def asked(arm: Arm, text: str, *, path: str = ALL) -> list[str]:
    return names(arm, f"{path}?$filter={quote(text)}")


def pages(arm: Arm, path: str) -> Iterator[list[str]]:
    """As az follows them."""
    while path:
        page = arm.get(path).json
        yield [each["name"] for each in page["value"]]
        path = page.get("nextLink", "").removeprefix(django_settings.ARM_URL)


def test_the_resources_of_a_subscription(reader: Arm) -> None:
    answer = reader.get(ALL)
    place = {"location": "eastus", "tags": {}}
    group = f"{GROUP}/providers"
    assert answer.json == {
        "value": [
            {
                "id": f"{group}/{REGISTRIES}/mycontainerregistry",
                "name": "mycontainerregistry",
                "type": REGISTRIES,
                "sku": {"name": "Premium", "tier": "Premium"},
                "location": "eastus",
                "tags": {"Team": "net"},
            },
            {
                "id": f"{SUBSCRIPTION}/resourceGroups/other/providers/{REGISTRIES}/elsewhere",
                "name": "elsewhere",
                "type": REGISTRIES,
                "sku": {"name": "Basic", "tier": "Basic"},
                "location": "westeurope",
                "tags": {},
            },
            {"id": f"{group}/{NETWORKS}/myVnet", "name": "myVnet", "type": NETWORKS, **place},
            {"id": f"{group}/{ENDPOINTS}/myEndpoint", "name": "myEndpoint", "type": ENDPOINTS, **place},
        ]
    }


def test_what_az_asks_for_besides_is_told_where_it_is_known(reader: Arm) -> None:
    created, changed = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC), datetime(2026, 11, 20, tzinfo=UTC)
    Registry.objects.update(created_at=created, changed_at=changed)
    PrivateEndpoint.objects.update(created_at=created)
    plain = reader.get(ALL).json["value"]
    expanded = reader.get(f"{ALL}?$expand=createdTime,changedTime,provisioningState").json["value"]
    done = {"provisioningState": "Succeeded"}
    known = {"createdTime": "2026-01-02T03:04:05.6789010Z"} | done
    both = known | {"changedTime": "2026-11-20T00:00:00.0000000Z"}
    more = [both, both, done, known]
    assert expanded == [each | added for each, added in zip(plain, more, strict=True)]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param("provisioningState", ["provisioningState"], id="one"),
        pytest.param(" CREATEDTIME , none", ["createdTime"], id="letter case, and a word that means nothing"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_only_what_is_asked_for_is_told(reader: Arm, asked: str, found: list[str]) -> None:
    [shown] = reader.get(f"{GROUP}/resources?$top=1&$expand={quote(asked)}").json["value"]
    assert [name for name in shown if name in ("createdTime", "changedTime", "provisioningState")] == found


def test_what_is_asked_for_goes_on_to_the_next_page(reader: Arm) -> None:
    page = reader.get(f"{ALL}?$top=1&$expand=provisioningState").json
    following = reader.get(page["nextLink"].removeprefix(django_settings.ARM_URL)).json["value"]
    assert [each["provisioningState"] for each in following] == ["Succeeded"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(
            "resourceType eq 'microsoft.containerregistry/REGISTRIES'", ["mycontainerregistry", "elsewhere"], id="type"
        ),
        pytest.param("resourceType eq 'Microsoft.Network/virtualNetworks'", ["myVnet"], id="networks"),
        pytest.param("resourceType eq 'Microsoft.Compute/virtualMachines'", [], id="a type we don't have"),
        pytest.param("resourceGroup eq 'OTHER'", ["elsewhere"], id="group"),
        pytest.param("resourceGroup eq 'none'", [], id="a group that is not there"),
        pytest.param("name eq 'MyContainerRegistry'", ["mycontainerregistry"], id="name of a registry"),
        pytest.param("name eq 'MYVNET'", ["myVnet"], id="name of a network"),
        pytest.param("name eq 'no-registry-name'", [], id="a name that no registry can have"),
        pytest.param("location eq 'West Europe'", ["elsewhere"], id="location"),
        pytest.param("tagname eq 'team' and tagvalue eq 'net'", ["mycontainerregistry"], id="tag"),
        pytest.param("startswith(tagname, 'te')", ["mycontainerregistry"], id="tags that begin so"),
        pytest.param("tagname eq 'none'", [], id="a tag nobody has"),
        pytest.param(
            f"resourceGroup eq 'myResourceGroup' and resourceType eq '{REGISTRIES}' and tagname eq 'team'",
            ["mycontainerregistry"],
            id="several",
        ),
    ],
)
def test_the_filters_that_az_sends(reader: Arm, text: str, found: list[str]) -> None:
    assert asked(reader, text) == found


@pytest.mark.parametrize("text", ["name", "name ne 'a'", "plan eq 'a'", "name eq 'a' or name eq 'b'", "'"])
def test_any_other_filter_is_refused(reader: Arm, text: str) -> None:
    assert reader.get(f"{ALL}?$filter={quote(text)}").error == (
        400,
        "InvalidFilterInQueryString",
        f"Invalid $filter '{text}' specified in the query string.",
    )


def test_the_resources_of_a_group(reader: Arm) -> None:
    mine = f"{GROUP.upper().replace('/SUBSCRIPTIONS', '/subscriptions')}/resources"
    assert names(reader, mine) == ["mycontainerregistry", "myVnet", "myEndpoint"]
    assert asked(reader, "resourceGroup eq 'MYRESOURCEGROUP'", path=mine) == [
        "mycontainerregistry", "myVnet", "myEndpoint",
    ]  # fmt: skip
    assert asked(reader, "resourceGroup eq 'other'", path=mine) == []
    assert reader.get(f"{SUBSCRIPTION}/resourceGroups/none/resources").error[:2] == (404, "ResourceGroupNotFound")


@pytest.mark.parametrize("top", range(1, 6))
def test_pages_of_any_size_hold_each_resource_once_and_in_order(reader: Arm, top: int) -> None:
    everything = names(reader, ALL)
    found = list(pages(reader, f"{ALL}?$top={top}"))
    assert [name for page in found for name in page] == everything
    assert [len(page) for page in found] == [
        *[top] * ((len(everything) - 1) // top), (len(everything) - 1) % top + 1,
    ]  # fmt: skip


def test_a_filter_goes_on_to_the_next_page(reader: Arm) -> None:
    for number in range(5):
        make.registry(f"tagged{number}", tags={"Team": "net"})
    text = quote("tagname eq 'team'")
    assert list(pages(reader, f"{ALL}?$top=4&$filter={text}")) == [
        ["mycontainerregistry", "tagged0", "tagged1", "tagged2"], ["tagged3", "tagged4"],
    ]  # fmt: skip


def test_a_page_that_begins_nowhere_is_empty_or_refused(reader: Arm) -> None:
    assert names(reader, f"{ALL}?$skiptoken=9-1") == []
    assert reader.get(f"{ALL}?$skiptoken=nothing").error[:2] == (400, "InvalidQueryParameterValue")


def test_other_subscriptions_keep_their_own(reader: Arm) -> None:
    assert reader.get("/subscriptions/22222222-2222-2222-2222-222222222222/resources").error[:2] == (
        404, "SubscriptionNotFound",
    )  # fmt: skip


def test_who_may_not_see_registries_sees_no_resource(nobody: Arm) -> None:
    assert nobody.get(ALL).error[:2] == (403, "AuthorizationFailed")
    assert Arm("").get(ALL).status == 401
    assert nobody.put(ALL, {}).error[:2] == (405, "MethodNotAllowed")


def test_a_page_costs_the_same_number_of_queries_wherever_it_begins(
    reader: Arm, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    group = ResourceGroup.objects.get(name="other")
    Registry.objects.bulk_create(
        Registry(resource_group=group, name=f"many{number}", sku="Basic", location="eastus") for number in range(300)
    )
    path = f"{ALL}?$top=50"
    for _ in range(4):
        with django_assert_max_num_queries(6):
            page = reader.get(path).json
        assert len(page["value"]) == 50
        path = page["nextLink"].removeprefix(django_settings.ARM_URL)


def test_no_page_reads_more_rows_than_it_shows(reader: Arm) -> None:
    with CaptureQueriesContext(connection) as captured:
        reader.get(f"{ALL}?$top=2")
    of_registries: list[Any] = [each["sql"] for each in captured if 'FROM "registries_registry"' in each["sql"]]
    assert len(of_registries) == 1
    assert "LIMIT 3" in of_registries[0]
