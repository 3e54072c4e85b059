"""Registries: listed, shown, created or replaced, merged into, deleted."""

from django.db import IntegrityError, transaction
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from networking.access.problems import Code, Problem
from networking.arm import registry_changes, rendering
from networking.arm.conditions import ETAG, has_conditions, require_conditions
from networking.arm.errors import ArmError, group_not_found, problem
from networking.arm.http import ArmRequest, answer, group_at, nothing, origin, subscription_at
from networking.arm.paging import QUERY, begins_after, listed, page_size
from networking.arm.places import require_provider
from networking.arm.registry_body import Asked, read
from networking.arm.registry_queries import of_subscription, registry_at, stored, stored_all, whole
from networking.arm.registry_schemas import REGISTRY, REGISTRY_BODY, REGISTRY_PATCH, listing
from networking.arm.routing import forbidden, route
from registries.models import CHANGE, CREATE, DELETE, NAME_RULE, VIEW, Registry, RegistryQuerySet, ResourceGroup
from registries.resource_id import PROVIDER

REGISTRIES = f"/providers/{PROVIDER}/registries"
IN_SUBSCRIPTION = f"/subscriptions/{{subscription}}{REGISTRIES}"
IN_GROUP = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}{REGISTRIES}"
ONE = f"{IN_GROUP}/{{name}}"
NAME_PROBLEM = "Resource names may contain alpha numeric characters only and must be between 5 and 50 characters."
IN_USE = (
    "The registry DNS name {} is already in use. You can check if the name is already claimed using following API: "
    "https://docs.microsoft.com/en-us/rest/api/containerregistry/registries/checknameavailability"
)


@route(
    "GET",
    IN_SUBSCRIPTION,
    operation="Registries_List",
    summary="The registries of a subscription",
    permission=VIEW,
    query=QUERY,
    answers={200: listing(REGISTRY)},
    kept=True,
)
def in_subscription(request: ArmRequest, subscription: str) -> HttpResponseBase:
    return _listed(request, of_subscription(subscription_at(subscription)))


@route(
    "GET",
    IN_GROUP,
    operation="Registries_ListByResourceGroup",
    summary="The registries of a resource group",
    permission=VIEW,
    query=QUERY,
    answers={200: listing(REGISTRY)},
    kept=True,
)
def in_group(request: ArmRequest, subscription: str, group: str) -> HttpResponseBase:
    return _listed(request, Registry.objects.filter(resource_group=group_at(subscription, group)))


@route(
    "GET",
    ONE,
    operation="Registries_Get",
    summary="One registry",
    permission=VIEW,
    answers={200: REGISTRY},
    headers={200: ETAG},
    kept=True,
)
def show(request: ArmRequest, subscription: str, group: str, name: str) -> JsonResponse:
    return _shown(request, stored(registry_at(subscription, group, name)))


@route(
    "PUT",
    ONE,
    operation="Registries_Create",
    summary="Create a registry, or replace what one says",
    permission=CREATE,
    body=REGISTRY_BODY,
    answers={200: REGISTRY, 201: REGISTRY},
    headers={200: ETAG, 201: ETAG},
)
def put(request: ArmRequest, subscription: str, group: str, name: str) -> JsonResponse:
    if not NAME_RULE.fullmatch(name):
        raise problem(Problem(Code.INVALID_RESOURCE_NAME, NAME_PROBLEM), target="name")
    asked = _asked(request)
    place = group_at(subscription, group)
    require_provider(place.subscription, PROVIDER)
    try:
        after, created = _put(request, place, name, asked)
    except IntegrityError:  # somebody was quicker: the registry is there now, or the group is gone
        if not ResourceGroup.objects.filter(pk=place.pk).exists():
            raise group_not_found(group) from None
        after, created = _put(request, place, name, asked)
    return _shown(request, after, status=201 if created else 200)


@transaction.atomic
def _put(request: ArmRequest, place: ResourceGroup, name: str, asked: Asked) -> tuple[rendering.Stored, bool]:
    """The registry as it is stored then, and whether it is new."""
    registry = Registry.objects.locked().named(name).first()
    if registry is None:
        require_conditions(request, None)
        return stored(registry_changes.create(place, name, asked, request.api_version, origin(request))), True
    if registry.resource_group_id != place.pk:
        raise _in_use(name)
    if not request.account.may(CHANGE, registry):
        raise forbidden(request, f"{PROVIDER}/registries/write")
    _require_conditions(request, registry)
    done = registry_changes.replace(registry, asked, request.api_version, origin(request))
    return stored(registry, done.policy, done.change), False


@route(
    "PATCH",
    ONE,
    operation="Registries_Update",
    summary="Change what the body says of a registry; the rest stays",
    permission=CHANGE,
    body=REGISTRY_PATCH,
    answers={200: REGISTRY},
    headers={200: ETAG},
)
def patch(request: ArmRequest, subscription: str, group: str, name: str) -> JsonResponse:
    asked = _asked(request)
    with transaction.atomic():
        registry = registry_at(subscription, group, name, locked=True)
        _require_conditions(request, registry)
        done = registry_changes.merge(registry, asked, origin(request))
        after = stored(registry, done.policy, done.change)
    return _shown(request, after)


@route(
    "DELETE",
    ONE,
    operation="Registries_Delete",
    summary="Delete a registry",
    permission=DELETE,
    answers={200: None, 204: None},
)
def delete(request: ArmRequest, subscription: str, group: str, name: str) -> HttpResponse:
    """204 where there is none, as ARM answers."""
    with transaction.atomic():
        try:
            registry = registry_at(subscription, group, name, locked=True)
        except ArmError as error:
            if error.code != "ResourceNotFound":
                raise
            require_conditions(request, None)
            return nothing(204)
        _require_conditions(request, registry)
        registry.delete_recorded(origin(request))
    return nothing(200)


def _require_conditions(request: ArmRequest, registry: Registry) -> None:
    """Only for those who send one: what az does costs no more."""
    if has_conditions(request):
        require_conditions(request, stored(registry).etag)


def _in_use(name: str) -> ArmError:
    return ArmError(409, "AlreadyInUse", IN_USE.format(Registry(name=name).login_server))


def _asked(request: ArmRequest) -> Asked:
    asked = read(request.json)
    if isinstance(asked, Problem):
        raise problem(asked)
    return asked


def _shown(request: ArmRequest, of: rendering.Stored, *, status: int = 200) -> JsonResponse:
    return answer(rendering.registry(of, request.api_version), status=status, headers={"ETag": of.etag})


def _listed(request: ArmRequest, registries: RegistryQuerySet) -> HttpResponseBase:
    # The page first: what a registry is made of is asked for no more of them than are shown.
    top, (_, after) = page_size(request), begins_after(request)
    found = list(registries.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[: top + 1])
    shown = stored_all(list(whole().filter(pk__in=found[:top]).order_by("pk")))
    items = (rendering.registry(each, request.api_version) for each in shown)
    return listed(request, items, (0, found[top - 1]) if len(found) > top else None)
