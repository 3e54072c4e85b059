"""Private endpoint connections: asked for, approved, rejected and removed, each with its change record."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.db import transaction

from networking.access.decision import ConnectionState
from networking.access.policy import line_problem
from networking.access.problems import Code, Problem
from networking.models import EndpointSettings, PrivateEndpointConnection, Stale
from registries.models import Change, Origin, Registry, same_json

MOST = 200  # to a registry (acr-facts 7)
LONGEST_DESCRIPTION = 400

# The operations of their change records.
ASKED = "Request private endpoint connection"
APPROVED = "Approve private endpoint connection"
REJECTED = "Reject private endpoint connection"
UPDATED = "Update private endpoint connection"
REMOVED = "Remove private endpoint connection"
DISCONNECTED = "Disconnect private endpoint"


def connect(
    registry: Registry, private_endpoint: str, origin: Origin, *, approved: bool, description: str = ""
) -> PrivateEndpointConnection | Problem:
    """A new connection for the private endpoint of that resource id, waiting for approval or approved at once.
    Registry.DoesNotExist where the registry was deleted."""
    with transaction.atomic():
        locked = _locked(registry)
        if problem := _problem(locked, description):
            return problem
        if locked.private_endpoint_connections.count() >= MOST:
            message = f"A registry can have {MOST} private endpoint connections. Remove one to add another."
            return Problem(Code.QUOTA_EXCEEDED, message)
        if approved and (problem := _turn_data_endpoints_on(locked, origin)):
            return problem
        connection = PrivateEndpointConnection.objects.create(
            registry=locked,
            name=f"{locked.name.lower()}.{uuid4().hex}",  # as ACR names them (acr-facts 1.2)
            private_endpoint=private_endpoint,
            state=(ConnectionState.APPROVED if approved else ConnectionState.PENDING).value,
            description=description,
        )
        _changed(locked)
        Change.record(locked, APPROVED if approved else ASKED, origin, before=None, after=_record(connection))
    return connection


def approve(connection: PrivateEndpointConnection, origin: Origin, *, description: str = "") -> Change | Problem | None:
    """Whoever comes through it reaches the registry from now on, whatever its rules say. Dedicated data endpoints are
    turned on with it, as ACR does, in a change of their own. None where it is approved already, or gone."""
    return _decide(connection, ConnectionState.APPROVED, description, origin)


def reject(connection: PrivateEndpointConnection, origin: Origin, *, description: str = "") -> Change | Problem | None:
    """Nobody comes through it any more. None where it is rejected already, or gone."""
    return _decide(connection, ConnectionState.REJECTED, description, origin)


def ask_anew(registry: Registry, private_endpoint: str, message: str, origin: Origin) -> Problem | None:
    """The private endpoint of that resource id asks in other words, which describe its connection while nobody has
    decided. After that its description is the owner's, and stays."""
    with transaction.atomic():
        locked = _locked(registry)
        pending = locked.private_endpoint_connections.filter(state=ConnectionState.PENDING.value)
        stored = pending.filter(private_endpoint__iexact=private_endpoint).first()
        if stored is None:
            return None
        if problem := _problem(locked, message):
            return problem
        before, stored.description = _record(stored), message
        stored.save(update_fields=["description"])
        _changed(locked)
        Change.record(locked, UPDATED, origin, before=before, after=_record(stored))
    return None


def keep_aside(connection: PrivateEndpointConnection, kept: Mapping[str, Any], origin: Origin) -> Change | None:
    """What a client of the ARM API says of it that Portcullis has no use for, by path, all anew. None where it is that
    already, or gone."""
    with transaction.atomic():
        registry = _locked(connection.registry)
        stored = registry.private_endpoint_connections.filter(pk=connection.pk).first()
        if stored is None or same_json(stored.kept_aside, dict(kept)):
            return None
        before, stored.kept_aside = _record(stored), dict(kept)
        stored.save(update_fields=["kept_aside"])
        _changed(registry)
        return Change.record(registry, UPDATED, origin, before=before, after=_record(stored))


def remove(connection: PrivateEndpointConnection, origin: Origin) -> Change | None:
    """The registry forgets it; the private endpoint itself stays. None where it is gone already."""
    with transaction.atomic():
        registry = _locked(connection.registry)
        stored = registry.private_endpoint_connections.filter(pk=connection.pk).first()
        if stored is None:
            return None
        before = _record(stored)
        stored.delete()
        _changed(registry)
        return Change.record(registry, REMOVED, origin, before=before, after=None)


def disconnect(registry: Registry, private_endpoint: str, origin: Origin) -> None:
    """The private endpoint of that resource id was deleted. Its connection stays, for the registry's owner to remove,
    and leads nobody in. Nothing where the owner was quicker, or the registry is gone."""
    with transaction.atomic():
        locked = Registry.objects.locked().filter(pk=registry.pk).first()
        connections = (
            locked.private_endpoint_connections.filter(private_endpoint__iexact=private_endpoint) if locked else ()
        )
        for stored in connections:
            before = _record(stored)
            stored.state = ConnectionState.DISCONNECTED.value
            stored.save(update_fields=["state"])
            _changed(stored.registry)
            Change.record(stored.registry, DISCONNECTED, origin, before=before, after=_record(stored))


def _decide(
    connection: PrivateEndpointConnection, state: ConnectionState, description: str, origin: Origin
) -> Change | Problem | None:
    with transaction.atomic():
        registry = _locked(connection.registry)
        stored = registry.private_endpoint_connections.filter(pk=connection.pk).first()
        if stored is None or (stored.state, stored.description) == (state.value, description):
            return None
        if stored.state == ConnectionState.DISCONNECTED.value:
            message = f"The private endpoint of the connection '{stored.name}' was deleted. Remove the connection."
            return Problem(Code.INVALID_PROPERTY, message)
        if problem := _problem(registry, description):
            return problem
        before, approving = _record(stored), state is ConnectionState.APPROVED
        if approving and stored.state != state.value and (problem := _turn_data_endpoints_on(registry, origin)):
            return problem
        stored.state, stored.description = state.value, description
        stored.save(update_fields=["state", "description"])
        _changed(registry)
        operation = APPROVED if approving else REJECTED
        return Change.record(registry, operation, origin, before=before, after=_record(stored))


def _locked(registry: Registry) -> Registry:
    """Takes the lock that every change to a registry takes."""
    return Registry.objects.locked().get(pk=registry.pk)


def _problem(registry: Registry, description: str) -> Problem | None:
    if not registry.is_premium:
        message = f"The requested feature private endpoint is not supported for the SKU {registry.sku}."
        return Problem(Code.PRIVATE_ENDPOINT_NOT_SUPPORTED, message)
    return line_problem("description", description, LONGEST_DESCRIPTION)


def _turn_data_endpoints_on(registry: Registry, origin: Origin) -> Problem | None:
    policy = EndpointSettings.of(registry).policy
    if policy.data_endpoint:
        return None
    wanted = replace(policy, data_endpoint=True)
    stored = EndpointSettings.store(registry, wanted, seen=policy.fingerprint, origin=origin)
    if isinstance(stored, Stale):
        raise RuntimeError("A policy changed under the lock that every change takes.")
    return stored if isinstance(stored, Problem) else None


def _changed(registry: Registry) -> None:
    registry.changed()


def _record(connection: PrivateEndpointConnection) -> dict[str, Any]:
    return {
        "privateEndpointConnection": {
            "name": connection.name,
            "privateEndpoint": connection.private_endpoint,
            "status": connection.state,
            "description": connection.description,
        },
        **({"properties": connection.kept_aside} if connection.kept_aside else {}),
    }
