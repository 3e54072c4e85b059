from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django import DjangoAssertNumQueries

from networking import private_endpoints
from networking.difference import tell
from networking.models import PrivateEndpoint, PrivateEndpointConnection, Subnet
from networking.private_endpoint_connections import approve, reject, remove
from registries.models import Account, Change, Generation, Registry
from tests import make
from tests.networking.arm.asking import GROUP, REGISTRY, SUBSCRIPTION, Answer, Arm

PROVIDER = f"{GROUP}/providers/Microsoft.Network"
LIST = f"{PROVIDER}/privateEndpoints"
ONE = f"{LIST}/myEndpoint"
SUBNET = f"{PROVIDER}/virtualNetworks/myVnet/subnets/mySubnet"
AUTOMATIC, MANUAL = "privateLinkServiceConnections", "manualPrivateLinkServiceConnections"


@pytest.fixture(autouse=True)
def registry(arm_server: None) -> Registry:
    make.virtual_network()
    return make.registry()


def body(kind: str = AUTOMATIC, *, subnet: str = SUBNET, service: str = REGISTRY, **more: Any) -> dict[str, Any]:
    """What az 2.91 sends for `network private-endpoint create` (az-cli.md 7)."""
    connection = {"name": "myConnection", "properties": {"groupIds": ["registry"], "privateLinkServiceId": service}}
    properties = {"subnet": {"id": subnet}, "ipVersionType": "IPv4", kind: [connection]}
    return {"location": "eastus", "properties": properties, **more}


def state_of(answer: Answer, kind: str = AUTOMATIC) -> str:
    [connection] = answer.json["properties"][kind]
    return str(connection["properties"]["privateLinkServiceConnectionState"]["status"])


def connections() -> list[tuple[str, str]]:
    return list(PrivateEndpointConnection.objects.order_by("pk").values_list("private_endpoint", "state"))


def test_a_manual_request_waits_for_the_owner_of_the_registry(contributor: Arm, reader: Arm) -> None:
    made = contributor.put(ONE, body(MANUAL))
    assert (made.status, state_of(made, MANUAL)) == (201, "Pending")
    assert made.json["properties"]["customDnsConfigs"] == []
    assert made.json["properties"]["ipVersionType"] == "IPv4"  # kept, and returned
    assert reader.get(ONE).json == made.json
    assert connections() == [(ONE, "Pending")]
    approve(PrivateEndpointConnection.objects.get(), make.BO, description="Fine")
    approved = reader.get(ONE)
    assert state_of(approved, MANUAL) == "Approved"
    assert approved.json["properties"]["customDnsConfigs"] == [
        {"fqdn": "mycontainerregistry.eastus.data.azurecr.io", "ipAddresses": ["10.0.0.4"]},
        {"fqdn": "mycontainerregistry.azurecr.io", "ipAddresses": ["10.0.0.5"]},
    ]


def test_an_automatic_connection_is_approved_at_once_and_stands_in_the_record(contributor: Arm) -> None:
    made = contributor.put(ONE, body())
    assert (made.status, state_of(made)) == (201, "Approved")
    assert len(made.json["properties"]["customDnsConfigs"]) == 2
    connection = PrivateEndpointConnection.objects.get()
    assert connection.name.startswith("mycontainerregistry.")
    assert len(connection.name.removeprefix("mycontainerregistry.")) == 32
    change = Change.objects.get(operation="Approve private endpoint connection")
    assert (change.account, change.door, change.comment) == ("an@example.org", "arm", "az acr update")


def test_the_gates_learn_of_a_connection_that_comes_and_of_one_that_goes(owner: Arm, registry: Registry) -> None:
    for method, sent in (("PUT", body()), ("DELETE", None)):
        before = Generation.current()
        owner.ask(method, ONE, sent)
        registry.refresh_from_db()
        assert registry.generation == Generation.current() > before


def test_an_endpoint_that_goes_leaves_its_connection_disconnected(owner: Arm) -> None:
    owner.put(ONE, body())
    assert [owner.delete(ONE).status, owner.delete(ONE).status] == [200, 204]
    assert not PrivateEndpoint.objects.exists()
    assert connections() == [(ONE, "Disconnected")]
    assert Change.objects.filter(operation="Disconnect private endpoint").count() == 1


def test_an_endpoint_that_comes_back_takes_the_place_of_the_one_before(owner: Arm) -> None:
    owner.put(ONE, body())
    owner.delete(ONE)
    assert owner.put(ONE, body(MANUAL)).status == 201
    assert connections() == [(ONE, "Pending")]


def test_an_endpoint_whose_connection_the_owner_removed_is_disconnected(contributor: Arm) -> None:
    contributor.put(ONE, body())
    remove(PrivateEndpointConnection.objects.get(), make.BO)
    answer = contributor.get(ONE)
    assert (state_of(answer), answer.json["properties"]["customDnsConfigs"]) == ("Disconnected", [])


