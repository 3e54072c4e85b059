import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from networking.access.policy import AccessPolicy, PublicNetworkAccess
from networking.arm import registry_changes
from networking.blade.activity_log import Event
from networking.models import EndpointSettings, Subnet, VirtualNetwork
from registries.models import Change, Origin, Registry, ResourceGroup, Subscription
from tests import make
from tests.networking.arm.asking import GROUP, REGISTRIES, REGISTRY, SUBSCRIPTION, VERSION, Arm

AN = "an@example.org"
ALL = f"{SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/registries"
PREMIUM = {"location": "eastus", "sku": {"name": "Premium"}}
FOREIGN = (
    "/subscriptions/11111111-0000-0000-0000-000000000001/resourceGroups/elsewhere"
    "/providers/Microsoft.Network/virtualNetworks/theirVnet/subnets/theirSubnet"
)


def policy(of: Registry) -> AccessPolicy:
    return EndpointSettings.of(of).policy


def operations() -> list[str]:
    return list(Change.objects.order_by("pk").values_list("operation", flat=True))


def subnet(name: str = "mySubnet", *, services: tuple[str, ...] = ("Microsoft.ContainerRegistry",)) -> Subnet:
    network, _ = VirtualNetwork.objects.get_or_create(
        resource_group=make.resource_group(),
        name="myVnet",
        defaults={"location": "eastus", "address_prefixes": ["10.0.0.0/16"]},
    )
    prefix = f"10.0.{network.subnets.count()}.0/24"
    return Subnet.objects.create(
        virtual_network=network, name=name, address_prefixes=[prefix], service_endpoints=list(services)
    )


def rules(*ranges: str, **more: Any) -> dict[str, Any]:
    return {"networkRuleSet": {"ipRules": [{"value": each, "action": "Allow"} for each in ranges], **more}}


def patch(**properties: Any) -> dict[str, Any]:
    return {"properties": properties}


# Reading


def test_a_registry_is_shown_whole(reader: Arm) -> None:
    registry = make.registry(policy=make.selected("16.17.18.0/24"), tags={"team": "build"}, created_by=AN)
    answer = reader.get(REGISTRY)
    assert answer.status == 200
    assert list(answer.json) == ["sku", "type", "id", "name", "location", "tags", "systemData", "properties"]
    assert answer.json["id"] == REGISTRY
    assert answer.json["tags"] == {"team": "build"}
    assert answer.json["systemData"]["createdBy"] == AN
    assert answer.json["systemData"]["lastModifiedBy"] == "bo@example.org"
    last = registry.changes.latest("pk").at
    assert answer.json["systemData"]["lastModifiedAt"] == f"{last:%Y-%m-%dT%H:%M:%S.%f}0+00:00"
    assert answer.json["properties"]["networkRuleSet"] == {
        "defaultAction": "Deny",
        "virtualNetworkRules": [],
        "ipRules": [{"action": "Allow", "value": "16.17.18.0/24"}],
    }


def test_a_path_is_read_in_any_letter_case_and_ids_are_answered_in_ours(reader: Arm) -> None:
    make.registry("myContainerRegistry")
    path = REGISTRY.replace("resourceGroups", "resourcegroups").replace("myResourceGroup", "MYRESOURCEGROUP")
    answer = reader.get(path.replace("mycontainerregistry", "MyContainerREGISTRY"))
    assert answer.json["id"] == REGISTRY.replace("mycontainerregistry", "myContainerRegistry")
    assert answer.json["properties"]["loginServer"] == "mycontainerregistry.azurecr.io"


def test_a_program_is_told_from_a_person(contributor: Arm) -> None:
    program = make.account("Contributor", username="11111111-2222-3333-4444-555555555555", service_principal=True)
    make.registry(created_by=program.username)
    contributor.patch(REGISTRY, {"tags": {"a": "b"}})
    told = contributor.get(REGISTRY).json["systemData"]
    assert (told["createdBy"], told["createdByType"]) == (program.username, "Application")
    assert (told["lastModifiedBy"], told["lastModifiedByType"]) == (AN, "User")


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        pytest.param(
            f"{REGISTRIES}/another",
            "ResourceNotFound",
            "The Resource 'Microsoft.ContainerRegistry/registries/another' under resource group 'myResourceGroup' was "
            "not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
            id="registry",
        ),
        pytest.param(
            REGISTRY.replace("myResourceGroup", "elsewhere"),
            "ResourceNotFound",
            "The Resource 'Microsoft.ContainerRegistry/registries/mycontainerregistry' under resource group "
            "'elsewhere' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
            id="a registry of another group",
        ),
        pytest.param(
            REGISTRY.replace("myResourceGroup", "missing"),
            "ResourceGroupNotFound",
            "Resource group 'missing' could not be found.",
            id="group",
        ),
        pytest.param(
            REGISTRY.replace("000000000001", "000000000009"),
            "SubscriptionNotFound",
            "The subscription '00000000-0000-0000-0000-000000000009' could not be found.",
            id="subscription",
        ),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_what_is_not_there_is_404_in_arms_words(owner: Arm, method: str, path: str, code: str, message: str) -> None:
    make.registry()
    make.resource_group("elsewhere")
    answer = owner.ask(method, path, None if method == "GET" else {})
    assert answer.error == (404, code, message)
    assert "status" not in answer.json
    assert answer.headers["x-ms-failure-cause"] == "gateway"


@pytest.mark.parametrize("child", ["webhooks", "scopeMaps", "agentPools/one", "tokens"])
def test_children_that_we_do_not_have_are_404(reader: Arm, child: str) -> None:
    make.registry()
    assert reader.get(f"{REGISTRY}/{child}").status == 404


