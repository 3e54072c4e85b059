import re
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from networking.access.policy import AccessPolicy
from networking.models import EndpointSettings, PrivateEndpointConnection
from networking.private_endpoint_connections import connect
from registries.models import Change, Origin, Registry, RegistryQuerySet
from tests import make
from tests.networking.arm.asking import GROUP, REGISTRY, SUBSCRIPTION, Answer, Arm

BO = Origin(account="bo@example.org", door="portal")
ENDPOINT = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/myEndpoint"
ALL = f"{REGISTRY}/privateEndpointConnections"
CONTENT = {"status": "Approved", "description": "Ours", "actionsRequired": "None"}


@pytest.fixture
def connection(db: None) -> PrivateEndpointConnection:
    made = connect(make.registry(), ENDPOINT, BO, approved=False)
    assert isinstance(made, PrivateEndpointConnection)
    return made


def said(status: str, description: str = "", *, provisioning: str = "Succeeded") -> dict[str, Any]:
    return {
        "privateEndpoint": {"id": ENDPOINT},
        "privateLinkServiceConnectionState": {
            "status": status,
            **({"description": description} if description else {}),
        },
        "provisioningState": provisioning,
    }


def item(of: PrivateEndpointConnection, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Microsoft.ContainerRegistry/registries/privateEndpointConnections",
        "id": f"{ALL}/{of.name}",
        "name": of.name,
        "properties": properties,
    }


def body(**state: Any) -> dict[str, Any]:
    return {"properties": {"privateEndpoint": {"id": ENDPOINT}, "privateLinkServiceConnectionState": state}}


def followed(arm: Arm, answer: Answer, header: str) -> Answer:
    """What the address in a header answers."""
    url = answer.headers[header]
    assert url.startswith("https://localhost:8443/subscriptions/")
    return arm.get(url.removeprefix("https://localhost:8443"))


def test_a_registry_lists_its_connections_and_shows_each(reader: Arm, connection: PrivateEndpointConnection) -> None:
    pending = item(connection, said("Pending"))
    assert reader.get(ALL).json == {"value": [pending]}
    assert reader.get(f"{ALL}/{connection.name.upper()}").json == pending
    assert reader.get(REGISTRY).json["properties"]["privateEndpointConnections"] == [pending]


def test_an_approval_answers_as_recorded_and_is_done(contributor: Arm, connection: PrivateEndpointConnection) -> None:
    answer = contributor.put(
        f"{ALL}/{connection.name}", body(**CONTENT), CommandName="acr private-endpoint-connection approve"
    )
    assert answer.status == 201
    assert list(answer.json) == ["type", "id", "name", "systemData", "properties"]
    assert answer.json["properties"] == said("Pending", provisioning="Updating")
    assert answer.json["systemData"]["createdBy"] == "an@example.org"
    assert answer.headers["Retry-After"] == "1"
    status = followed(contributor, answer, "Azure-AsyncOperation")
    assert (status.status, status.headers["Retry-After"]) == (200, "1")
    assert re.fullmatch(r"privateendpointconnections-[0-9a-f]{8}-[0-9a-f-]{27}", status.json["name"])
    assert (status.json["id"], status.json["status"]) == (f"{ALL}/{connection.name}", "Succeeded")
    assert contributor.get(f"{ALL}/{connection.name}").json == item(connection, said("Approved", "Ours"))
    change = Change.objects.latest("pk")
    assert (change.operation, change.account, change.door, change.comment) == (
        "Approve private endpoint connection",
        "an@example.org",
        "arm",
        "az acr private-endpoint-connection approve",
    )


def test_an_approval_shows_dedicated_data_endpoints_on(contributor: Arm, connection: PrivateEndpointConnection) -> None:
    contributor.put(f"{ALL}/{connection.name}", body(status="approved"))
    properties = contributor.get(REGISTRY).json["properties"]
    assert properties["dataEndpointEnabled"] is True
    assert properties["dataEndpointHostNames"] == ["mycontainerregistry.eastus.data.azurecr.io"]
    assert EndpointSettings.of(connection.registry).policy == AccessPolicy(data_endpoint=True)


