import re
from typing import Any

import pytest

from networking.access.decision import ConnectionState
from networking.access.policy import AccessPolicy
from networking.access.problems import Code, Problem
from networking.difference import tell
from networking.models import EndpointSettings, PrivateEndpointConnection
from networking.private_endpoint_connections import MOST, approve, connect, disconnect, keep_aside, reject, remove
from registries.models import Change, Generation, Origin, Registry
from tests import make

AN = Origin(account="an@example.org", door="arm", address="192.0.2.44")
ENDPOINT = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/myResourceGroup"
    "/providers/Microsoft.Network/privateEndpoints/myEndpoint"
)


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry()


def connection(registry: Registry, *, approved: bool = False) -> PrivateEndpointConnection:
    made = connect(registry, ENDPOINT, AN, approved=approved)
    assert isinstance(made, PrivateEndpointConnection)
    return made


def state(of: PrivateEndpointConnection) -> tuple[str, str]:
    of.refresh_from_db()
    return of.state, of.description


def operations(registry: Registry) -> list[str]:
    return list(registry.changes.order_by("pk").values_list("operation", flat=True))


def record(of: PrivateEndpointConnection, status: str, description: str = "") -> dict[str, Any]:
    return {
        "privateEndpointConnection": {
            "name": of.name,
            "privateEndpoint": ENDPOINT,
            "status": status,
            "description": description,
        }
    }


def test_a_new_connection_waits_and_is_named_as_acr_names_them(registry: Registry) -> None:
    made = connection(registry)
    assert re.fullmatch(r"mycontainerregistry\.[0-9a-f]{32}", made.name)
    assert state(made) == ("Pending", "")
    change = registry.changes.get()
    assert (change.operation, change.before) == ("Request private endpoint connection", None)
    assert change.after == record(made, "Pending")
    assert not EndpointSettings.of(registry).policy.data_endpoint


def test_an_approval_is_recorded_and_turns_dedicated_data_endpoints_on(registry: Registry) -> None:
    made, before = connection(registry), Generation.current()
    change = approve(made, AN, description="Ours")
    assert isinstance(change, Change)
    assert state(made) == ("Approved", "Ours")
    assert (change.before, change.after) == (record(made, "Pending"), record(made, "Approved", "Ours"))
    assert operations(registry)[1:] == ["Update networking", "Approve private endpoint connection"]
    registry.refresh_from_db()
    assert EndpointSettings.of(registry).policy == AccessPolicy(data_endpoint=True)
    assert registry.data_endpoint
    assert registry.generation == Generation.current() > before


def test_one_that_is_approved_at_once_does_the_same(registry: Registry) -> None:
    made = connection(registry, approved=True)
    assert state(made) == ("Approved", "")
    assert operations(registry) == ["Update networking", "Approve private endpoint connection"]


def turn_data_endpoints_off(registry: Registry) -> object:
    policy = EndpointSettings.of(registry).policy
    assert policy.data_endpoint
    return EndpointSettings.store(registry, AccessPolicy(), seen=policy.fingerprint, origin=AN)


def test_data_endpoints_stay_on_while_a_connection_is_approved(registry: Registry) -> None:
    made, other = connection(registry, approved=True), connection(registry, approved=True)
    before = Change.objects.count()
    assert turn_data_endpoints_off(registry) == Problem(
        Code.DATA_ENDPOINT_REQUIRED,
        "Dedicated data endpoints stay on while the registry has an approved private endpoint connection. "
        "Reject or remove its approved connections first.",
    )
    assert (Change.objects.count(), EndpointSettings.of(registry).policy.data_endpoint) == (before, True)
    reject(made, AN)
    assert isinstance(turn_data_endpoints_off(registry), Problem)
    remove(other, AN)
    assert isinstance(turn_data_endpoints_off(registry), Change)
    assert EndpointSettings.of(registry).policy == AccessPolicy()


def test_a_second_approval_needs_no_word_about_data_endpoints(registry: Registry) -> None:
    made = connection(registry, approved=True)
    assert approve(made, AN) is None
    assert isinstance(approve(made, AN, description="Another word"), Change)
    assert operations(registry).count("Update networking") == 1


def test_a_rejection_and_a_removal_are_recorded(registry: Registry) -> None:
    made = connection(registry, approved=True)
    rejected = reject(made, AN, description="Not ours")
    assert isinstance(rejected, Change)
    assert state(made) == ("Rejected", "Not ours")
    before = Generation.current()
    removed = remove(made, AN)
    assert removed is not None
    assert (removed.before, removed.after) == (record(made, "Rejected", "Not ours"), None)
    assert not registry.private_endpoint_connections.exists()
    assert Generation.current() > before