def test_an_endpoint_outlives_its_registry(contributor: Arm, registry: Registry) -> None:
    contributor.put(ONE, body())
    registry.delete_recorded(make.BO)
    assert state_of(contributor.get(ONE)) == "Disconnected"
    assert contributor.put(ONE, body(tags={"a": "b"})).json["tags"] == {"a": "b"}


def test_everything_is_found_in_any_letter_case_and_told_in_its_own(contributor: Arm) -> None:
    loud = body(subnet=SUBNET.upper(), service=REGISTRY.upper())
    made = contributor.put(ONE, loud)
    assert made.status == 201
    assert made.json["properties"]["subnet"]["id"] == SUBNET
    assert made.json["properties"][AUTOMATIC][0]["properties"]["privateLinkServiceId"] == REGISTRY
    assert contributor.get(ONE.replace("myEndpoint", "MYENDPOINT")).json["id"] == ONE
    assert contributor.put(ONE.replace("myEndpoint", "MYENDPOINT"), loud).status == 200


def test_each_endpoint_has_addresses_of_its_own_one_for_each_region(contributor: Arm, registry: Registry) -> None:
    registry.replica_regions = ["westus"]
    registry.save()
    contributor.put(ONE, body())
    contributor.put(f"{LIST}/second", body())
    hosts = [f"mycontainerregistry.{where}azurecr.io" for where in ("eastus.data.", "westus.data.", "")]
    for name, first in (("myEndpoint", 4), ("second", 7)):
        shown = contributor.get(f"{LIST}/{name}").json["properties"]["customDnsConfigs"]
        assert shown == [{"fqdn": host, "ipAddresses": [f"10.0.0.{first + at}"]} for at, host in enumerate(hosts)]


def test_a_subnet_without_room_takes_no_endpoint(contributor: Arm) -> None:
    Subnet.objects.update(address_prefixes=["10.0.0.0/29"])
    assert contributor.put(ONE, body()).status == 201
    assert contributor.put(f"{LIST}/second", body()).error == (
        400,
        "SubnetIsFull",
        "Subnet mySubnet with address prefix 10.0.0.0/29 does not have enough capacity for 2 IP addresses.",
    )
    assert connections() == [(ONE, "Approved")]


def asking(message: str | None, kind: str = MANUAL) -> dict[str, Any]:
    sent = body(kind)
    sent["properties"][kind][0]["properties"]["requestMessage"] = message
    return sent


def told_at_both_ends(arm: Arm) -> tuple[str | None, str, str | None]:
    """The message of the endpoint, and the description of its connection there and at the registry."""
    [link] = arm.get(ONE).json["properties"][MANUAL]
    [connection] = arm.get(f"{REGISTRY}/privateEndpointConnections").json["value"]
    return (
        link["properties"].get("requestMessage"),
        link["properties"]["privateLinkServiceConnectionState"]["description"],
        connection["properties"]["privateLinkServiceConnectionState"].get("description"),
    )


def test_another_message_is_told_to_an_owner_who_has_not_decided(contributor: Arm, registry: Registry) -> None:
    contributor.put(ONE, asking("Please"))
    answer = contributor.put(ONE, asking("Please, today"))
    assert (answer.status, answer.json) == (200, contributor.get(ONE).json)
    assert told_at_both_ends(contributor) == ("Please, today",) * 3
    of_endpoint, of_connection = (
        Change.objects.get(operation=f"Update private endpoint{what}") for what in ("", " connection")
    )
    assert (str(tell(of_endpoint)), of_endpoint.door) == (
        'Property requestMessage: "Please" → "Please, today"', "arm",
    )  # fmt: skip
    assert of_connection.registry == registry
    assert "Pending, Please → Pending, Please, today" in str(tell(of_connection))
    before = Change.objects.count()
    contributor.put(ONE, asking("Please, today"))
    assert Change.objects.count() == before
    contributor.put(ONE, asking(None))
    assert told_at_both_ends(contributor) == (None, "", None)


@pytest.mark.parametrize("decide", [approve, reject])
def test_another_message_leaves_the_description_of_whoever_decided(
    contributor: Arm, decide: Callable[..., object]
) -> None:
    contributor.put(ONE, asking("Please"))
    decide(PrivateEndpointConnection.objects.get(), make.BO, description="As agreed")
    assert contributor.put(ONE, asking("Thank you")).status == 200
    assert told_at_both_ends(contributor) == ("Thank you", "As agreed", "As agreed")
    assert not Change.objects.filter(operation="Update private endpoint connection").exists()