def test_a_get_costs_the_same_for_every_registry(
    reader: Arm, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make.registry(policy=make.selected(*(f"16.17.18.{number}" for number in range(100))))
    with django_assert_max_num_queries(8):
        first = reader.get(REGISTRY)
    with django_assert_max_num_queries(8):
        assert reader.get(REGISTRY).json == first.json


# Lists


def test_a_list_has_pages_and_an_absolute_link_to_the_next(reader: Arm) -> None:
    for number in range(5):
        make.registry(f"registry{number}", policy=make.selected("8.8.8.8"))
    make.registry("elsewhere", group=make.resource_group("another"))
    seen, url, pages = [], f"{REGISTRIES}?$top=2&api-version={VERSION}", 0
    while url:
        answer = reader.get(url)
        seen += answer.json["value"]
        pages += 1
        link = answer.json.get("nextLink", "")
        assert not link or link.startswith("https://localhost:8443/subscriptions/")
        url = link.removeprefix("https://localhost:8443")
    assert pages == 3
    assert [each["name"] for each in seen] == [f"registry{number}" for number in range(5)]
    assert seen[0] == reader.get(f"{REGISTRIES}/registry0").json
    assert [each["name"] for each in reader.get(ALL).json["value"]] == [each["name"] for each in seen] + ["elsewhere"]


def test_a_list_is_of_its_subscription_only_and_may_be_empty(reader: Arm) -> None:
    make.resource_group()
    other = Subscription.objects.create(subscription_id=UUID(int=7), display_name="Other")
    group = ResourceGroup.objects.create(subscription=other, name="myResourceGroup", location="eastus")
    make.registry(group=group)
    assert reader.get(ALL).json == {"value": []}
    assert reader.get(REGISTRIES).json == {"value": []}
    assert len(reader.get(ALL.replace("000000000001", "000000000007")).json["value"]) == 1


@pytest.mark.parametrize("query", ["$top=0", "$top=1001", "$top=many", "$skiptoken=%00", "$skiptoken=abc"])
def test_a_page_that_cannot_be_is_refused(reader: Arm, query: str) -> None:
    make.registry()
    assert reader.get(f"{REGISTRIES}?{query}").status == 400


def test_a_list_costs_the_same_for_one_and_for_many(
    reader: Arm, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        make.registry(f"registry{number}", policy=make.selected("8.8.8.8", "9.9.9.9"))
    with django_assert_max_num_queries(10):
        assert len(reader.get(ALL).json["value"]) == 12


@pytest.mark.parametrize("path", [pytest.param(REGISTRIES, id="of a group"), pytest.param(ALL, id="of a subscription")])
def test_a_page_is_read_in_the_order_of_an_index_and_sorts_nothing(reader: Arm, path: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the plan is spelled by SQLite")
    make.registry()
    make.resource_group("another")
    with CaptureQueriesContext(connection) as asked:
        reader.get(f"{path}?$skiptoken=0-0")
    (page,) = [each["sql"] for each in asked.captured_queries if "LIMIT 101" in each["sql"]]
    with connection.cursor() as cursor:
        steps = cursor.execute(f"EXPLAIN QUERY PLAN {page}").fetchall()
    outermost = [detail for _, parent, _, detail in steps if parent == 0]
    assert any("registries_registry" in detail for detail in outermost)
    assert [detail for detail in outermost if "TEMP B-TREE" in detail] == []


# PUT


def test_a_put_creates_and_says_where_it_stands(contributor: Arm) -> None:
    make.resource_group()
    body = {
        "location": "East US",
        "sku": {"name": "premium"},
        "tags": {"foo": "bar", "cat": ""},
        "properties": {"adminUserEnabled": False, **rules("16.17.18.0/24", defaultAction="Deny")},
    }
    answer = contributor.put(REGISTRY, body, CommandName="acr create")
    assert answer.status == 201
    assert (answer.json["location"], answer.json["tags"]) == ("eastus", {"foo": "bar", "cat": ""})
    assert answer.json == contributor.get(REGISTRY).json
    registry = Registry.objects.get()
    assert policy(registry) == make.selected("16.17.18.0/24")
    assert (registry.created_by, registry.kept_aside) == (AN, {"properties.adminUserEnabled": False})
    assert operations() == ["Create registry", "Update networking"]
    assert set(Change.objects.values_list("account", "door", "address", "comment")) == {
        (AN, "arm", "127.0.0.1", "az acr create")
    }


def test_a_second_put_replaces_all_that_its_version_has_a_word_for(contributor: Arm) -> None:
    make.registry(
        policy=make.selected("8.8.8.8", subnets=(FOREIGN,), trusted_services=False),
        tags={"a": "b"},
        kept_aside={"properties.policies": {"exportPolicy": {"status": "enabled"}}, "properties.quotas": 3},
    )
    answer = contributor.put(REGISTRY, PREMIUM, version="2022-02-01-preview")
    assert answer.status == 200
    registry = Registry.objects.get()
    assert policy(registry) == AccessPolicy(subnets=(FOREIGN,))  # which that version can't name
    assert (registry.tags, registry.kept_aside) == ({}, {})
    assert operations()[1:] == ["Update networking", "Update tags", "Update properties"]


def test_the_same_put_twice_changes_once(contributor: Arm) -> None:
    make.resource_group()
    body = {**PREMIUM, "properties": {"publicNetworkAccess": "Disabled", **rules(defaultAction="Deny")}}
    assert contributor.put(REGISTRY, body).status == 201
    count = Change.objects.count()
    assert contributor.put(REGISTRY, body).status == 200
    assert Change.objects.count() == count


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"properties": {"policies": {"retentionPolicy": {"days": "seven"}}}}, id="a policy"),
        pytest.param({"properties": {"encryption": {"keyVaultProperties": "x"}}}, id="encryption"),
        pytest.param({"identity": "x"}, id="identity"),
        pytest.param({"zones": 5}, id="zones"),
    ],
)
def test_what_arm_knows_and_we_have_no_use_for_has_its_type(contributor: Arm, method: str, body: Any) -> None:
    registry = make.registry()
    answer = contributor.ask(method, REGISTRY, {**PREMIUM, **body, "tags": {"a": "b"}})
    assert answer.error[:2] == (400, "InvalidProperty")
    registry.refresh_from_db()
    assert (registry.tags, registry.kept_aside, operations()) == ({}, {}, [])