def test_what_is_done_already_leaves_no_change(registry: Registry) -> None:
    made = connection(registry)
    reject(made, AN)
    count = Change.objects.count()
    assert reject(made, AN) is None
    remove(made, AN)
    assert remove(made, AN) is None
    assert approve(made, AN) is None
    assert Change.objects.count() == count + 1


def test_a_connection_whose_endpoint_was_deleted_can_only_be_removed(registry: Registry) -> None:
    made = connection(registry, approved=True)
    disconnect(registry, ENDPOINT.upper(), AN)
    assert state(made) == (ConnectionState.DISCONNECTED.value, "")
    assert approve(made, AN, description="Again") == Problem(
        Code.INVALID_PROPERTY,
        f"The private endpoint of the connection '{made.name}' was deleted. Remove the connection.",
    )
    assert remove(made, AN) is not None


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
def test_a_tier_without_private_endpoints_takes_none(db: None, sku: str) -> None:
    registry = make.registry(sku=sku)
    assert connect(registry, ENDPOINT, AN, approved=False) == Problem(
        Code.PRIVATE_ENDPOINT_NOT_SUPPORTED,
        f"The requested feature private endpoint is not supported for the SKU {sku}.",
    )
    assert not Change.objects.exists()


def test_what_we_have_no_use_for_is_kept_recorded_and_told(registry: Registry) -> None:
    made = connection(registry)
    kept = {"properties.quota": 3}
    change = keep_aside(made, kept, AN)
    assert change is not None
    assert (change.operation, str(tell(change))) == (
        "Update private endpoint connection",
        "Property quota: none → 3",
    )
    assert keep_aside(made, kept, AN) is None
    made.refresh_from_db()
    assert made.kept_aside == kept
    remove(made, AN)
    assert keep_aside(made, {}, AN) is None


@pytest.mark.parametrize(
    ("approved", "sentence", "page"),
    [
        pytest.param(False, "Remove the private endpoint connections.", "networking-private", id="one that waits"),
        pytest.param(
            True,
            "Remove the private endpoint connections, then turn off the dedicated data endpoint.",
            "networking-private",
            id="one that is approved",
        ),
    ],
)
def test_a_connection_keeps_its_registry_from_a_lower_tier(
    registry: Registry, approved: bool, sentence: str, page: str
) -> None:
    made = connection(registry, approved=approved)
    steps = registry.change_tier("Standard", AN)
    assert [(step, step.page) for step in steps] == [(sentence, page)]
    assert Registry.objects.get().sku == "Premium"
    remove(made, AN)
    assert registry.change_tier("Standard", AN) == (["Turn off the dedicated data endpoint."] if approved else [])


def test_a_description_is_one_line_of_400_characters(registry: Registry) -> None:
    made = connection(registry)
    refused = approve(made, AN, description="x" * 401)
    assert isinstance(refused, Problem)
    assert refused.message == "A description can have 400 characters; this one has 401."
    assert state(made) == ("Pending", "")
    assert not EndpointSettings.of(registry).policy.data_endpoint


def test_a_registry_has_a_limit(registry: Registry) -> None:
    PrivateEndpointConnection.objects.bulk_create(
        PrivateEndpointConnection(registry=registry, name=f"c{number}", private_endpoint=ENDPOINT)
        for number in range(MOST)
    )
    refused = connect(registry, ENDPOINT, AN, approved=False)
    assert isinstance(refused, Problem)
    assert refused.code is Code.QUOTA_EXCEEDED
    assert registry.private_endpoint_connections.count() == MOST


def test_the_activity_log_tells_what_became_of_it(registry: Registry) -> None:
    made = connection(registry)
    change = approve(made, AN, description="Ours")
    assert isinstance(change, Change)
    assert str(tell(change)) == (
        f"Private endpoint connection {made.name}: Pending → Approved, Ours; "
        "Whoever comes through the private endpoint 'myEndpoint' gains access"
    )
    assert isinstance(rejected := reject(made, AN, description="Not ours"), Change)
    assert str(tell(rejected)) == (
        f"Private endpoint connection {made.name}: Approved, Ours → Rejected, Not ours; "
        "Whoever comes through the private endpoint 'myEndpoint' loses access"
    )
    removed = remove(made, AN)
    assert removed is not None
    assert str(tell(removed)) == (
        f"Private endpoint connection {made.name}: Rejected, Not ours; Private endpoint: {ENDPOINT}"
    )
