"""Subscriptions and tenants, which az asks for when it signs in; providers and regions."""

import uuid
from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from networking.arm.versions import NEWEST
from networking.models import VirtualNetwork
from registries import regions, signing
from registries.models import Account, Change, Subscription
from tests import make
from tests.networking.arm.asking import SUBSCRIPTION, Arm

pytestmark = pytest.mark.django_db
PROVIDER = f"{SUBSCRIPTION}/providers/Microsoft.ContainerRegistry"
NETWORK = f"{SUBSCRIPTION}/providers/Microsoft.Network"


@pytest.fixture(autouse=True)
def subscription() -> Subscription:
    return make.resource_group().subscription


def test_subscriptions_are_listed_by_name(
    reader: Arm, subscription: Subscription, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    other = Subscription.objects.create(subscription_id=uuid.uuid4(), display_name="A first one")
    with django_assert_num_queries(2):
        listed = reader.get("/subscriptions")
    assert [each["displayName"] for each in listed.json["value"]] == ["A first one", "Example subscription"]
    assert listed.json["value"][0] == {
        "id": f"/subscriptions/{other.subscription_id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": str(other.subscription_id),
        "tenantId": signing.tenant_id(),
        "displayName": "A first one",
        "state": "Enabled",
    }


def test_who_has_no_role_signs_in_and_sees_none(nobody: Arm) -> None:
    listed = nobody.get("/subscriptions")
    assert (listed.status, listed.json) == (200, {"value": []})
    assert nobody.get(SUBSCRIPTION).error[:2] == (403, "AuthorizationFailed")


def test_one_subscription(reader: Arm) -> None:
    listed = reader.get("/subscriptions").json["value"]
    assert reader.get(SUBSCRIPTION).json == listed[0]
    assert reader.get(SUBSCRIPTION.upper()).json == listed[0]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        pytest.param(
            "b2000000-0000-0000-0000-000000000002",
            (
                404,
                "SubscriptionNotFound",
                "The subscription 'b2000000-0000-0000-0000-000000000002' could not be found.",
            ),
            id="unknown",
        ),
        pytest.param(
            "mine",
            (
                400,
                "InvalidSubscriptionId",
                "The provided subscription identifier 'mine' is malformed or invalid.",
            ),
            id="no GUID",
        ),
        pytest.param(
            "00000000000000000000000000000001",
            (
                400,
                "InvalidSubscriptionId",
                "The provided subscription identifier '00000000000000000000000000000001' is malformed or invalid.",
            ),
            id="without dashes",
        ),
    ],
)
@pytest.mark.parametrize("rest", ["", "/locations", "/providers", "/providers/Microsoft.Network"])
def test_an_unknown_subscription_is_refused(reader: Arm, name: str, rest: str, error: tuple[int, str, str]) -> None:
    assert reader.get(f"/subscriptions/{name}{rest}").error == error


def test_there_is_one_tenant(nobody: Arm) -> None:
    tenant = signing.tenant_id()
    assert nobody.get("/tenants").json == {
        "value": [
            {
                "id": f"/tenants/{tenant}",
                "tenantId": tenant,
                "displayName": "Portcullis",
                "defaultDomain": "localhost",
                "tenantCategory": "Home",
            }
        ]
    }


def test_the_regions_are_those_of_the_portal(reader: Arm) -> None:
    listed = reader.get(f"{SUBSCRIPTION}/locations").json["value"]
    assert {each["name"]: each["displayName"] for each in listed} == regions.DISPLAY_NAMES


# Providers


def test_the_providers_are_registered_at_first(reader: Arm) -> None:
    listed = reader.get(f"{SUBSCRIPTION}/providers").json["value"]
    assert [(each["namespace"], each["registrationState"]) for each in listed] == [
        ("Microsoft.ContainerRegistry", "Registered"),
        ("Microsoft.Network", "Registered"),
        ("Microsoft.Resources", "Registered"),
    ]
    assert reader.get(PROVIDER.lower()).json == listed[0]


def test_a_provider_names_its_types_with_the_newest_version_first(reader: Arm) -> None:
    """`az resource show` takes the first that is no preview."""
    kinds = {each["resourceType"]: each for each in reader.get(PROVIDER).json["resourceTypes"]}
    versions = kinds["registries"]["apiVersions"]
    assert (versions[0], next(each for each in versions if "preview" not in each)) == (NEWEST, "2025-11-01")
    assert "West Europe" in kinds["registries"]["locations"]
    assert {"registries", "registries/replications", "registries/privateEndpointConnections"} <= kinds.keys()