def test_a_message_that_no_description_can_be_changes_nothing(contributor: Arm) -> None:
    contributor.put(ONE, asking("Please"))
    before = contributor.get(ONE).json, Change.objects.count()
    sent = asking("two\nlines") | {"tags": {"a": "b"}}
    assert contributor.put(ONE, sent).error[:2] == (400, "InvalidRuleText")
    assert contributor.put(ONE, asking("x" * 141)).error[:2] == (400, "InvalidProperty")
    assert (contributor.get(ONE).json, Change.objects.count()) == before


def test_an_endpoint_that_outlives_its_registry_takes_another_message(contributor: Arm, registry: Registry) -> None:
    contributor.put(ONE, asking("Please"))
    registry.delete_recorded(make.BO)
    [link] = contributor.put(ONE, asking("Anybody?")).json["properties"][MANUAL]
    assert link["properties"]["requestMessage"] == "Anybody?"


def test_other_tags_are_all_that_a_second_put_changes(contributor: Arm) -> None:
    contributor.put(ONE, body())
    before = contributor.get(ONE).json
    assert contributor.put(ONE, before).json == before
    answer = contributor.put(ONE, body(tags={"a": "b"}))
    assert (answer.status, answer.json["tags"]) == (200, {"a": "b"})
    assert connections() == [(ONE, "Approved")]


@pytest.mark.parametrize(
    ("sent", "what"),
    [
        pytest.param(body(MANUAL), "connection", id="manual"),
        pytest.param(body(service=f"{REGISTRY}2"), "connection", id="another registry"),
        pytest.param(body(subnet=f"{SUBNET}2"), "subnet", id="another subnet"),
    ],
)
def test_an_endpoint_stays_where_it_is_and_leads_where_it_leads(contributor: Arm, sent: Any, what: str) -> None:
    contributor.put(ONE, body())
    before = contributor.get(ONE).json
    assert contributor.put(ONE, {**sent, "tags": {"a": "b"}}).error == (
        400,
        "InvalidProperty",
        f"The {what} of private endpoint 'myEndpoint' can't change. Delete the endpoint and create another.",
    )
    assert contributor.get(ONE).json == before


def not_found(what: str) -> str:
    return (
        f"Resource {what} referenced by resource {ONE} was not found. "
        "Please make sure that the referenced resource exists, and that both resources are in the same region."
    )


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        pytest.param(
            body(subnet=f"{SUBNET}2"), (400, "InvalidResourceReference", not_found(f"{SUBNET}2")), id="no subnet"
        ),
        pytest.param(body(subnet="x"), (400, "InvalidResourceReference", not_found("x")), id="no id of a subnet"),
        pytest.param(
            body() | {"location": "westus"},
            (400, "InvalidResourceReference", not_found(SUBNET)),
            id="another region than its network's",
        ),
        pytest.param(
            body(service=f"{REGISTRY}2"),
            (400, "InvalidResourceReference", not_found(f"{REGISTRY}2")),
            id="no registry",
        ),
        pytest.param(
            body(service=REGISTRY.replace("myResourceGroup", "other")),
            (400, "InvalidResourceReference", not_found(REGISTRY.replace("myResourceGroup", "other"))),
            id="a registry of another group",
        ),
        pytest.param(
            {**body(), "location": ""},
            (400, "LocationRequired", "The location property is required for this definition."),
            id="no location",
        ),
        pytest.param(
            {"location": "eastus"},
            (400, "InvalidProperty", "The property 'properties.subnet' is needed, and this body has none."),
            id="empty",
        ),
    ],
)
def test_a_wrong_endpoint_is_refused_and_nothing_is_made(
    contributor: Arm, sent: Any, refusal: tuple[int, str, str]
) -> None:
    assert contributor.put(ONE, sent).error == refusal
    assert not PrivateEndpoint.objects.exists()
    assert connections() == []


def test_a_registry_of_another_tier_takes_no_endpoint_in_the_words_of_acr(contributor: Arm) -> None:
    make.registry("basicregistry", sku="Basic")
    sent = body(service=REGISTRY.replace("mycontainerregistry", "basicregistry"))
    assert contributor.put(ONE, sent).error == (
        400,
        "PrivateEndpointNotSupported",
        "The requested feature private endpoint is not supported for the SKU Basic.",
    )
    assert not PrivateEndpoint.objects.exists()