def test_a_get_put_back_as_it_is_changes_nothing(contributor: Arm) -> None:
    make.registry(policy=make.disabled("8.8.8.8", data_endpoint=True), tags={"a": "b"})
    before = contributor.get(REGISTRY).json
    contributor.put(REGISTRY, before)
    after = contributor.get(REGISTRY).json
    assert operations() == ["Update networking", "Update properties"]  # the defaults it states are kept as said
    assert after["properties"] == before["properties"]


@pytest.mark.parametrize(
    ("version", "hidden", "kept"),
    [
        pytest.param("2025-11-01", "softDeletePolicy", {"status": "enabled", "retentionDays": 9}, id="soft delete"),
        pytest.param("2022-12-01", "azureADAuthenticationAsArmPolicy", {"status": "disabled"}, id="authentication"),
    ],
)
def test_a_get_put_back_in_a_version_without_a_policy_leaves_it(
    contributor: Arm, version: str, hidden: str, kept: dict[str, Any]
) -> None:
    make.registry()
    before = contributor.patch(REGISTRY, patch(policies={hidden: kept})).json["properties"]["policies"]
    seen = contributor.get(REGISTRY, version=version).json
    assert hidden not in seen["properties"]["policies"]
    assert contributor.put(REGISTRY, seen, version=version).status == 200
    assert contributor.get(REGISTRY).json["properties"]["policies"] == before
    contributor.put(REGISTRY, {**PREMIUM, "properties": {}})  # its version has the word, and leaves it out
    after = contributor.get(REGISTRY).json["properties"]["policies"]
    assert {**before, hidden: after[hidden]} == after != before


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        pytest.param(
            {"sku": {"name": "Premium"}},
            400,
            "LocationRequired",
            "The location property is required for this definition.",
            id="no location",
        ),
        pytest.param({**PREMIUM, "location": "mars"}, 400, "LocationNotAvailableForResourceType", None, id="no region"),
        pytest.param(
            {"location": "eastus"},
            400,
            "InvalidProperty",
            "The JSON of a registry needs 'sku', and this one has none.",
            id="no sku",
        ),
        pytest.param(
            {"location": "eastus", "sku": {"name": "Gold"}},
            400,
            "InvalidProperty",
            "The SKU 'Gold' isn't one of Basic, Standard, Premium.",
            id="unknown sku",
        ),
        pytest.param(
            {"location": "eastus", "sku": {"name": "Basic"}, "properties": {"publicNetworkAccess": "Disabled"}},
            400,
            "DisablingPublicNetworkAccessNotSupported",
            "Disabling public network access is not supported for the SKU Basic. "
            "For more information, please visit https://aka.ms/acr/private-link.",
            id="a tier that can't be closed",
        ),
        pytest.param(
            {"location": "eastus", "sku": {"name": "Standard"}, "properties": rules(defaultAction="Allow")},
            400,
            "NetworkRuleNotSupported",
            "The requested feature virtual network rule is not supported for the SKU Standard.",
            id="a tier without rules",
        ),
        pytest.param(
            {"location": "eastus", "sku": {"name": "Basic"}, "properties": {"dataEndpointEnabled": True}},
            400,
            "DataEndpointNotSupported",
            "The requested feature data endpoint rule is not supported for the SKU Basic.",
            id="a tier without data endpoints",
        ),
    ],
)
def test_a_registry_that_cannot_be_is_not_made(
    contributor: Arm, body: Any, status: int, code: str, message: str | None
) -> None:
    make.resource_group()
    answer = contributor.put(REGISTRY, body)
    assert answer.error[:2] == (status, code)
    assert message is None or answer.error[2] == message
    assert not Registry.objects.exists()
    assert not Change.objects.exists()


@pytest.mark.parametrize("name", ["abcd", "my-registry", "a" * 51, "regïstry", "my.registry", "my%20registry"])
def test_a_name_that_none_can_have_is_refused_in_acrs_words(contributor: Arm, name: str) -> None:
    make.resource_group()
    assert contributor.put(f"{REGISTRIES}/{name}", PREMIUM).error == (
        400,
        "InvalidResourceName",
        "Resource names may contain alpha numeric characters only and must be between 5 and 50 characters.",
    )


def test_a_name_that_is_taken_elsewhere_is_refused_in_acrs_words(contributor: Arm) -> None:
    make.registry("MyContainerRegistry", group=make.resource_group("another"))
    make.resource_group()
    assert contributor.put(REGISTRY, PREMIUM).error == (
        409,
        "AlreadyInUse",
        "The registry DNS name mycontainerregistry.azurecr.io is already in use. You can check if the name is already "
        "claimed using following API: "
        "https://docs.microsoft.com/en-us/rest/api/containerregistry/registries/checknameavailability",
    )


def test_a_group_that_is_not_there_takes_no_registry(contributor: Arm) -> None:
    make.resource_group("another")
    assert contributor.put(REGISTRY, PREMIUM).error[:2] == (404, "ResourceGroupNotFound")


def test_a_subscription_registers_the_provider_first(contributor: Arm) -> None:
    group = make.resource_group()
    Subscription.objects.update(providers=["Microsoft.Network"])
    expected = (
        409,
        "MissingSubscriptionRegistration",
        "The subscription is not registered to use namespace 'Microsoft.ContainerRegistry'. "
        "See https://aka.ms/rps-not-found for how to register subscriptions.",
    )
    assert contributor.put(REGISTRY, PREMIUM).error == expected
    check = f"{SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/checkNameAvailability"
    assert contributor.post(check, {"name": "x", "type": "y"}).error == expected
    assert not group.registries.exists()