def test_an_unknown_provider_is_refused(reader: Arm, contributor: Arm) -> None:
    error = (404, "InvalidResourceNamespace", "The resource namespace 'Microsoft.Compute' is invalid.")
    assert reader.get(f"{SUBSCRIPTION}/providers/Microsoft.Compute").error == error
    assert contributor.post(f"{SUBSCRIPTION}/providers/Microsoft.Compute/register").error == error


def test_a_provider_is_registered_at_once_with_its_record(contributor: Arm, subscription: Subscription) -> None:
    Subscription.objects.update(providers=["Microsoft.Network"])
    assert contributor.get(PROVIDER).json["registrationState"] == "NotRegistered"
    told = contributor.post(f"{PROVIDER.lower()}/register", CommandName="provider register")
    assert (told.status, told.json["registrationState"]) == (200, "Registered")
    subscription.refresh_from_db()
    assert subscription.providers == ["Microsoft.ContainerRegistry", "Microsoft.Network"]
    change = Change.objects.get()
    assert (change.operation, change.account, change.door, change.comment, change.resource_id) == (
        "Register provider",
        "an@example.org",
        "arm",
        "az provider register",
        PROVIDER,
    )


def test_registering_again_changes_nothing(contributor: Arm) -> None:
    assert contributor.post(f"{PROVIDER}/register").json["registrationState"] == "Registered"
    assert Change.objects.count() == 0


def test_a_provider_without_resources_is_unregistered(contributor: Arm, subscription: Subscription) -> None:
    told = contributor.post(f"{PROVIDER}/unregister")
    assert (told.status, told.json["registrationState"]) == (200, "Unregistered")
    subscription.refresh_from_db()
    assert subscription.providers == ["Microsoft.Network"]
    assert Change.objects.get().operation == "Unregister provider"


def test_what_was_unregistered_says_so_until_it_is_registered_again(contributor: Arm) -> None:
    """`az provider unregister --wait` asks for as long as it reads another word; so do other programs."""
    contributor.post(f"{PROVIDER}/unregister")
    assert contributor.get(PROVIDER).json["registrationState"] == "Unregistered"
    listed = contributor.get(f"{SUBSCRIPTION}/providers").json["value"]
    assert [each["registrationState"] for each in listed] == ["Unregistered", "Registered", "Registered"]
    contributor.post(f"{PROVIDER}/register")
    assert contributor.get(PROVIDER).json["registrationState"] == "Registered"


def test_a_provider_that_never_was_registered_is_unregistered_without_a_record(contributor: Arm) -> None:
    Subscription.objects.update(providers=[])
    assert contributor.post(f"{PROVIDER}/unregister").json["registrationState"] == "Unregistered"
    assert contributor.get(PROVIDER).json["registrationState"] == "NotRegistered"
    assert Change.objects.count() == 0


def with_a_registry() -> str:
    make.registry()
    return PROVIDER


def with_a_network() -> str:
    VirtualNetwork.objects.create(resource_group=make.resource_group(), name="vnet", location="eastus")
    return NETWORK


def with_nothing() -> str:
    return f"{SUBSCRIPTION}/providers/Microsoft.Resources"


@pytest.mark.parametrize("made", [with_a_registry, with_a_network, with_nothing])
def test_a_provider_in_use_stays(contributor: Arm, subscription: Subscription, made: Callable[[], str]) -> None:
    assert contributor.post(f"{made()}/unregister").error[:2] == (409, "Conflict")
    subscription.refresh_from_db()
    assert subscription.providers == ["Microsoft.ContainerRegistry", "Microsoft.Network"]


def test_a_reader_registers_nothing(reader: Arm, subscription: Subscription) -> None:
    Subscription.objects.update(providers=[])
    assert reader.post(f"{PROVIDER}/register").error[:2] == (403, "AuthorizationFailed")
    subscription.refresh_from_db()
    assert subscription.providers == []


def test_who_registers_is_told_apart_by_the_command(as_account: Callable[[Account], Arm]) -> None:
    """Only what az itself would write there is kept: a plain line."""
    owner = as_account(make.account("Owner"))
    for text in ("rest", "é", "a\tb", "x" * 1000):
        Subscription.objects.update(providers=[])
        owner.post(f"{PROVIDER}/register", CommandName=text)
    assert list(Change.objects.order_by("pk").values_list("comment", flat=True)) == [
        "az rest",
        "",
        "az a b",
        f"az {'x' * 397}",
    ]
