"""Geo-replications of a registry. Its own region is shown as one of them once there is another (acr-facts 1.3)."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.db.models.fields.json import KT
from django.http import HttpResponse, JsonResponse

from networking.access.problems import Code, Problem
from networking.arm import recorded_operations, rendering
from networking.arm.conditions import ETAG, has_conditions, require_conditions
from networking.arm.document import TYPE
from networking.arm.errors import ArmError, problem
from networking.arm.http import ArmRequest, answer, nothing, origin
from networking.arm.places import require_region_of
from networking.arm.registry_body import too_much
from networking.arm.registry_queries import Made, registry_at
from networking.arm.registry_schemas import OPERATION, REPLICATION, REPLICATION_BODY, REPLICATION_PATCH, listing
from networking.arm.rendering import Replica
from networking.arm.replication_body import AskedReplication, read
from networking.arm.routing import route
from networking.arm.views.registries import ONE
from networking.replicating import ADD, UPDATE, Wanted, remove, replicate
from registries import regions
from registries.models import CHANGE, VIEW, Account, Registry, Replication

KIND = "replications"
ALL = f"{ONE}/replications"
REPLICATION_PATH = f"{ALL}/{{replication}}"
type Told = tuple[str, str]  # the operation of a change record, and the region it is about
OWN_REGION = "{} is the registry's own region; its replication is as long as the registry, and can't change."


@route(
    "GET",
    ALL,
    operation="Replications_List",
    summary="The replications of a registry, its own region among them",
    permission=VIEW,
    answers={200: listing(REPLICATION)},
)
def show_all(request: ArmRequest, subscription: str, group: str, name: str) -> JsonResponse:
    registry = registry_at(subscription, group, name)
    return answer({"value": [rendering.replication(each) for each in _replicas(registry)]})


@route(
    "GET",
    REPLICATION_PATH,
    operation="Replications_Get",
    summary="One replication",
    permission=VIEW,
    answers={200: REPLICATION},
    headers={200: ETAG},
)
def show(request: ArmRequest, subscription: str, group: str, name: str, replication: str) -> JsonResponse:
    return _shown(_replica(registry_at(subscription, group, name), replication))


@route(
    "PUT",
    REPLICATION_PATH,
    operation="Replications_Create",
    summary="Replicate a registry to a region, or replace what a replication says",
    permission=CHANGE,
    body=REPLICATION_BODY,
    answers={200: REPLICATION, 201: REPLICATION},
    headers={200: ETAG, 201: (*recorded_operations.STATUS_HEADERS, *ETAG)},
)
def put(request: ArmRequest, subscription: str, group: str, name: str, replication: str) -> JsonResponse:
    asked = _asked(request)
    region = require_region_of(f"{TYPE}/replications", asked.location or "")
    if region != replication.lower():
        message = f"The replication '{replication[:50]}' is to be in {region}; name it like its region."
        raise problem(Problem(Code.INVALID_RESOURCE_NAME, message), target="name")
    with transaction.atomic():
        registry = registry_at(subscription, group, name, locked=True)
        _require_conditions(request, registry, region)
        _refuse_own_region(registry, region)
        default, kept = Wanted(), asked.kept_upon({})
        return _replicated(request, registry, region, _merged(default, asked, kept))


@route(
    "PATCH",
    REPLICATION_PATH,
    operation="Replications_Update",
    summary="Change what the body says of a replication; the rest stays",
    permission=CHANGE,
    body=REPLICATION_PATCH,
    answers={200: REPLICATION},
    headers={200: ETAG},
)
def patch(request: ArmRequest, subscription: str, group: str, name: str, replication: str) -> JsonResponse:
    asked = _asked(request)
    with transaction.atomic():
        registry = registry_at(subscription, group, name, locked=True)
        region = _replica(registry, replication).location
        _require_conditions(request, registry, region)
        _refuse_own_region(registry, region)
        if asked.location is not None and regions.arm_name(asked.location) != region:
            raise problem(Problem(Code.INVALID_PROPERTY, f"A replication stays in its region, {region}."))
        stored = Wanted.of(registry.replications.get(location=region))
        return _replicated(request, registry, region, _merged(stored, asked, asked.kept_upon(stored.kept)))


@route(
    "DELETE",
    REPLICATION_PATH,
    operation="Replications_Delete",
    summary="Stop replicating a registry to a region",
    permission=CHANGE,
    answers={200: None, 204: None},
)
def delete(request: ArmRequest, subscription: str, group: str, name: str, replication: str) -> HttpResponse:
    with transaction.atomic():
        registry = registry_at(subscription, group, name, locked=True)
        _require_conditions(request, registry, replication)
        if registry.replica_regions:
            _refuse_own_region(registry, replication.lower())
        removed = remove(registry, replication.lower(), origin(request))
    return nothing(200 if removed else 204)


@route(
    "GET",
    f"{REPLICATION_PATH}/operationStatuses/{{operation}}",
    operation="Replications_OperationStatus",
    summary="How far a new replication is",
    permission=VIEW,
    answers={200: OPERATION},
    headers={200: recorded_operations.RETRY_HEADERS},
)
def operation_status(
    request: ArmRequest, subscription: str, group: str, name: str, replication: str, operation: str
) -> JsonResponse:
    registry = registry_at(subscription, group, name)
    recorded_operations.require_operation(KIND, operation, within=str(registry.resource_id))
    return answer({"status": "Succeeded"}, headers=recorded_operations.RETRY)


def _replicated(request: ArmRequest, registry: Registry, region: str, wanted: Wanted) -> JsonResponse:
    """Store, then show: a new replication as one that is on its way, with the address of its status, as recorded."""
    if found := too_much(wanted.kept):
        raise problem(found)
    new = region not in registry.replica_regions
    done = replicate(registry, region, wanted, origin(request))
    if isinstance(done, Problem):
        raise problem(done)
    registry.refresh_from_db(fields=["replica_regions"])
    replica = _replica(registry, region)
    if not new or done is None:
        return _shown(replica)
    headers = recorded_operations.status_header(replica.id, KIND, done, request.api_version)
    return _shown(replace(replica, ready=False), status=201, headers=headers)


def _shown(of: Replica, *, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})) -> JsonResponse:
    return answer(rendering.replication(of), status=status, headers={**headers, "ETag": of.etag})


def _require_conditions(request: ArmRequest, registry: Registry, region: str) -> None:
    """Only for those who send one: what az does costs no more."""
    if has_conditions(request):
        found = (each.etag for each in _replicas(registry) if each.location == region.lower())
        require_conditions(request, next(found, None))


def _asked(request: ArmRequest) -> AskedReplication:
    asked = read(request.json)
    if isinstance(asked, Problem):
        raise problem(asked)
    return asked


def _merged(stored: Wanted, asked: AskedReplication, kept: dict[str, Any]) -> Wanted:
    enabled, zones = asked.region_endpoint_enabled, asked.zone_redundancy
    return Wanted(
        region_endpoint_enabled=stored.region_endpoint_enabled if enabled is None else enabled,
        zone_redundancy=stored.zone_redundancy if zones is None else zones,
        tags=stored.tags if asked.tags is None else asked.tags,
        kept=kept,
    )


def _refuse_own_region(registry: Registry, region: str) -> None:
    if region == registry.location:
        message = OWN_REGION.format(regions.display_name(region))
        raise problem(Problem(Code.INVALID_PROPERTY, message))


def _replica(registry: Registry, name: str) -> Replica:
    for replica in _replicas(registry):
        if replica.location == name.lower():
            return replica
    raise ArmError(404, "ResourceNotFound", f"The resource {name[:50]} could not be found.")


def _replicas(registry: Registry) -> list[Replica]:
    """By region. Three queries: the rows, what is recorded of them, and who is a program."""
    rows = list(registry.replications.all())
    if not rows:
        return []
    told = _recorded(registry)
    programs = Account.programs({registry.created_by, *(by for by, _ in told.values())})
    replicas = [_replica_of(registry, row, told, programs) for row in rows]
    first = min(row.created_at for row in rows)
    by_acr = rendering.Stamp(rendering.SERVICE, first, application=True)
    own = Replica(
        id=f"{registry.resource_id}/replications/{registry.location}",
        location=registry.location,
        created=by_acr,
        modified=by_acr,
    )
    return sorted([*replicas, own], key=lambda each: each.location)


def _replica_of(registry: Registry, row: Replication, told: Mapping[Told, Made], programs: set[str]) -> Replica:
    by, _ = told.get((ADD, row.location), (registry.created_by, row.created_at))
    created = modified = rendering.Stamp(by, row.created_at, by in programs)
    by, at = told.get((UPDATE, row.location), (by, row.created_at))
    if at > row.created_at:  # an older change is of one that was there before
        modified = rendering.Stamp(by, at, by in programs)
    return Replica(
        id=f"{registry.resource_id}/replications/{row.location}",
        location=row.location,
        created=created,
        modified=modified,
        region_endpoint_enabled=row.region_endpoint_enabled,
        zone_redundancy=row.zone_redundancy,
        tags=row.tags,
        kept=row.kept_aside,
    )


def _recorded(registry: Registry) -> dict[Told, Made]:
    """The last time that each region was added, and that it was changed."""
    region = KT("after__replication__location")
    changes = registry.changes.filter(operation__in=(ADD, UPDATE)).annotate(region=region)
    newest = changes.values("operation", "region").annotate(newest=Max("pk")).values("newest")
    found = changes.filter(pk__in=newest).values_list("operation", "region", "account", "at")
    return {(operation, where): (by, at) for operation, where, by, at in found}
