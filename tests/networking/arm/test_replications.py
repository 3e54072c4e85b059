from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from registries.models import Account, Change, Registry
from tests import make
from tests.networking.arm.asking import REGISTRY, Arm

ALL = f"{REGISTRY}/replications"
AN = "an@example.org"
ACR_ITSELF = "6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26"


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry(location="westus")


def properties(**more: Any) -> dict[str, Any]:
    return {"regionEndpointEnabled": True, "zoneRedundancy": "Disabled", **more}


def settled(answer: Any) -> dict[str, Any]:
    """The properties without the time of their status."""
    said = dict(answer["properties"])
    assert said["status"]["timestamp"].endswith("Z")
    said["status"] = {key: word for key, word in said["status"].items() if key != "timestamp"}
    return said


def test_the_first_replication_shows_the_home_region_too(contributor: Arm, registry: Registry) -> None:
    assert contributor.get(ALL).json == {"value": []}
    assert contributor.get(f"{ALL}/westus").status == 404
    answer = contributor.put(
        f"{ALL}/southcentralus",
        {"location": "South Central US", "properties": {}},
        CommandName="acr replication create",
    )
    assert answer.status == 201
    assert list(answer.json) == ["type", "id", "name", "location", "tags", "systemData", "properties"]
    assert answer.json["id"] == f"{ALL}/southcentralus"
    assert settled(answer.json) == properties(provisioningState="Creating", status={})
    status = contributor.get(answer.headers["Azure-AsyncOperation"].removeprefix("https://localhost:8443"))
    assert (status.status, status.json, status.headers["Retry-After"]) == (200, {"status": "Succeeded"}, "1")
    here, home = contributor.get(ALL).json["value"]
    assert [here["name"], home["name"]] == ["southcentralus", "westus"]
    assert (
        settled(here) == settled(home) == properties(provisioningState="Succeeded", status={"displayStatus": "Ready"})
    )
    assert (here["systemData"]["createdBy"], here["systemData"]["createdByType"]) == ("an@example.org", "User")
    assert (home["systemData"]["createdBy"], home["systemData"]["createdByType"]) == (ACR_ITSELF, "Application")
    assert contributor.get(f"{ALL}/WestUS").json == home
    change = Change.objects.get()
    assert (change.operation, change.door, change.comment) == ("Add replication", "arm", "az acr replication create")


def stamped(answer: Any) -> tuple[str, str, str, str]:
    told = answer["systemData"]
    return told["createdBy"], told["createdByType"], told["lastModifiedBy"], told["lastModifiedByType"]


def test_the_last_change_of_each_replication_says_who_and_when(
    contributor: Arm, as_account: Callable[[Account], Arm], registry: Registry
) -> None:
    program = make.account("Contributor", username="11111111-2222-3333-4444-555555555555", service_principal=True)
    for region in ("eastus", "uksouth"):
        fresh = contributor.put(f"{ALL}/{region}", {"location": region}).json
        assert stamped(fresh) == (AN, "User", AN, "User")
        assert fresh["systemData"]["lastModifiedAt"] == fresh["systemData"]["createdAt"]
    answer = as_account(program).patch(f"{ALL}/eastus", {"tags": {"a": "b"}})
    assert stamped(answer.json) == (AN, "User", program.username, "Application")
    change = Change.objects.latest("pk")
    assert answer.json["systemData"]["lastModifiedAt"] == f"{change.at:%Y-%m-%dT%H:%M:%S.%f}0+00:00"
    assert contributor.get(f"{ALL}/eastus").json == answer.json
    assert stamped(contributor.get(f"{ALL}/uksouth").json) == (AN, "User", AN, "User")
    assert stamped(contributor.get(f"{ALL}/westus").json) == (ACR_ITSELF, "Application") * 2


def test_a_replication_that_comes_back_knows_nothing_of_the_one_before(
    contributor: Arm, owner: Arm, registry: Registry
) -> None:
    contributor.put(f"{ALL}/eastus", {"location": "eastus"})
    owner.patch(f"{ALL}/eastus", {"tags": {"a": "b"}})
    contributor.delete(f"{ALL}/eastus")
    owner.put(f"{ALL}/eastus", {"location": "eastus"})
    told = contributor.get(f"{ALL}/eastus").json
    assert stamped(told) == ("owner@example.org", "User") * 2
    assert told["systemData"]["lastModifiedAt"] == told["systemData"]["createdAt"]


