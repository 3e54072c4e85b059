"""Several private endpoint connections approved, rejected or removed at once: all of them, or none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import transaction

from networking.access.decision import ConnectionState
from networking.access.problems import Problem
from networking.blade.connection_lines import is_shut, states_at
from networking.models import EndpointSettings, PrivateEndpointConnection
from networking.private_endpoint_connections import approve, reject, remove
from registries.models import Change, Origin, Registry


class Verb(StrEnum):
    """What becomes of connections, and the word for it in forms."""

    APPROVE = "approve"
    REJECT = "reject"
    REMOVE = "remove"

    @property
    def label(self) -> str:
        return self.value.capitalize()

    @property
    def done(self) -> str:
        return {"approve": "Approved", "reject": "Rejected", "remove": "Removed"}[self.value]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: `done` are those that are otherwise now. With `refused`, or where it `shuts_out` and nobody was
    sure, nothing was written."""

    done: tuple[PrivateEndpointConnection, ...] = ()
    refused: tuple[tuple[PrivateEndpointConnection, Problem], ...] = ()
    shuts_out: bool = False  # the last way in goes


def carry_out(
    verb: Verb,
    registry: Registry,
    chosen: Sequence[PrivateEndpointConnection],
    origin: Origin,
    *,
    description: str | None,
    sure: bool,
) -> Outcome:
    """In one transaction. `description` is None where each connection keeps its own; `sure` is who wants the last way
    into the registry closed."""
    act = _acting(verb, origin, description)
    with transaction.atomic():
        # The lock of every change: nobody closes another way in meanwhile.
        Registry.objects.locked().get(pk=registry.pk)
        results = [(each, act(each)) for each in chosen]
        changes = [(each, result) for each, result in results if isinstance(result, Change)]
        refused = tuple((each, result) for each, result in results if isinstance(result, Problem))
        shuts_out = any(_was_approved(change) for _, change in changes) and _leaves_no_way(registry)
        if refused or (shuts_out and not sure):
            transaction.set_rollback(True)
            changes = []
    return Outcome(tuple(each for each, _ in changes), refused, shuts_out)


def _acting(
    verb: Verb, origin: Origin, description: str | None
) -> Callable[[PrivateEndpointConnection], Change | Problem | None]:
    def said(connection: PrivateEndpointConnection) -> str:
        return connection.description if description is None else description

    match verb:
        case Verb.APPROVE:
            return lambda each: approve(each, origin, description=said(each))
        case Verb.REJECT:
            return lambda each: reject(each, origin, description=said(each))
        case Verb.REMOVE:
            return lambda each: remove(each, origin)


def _was_approved(change: Change) -> bool:
    before: dict[str, Any] = (change.before or {}).get("privateEndpointConnection", {})
    return before.get("status") == ConnectionState.APPROVED.value


def _leaves_no_way(registry: Registry) -> bool:
    return is_shut(EndpointSettings.of(registry).policy) and ConnectionState.APPROVED not in states_at(registry)