def test_a_registry_stays_in_its_region(contributor: Arm) -> None:
    make.registry()
    message = (
        "The resource 'mycontainerregistry' already exists in location 'eastus' in resource group 'myResourceGroup'. A "
        "resource with the same name cannot be created in location 'westus'. Please select a new resource name."
    )
    assert contributor.put(REGISTRY, {**PREMIUM, "location": "westus"}).error == (
        409,
        "InvalidResourceLocation",
        message,
    )
    assert contributor.patch(REGISTRY, {"location": "westus"}).error == (409, "InvalidResourceLocation", message)
    assert contributor.patch(REGISTRY, {"location": "East US"}).status == 200


# PATCH


def test_a_patch_of_the_default_action_keeps_every_rule(contributor: Arm) -> None:
    registry = make.registry(policy=make.selected("8.8.8.8", subnets=(FOREIGN,)))
    answer = contributor.patch(REGISTRY, patch(networkRuleSet={"defaultAction": "Allow"}))
    assert answer.status == 200
    assert answer.json["properties"]["networkRuleSet"] == {
        "defaultAction": "Allow",
        "virtualNetworkRules": [{"action": "Allow", "virtualNetworkSubnetResourceId": FOREIGN}],
        "ipRules": [{"action": "Allow", "value": "8.8.8.8"}],
    }
    assert len(policy(registry).rules) == 1


def test_reenabling_public_access_leaves_deny_as_azure_does(contributor: Arm) -> None:
    make.registry()
    contributor.patch(REGISTRY, patch(publicNetworkAccess="Disabled", networkRuleSet={"defaultAction": "Deny"}))
    shown = contributor.patch(REGISTRY, patch(publicNetworkAccess="Enabled")).json["properties"]
    assert (shown["publicNetworkAccess"], shown["networkRuleSet"]["defaultAction"]) == ("Enabled", "Deny")


def test_a_list_replaces_the_list_and_what_both_hold_keeps_its_name(contributor: Arm) -> None:
    registry = make.registry(
        policy=AccessPolicy().with_rules([make.rule("8.8.8.8", name="DNS"), make.rule("1.1.1.1")])  # type: ignore[arg-type]
    )
    contributor.patch(REGISTRY, patch(**rules("8.8.8.8/32", "9.9.9.9")))
    assert [(str(rule), rule.name) for rule in policy(registry).rules] == [("8.8.8.8", "DNS"), ("9.9.9.9", "")]


def test_a_version_that_hides_virtual_network_rules_deletes_none(contributor: Arm) -> None:
    registry = make.registry(policy=make.selected("8.8.8.8", subnets=(FOREIGN,)))
    answer = contributor.patch(REGISTRY, patch(**rules("9.9.9.9", defaultAction="Deny")), version="2022-02-01-preview")
    assert answer.json["properties"]["networkRuleSet"] == {
        "defaultAction": "Deny",
        "ipRules": [{"action": "Allow", "value": "9.9.9.9"}],
    }
    assert policy(registry) == make.selected("9.9.9.9", subnets=(FOREIGN,))


def test_each_part_of_a_patch_leaves_a_record_of_its_own(contributor: Arm) -> None:
    make.registry(sku="Basic")
    body = {
        "sku": {"name": "Premium"},
        "tags": {"a": "b"},
        "properties": {"adminUserEnabled": True, **rules("8.8.8.8", defaultAction="Deny")},
    }
    assert contributor.patch(REGISTRY, body).status == 200
    assert operations() == ["Change tier", "Update networking", "Update tags", "Update properties"]
    told = [str(Event.of(change).told) for change in Change.objects.order_by("pk")]
    assert told[0] == "Tier: Basic → Premium"
    assert told[2] == "Tag a: none → b"
    assert told[3] == "Property adminUserEnabled: none → true"
    event = Event.of(Change.objects.latest("pk"))
    assert (event.door, event.account, event.comment) == ("ARM API", AN, "az acr update")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param(patch(networkRuleBypassOptions="None"), id="the policy"),
        pytest.param(patch(**rules("9.9.9.0/24", "8.8.8.8", defaultAction="Deny")), id="rules in another order"),
        pytest.param(patch(dataEndpointEnabled=True), id="another host"),
        pytest.param({"tags": {"c": "d"}}, id="tags"),
        pytest.param(patch(n=1e308, list=[0.5, -0.0, 10**20]), id="numbers that a database spells anew"),
        pytest.param(
            {"sku": {"name": "Basic"}, "properties": rules(defaultAction="Allow")}, id="a lower tier and the policy"
        ),
        pytest.param({"sku": {"name": "Basic"}, "tags": {}, **patch(**rules(defaultAction="Allow"))}, id="all of it"),
    ],
)
def test_a_patch_answers_with_what_is_shown_after_it(contributor: Arm, body: dict[str, Any]) -> None:
    registry = make.registry(policy=make.selected("8.8.8.8", "9.9.9.0/24"), tags={"a": "b"})
    registry.change_kept_aside({"properties.quotas": {"images": 3}}, make.BO)
    answer = contributor.patch(REGISTRY, body)
    shown = contributor.get(REGISTRY)
    assert (answer.status, answer.json, answer.headers["ETag"]) == (200, shown.json, shown.headers["ETag"])
    assert shown.json == contributor.get(REGISTRIES).json["value"][0]