def test_a_replication_without_a_record_is_as_old_as_its_row(contributor: Arm, registry: Registry) -> None:
    contributor.put(f"{ALL}/eastus", {"location": "eastus"})
    Change.objects.all().delete()
    told = contributor.get(f"{ALL}/eastus").json
    assert stamped(told) == (registry.created_by, "User") * 2
    assert told["systemData"]["lastModifiedAt"] == told["systemData"]["createdAt"]


def test_data_endpoints_follow_the_regions(contributor: Arm, registry: Registry) -> None:
    contributor.put(f"{ALL}/southcentralus", {"location": "southcentralus"})
    shown = contributor.patch(REGISTRY, {"properties": {"dataEndpointEnabled": True}}).json["properties"]
    assert shown["dataEndpointHostNames"] == [
        "mycontainerregistry.southcentralus.data.azurecr.io",
        "mycontainerregistry.westus.data.azurecr.io",
    ]
    assert contributor.delete(f"{ALL}/southcentralus").status == 200
    shown = contributor.get(REGISTRY).json["properties"]
    assert shown["dataEndpointHostNames"] == ["mycontainerregistry.westus.data.azurecr.io"]
    assert contributor.get(ALL).json == {"value": []}
    assert contributor.delete(f"{ALL}/southcentralus").status == 204


def test_a_patch_merges_and_a_put_replaces(contributor: Arm, registry: Registry) -> None:
    one = f"{ALL}/eastus"
    body = {"location": "eastus", "tags": {"a": "b"}, "kind": "x", "properties": {"quotas": {"a": 1, "b": 2}}}
    contributor.put(one, body)
    patched = contributor.patch(one, {"properties": {"regionEndpointEnabled": False, "quotas": {"a": None}}})
    assert patched.status == 200
    assert (patched.json["tags"], patched.json["kind"]) == ({"a": "b"}, "x")
    assert patched.json["properties"]["quotas"] == {"b": 2}
    assert patched.json["properties"]["regionEndpointEnabled"] is False
    replaced = contributor.put(one, {"location": "eastus", "properties": {"zoneRedundancy": "enabled"}})
    assert replaced.status == 200
    assert (replaced.json["tags"], "kind" in replaced.json) == ({}, False)
    assert settled(replaced.json) == properties(
        zoneRedundancy="Enabled", provisioningState="Succeeded", status={"displayStatus": "Ready"}
    )
    again = contributor.put(one, {"location": "eastus", "properties": {"zoneRedundancy": "Enabled"}})
    assert (again.status, Change.objects.count()) == (200, 3)


def test_who_sends_an_etag_loses_nobodys_change(contributor: Arm, registry: Registry) -> None:
    one, body = f"{ALL}/eastus", {"location": "eastus"}
    assert contributor.put(one, body, If_Match="*").error[:2] == (412, "PreconditionFailed")
    made = contributor.put(one, body, If_None_Match="*")
    assert made.status == 201
    seen = contributor.get(one).headers["ETag"]
    assert made.headers["ETag"] == seen
    before = Change.objects.count()
    for answer in (
        contributor.put(one, body, If_None_Match="*"),
        contributor.put(one, {**body, "tags": {"a": "b"}}, If_Match="nonsense"),
        contributor.patch(one, {"tags": {"a": "b"}}, If_Match='"nonsense"'),
        contributor.delete(one, If_Match="nonsense"),
        contributor.delete(f"{ALL}/northeurope", If_Match="*"),
    ):
        assert answer.error[:2] == (412, "PreconditionFailed")
    assert Change.objects.count() == before
    changed = contributor.patch(one, {"tags": {"a": "b"}}, If_Match=seen)
    assert (changed.status, changed.headers["ETag"] == seen) == (200, False)
    assert contributor.delete(one, If_Match=seen).status == 412
    assert contributor.delete(one, If_Match=changed.headers["ETag"]).status == 200


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"properties.provisioningState": "Failed"}, id="beside"),
        pytest.param({"properties": {"status.displayStatus": "Failed"}}, id="a property"),
    ],
)
def test_a_name_that_reads_like_a_path_is_refused(contributor: Arm, registry: Registry, body: dict[str, Any]) -> None:
    contributor.put(f"{ALL}/eastus", {"location": "eastus"})
    before = Change.objects.count()
    assert contributor.patch(f"{ALL}/eastus", body).error[:2] == (400, "InvalidProperty")
    assert contributor.put(f"{ALL}/eastus", {"location": "eastus", **body}).error[:2] == (400, "InvalidProperty")
    assert Change.objects.count() == before


