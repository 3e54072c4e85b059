"""Resource groups: `az group create`, `list`, `show`, `exists`, `update` and `delete`."""

import re
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpResponseBase

from networking.access.problems import Problem
from networking.arm import group_body
from networking.arm.body import Refused
from networking.arm.conditions import ETAG, require_conditions
from networking.arm.errors import ArmError, group_not_found, problem
from networking.arm.group_body import GroupBody, etag_of, read_group
from networking.arm.http import ArmRequest, answer, group_at, nothing, origin, subscription_at
from networking.arm.network_schemas import FILTER, GROUP, GROUP_BODY, GROUP_PATCH, GROUPS
from networking.arm.paging import QUERY, page
from networking.arm.places import require_region
from networking.arm.resource_filter import ResourceFilter
from networking.arm.routing import route
from registries import regions
from registries.models import CHANGE, CREATE, DELETE, VIEW, ResourceGroup, Subscription
from registries.resource_id import GROUP_NAME

ONE = "/subscriptions/{subscription}/resourceGroups/{group}"
MAX_NAME = 90
NO_REGION = (
    "The provided location '{location}' is not available for resource group. List of available regions is '{known}'."
)


@route(
    "GET",
    "/subscriptions/{subscription}/resourceGroups",
    operation="ResourceGroups_List",
    summary="The resource groups of a subscription",
    permission=VIEW,
    answers={200: GROUPS},
    query={**QUERY, **FILTER},
)
def list_groups(request: ArmRequest, subscription: str) -> HttpResponseBase:
    groups = subscription_at(subscription).resource_groups.select_related("subscription")
    asked = read_filter(request)
    if not asked.is_of_tags_only:  # the list of groups knows no other filter
        raise wrong_filter(request)
    return page(
        request,
        groups,
        lambda found: map(spelled, found),
        wanted=(lambda group: asked.matches(group.tags)) if asked.asks_for_tags else None,
    )


@route(
    "GET",
    ONE,
    operation="ResourceGroups_Get",
    summary="A resource group",
    permission=VIEW,
    answers={200: GROUP},
    headers={200: ETAG},
)
def show_group(request: ArmRequest, subscription: str, group: str) -> HttpResponseBase:
    return _told(group_at(subscription, group))


@route(
    "HEAD",
    ONE,
    operation="ResourceGroups_CheckExistence",
    summary="Whether a resource group exists",
    permission=VIEW,
    answers={204: None, 404: None},
)
def group_exists(request: ArmRequest, subscription: str, group: str) -> HttpResponseBase:
    group_at(subscription, group)
    return nothing(204)


@route(
    "PUT",
    ONE,
    operation="ResourceGroups_CreateOrUpdate",
    summary="Make a resource group, or give one that is there other tags and properties",
    permission=CREATE,
    body=GROUP_BODY,
    answers={200: GROUP, 201: GROUP},
    headers={200: ETAG, 201: ETAG},
)
def put_group(request: ArmRequest, subscription: str, group: str) -> HttpResponseBase:
    within = subscription_at(subscription)
    _require_name(group)
    body = _asked(request.json)
    try:
        return _put(request, within, group, body)
    except IntegrityError:  # somebody was quicker, so now it is there
        return _put(request, within, group, body)


def _put(request: ArmRequest, within: Subscription, name: str, body: GroupBody) -> HttpResponseBase:
    kept = _kept(body, {})
    with transaction.atomic():
        found = ResourceGroup.objects.locked().filter(subscription=within).named(name).first()
        require_conditions(request, None if found is None else etag_of(spelled(found)))
        if found is None:
            region = require_region(body.location, NO_REGION, "LocationNotAvailableForResourceGroup")
            more = {"tags": body.tags or {}, "kept_aside": kept}
            return _told(ResourceGroup.create_recorded(within, name, region, origin(request), **more), status=201)
        _require_same_place(found, body.location)
        found.change(origin(request), tags=body.tags or {}, kept_aside=kept)
    return _told(found)


@route(
    "PATCH",
    ONE,
    operation="ResourceGroups_Update",
    summary="Give a resource group other tags and properties; what the body says nothing of stays",
    permission=CHANGE,
    body=GROUP_PATCH,
    answers={200: GROUP},
    headers={200: ETAG},
)
def patch_group(request: ArmRequest, subscription: str, group: str) -> HttpResponseBase:
    place = group_at(subscription, group)
    body = _asked(request.json)
    with transaction.atomic():
        found = ResourceGroup.objects.locked().filter(pk=place.pk).first()
        if found is None:
            raise group_not_found(group)
        require_conditions(request, etag_of(spelled(found)))
        _require_same_place(found, body.location)
        tags = found.tags if body.tags is None else body.tags
        found.change(origin(request), tags=tags, kept_aside=_kept(body, found.kept_aside))
    return _told(found)


@route(
    "DELETE",
    ONE,
    operation="ResourceGroups_Delete",
    summary="Delete a resource group with all that is in it",
    permission=DELETE,
    answers={200: None},
)
def delete_group(request: ArmRequest, subscription: str, group: str) -> HttpResponseBase:
    found = group_at(subscription, group)
    in_the_way = found.delete_with_registries(
        origin(request), expected=lambda row: require_conditions(request, etag_of(spelled(row)))
    )
    if in_the_way:
        message = f"The resource group '{group[:MAX_NAME]}' can't be deleted yet. {' '.join(in_the_way)}"
        raise ArmError(409, "ResourceGroupDeletionBlocked", message, gateway=True)
    return nothing()


def spelled(group: ResourceGroup) -> dict[str, Any]:
    return group_body.group(group.resource_id, group.location, group.tags, group.kept_aside)


def _told(group: ResourceGroup, *, status: int = 200) -> HttpResponseBase:
    body = spelled(group)
    return answer(body, status=status, headers={"ETag": etag_of(body)})


def read_filter(request: ArmRequest) -> ResourceFilter:
    asked = ResourceFilter.read(request.GET.get("$filter", ""))
    if asked is None:
        raise wrong_filter(request)
    return asked


def wrong_filter(request: ArmRequest) -> ArmError:
    message = f"Invalid $filter '{request.GET.get('$filter', '')[:400]}' specified in the query string."
    return ArmError(400, "InvalidFilterInQueryString", message, gateway=True)


def _asked(body: object) -> GroupBody:
    read = read_group(body)
    if isinstance(read, Problem):
        raise problem(read)
    return read


def _kept(body: GroupBody, kept: dict[str, Any]) -> dict[str, Any]:
    try:
        return body.kept_upon(kept)
    except Refused as refused:
        raise problem(refused.problem) from None


def _require_name(name: str) -> None:
    if GROUP_NAME.fullmatch(name):
        return
    wrong = "".join(dict.fromkeys(re.sub(r"[-\w.()]", "", name)))
    if len(name) > MAX_NAME:
        message = f"The provided resource group name has {len(name)} characters; it can have {MAX_NAME}."
    elif wrong:
        message = (
            f"The provided resource group name '{name}' has these invalid characters: '{wrong}'. "
            "The name can only be a letter, digit, '-', '.', '(', ')' or '_'."
        )
    else:
        message = f"The provided resource group name '{name}' ends in a period; it must end in another character."
    raise ArmError(400, "InvalidResourceGroup", message, gateway=True)


def _require_same_place(group: ResourceGroup, location: str) -> None:
    if location and regions.arm_name(location) != group.location:
        message = (
            f"Invalid resource group location '{location[:40]}'. "
            f"The Resource group already exists in location '{group.location}'."
        )
        raise ArmError(409, "InvalidResourceGroupLocation", message, gateway=True)