def test_a_put_answers_with_what_is_shown_after_it(contributor: Arm) -> None:
    make.resource_group()
    odd = {"n": 1e308, "list": [0.5, -0.0, 10**20]}
    for status, body in (
        (201, {**PREMIUM, "tags": {"a": "b"}, "properties": {**odd, **rules("8.8.8.8", defaultAction="Deny")}}),
        (200, {**PREMIUM, "properties": {"m": 1e307}}),
        (200, {**PREMIUM, "sku": {"name": "Basic"}}),
    ):
        answer, shown = contributor.put(REGISTRY, body), contributor.get(REGISTRY)
        assert (answer.status, answer.json, answer.headers["ETag"]) == (status, shown.json, shown.headers["ETag"])


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize(
    ("headers", "statuses"),
    [
        pytest.param({}, [200, 200, 200, 201], id="whatever is there"),
        pytest.param({"If_None_Match": "*"}, [201, 412, 412, 412], id="only a new one"),
    ],
)
def test_of_puts_at_once_one_creates_and_the_others_find_it(
    contributor: Arm, headers: dict[str, str], statuses: list[int]
) -> None:
    make.resource_group()
    together = threading.Barrier(4)

    def put(number: int) -> int:
        together.wait(30)
        try:
            return contributor.put(REGISTRY, PREMIUM, **headers).status
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(put, range(4))) == statuses
    assert operations() == ["Create registry"]


def test_a_patch_that_says_nothing_new_leaves_no_record(contributor: Arm) -> None:
    make.registry(policy=make.selected("8.8.8.8"), tags={"a": "b"})
    count = Change.objects.count()
    body = {"sku": {"name": "premium"}, "tags": {"a": "b"}, **patch(**rules("8.8.8.8"))}
    assert contributor.patch(REGISTRY, body).status == 200
    assert contributor.patch(REGISTRY, {}).status == 200
    assert Change.objects.count() == count


def test_tags_are_replaced_whole(contributor: Arm) -> None:
    make.registry(tags={"a": "b", "c": "d"})
    assert contributor.patch(REGISTRY, {"tags": {"e": "f"}}).json["tags"] == {"e": "f"}
    assert contributor.patch(REGISTRY, {"tags": {}}).json["tags"] == {}


def test_what_only_azure_has_a_use_for_is_kept_and_answered(contributor: Arm) -> None:
    make.registry()
    body = {"identity": {"type": "SystemAssigned"}, **patch(quotas={"images": 3}, anonymousPullEnabled=True)}
    contributor.patch(REGISTRY, body)
    shown = contributor.patch(REGISTRY, patch(quotas={"tags": 4})).json
    assert shown["identity"] == {"type": "SystemAssigned"}
    assert shown["properties"]["quotas"] == {"images": 3, "tags": 4}
    assert shown["properties"]["anonymousPullEnabled"] is True
    assert "quotas" not in contributor.patch(REGISTRY, patch(quotas=None)).json["properties"]


def test_a_number_and_a_word_that_python_calls_equal_are_two_values_of_json(contributor: Arm) -> None:
    make.registry(kept_aside={"properties.quotas": 1})
    assert contributor.patch(REGISTRY, patch(quotas=True)).json["properties"]["quotas"] is True
    assert operations() == ["Update properties"]


