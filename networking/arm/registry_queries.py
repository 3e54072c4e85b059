"""Registries as ARM's answers need them: found by their place, with all they are made of."""

from collections.abc import Iterable

from django.db.models import F, OuterRef, Subquery

from networking.access.policy import AccessPolicy
from networking.arm.errors import resource_not_found
from networking.arm.http import group_at
from networking.arm.rendering import Connection, Stamp, Stored
from networking.models import PrivateEndpointConnection
from networking.must_work import UPDATE_MUST_WORK
from registries.models import Account, Change, Registry, RegistryQuerySet, Subscription
from registries.resource_id import PROVIDER


def whole() -> RegistryQuerySet:
    """Registries with all that an answer is made of. Three more queries for rules, connections and accounts."""
    # Must-work callers are ours alone: ARM's registry is no other after a change of them.
    changes = Change.objects.filter(registry=OuterRef("pk")).exclude(operation=UPDATE_MUST_WORK).order_by("-at", "-pk")
    return (
        Registry.objects.with_group()
        .select_related("endpoint_settings")
        .prefetch_related("endpoint_settings__rules", "private_endpoint_connections")
        .annotate(
            modified_by=Subquery(changes.values("account")[:1]),
            modified_at=Subquery(changes.values("at")[:1]),
        )
    )


def registry_at(subscription: str, group: str, name: str, *, locked: bool = False) -> Registry:
    """The registry of a path in any letter case: one query where it is there. ArmError where it is not. `locked` takes
    the lock that every change to a registry takes, until the transaction ends."""
    registries = Registry.objects.locked() if locked else Registry.objects.with_group()
    registry = registries.named(name).first()
    if registry is not None:
        place = registry.resource_id
        if (place.subscription, place.resource_group.lower()) == (subscription.lower(), group.lower()):
            return registry
    raise resource_not_found(f"{PROVIDER}/registries", name, group_at(subscription, group).name)


def stored(registry: Registry) -> Stored:
    """A registry as it is stored now."""
    return stored_all([whole().get(pk=registry.pk)])[0]


def stored_all(registries: list[Registry]) -> list[Stored]:
    """Of registries that `whole` found. One query."""
    accounts = {name for each in registries for name in (each.created_by, _modified_by(each))}
    programs = set(
        Account.objects.filter(username__in=accounts, service_principal=True).values_list("username", flat=True)
    )
    return [_stored(each, programs) for each in registries]


def _modified_by(registry: Registry) -> str:
    return getattr(registry, "modified_by", None) or registry.created_by


def _stored(registry: Registry, programs: Iterable[str]) -> Stored:
    settings = getattr(registry, "endpoint_settings", None)
    resource_id, modified_by = str(registry.resource_id), _modified_by(registry)
    return Stored(
        id=resource_id,
        name=registry.name,
        sku=registry.sku,
        location=registry.location,
        login_server=registry.login_server,
        regions=tuple(registry.regions),
        policy=settings.policy if settings else AccessPolicy(),
        created=Stamp(registry.created_by, registry.created_at, registry.created_by in programs),
        modified=Stamp(
            modified_by, getattr(registry, "modified_at", None) or registry.created_at, modified_by in programs
        ),
        tags=registry.tags,
        kept=registry.kept_aside,
        connections=tuple(connection_of(each, resource_id) for each in registry.private_endpoint_connections.all()),
    )


def connection_of(stored: PrivateEndpointConnection, registry_id: str) -> Connection:
    return Connection(
        id=f"{registry_id}/privateEndpointConnections/{stored.name}",
        name=stored.name,
        endpoint=stored.private_endpoint,
        state=stored.state,
        description=stored.description,
        kept=stored.kept_aside,
    )


def of_subscription(subscription: Subscription) -> RegistryQuerySet:
    """For a list by pages, in the order they were made. "+ 0" keeps the database from the index of groups, after which
    it would sort every registry of the subscription for each page. One query more, for the groups."""
    groups = list(subscription.resource_groups.values_list("pk", flat=True))
    return Registry.objects.alias(group=F("resource_group_id") + 0).filter(group__in=groups)