def test_a_rejection_is_done_and_the_same_again_is_200(contributor: Arm, connection: PrivateEndpointConnection) -> None:
    assert contributor.put(f"{ALL}/{connection.name}", body(status="Rejected", description="No")).status == 201
    again = contributor.put(f"{ALL}/{connection.name}", body(status="Rejected", description="No"))
    assert (again.status, again.json) == (200, item(connection, said("Rejected", "No")))
    assert Change.objects.filter(operation="Reject private endpoint connection").count() == 1


def test_a_removal_answers_as_recorded(contributor: Arm, connection: PrivateEndpointConnection) -> None:
    answer = contributor.delete(f"{ALL}/{connection.name}")
    assert (answer.status, answer.json, answer.headers["Retry-After"]) == (202, None, "1")
    assert (
        f"{SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/locations/eastus/operationResults/"
        in (answer.headers["Location"])
    )
    result = followed(contributor, answer, "Location")
    assert (result.status, result.json) == (200, None)
    assert contributor.get(ALL).json == {"value": []}
    assert contributor.delete(f"{ALL}/{connection.name}").status == 204


@pytest.mark.parametrize(
    ("sent", "status", "code", "message"),
    [
        pytest.param(
            {}, 400, "InvalidProperty", "The property 'properties' is null; it must be an object.", id="nothing"
        ),
        pytest.param(
            {"properties": {"privateLinkServiceConnectionState": []}},
            400,
            "InvalidProperty",
            "The property 'properties.privateLinkServiceConnectionState' is a list; it must be an object.",
            id="a list",
        ),
        pytest.param(
            body(status="Open"),
            400,
            "InvalidProperty",
            "The property 'properties.privateLinkServiceConnectionState.status' is 'Open'; "
            "it must be Approved or Pending or Rejected or Disconnected.",
            id="an unknown word",
        ),
        pytest.param(
            body(status="Disconnected"),
            400,
            "InvalidProperty",
            "A private endpoint connection can be approved or rejected; it can't be made Disconnected.",
            id="a word only the service may say",
        ),
        pytest.param(
            body(status="Approved", description=["a"]),
            400,
            "InvalidProperty",
            "The property 'properties.privateLinkServiceConnectionState.description' is a list; it must be a text.",
            id="the description",
        ),
        pytest.param(
            body(status="Approved", description="a\nb"),
            400,
            "InvalidRuleText",
            "A description can't hold line breaks or control characters. Type it on one line.",
            id="two lines",
        ),
    ],
)
def test_a_body_that_is_none_changes_nothing(
    contributor: Arm, connection: PrivateEndpointConnection, sent: Any, status: int, code: str, message: str
) -> None:
    count = Change.objects.count()
    answer = contributor.put(f"{ALL}/{connection.name}", sent)
    assert answer.error == (status, code, message)
    assert answer.json["status"] == "Failed"
    assert Change.objects.count() == count
    connection.refresh_from_db()
    assert connection.state == "Pending"


def test_what_we_have_no_use_for_is_kept_and_answered_everywhere(
    contributor: Arm, connection: PrivateEndpointConnection
) -> None:
    one = f"{ALL}/{connection.name}"
    sent = {
        "note": "ours",
        "id": "/another",
        "properties": {
            "privateEndpoint": {"id": "/another", "location": "eastus"},
            "privateLinkServiceConnectionState": {**CONTENT, "by": ["me"]},
            "provisioningState": "Failed",
            "groupIds": ["registry"],
            "quota": {"a": 1},
        },
    }
    assert contributor.put(one, sent).status == 201
    expected = {
        **item(connection, {**said("Approved", "Ours"), "groupIds": ["registry"], "quota": {"a": 1}}),
        "note": "ours",
    }
    expected["properties"]["privateEndpoint"]["location"] = "eastus"
    expected["properties"]["privateLinkServiceConnectionState"]["by"] = ["me"]
    assert contributor.get(one).json == expected
    assert contributor.get(ALL).json == {"value": [expected]}
    assert contributor.get(REGISTRY).json["properties"]["privateEndpointConnections"] == [expected]
    before = Change.objects.count()
    again = contributor.put(one, sent)
    assert (again.status, again.json, Change.objects.count()) == (200, expected, before)
    assert contributor.put(one, contributor.get(one).json).status == 200
    assert Change.objects.count() == before