def test_a_number_is_its_value_however_a_database_spells_it(contributor: Arm) -> None:
    make.registry()
    contributor.patch(REGISTRY, patch(n=1e308, list=[0.5, 1e308]))
    contributor.patch(REGISTRY, patch(n=1e308, list=[0.5, 1e308]))
    contributor.patch(REGISTRY, patch(n=10**308))
    assert operations() == ["Update properties"]
    contributor.patch(REGISTRY, patch(n=10**400))
    contributor.patch(REGISTRY, patch(n=10**400 + 1))
    assert operations() == ["Update properties"] * 3


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_registry_that_is_deleted_as_soon_as_it_is_put_is_answered_all_the_same(
    contributor: Arm, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.resource_group()

    create = registry_changes.create

    def deleted_when_committed(*args: Any) -> Registry:
        transaction.on_commit(lambda: Registry.objects.all().delete())
        return create(*args)

    monkeypatch.setattr(registry_changes, "create", deleted_when_committed)
    answer = contributor.put(REGISTRY, PREMIUM)
    assert (answer.status, answer.json["name"]) == (201, "mycontainerregistry")
    assert not Registry.objects.exists()


@pytest.mark.parametrize(
    ("policy_before", "sentences"),
    [
        pytest.param(make.selected("8.8.8.8"), "Delete the 1 address range from the firewall list.", id="a rule"),
        pytest.param(AccessPolicy(data_endpoint=True), "Turn off the dedicated data endpoint.", id="data endpoint"),
    ],
)
def test_a_tier_goes_down_when_nothing_needs_the_higher_one(
    contributor: Arm, policy_before: AccessPolicy, sentences: str
) -> None:
    registry = make.registry(policy=policy_before)
    answer = contributor.patch(REGISTRY, {"sku": {"name": "Basic"}, "tags": {"a": "b"}})
    assert answer.error[:2] == (409, "SkuDowngradeNotAllowed")
    assert answer.error[2].startswith(f"The registry can't become Basic yet. {sentences}")
    registry.refresh_from_db()
    assert (registry.sku, registry.tags) == ("Premium", {})
    cleared = {"dataEndpointEnabled": False, **rules(defaultAction="Allow")}
    assert contributor.patch(REGISTRY, {"sku": {"name": "Basic"}, "properties": cleared}).status == 200
    assert contributor.get(REGISTRY).json["sku"] == {"name": "Basic", "tier": "Basic"}


@pytest.mark.parametrize(
    ("version", "key"),
    [
        pytest.param("2021-08-01-preview", "id", id="2.60"),
        pytest.param(VERSION, "virtualNetworkSubnetResourceId", id="2.91"),
    ],
)
def test_a_subnet_with_the_service_endpoint_makes_a_rule(contributor: Arm, version: str, key: str) -> None:
    registry, place = make.registry(), subnet().resource_id
    rule_set = {"defaultAction": "Deny", "virtualNetworkRules": [{key: place}], "ipRules": []}
    shown = contributor.patch(REGISTRY, patch(networkRuleSet=rule_set), version=version).json["properties"]
    assert shown["networkRuleSet"]["virtualNetworkRules"] == [{"action": "Allow", key: place}]
    assert policy(registry) == make.selected(subnets=(place,))


def test_a_subnet_that_is_not_ours_is_taken_as_it_is(contributor: Arm) -> None:
    registry = make.registry()
    rule_set = {"defaultAction": "Deny", "virtualNetworkRules": [{"id": FOREIGN}]}
    assert contributor.patch(REGISTRY, patch(networkRuleSet=rule_set)).status == 200
    assert policy(registry).subnets == (FOREIGN,)


def test_a_subnet_that_is_not_there_or_has_no_service_endpoint_makes_none(contributor: Arm) -> None:
    registry, plain = make.registry(), subnet(services=("Microsoft.Storage",))
    missing = plain.resource_id.replace("mySubnet", "missing")
    for place, message in (
        (
            missing,
            f"Could not validate network rule - The subnet {missing} was not found. "
            "Create it with the service endpoint Microsoft.ContainerRegistry first.",
        ),
        (
            plain.resource_id,
            "Could not validate network rule - Subnets mySubnet of virtual network "
            f"{plain.virtual_network.resource_id} do not have ServiceEndpoints for "
            "Microsoft.ContainerRegistry resources configured. Add Microsoft.ContainerRegistry to subnet's "
            "ServiceEndpoints collection before trying to ACL "
            "Microsoft.ContainerRegistry resources to these subnets.",
        ),
    ):
        answer = contributor.patch(REGISTRY, patch(networkRuleSet={"virtualNetworkRules": [{"id": place}]}))
        assert answer.error == (400, "NetworkRuleValidationError", message)
    assert policy(registry) == AccessPolicy()


def test_a_rule_whose_subnet_lost_its_service_endpoint_keeps_nobody_from_other_changes(contributor: Arm) -> None:
    place = subnet(services=()).resource_id
    registry = make.registry(policy=make.selected(subnets=(place,)))
    body = patch(networkRuleSet={"virtualNetworkRules": [{"id": place}], "ipRules": [{"value": "8.8.8.8"}]})
    assert contributor.patch(REGISTRY, body).status == 200
    assert policy(registry) == make.selected("8.8.8.8", subnets=(place,))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(patch(**rules("10.0.0.0/8")), "PrivateIpAddress", id="a private range"),
        pytest.param(patch(**rules("nonsense")), "InvalidIpAddress", id="no address"),
        pytest.param(patch(**rules("2001:db8::1")), "IPv6NotSupported", id="IPv6"),
        pytest.param(patch(**rules("8.8.8.8", "8.8.8.8")), "DuplicateIpRule", id="a duplicate"),
        pytest.param(patch(**rules(*(f"16.17.18.{n}" for n in range(101)))), "QuotaExceeded", id="101 rules"),
        pytest.param(
            patch(networkRuleSet={"ipRules": [{"value": "8.8.8.8", "action": "Deny"}]}), "InvalidProperty", id="Deny"
        ),
        pytest.param(
            patch(networkRuleSet={"virtualNetworkRules": [{"id": FOREIGN}, {"id": FOREIGN}]}),
            "InvalidProperty",
            id="a subnet twice",
        ),
        pytest.param({"properties": []}, "InvalidProperty", id="a list"),
        pytest.param({"tags": {"a": 1}, **patch(**rules("8.8.8.8"))}, "InvalidProperty", id="one part of two"),
        pytest.param({"sku": {"name": "Gold"}, **patch(**rules("8.8.8.8"))}, "InvalidProperty", id="sku"),
        pytest.param(patch(endpointProtocol="IPv4AndIPv6"), "BadRequest", id="dual stack without data endpoints"),
        pytest.param(patch(policies={"exportPolicy": {"status": "disabled"}}), "BadRequest", id="exports, while open"),
        pytest.param({"tags": {"a": "b"}, **patch(quotas="x" * 70_000)}, "InvalidProperty", id="too much"),
    ],
)
def test_a_patch_that_cannot_be_is_one_error_and_nothing_is_written(contributor: Arm, body: Any, code: str) -> None:
    registry = make.registry(policy=make.selected("16.17.18.19"))
    count = Change.objects.count()
    answer = contributor.patch(REGISTRY, body)
    assert answer.error[:2] == (400, code)
    assert answer.json["status"] == "Failed"
    registry.refresh_from_db()
    assert (policy(registry), registry.tags, registry.sku) == (make.selected("16.17.18.19"), {}, "Premium")
    assert (registry.kept_aside, Change.objects.count()) == ({}, count)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param('{"properties": ', 400, id="half a body"),
        pytest.param("", 400, id="no body"),
        pytest.param("[]", 400, id="a list"),
        pytest.param(b"\xff\xfe{}", 400, id="not UTF-8"),
        pytest.param(json.dumps({"properties": {"quotas": "x" * 10_000_000}}), 413, id="10 MB"),
        pytest.param('{"a":' * 2000 + "1" + "}" * 2000, 400, id="2,000 levels"),
        pytest.param('{"properties": {"quotas": ' + "9" * 5000 + "}}", 400, id="a number of 5,000 digits"),
    ],
)
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_body_that_cannot_be_read_changes_nothing(contributor: Arm, method: str, content: Any, status: int) -> None:
    registry = make.registry(policy=make.selected("8.8.8.8"))
    answer = contributor.ask(method, REGISTRY, content)
    assert answer.status == status
    assert set(answer.json["error"]) == {"code", "message"}
    assert policy(registry) == make.selected("8.8.8.8")
    assert Change.objects.count() == 1


