"""Private endpoint connections of a registry: listed, shown, approved or rejected, removed."""

from typing import Any

from django.db import transaction
from django.http import HttpResponse, JsonResponse

from networking.access.decision import ConnectionState
from networking.access.problems import Code, Problem
from networking.arm import recorded_operations, rendering
from networking.arm.body import Refused, a_text, a_word, an_object
from networking.arm.errors import ArmError, problem
from networking.arm.http import ArmRequest, answer, nothing, origin
from networking.arm.registry_queries import connection_of, registry_at
from networking.arm.registry_schemas import CONNECTION, CONNECTION_BODY, OPERATION, listing
from networking.arm.routing import route
from networking.arm.views.registries import ONE
from networking.models import PrivateEndpointConnection
from networking.private_endpoint_connections import approve, reject, remove
from registries.models import CHANGE, VIEW, Change, Registry
from registries.resource_id import PROVIDER

KIND = "privateendpointconnections"
ALL = f"{ONE}/privateEndpointConnections"
CONNECTION_PATH = f"{ALL}/{{connection}}"
STATES = {state.value: state for state in ConnectionState}


@route(
    "GET",
    ALL,
    operation="PrivateEndpointConnections_List",
    summary="The private endpoint connections of a registry",
    permission=VIEW,
    answers={200: listing(CONNECTION)},
)
def show_all(request: ArmRequest, subscription: str, group: str, name: str) -> JsonResponse:
    registry = registry_at(subscription, group, name)
    found = registry.private_endpoint_connections.all()
    place = str(registry.resource_id)
    return answer({"value": [rendering.connection(connection_of(each, place)) for each in found]})


@route(
    "GET",
    CONNECTION_PATH,
    operation="PrivateEndpointConnections_Get",
    summary="One private endpoint connection",
    permission=VIEW,
    answers={200: CONNECTION},
)
def show(request: ArmRequest, subscription: str, group: str, name: str, connection: str) -> JsonResponse:
    registry = registry_at(subscription, group, name)
    return answer(_rendered(registry, _connection_of(registry, connection)))


@route(
    "PUT",
    CONNECTION_PATH,
    operation="PrivateEndpointConnections_CreateOrUpdate",
    summary="Approve or reject a private endpoint connection",
    permission=CHANGE,
    body=CONNECTION_BODY,
    answers={200: CONNECTION, 201: CONNECTION},
)
def put(request: ArmRequest, subscription: str, group: str, name: str, connection: str) -> JsonResponse:
    """201 with what was before and where its status is, as recorded; 200 where it is so already."""
    asked = _asked(request.json)
    with transaction.atomic():
        registry = registry_at(subscription, group, name, locked=True)
        stored = _connection_of(registry, connection)
        before = _rendered(registry, stored, provisioning="Updating")
        done = _decide(stored, *asked, request)
    if isinstance(done, Problem):
        raise problem(done)
    if done is None:
        return answer(_rendered(registry, stored))
    stamp = rendering.Stamp(done.account, done.at, request.account.service_principal)
    shown = {key: before[key] for key in ("type", "id", "name")}
    shown |= {"systemData": rendering.system_data(stamp, stamp), "properties": before["properties"]}
    headers = recorded_operations.status_header(before["id"], KIND, done, request.api_version)
    return answer(shown, status=201, headers=headers)


def _asked(body: object) -> tuple[ConnectionState, str | None]:
    """The state that a body asks for, and its description; None where it says none."""
    try:
        said = an_object(an_object(body, "body").get("properties"), "properties")
        where = "properties.privateLinkServiceConnectionState"
        wanted = an_object(said.get("privateLinkServiceConnectionState"), where)
        state = a_word(wanted.get("status"), f"{where}.status", STATES)
        described = wanted.get("description")
        return state, None if described is None else a_text(described, f"{where}.description")
    except Refused as refused:
        raise problem(refused.problem) from None


def _decide(
    stored: PrivateEndpointConnection, state: ConnectionState, description: str | None, request: ArmRequest
) -> Change | Problem | None:
    if state is ConnectionState.APPROVED:
        return approve(stored, origin(request), description=description or "")
    if state is ConnectionState.REJECTED:
        return reject(stored, origin(request), description=description or "")
    if state.value == stored.state and description in (None, stored.description):
        return None
    message = f"A private endpoint connection can be approved or rejected; it can't be made {state.value}."
    return Problem(Code.INVALID_PROPERTY, message)


@route(
    "DELETE",
    CONNECTION_PATH,
    operation="PrivateEndpointConnections_Delete",
    summary="Remove a private endpoint connection",
    permission=CHANGE,
    answers={202: {"type": "null"}, 204: None},
)
def delete(request: ArmRequest, subscription: str, group: str, name: str, connection: str) -> HttpResponse:
    registry = registry_at(subscription, group, name)
    stored = registry.private_endpoint_connections.filter(name__iexact=connection).first()
    removed = stored and remove(stored, origin(request))
    if not removed:
        return nothing(204)
    subscription = registry.resource_id.subscription
    headers = recorded_operations.result_header(subscription, registry.location, KIND, removed, request.api_version)
    return answer(None, status=202, headers=headers)


@route(
    "GET",
    f"{CONNECTION_PATH}/operationStatuses/{{operation}}",
    operation="PrivateEndpointConnections_OperationStatus",
    summary="How far the approval or rejection of a connection is",
    permission=VIEW,
    answers={200: OPERATION},
)
def operation_status(
    request: ArmRequest, subscription: str, group: str, name: str, connection: str, operation: str
) -> JsonResponse:
    place = f"{registry_at(subscription, group, name).resource_id}"
    recorded_operations.require_operation(KIND, operation, within=place)
    body = {"id": f"{place}/privateEndpointConnections/{connection}", "name": operation, "status": "Succeeded"}
    return answer(body, headers=recorded_operations.RETRY)


@route(
    "GET",
    f"/subscriptions/{{subscription}}/providers/{PROVIDER}/locations/{{location}}/operationResults/{{operation}}",
    operation="Operations_Result",
    summary="How far the removal of a connection is",
    permission=VIEW,
    answers={200: None},
)
def operation_result(request: ArmRequest, subscription: str, location: str, operation: str) -> HttpResponse:
    recorded_operations.require_operation(KIND, operation, within=f"/subscriptions/{subscription}")
    return nothing(200)


def _connection_of(registry: Registry, name: str) -> PrivateEndpointConnection:
    found = registry.private_endpoint_connections.filter(name__iexact=name).first()
    if found is None:
        raise ArmError(404, "ResourceNotFound", f"The resource {name[:120]} could not be found.")
    return found


def _rendered(
    registry: Registry, stored: PrivateEndpointConnection, *, provisioning: str = "Succeeded"
) -> dict[str, Any]:
    return rendering.connection(connection_of(stored, str(registry.resource_id)), provisioning=provisioning)