def test_a_put_replaces_what_is_kept_of_one_that_nobody_decided_too(
    contributor: Arm, connection: PrivateEndpointConnection
) -> None:
    one = f"{ALL}/{connection.name}"
    first = body(status="pending")
    first["properties"]["quota"] = 1
    assert contributor.put(one, first).status == 201
    assert contributor.get(one).json["properties"]["quota"] == 1
    assert contributor.put(one, body(status="Pending")).status == 201
    assert contributor.get(one).json == item(connection, said("Pending"))
    last = Change.objects.latest("pk")
    assert last.before is not None
    assert (last.operation, last.before["properties"]) == (
        "Update private endpoint connection",
        {"properties.quota": 1},
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        pytest.param(
            {"quota": "x" * 70_000},
            "Portcullis keeps at most 64 KiB of properties that it has no use for.",
            id="too much",
        ),
        pytest.param(
            {"privateEndpoint.id": "/another"},
            "The property name 'privateEndpoint.id' holds '.' or '['; "
            "write the property into the object it belongs to.",
            id="a path",
        ),
    ],
)
def test_what_cannot_be_kept_is_refused_and_decides_nothing(
    contributor: Arm, connection: PrivateEndpointConnection, more: dict[str, Any], message: str
) -> None:
    before = Change.objects.count()
    sent = body(status="Approved")
    sent["properties"] |= more
    assert contributor.put(f"{ALL}/{connection.name}", sent).error == (400, "InvalidProperty", message)
    assert (contributor.get(f"{ALL}/{connection.name}").json, Change.objects.count()) == (
        item(connection, said("Pending")),
        before,
    )


def test_names_are_read_in_any_letter_case(contributor: Arm, connection: PrivateEndpointConnection) -> None:
    sent = {"Properties": {"PrivateLinkServiceConnectionState": {"Status": "approved", "DESCRIPTION": "Ours"}}}
    assert contributor.put(f"{ALL}/{connection.name}", sent).status == 201
    assert contributor.get(f"{ALL}/{connection.name}").json == item(connection, said("Approved", "Ours"))


def test_who_sends_an_etag_decides_upon_what_was_seen(contributor: Arm, connection: PrivateEndpointConnection) -> None:
    one = f"{ALL}/{connection.name}"
    seen = contributor.get(one).headers["ETag"]
    before = Change.objects.count()
    for answer in (
        contributor.put(one, body(status="Approved"), If_Match="nonsense"),
        contributor.put(one, body(status="Approved"), If_None_Match="*"),
        contributor.delete(one, If_Match='"nonsense"'),
        contributor.delete(f"{ALL}/other", If_Match="*"),
    ):
        assert answer.error[:2] == (412, "PreconditionFailed")
    assert Change.objects.count() == before
    approved = contributor.put(one, body(status="Approved"), If_Match=seen)
    assert (approved.status, approved.headers["ETag"]) == (201, contributor.get(one).headers["ETag"])
    assert contributor.put(one, body(status="Rejected"), If_Match=seen).status == 412
    assert contributor.delete(one, If_Match=seen).status == 412
    assert contributor.delete(one, If_Match=approved.headers["ETag"]).status == 202


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_registry_that_goes_meanwhile_is_404_and_no_fault(
    contributor: Arm, connection: PrivateEndpointConnection, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """It can only go before the lock is taken: after that whoever deletes it waits."""
    select = RegistryQuerySet.select_for_update

    def locked(self: Any, *args: Any, **more: Any) -> Any:
        Registry.objects.all().delete()
        return select(self, *args, **more)

    monkeypatch.setattr(RegistryQuerySet, "select_for_update", locked)
    answer = contributor.ask(method, f"{ALL}/{connection.name}", body(status="Approved") if method == "PUT" else None)
    assert answer.error[:2] == (404, "ResourceNotFound")


def test_what_is_not_there_is_404(contributor: Arm, connection: PrivateEndpointConnection) -> None:
    for answer in (contributor.get(f"{ALL}/other"), contributor.put(f"{ALL}/other", body(status="Approved"))):
        assert answer.error == (404, "ResourceNotFound", "The resource other could not be found.")
        assert answer.json["status"] == "Failed"
    assert contributor.get(f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/another").status == 404


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param("privateendpointconnections-00000000-0000-0000-0000-0000000003e7", id="a change that is not"),
        pytest.param("privateendpointconnections-ffffffff-ffff-ffff-ffff-ffffffffffff", id="beyond every number"),
        pytest.param("privateendpointconnections", id="no guid"),
        pytest.param("registries-00000000-0000-0000-0000-000000000001", id="another kind"),
    ],
)
def test_an_operation_that_nobody_began_is_404(
    reader: Arm, connection: PrivateEndpointConnection, operation: str
) -> None:
    assert reader.get(f"{ALL}/{connection.name}/operationStatuses/{operation}").status == 404
    results = f"{SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/locations/eastus/operationResults"
    assert reader.get(f"{results}/{operation}").status == 404