def test_dual_stack_and_exports_need_what_acr_needs_for_them(contributor: Arm) -> None:
    make.registry()
    both = patch(endpointProtocol="IPv4AndIPv6", dataEndpointEnabled=True)
    assert contributor.patch(REGISTRY, both).status == 200
    assert contributor.patch(REGISTRY, patch(dataEndpointEnabled=False)).error == (
        400,
        "BadRequest",
        "The requested feature dual stack endpoints is not supported without data endpoint enabled.",
    )
    closed = patch(publicNetworkAccess="Disabled", policies={"exportPolicy": {"status": "disabled"}})
    assert contributor.patch(REGISTRY, closed).status == 200
    assert contributor.patch(REGISTRY, patch(publicNetworkAccess="Enabled")).error[:2] == (400, "BadRequest")
    assert policy(Registry.objects.get()).public_network_access is PublicNetworkAccess.DISABLED


def test_exports_are_disabled_under_any_letter_case_and_answered_once(contributor: Arm) -> None:
    make.registry()
    for said in ({"ExportPolicy": {"status": "disabled"}}, {"exportPolicy": {"Status": "Disabled"}}):
        assert contributor.patch(REGISTRY, patch(policies=said)).error[:2] == (400, "BadRequest")
        shown = contributor.patch(REGISTRY, patch(publicNetworkAccess="Disabled", policies=said)).json["properties"]
        assert shown["policies"]["exportPolicy"] == {"status": "disabled"}
        assert [name for name in shown["policies"] if name.lower() == "exportpolicy"] == ["exportPolicy"]
        contributor.patch(REGISTRY, patch(publicNetworkAccess="Enabled", policies=None))


def test_a_name_that_reads_like_a_path_hides_no_rule(contributor: Arm) -> None:
    registry = make.registry(policy=make.selected("8.8.8.8"))
    before = contributor.get(REGISTRY).json
    for name, value in (("networkRuleSet.defaultAction", "Allow"), ("networkRuleSet.ipRules", [])):
        body: dict[str, Any] = {"properties": {name: value}}
        assert contributor.patch(REGISTRY, body).error[:2] == (400, "InvalidProperty")
        assert contributor.put(REGISTRY, {**PREMIUM, **body}).error[:2] == (400, "InvalidProperty")
    assert contributor.get(REGISTRY).json == before
    assert policy(registry) == make.selected("8.8.8.8")


# Conditions


def test_who_sends_an_etag_loses_nobodys_change(contributor: Arm) -> None:
    registry = make.registry()
    seen = contributor.get(REGISTRY).headers["ETag"]
    first = contributor.patch(REGISTRY, patch(**rules("8.8.8.8")), If_Match=seen)
    assert first.status == 200
    stale = contributor.patch(REGISTRY, patch(**rules("9.9.9.9")), If_Match=seen)
    assert stale.error == (
        412,
        "PreconditionFailed",
        "The resource is not as If-Match expects it: it changed since, or is gone. "
        "Read it again, then send your change.",
    )
    assert contributor.put(REGISTRY, PREMIUM, If_Match=seen).status == 412
    assert contributor.patch(REGISTRY, patch(**rules("9.9.9.9")), If_Match=first.headers["ETag"]).status == 200
    assert (
        contributor.patch(REGISTRY, {}, If_Match=f'"other", W/{contributor.get(REGISTRY).headers["ETag"]}').status
        == 200
    )
    assert contributor.patch(REGISTRY, {}, If_Match="*").status == 200
    assert [str(rule) for rule in policy(registry).rules] == ["9.9.9.9"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_at_once_one_is_whole_and_the_other_hears_of_it(contributor: Arm) -> None:
    registry = make.registry()
    seen = contributor.get(REGISTRY).headers["ETag"]

    def change(ranges: tuple[str, ...]) -> int:
        try:
            return contributor.patch(REGISTRY, patch(**rules(*ranges)), If_Match=seen).status
        finally:
            connection.close()

    wanted = [("8.8.8.8", "8.8.4.4"), ("9.9.9.9", "149.112.112.112")]
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(change, wanted)) == [200, 412]
    assert tuple(str(rule) for rule in policy(registry).rules) in wanted
    assert Change.objects.count() == 1


def test_a_change_by_another_door_makes_another_etag(contributor: Arm) -> None:
    registry = make.registry()
    seen = contributor.get(REGISTRY).headers["ETag"]
    EndpointSettings.store(
        registry, make.selected("8.8.8.8"), seen=AccessPolicy().fingerprint, origin=Origin(account="bo", door="portal")
    )
    assert contributor.patch(REGISTRY, {}, If_Match=seen).status == 412


def test_without_an_etag_the_last_one_wins_whole_as_in_acr(contributor: Arm) -> None:
    registry = make.registry()
    contributor.patch(REGISTRY, patch(**rules("8.8.8.8")))
    contributor.patch(REGISTRY, patch(**rules("9.9.9.9")))
    assert [str(rule) for rule in policy(registry).rules] == ["9.9.9.9"]


def test_a_put_can_ask_to_create_only_or_to_replace_only(contributor: Arm) -> None:
    make.resource_group()
    assert contributor.put(REGISTRY, PREMIUM, If_Match="*").error[:2] == (412, "PreconditionFailed")
    assert not Registry.objects.exists()
    assert contributor.put(REGISTRY, PREMIUM, If_None_Match="*").status == 201
    assert contributor.put(REGISTRY, PREMIUM, If_None_Match="*").error[:2] == (412, "PreconditionFailed")


# DELETE


