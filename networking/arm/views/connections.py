"""Private endpoint connections of a registry: listed, shown, approved or rejected, removed."""

from django.db import transaction
from django.http import HttpResponse, JsonResponse

from networking.access.decision import ConnectionState
from networking.access.problems import Code, Problem
from networking.arm import recorded_operations, rendering
from networking.arm.conditions import ETAG, require_conditions
from networking.arm.connection_body import AskedConnection, read
from networking.arm.errors import ArmError, problem
from networking.arm.http import ArmRequest, answer, nothing, origin
from networking.arm.registry_queries import connection_of, registry_at
from networking.arm.registry_schemas import CONNECTION, CONNECTION_BODY, OPERATION, listing
from networking.arm.routing import route
from networking.arm.views.registries import ONE
from networking.models import PrivateEndpointConnection
from networking.private_endpoint_connections import approve, keep_aside, reject, remove
from registries.models import CHANGE, VIEW, Change, Origin, Registry
from registries.resource_id import PROVIDER

KIND = "privateendpointconnections"
ALL = f"{ONE}/privateEndpointConnections"
CONNECTION_PATH = f"{ALL}/{{connection}}"


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
    headers={200: ETAG},
)
def show(request: ArmRequest, subscription: str, group: str, name: str, connection: str) -> JsonResponse:
    registry = registry_at(subscription, group, name)
    return _shown(registry, _connection_of(registry, connection))


@route(
    "PUT",
    CONNECTION_PATH,
    operation="PrivateEndpointConnections_CreateOrUpdate",
    summary="Approve or reject a private endpoint connection",
    permission=CHANGE,
    body=CONNECTION_BODY,
    answers={200: CONNECTION, 201: CONNECTION},
    headers={200: ETAG, 201: (*recorded_operations.STATUS_HEADERS, *ETAG)},
)
def put(request: ArmRequest, subscription: str, group: str, name: str, connection: str) -> JsonResponse:
    """201 with what was before and where its status is, as recorded; 200 where it is so already."""
    asked = _asked(request)
    with transaction.atomic():
        registry = registry_at(subscription, group, name, locked=True)
        stored = _connection_of(registry, connection)
        before = _value(registry, stored)
        require_conditions(request, before.etag)
        done = _decide(stored, asked, origin(request))
        stored.refresh_from_db()
        if done is None:
            return _shown(registry, stored)
        etag = _value(registry, stored).etag
    stamp = rendering.Stamp(done.account, done.at, request.account.service_principal)
    was = rendering.connection(before, provisioning="Updating")
    shown = {key: was[key] for key in ("type", "id", "name")}
    shown |= {"systemData": rendering.system_data(stamp, stamp), "properties": was["properties"]}
    headers = recorded_operations.status_header(before.id, KIND, done, request.api_version)
    return answer(shown, status=201, headers={**headers, "ETag": etag})


def _asked(request: ArmRequest) -> AskedConnection:
    asked = read(request.json)
    if isinstance(asked, Problem):
        raise problem(asked)
    return asked


def _decide(stored: PrivateEndpointConnection, asked: AskedConnection, by: Origin) -> Change | None:
    """What became of it, and what is kept of the body; None where it is so already. ArmError where it can't be."""
    decided: Change | Problem | None = None
    if asked.state is ConnectionState.APPROVED:
        decided = approve(stored, by, description=asked.description or "")
    elif asked.state is ConnectionState.REJECTED:
        decided = reject(stored, by, description=asked.description or "")
    elif asked.state.value != stored.state or asked.description not in (None, stored.description):
        message = f"A private endpoint connection can be approved or rejected; it can't be made {asked.state.value}."
        decided = Problem(Code.INVALID_PROPERTY, message)
    if isinstance(decided, Problem):
        raise problem(decided)
    return keep_aside(stored, asked.kept, by) or decided


@route(
    "DELETE",
    CONNECTION_PATH,
    operation="PrivateEndpointConnections_Delete",
    summary="Remove a private endpoint connection",
    permission=CHANGE,
    answers={202: {"type": "null"}, 204: None},
    headers={202: recorded_operations.RESULT_HEADERS},
)
def delete(request: ArmRequest, subscription: str, group: str, name: str, connection: str) -> HttpResponse:
    with transaction.atomic():
        registry = registry_at(subscription, group, name, locked=True)
        stored = _named(registry, connection)
        require_conditions(request, _value(registry, stored).etag if stored else None)
        removed = stored and remove(stored, origin(request))
    if not removed:
        return nothing(204)
    place = registry.resource_id.subscription
    headers = recorded_operations.result_header(place, registry.location, KIND, removed, request.api_version)
    return answer(None, status=202, headers=headers)


@route(
    "GET",
    f"{CONNECTION_PATH}/operationStatuses/{{operation}}",
    operation="PrivateEndpointConnections_OperationStatus",
    summary="How far the approval or rejection of a connection is",
    permission=VIEW,
    answers={200: OPERATION},
    headers={200: recorded_operations.RETRY_HEADERS},
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
    found = _named(registry, name)
    if found is None:
        raise ArmError(404, "ResourceNotFound", f"The resource {name[:120]} could not be found.")
    return found


def _named(registry: Registry, name: str) -> PrivateEndpointConnection | None:
    return PrivateEndpointConnection.objects.filter(registry=registry).named(name).first()


def _value(registry: Registry, stored: PrivateEndpointConnection) -> rendering.Connection:
    return connection_of(stored, str(registry.resource_id))


def _shown(registry: Registry, stored: PrivateEndpointConnection) -> JsonResponse:
    of = _value(registry, stored)
    return answer(rendering.connection(of), headers={"ETag": of.etag})
