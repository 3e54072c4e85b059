"""Resource groups: `az group create`, `list`, `show`, `exists`, `update` and `delete`."""

import re
from typing import Any

from django.http import HttpResponseBase

from networking.access.problems import Problem
from networking.arm.body import Refused
from networking.arm.errors import ArmError, problem
from networking.arm.http import ArmRequest, answer, group_at, nothing, origin, subscription_at
from networking.arm.network_body import location_of, read_tags, tags_of
from networking.arm.network_schemas import FILTER, GROUP, GROUP_BODY, GROUPS, TAGS_BODY
from networking.arm.paging import QUERY, page
from networking.arm.places import require_region
from networking.arm.resource_filter import ResourceFilter
from networking.arm.routing import route
from networking.importing import GROUP_NAME
from registries import regions
from registries.models import CHANGE, CREATE, DELETE, VIEW, ResourceGroup

TYPE = "Microsoft.Resources/resourceGroups"
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
)
def show_group(request: ArmRequest, subscription: str, group: str) -> HttpResponseBase:
    return answer(spelled(group_at(subscription, group)))


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
    summary="Make a resource group, or give one that is there other tags",
    permission=CREATE,
    body=GROUP_BODY,
    answers={200: GROUP, 201: GROUP},
)
def put_group(request: ArmRequest, subscription: str, group: str) -> HttpResponseBase:
    within = subscription_at(subscription)
    _require_name(group)
    location, tags = _asked(request.json)
    found = within.resource_groups.filter(name__iexact=group).first()
    if found is None:
        region = require_region(location, NO_REGION, "LocationNotAvailableForResourceGroup")
        made, created = ResourceGroup.objects.get_or_create(
            subscription=within, name__iexact=group, defaults={"name": group, "location": region, "tags": tags}
        )
        if created:
            return answer(spelled(made), status=201)
        found = made  # somebody was quicker
    _require_same_place(found, location)
    found.tags = tags
    found.save(update_fields=["tags"])
    return answer(spelled(found))


@route(
    "PATCH",
    ONE,
    operation="ResourceGroups_Update",
    summary="Give a resource group other tags",
    permission=CHANGE,
    body=TAGS_BODY,
    answers={200: GROUP},
)
def patch_group(request: ArmRequest, subscription: str, group: str) -> HttpResponseBase:
    found = group_at(subscription, group)
    tags = read_tags(request.json)
    if isinstance(tags, Problem):
        raise problem(tags)
    if tags is not None:
        found.tags = tags
        found.save(update_fields=["tags"])
    return answer(spelled(found))


@route(
    "DELETE",
    ONE,
    operation="ResourceGroups_Delete",
    summary="Delete a resource group with all that is in it",
    permission=DELETE,
    answers={200: None},
)
def delete_group(request: ArmRequest, subscription: str, group: str) -> HttpResponseBase:
    in_the_way = group_at(subscription, group).delete_with_registries(origin(request))
    if in_the_way:
        message = f"The resource group '{group[:MAX_NAME]}' can't be deleted yet. {' '.join(in_the_way)}"
        raise ArmError(409, "ResourceGroupDeletionBlocked", message, gateway=True)
    return nothing()


def spelled(group: ResourceGroup) -> dict[str, Any]:
    tags = {"tags": group.tags} if group.tags else {}
    return {
        "id": f"/subscriptions/{group.subscription.subscription_id}/resourceGroups/{group.name}",
        "name": group.name,
        "type": TYPE,
        "location": group.location,
        **tags,
        "properties": {"provisioningState": "Succeeded"},
    }


def read_filter(request: ArmRequest) -> ResourceFilter:
    asked = ResourceFilter.read(request.GET.get("$filter", ""))
    if asked is None:
        raise wrong_filter(request)
    return asked


def wrong_filter(request: ArmRequest) -> ArmError:
    message = f"Invalid $filter '{request.GET.get('$filter', '')[:400]}' specified in the query string."
    return ArmError(400, "InvalidFilterInQueryString", message, gateway=True)


def _asked(body: dict[str, Any]) -> tuple[str, dict[str, str]]:
    try:
        return location_of(body), tags_of(body)
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