def test_an_operation_is_told_of_at_its_own_registry_only(
    contributor: Arm, connection: PrivateEndpointConnection
) -> None:
    make.registry("mycontainerregistry2")
    answer = contributor.put(f"{ALL}/{connection.name}", body(status="Approved"))
    elsewhere = answer.headers["Azure-AsyncOperation"].removeprefix("https://localhost:8443")
    elsewhere = elsewhere.replace("/mycontainerregistry/", "/mycontainerregistry2/")
    assert contributor.get(elsewhere).status == 404


def test_readers_look_and_change_nothing(reader: Arm, nobody: Arm, connection: PrivateEndpointConnection) -> None:
    assert reader.put(f"{ALL}/{connection.name}", body(status="Approved")).error[:2] == (403, "AuthorizationFailed")
    assert reader.delete(f"{ALL}/{connection.name}").error[:2] == (403, "AuthorizationFailed")
    assert nobody.get(ALL).error[:2] == (403, "AuthorizationFailed")
    assert Arm("").get(ALL).status == 401
    assert reader.post(ALL).error[:2] == (405, "MethodNotAllowed")
    connection.refresh_from_db()
    assert connection.state == "Pending"


def test_a_list_costs_two_queries_besides_the_account(
    reader: Arm, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    registry = make.registry()
    PrivateEndpointConnection.objects.bulk_create(
        PrivateEndpointConnection(registry=registry, name=f"c{number}", private_endpoint=ENDPOINT)
        for number in range(9)
    )
    with django_assert_max_num_queries(5):
        assert len(reader.get(ALL).json["value"]) == 9


def test_a_connection_keeps_its_registry_from_a_lower_tier(
    contributor: Arm, connection: PrivateEndpointConnection
) -> None:
    answer = contributor.patch(REGISTRY, {"sku": {"name": "Standard"}})
    assert answer.error == (
        409,
        "SkuDowngradeNotAllowed",
        "The registry can't become Standard yet. Remove the private endpoint connections.",
    )
    assert Registry.objects.get().sku == "Premium"
    contributor.put(f"{ALL}/{connection.name}", body(status="Approved"))
    assert contributor.patch(REGISTRY, {"sku": {"name": "Standard"}}).error[2] == (
        "The registry can't become Standard yet. "
        "Remove the private endpoint connections, then turn off the dedicated data endpoint."
    )
    assert Registry.objects.get().sku == "Premium"


def test_data_endpoints_stay_on_beneath_an_approved_connection(
    contributor: Arm, connection: PrivateEndpointConnection
) -> None:
    """A PATCH that turns them off is refused; a PUT that doesn't speak of them leaves them on."""
    contributor.put(f"{ALL}/{connection.name}", body(**CONTENT))
    before = Change.objects.count()
    refused = contributor.patch(REGISTRY, {"properties": {"dataEndpointEnabled": False}})
    assert refused.error == (
        400,
        "DataEndpointRequired",
        "Dedicated data endpoints stay on while the registry has an approved private endpoint connection. "
        "Reject or remove its approved connections first.",
    )
    premium = {"location": "eastus", "sku": {"name": "Premium"}}
    assert contributor.put(REGISTRY, premium).json["properties"]["dataEndpointEnabled"] is True
    stated = contributor.put(REGISTRY, {**premium, "properties": {"dataEndpointEnabled": False}})
    assert stated.error[:2] == (400, "DataEndpointRequired")
    assert Change.objects.count() == before
    contributor.delete(f"{ALL}/{connection.name}")
    assert contributor.put(REGISTRY, premium).json["properties"]["dataEndpointEnabled"] is False