@pytest.mark.parametrize(
    ("region", "body", "code", "message"),
    [
        pytest.param(
            "eastus", {}, "LocationRequired", "The location property is required for this definition.", id="no location"
        ),
        pytest.param("eastus", {"location": "mars"}, "LocationNotAvailableForResourceType", None, id="no region"),
        pytest.param(
            "myreplica",
            {"location": "eastus"},
            "InvalidResourceName",
            "The replication 'myreplica' is to be in eastus; name it like its region.",
            id="another name",
        ),
        pytest.param(
            "westus",
            {"location": "westus"},
            "InvalidProperty",
            "West US is the registry's own region; its replication is as long as the registry, and can't change.",
            id="its own region",
        ),
        pytest.param(
            "eastus",
            {"location": "eastus", "properties": {"regionEndpointEnabled": "yes"}},
            "InvalidProperty",
            "The property 'regionEndpointEnabled' is 'yes'; it must be true or false.",
            id="a word for a boolean",
        ),
        pytest.param(
            "eastus",
            {"location": "eastus", "properties": [1]},
            "InvalidProperty",
            "The property 'properties' is a list; it must be an object.",
            id="a list",
        ),
        pytest.param(
            "eastus",
            {"location": "eastus", "quotas": "x" * 70_000},
            "InvalidProperty",
            "Portcullis keeps at most 64 KiB of properties that it has no use for.",
            id="too much",
        ),
    ],
)
def test_a_replication_that_cannot_be_is_refused_and_nothing_is_written(
    contributor: Arm, registry: Registry, region: str, body: Any, code: str, message: str | None
) -> None:
    answer = contributor.put(f"{ALL}/{region}", body)
    assert answer.error[:2] == (400, code)
    assert message is None or answer.error[2] == message
    assert not Change.objects.exists()
    assert not registry.replications.exists()


def test_another_tier_has_none(contributor: Arm) -> None:
    make.registry(sku="Standard")
    assert contributor.put(f"{ALL}/westus", {"location": "westus"}).error == (
        400,
        "GeoReplicationNotSupported",
        "The requested feature geo-replication is not supported for the SKU Standard.",
    )


def test_the_home_region_stays_as_it_is(contributor: Arm, registry: Registry) -> None:
    contributor.put(f"{ALL}/eastus", {"location": "eastus"})
    for answer in (contributor.delete(f"{ALL}/westus"), contributor.patch(f"{ALL}/westus", {"tags": {"a": "b"}})):
        assert answer.error[:2] == (400, "InvalidProperty")
    assert len(contributor.get(ALL).json["value"]) == 2


def test_what_is_not_there_is_404(contributor: Arm, registry: Registry) -> None:
    assert contributor.get(f"{ALL}/eastus").error == (
        404,
        "ResourceNotFound",
        "The resource eastus could not be found.",
    )
    assert contributor.patch(f"{ALL}/eastus", {"tags": {}}).status == 404
    assert contributor.get(f"{ALL}/eastus/operationStatuses/replications-{'0' * 32}").status == 404


def test_a_replication_stays_in_its_region(contributor: Arm, registry: Registry) -> None:
    contributor.put(f"{ALL}/eastus", {"location": "eastus"})
    assert contributor.patch(f"{ALL}/eastus", {"location": "eastus2"}).error == (
        400,
        "InvalidProperty",
        "A replication stays in its region, eastus.",
    )


def test_readers_look_and_change_nothing(reader: Arm, nobody: Arm, registry: Registry) -> None:
    assert reader.get(ALL).status == 200
    assert reader.put(f"{ALL}/eastus", {"location": "eastus"}).error[:2] == (403, "AuthorizationFailed")
    assert reader.patch(f"{ALL}/eastus", {}).error[:2] == (403, "AuthorizationFailed")
    assert reader.delete(f"{ALL}/eastus").error[:2] == (403, "AuthorizationFailed")
    assert nobody.get(ALL).error[:2] == (403, "AuthorizationFailed")
    assert Arm("").get(ALL).status == 401
    assert reader.post(ALL).error[:2] == (405, "MethodNotAllowed")
    assert not Change.objects.exists()


def test_a_list_costs_the_same_for_one_and_for_many(
    contributor: Arm, registry: Registry, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for region in ("eastus", "eastus2", "uksouth", "ukwest"):
        contributor.put(f"{ALL}/{region}", {"location": region})
    with django_assert_max_num_queries(7):
        assert len(contributor.get(ALL).json["value"]) == 5
