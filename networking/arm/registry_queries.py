"""Registries as ARM's answers need them: found by their place, with all they are made of."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, OuterRef, QuerySet, Subquery

from networking.access.policy import AccessPolicy
from networking.arm.errors import resource_not_found
from networking.arm.http import group_at
from networking.arm.rendering import Connection, Stamp, Stored
from networking.models import EndpointSettings, PrivateEndpointConnection
from networking.must_work import UPDATE_MUST_WORK
from registries.models import Account, Change, Registry, RegistryQuerySet, Subscription
from registries.resource_id import PROVIDER

type Made = tuple[str, datetime]  # by whom, and when


def _changes(*, registry: Registry | OuterRef) -> QuerySet[Change]:
    """Those of a registry, the newest first. Must-work callers are ours alone: ARM's registry is no other after a
    change of them."""
    return Change.objects.filter(registry=registry).exclude(operation=UPDATE_MUST_WORK).order_by("-at", "-pk")


def whole() -> RegistryQuerySet:
    """Registries with all that an answer is made of. Three more queries for rules, connections and accounts."""
    changes = _changes(registry=OuterRef("pk"))
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
    registry = next(iter(registries.named(name)), None)  # there is one at most, and `first` would sort it
    if registry is not None:
        place = registry.resource_id
        if (place.subscription, place.resource_group.lower()) == (subscription.lower(), group.lower()):
            return registry
    raise resource_not_found(f"{PROVIDER}/registries", name, group_at(subscription, group).name)


def stored(registry: Registry, policy: AccessPolicy | None = None, change: Change | None = None) -> Stored:
    """A registry as it is stored now, whose row was just read; its policy and its last change are asked for where they
    aren't given."""
    if policy is None:
        policy = EndpointSettings.of(registry).policy
    if change is not None:
        modified = change.account, change.at
    else:
        modified = _changes(registry=registry).values_list("account", "at").first() or _creation(registry)
    programs = Account.programs({registry.created_by, modified[0]})
    return _stored(registry, policy, modified, programs, PrivateEndpointConnection.of(registry))


def stored_all(registries: list[Registry]) -> list[Stored]:
    """Of registries that `whole` found. One query."""
    programs = Account.programs({name for each in registries for name in (each.created_by, _last_change(each)[0])})
    return [
        _stored(each, _policy(each), _last_change(each), programs, each.private_endpoint_connections.all())
        for each in registries
    ]


def _policy(registry: Registry) -> AccessPolicy:
    settings = getattr(registry, "endpoint_settings", None)
    return settings.policy if settings else AccessPolicy()


def _last_change(registry: Registry) -> Made:
    account, at = getattr(registry, "modified_by", None), getattr(registry, "modified_at", None)
    return (account, at) if account is not None and at is not None else _creation(registry)


def _creation(registry: Registry) -> Made:
    return registry.created_by, registry.created_at


def _stored(
    registry: Registry,
    policy: AccessPolicy,
    modified: Made,
    programs: set[str],
    connections: Iterable[PrivateEndpointConnection],
) -> Stored:
    resource_id = str(registry.resource_id)
    return Stored(
        id=resource_id,
        name=registry.name,
        sku=registry.sku,
        location=registry.location,
        login_server=registry.login_server,
        regions=tuple(registry.regions),
        policy=policy,
        created=Stamp(registry.created_by, registry.created_at, registry.created_by in programs),
        modified=Stamp(*modified, modified[0] in programs),
        tags=registry.tags,
        kept=registry.kept_aside,
        connections=tuple(connection_of(each, resource_id) for each in connections),
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