def test_a_registry_is_deleted_with_its_record_kept(owner: Arm) -> None:
    make.registry()
    assert owner.delete(REGISTRY, If_Match='"stale"').status == 412
    answer = owner.delete(REGISTRY, CommandName="acr delete")
    assert (answer.status, answer.json) == (200, None)
    change = Change.objects.get()
    assert (change.operation, change.resource_id, change.comment) == ("Delete registry", REGISTRY, "az acr delete")
    assert owner.get(REGISTRY).status == 404
    assert owner.delete(REGISTRY).status == 204
    assert owner.delete(REGISTRY.replace("myResourceGroup", "missing")).error[:2] == (404, "ResourceGroupNotFound")


# Names and credentials


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(
            "newregistry",
            {"availableLoginServerName": "newregistry.azurecr.io", "nameAvailable": True},
            id="free",
        ),
        pytest.param(
            "MyContainerRegistry",
            {
                "nameAvailable": False,
                "reason": "AlreadyExists",
                "message": "The registry MyContainerRegistry is already in use.",
            },
            id="taken",
        ),
        pytest.param(
            "abc",
            {
                "nameAvailable": False,
                "reason": "Invalid",
                "message": "Resource names may contain alpha numeric characters only and must be between 5 and 50 "
                "characters.",
            },
            id="too short",
        ),
    ],
)
def test_a_name_is_told_free_or_why_not(reader: Arm, name: str, expected: dict[str, Any]) -> None:
    make.registry(group=make.resource_group("another"))
    path = f"{SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/checkNameAvailability"
    answer = reader.post(path, {"name": name, "type": "Microsoft.ContainerRegistry/registries"})
    assert (answer.status, answer.json) == (200, expected)


@pytest.mark.parametrize("body", [{}, {"name": 3, "type": "x"}, {"name": "abcde", "type": "Microsoft.Storage/a"}])
def test_a_question_for_no_name_is_refused(reader: Arm, body: Any) -> None:
    make.resource_group()
    path = f"{SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/checkNameAvailability"
    assert reader.post(path, body).error[:2] == (400, "InvalidRequestContent")


def test_an_old_version_does_not_know_the_login_server_of_a_free_name(reader: Arm) -> None:
    make.resource_group()
    path = f"{SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/checkNameAvailability"
    body = {"name": "newregistry", "type": "Microsoft.ContainerRegistry/registries"}
    assert reader.post(path, body, version="2023-07-01").json == {"nameAvailable": True}


def test_credentials_are_refused_as_acr_refuses_them_without_an_admin_user(contributor: Arm, reader: Arm) -> None:
    registry = make.registry()
    message = (
        f"Cannot perform credential operations for {REGISTRY} as admin user is disabled. Kindly enable admin user as "
        "per docs: https://docs.microsoft.com/en-us/azure/container-registry/container-registry-authentication#admin-account"
    )
    expected = (400, "UnAuthorizedForCredentialOperations", message)
    assert contributor.post(f"{REGISTRY}/listCredentials").error == expected
    assert contributor.post(f"{REGISTRY}/regenerateCredential", {"name": "password"}).error == expected
    assert reader.post(f"{REGISTRY}/listCredentials").error[:2] == (403, "AuthorizationFailed")
    registry.kept_aside = {"properties.adminUserEnabled": True}
    registry.save()
    assert contributor.post(f"{REGISTRY}/listCredentials").error[2].startswith("Registries of Portcullis have no admin")


# Permissions


@pytest.mark.parametrize(
    ("role", "method", "status"),
    [
        pytest.param("Reader", "GET", 200, id="a Reader looks"),
        pytest.param("Reader", "PATCH", 403, id="a Reader changes nothing"),
        pytest.param("Reader", "PUT", 403, id="a Reader creates nothing"),
        pytest.param("Reader", "DELETE", 403, id="a Reader deletes nothing"),
        pytest.param("Contributor", "PATCH", 200, id="a Contributor changes"),
        pytest.param("Contributor", "DELETE", 403, id="a Contributor deletes nothing"),
        pytest.param("Owner", "DELETE", 200, id="an Owner deletes"),
        pytest.param(None, "GET", 403, id="nobody looks"),
    ],
)
def test_a_role_may_do_what_it_may_do_elsewhere(as_account: Any, role: str | None, method: str, status: int) -> None:
    make.registry()
    body = None if method in ("GET", "DELETE") else PREMIUM
    answer = as_account(make.account(role)).ask(method, REGISTRY, body)
    assert answer.status == status
    assert status != 403 or answer.error[1] == "AuthorizationFailed"


def test_who_may_only_create_replaces_nothing(as_account: Any) -> None:
    """None of the three roles, but a group that somebody made."""
    registry = make.registry("createdearlier")
    creator = make.account(None)
    creator.user_permissions.add(Permission.objects.get(codename="add_registry"))
    arm, path = as_account(creator), f"{REGISTRIES}/createdearlier"
    assert arm.put(path, {**PREMIUM, "tags": {"a": "b"}}).error == (
        403,
        "AuthorizationFailed",
        f"The client '{creator.username}' with object id '{creator.object_id}' does not have authorization to perform "
        f"action 'Microsoft.ContainerRegistry/registries/write' over scope '{path}' or the scope is invalid. "
        "If access was recently granted, please refresh your credentials.",
    )
    registry.refresh_from_db()
    assert (registry.tags, operations()) == ({}, [])
    assert arm.put(REGISTRY, PREMIUM).status == 201


@pytest.mark.parametrize("path", [REGISTRY, REGISTRIES, ALL, GROUP])
def test_without_a_token_there_is_nothing_to_see(arm_server: None, path: str) -> None:
    make.registry()
    assert Arm("").get(path).status == 401
    assert Arm("Bearer forged").get(path).status == 401


def test_another_method_is_405(owner: Arm) -> None:
    make.registry()
    assert owner.post(REGISTRY, {}).error[:2] == (405, "MethodNotAllowed")
    assert owner.patch(REGISTRIES, {}).error[:2] == (405, "MethodNotAllowed")