def test_who_may_not_change_the_registry_can_only_ask(contributor: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    may = Account.may
    monkeypatch.setattr(Account, "may", lambda who, what, registry=None: registry is None and may(who, what))
    assert contributor.put(ONE, body()).error[:2] == (403, "LinkedAuthorizationFailed")
    assert not PrivateEndpoint.objects.exists()
    assert contributor.put(ONE, body(MANUAL)).status == 201


def test_if_match_loses_nothing(owner: Arm) -> None:
    owner.put(ONE, body())
    seen = owner.get(ONE).json["etag"]
    owner.put(ONE, body(tags={"somebody": "else"}))
    assert owner.put(ONE, body(), If_Match=seen).error[:2] == (412, "PreconditionFailed")
    assert owner.delete(ONE, If_Match=seen).error[:2] == (412, "PreconditionFailed")
    assert owner.get(ONE).json["tags"] == {"somebody": "else"}
    assert owner.delete(ONE, If_Match=owner.get(ONE).json["etag"]).status == 200


def test_endpoints_are_listed_by_group_and_by_subscription(reader: Arm, registry: Registry) -> None:
    for name, group in (("one", "myResourceGroup"), ("two", "other"), ("three", "myResourceGroup")):
        make.private_endpoint(registry, name, group=make.resource_group(group))
    everywhere = f"{SUBSCRIPTION}/providers/Microsoft.Network/privateEndpoints"
    assert [each["name"] for each in reader.get(everywhere).json["value"]] == ["one", "two", "three"]
    assert [each["name"] for each in reader.get(LIST).json["value"]] == ["one", "three"]
    first = reader.get(f"{LIST}?$top=1").json
    assert reader.get(first["nextLink"].removeprefix(django_settings.ARM_URL)).json["value"] == [
        reader.get(f"{LIST}/three").json
    ]


def test_what_is_not_there(owner: Arm) -> None:
    assert owner.get(ONE).error[:2] == (404, "ResourceNotFound")
    elsewhere = ONE.replace("myResourceGroup", "none")
    assert owner.put(elsewhere, body()).error[:2] == (404, "ResourceGroupNotFound")
    assert owner.delete(elsewhere).error[:2] == (404, "ResourceGroupNotFound")


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        pytest.param(None, [403] * 4, id="no role"),
        pytest.param("Reader", [200, 200, 403, 403], id="Reader"),
        pytest.param("Contributor", [200, 200, 200, 403], id="Contributor"),
        pytest.param("Owner", [200] * 4, id="Owner"),
    ],
)
def test_a_role_does_what_is_its_own(
    as_account: Callable[[Account], Arm], registry: Registry, role: str | None, statuses: list[int]
) -> None:
    make.private_endpoint(registry)
    arm = as_account(make.account(role))
    sent = body()
    sent["properties"][AUTOMATIC][0]["name"] = "myEndpointConnection"
    assert [each.status for each in (arm.get(LIST), arm.get(ONE), arm.put(ONE, sent), arm.delete(ONE))] == statuses


def test_a_list_costs_the_same_for_any_number_of_endpoints(
    reader: Arm, registry: Registry, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        make.private_endpoint(registry, f"e{number}")
    with django_assert_max_num_queries(6):
        assert len(reader.get(LIST).json["value"]) == 20


@pytest.mark.parametrize(
    ("first_lock", "ask"),
    [
        pytest.param("_registry_at", lambda arm, etag: arm.put(ONE, body(), If_Match=etag), id="put"),
        pytest.param("connected_to", lambda arm, etag: arm.delete(ONE, If_Match=etag), id="delete"),
    ],
)
def test_a_condition_is_asked_under_the_lock(
    owner: Arm, monkeypatch: pytest.MonkeyPatch, first_lock: str, ask: Callable[[Arm, str], Answer]
) -> None:
    etag = owner.put(ONE, body()).json["etag"]
    lock = getattr(private_endpoints, first_lock)

    def somebody_is_quicker(*args: Any) -> Any:
        PrivateEndpoint.objects.update(tags={"somebody": "else"})
        return lock(*args)

    monkeypatch.setattr(private_endpoints, first_lock, somebody_is_quicker)
    assert ask(owner, etag).error[:2] == (412, "PreconditionFailed")
    assert PrivateEndpoint.objects.count() == 1


def test_what_is_done_to_an_endpoint_stands_in_the_record(owner: Arm) -> None:
    owner.put(ONE, body())
    owner.put(ONE, body(tags={"a": "b"}))
    owner.put(ONE, body(tags={"a": "b"}))  # the same again is no change
    owner.delete(ONE)
    told = Change.objects.filter(resource_id=ONE).order_by("pk")
    assert [(each.operation, each.door) for each in told] == [
        ("Create private endpoint", "arm"), ("Update private endpoint", "arm"), ("Delete private endpoint", "arm"),
    ]  # fmt: skip


def test_a_subnet_that_goes_meanwhile_refuses_the_endpoint(contributor: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Subnet.objects.get()
    Subnet.objects.all().delete()
    monkeypatch.setattr(private_endpoints, "subnet_at", lambda resource_id: found)
    assert contributor.put(ONE, body()).error[:2] == (400, "InvalidResourceReference")
    assert connections() == []
