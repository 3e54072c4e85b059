"""The generic list of resources, with which az finds the group of a registry: `az resource list`, `az acr show -n`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpResponseBase

from networking.arm.document import TYPE as REGISTRIES
from networking.arm.endpoint_body import ENDPOINTS
from networking.arm.http import ArmRequest, group_at, subscription_at
from networking.arm.network_body import NETWORKS
from networking.arm.network_schemas import EXPAND, FILTER, RESOURCES
from networking.arm.paging import QUERY, begins_after, behind, listed, page_size
from networking.arm.rendering import ticks
from networking.arm.resource_filter import ResourceFilter
from networking.arm.routing import route
from networking.arm.views.groups import read_filter
from networking.models import PrivateEndpoint, VirtualNetwork
from registries import regions
from registries.models import VIEW, NamedQuerySet, Registry, RegistryQuerySet, ResourceGroup, Subscription

type Rows = RegistryQuerySet | NamedQuerySet[VirtualNetwork] | NamedQuerySet[PrivateEndpoint]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of resource, and its rows. Their place in KINDS is the first part of a `$skiptoken`."""

    name: str
    rows: Callable[[], Rows]


KINDS = (
    Kind(REGISTRIES, Registry.objects.with_group),
    Kind(NETWORKS, lambda: VirtualNetwork.objects.select_related("resource_group__subscription")),
    Kind(ENDPOINTS, lambda: PrivateEndpoint.objects.select_related("resource_group__subscription")),
)
# What `$expand` may ask for, and a row's answer; None is not known.
EXPANDED: dict[str, Callable[[Any], str | None]] = {
    "createdTime": lambda row: _time(row, "created_at"),
    "changedTime": lambda row: _time(row, "changed_at"),
    "provisioningState": lambda row: "Succeeded",
}


@route(
    "GET",
    "/subscriptions/{subscription}/resources",
    operation="Resources_List",
    summary="The resources of a subscription",
    permission=VIEW,
    answers={200: RESOURCES},
    query={**QUERY, **FILTER, **EXPAND},
)
def list_resources(request: ArmRequest, subscription: str) -> HttpResponseBase:
    within, asked = subscription_at(subscription), read_filter(request)
    return _page(request, asked, _groups(within, asked))


@route(
    "GET",
    "/subscriptions/{subscription}/resourceGroups/{group}/resources",
    operation="Resources_ListByResourceGroup",
    summary="The resources of a resource group",
    permission=VIEW,
    answers={200: RESOURCES},
    query={**QUERY, **FILTER, **EXPAND},
)
def list_resources_of_group(request: ArmRequest, subscription: str, group: str) -> HttpResponseBase:
    found, asked = group_at(subscription, group), read_filter(request)
    is_asked = asked.resourcegroup is None or asked.resourcegroup.lower() == found.name.lower()
    return _page(request, asked, [found.pk] if is_asked else [])


def _groups(within: Subscription, asked: ResourceFilter) -> list[int]:
    groups = ResourceGroup.objects.filter(subscription=within)
    if asked.resourcegroup is not None:
        groups = groups.named(asked.resourcegroup)
    return list(groups.values_list("pk", flat=True))


def _page(request: ArmRequest, asked: ResourceFilter, groups: list[int]) -> HttpResponseBase:
    """Kind after kind, each in the order its rows were made; as many of them as the page still has room for."""
    top, (begin, after) = page_size(request), begins_after(request)
    found: list[tuple[int, Any]] = []
    for number, kind in enumerate(KINDS):
        if number >= begin and groups and _is_asked_for(kind, asked):
            behind_row = after if number == begin else 0
            wanted = _tagged(asked) if asked.asks_for_tags else None
            rows = behind(_narrowed(kind.rows(), asked, groups), behind_row, top + 1 - len(found), wanted)
            found += [(number, row) for row in rows]
        if len(found) > top:
            break
    shown = found[:top]
    token = (shown[-1][0], shown[-1][1].pk) if len(found) > top else None
    words = _expanded(request)
    return listed(request, [_spelled(KINDS[number].name, row, words) for number, row in shown], token)


def _expanded(request: ArmRequest) -> list[str]:
    """The words of `$expand` that mean something, as they are answered; the others are ignored."""
    asked = {word.strip().lower() for word in request.GET.get("$expand", "").split(",")}
    return [word for word in EXPANDED if word.lower() in asked]


def _is_asked_for(kind: Kind, asked: ResourceFilter) -> bool:
    return asked.resourcetype is None or asked.resourcetype.lower() == kind.name.lower()


def _tagged(asked: ResourceFilter) -> Callable[[Any], bool]:
    return lambda row: asked.matches(row.tags)


def _narrowed(rows: Rows, asked: ResourceFilter, groups: list[int]) -> QuerySet[Any]:
    found: QuerySet[Any]
    if asked.name is not None:
        found = rows.filter(resource_group__in=groups).named(asked.name)
    else:
        # "+ 0" keeps the database from the index of groups, after which it would sort all their rows for each page.
        found = rows.alias(group=F("resource_group_id") + 0).filter(group__in=groups)
    if asked.location is not None:
        found = found.filter(location=regions.arm_name(asked.location))
    return found


def _spelled(kind: str, row: Any, words: list[str]) -> dict[str, Any]:
    sku = {"sku": {"name": row.sku, "tier": row.sku}} if isinstance(row, Registry) else {}
    more = {word: EXPANDED[word](row) for word in words}
    return {
        "id": str(row.resource_id),
        "name": row.name,
        "type": kind,
        **sku,
        "location": row.location,
        "tags": row.tags,
        **{word: value for word, value in more.items() if value is not None},
    }


def _time(row: Any, column: str) -> str | None:
    """None where its kind has no such column."""
    at = getattr(row, column, None)
    return None if at is None else f"{ticks(at)}Z"
