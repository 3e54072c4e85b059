"""How the admin changes a policy: asked through Account.may, under the registry's lock, as one change."""

from collections.abc import Callable
from typing import cast

from django.db import transaction
from django.http import HttpRequest

from networking.access.addresses import AddressRange
from networking.access.decision import Caller
from networking.access.lockout import Watched, locked_out, shuts_out
from networking.access.policy import AccessPolicy
from networking.access.problems import Problem
from networking.access.trusted import TrustedNetworks
from networking.client_address import ClientAddress
from networking.models import EndpointSettings, Stale
from networking.must_work import must_work_callers
from registries.admin_site import admin_origin
from registries.http import PortalRequest, require
from registries.models import CHANGE, Change, Origin, Registry

GONE = "The registry was deleted meanwhile. Nothing was saved."


def changing(request: HttpRequest, registry: Registry, *, comment: str = "") -> Origin:
    """Who changes this registry through the admin; PermissionDenied for who may not."""
    require(cast("PortalRequest", request), CHANGE, registry)  # the middleware has made it one
    return admin_origin(request, comment=comment)


def locked(registry: Registry) -> Registry | None:
    """Takes the lock that every change to a registry takes, until the transaction ends. None where it was deleted."""
    return Registry.objects.locked().filter(pk=registry.pk).first()


def change_policy(
    request: HttpRequest,
    registry: Registry,
    change: Callable[[AccessPolicy], AccessPolicy | Problem],
    *,
    comment: str = "",
) -> Change | Problem | None:
    """Load, change, store: one change, whatever it is made of. None where there was nothing to do."""
    by = changing(request, registry, comment=comment)
    with transaction.atomic():
        if locked(registry) is None:
            return None
        policy = EndpointSettings.of(registry).policy
        changed = change(policy)
        if isinstance(changed, Problem):
            return changed
        return stored(EndpointSettings.store(registry, changed, seen=policy.fingerprint, origin=by))


def stored[Outcome](outcome: Outcome | Stale) -> Outcome:
    """What came of a store under the lock, where nobody can have been quicker."""
    if isinstance(outcome, Stale):
        raise RuntimeError("A policy changed under the lock that every change takes.")
    return outcome


def losers(
    registry: Registry, before: AccessPolicy, after: AccessPolicy, client: ClientAddress, trusted: TrustedNetworks
) -> str:
    """Who would be shut out, in words: you, and the registry's must-work callers. Empty where nobody is."""
    lost = []
    if shuts_out(before, after, trusted.recognise(Caller(address=client.address))):
        lost.append(f"you ({client})")
    watched = [Watched(each.name, AddressRange.stored(each.range)) for each in must_work_callers(registry)]
    lost += [f"{each.watched.name} ({each.watched.range})" for each in locked_out(before, after, watched, trusted)]
    return ", ".join(lost)
