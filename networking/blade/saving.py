"""Save: what stops it, what it asks first, and what comes of two people saving at once."""

from dataclasses import dataclass

from networking.access.addresses import AddressRange
from networking.access.decision import Caller
from networking.access.lockout import LockedOut, Watched, locked_out, shuts_out
from networking.access.merging import combine
from networking.access.policy import AccessPolicy, PublicAccess
from networking.blade.http import BladeRequest
from networking.difference import policy_of
from networking.forms import Draft
from networking.models import UPDATE, EndpointSettings, MustWorkCaller
from registries.models import Change, Registry

# How far back the policy that a page was opened with is looked for; older ones are compared without it.
REMEMBERED = 50


@dataclass(frozen=True, slots=True)
class LockOut:
    """Who would lose access by a Save. `unknown_you`: the own address can't be told, so nothing can be promised."""

    lost: tuple[LockedOut, ...] = ()
    you: str = ""  # the own address where it would lose access
    you_can_be_added: bool = False
    unknown_you: bool = False
    disabling: bool = False

    def __bool__(self) -> bool:
        return bool(self.lost or self.you or self.unknown_you)

    @property
    def can_add(self) -> bool:
        """Adding address ranges would keep somebody's access."""
        return not self.disabling and (self.you_can_be_added or bool(self.lost))

    @property
    def only_you(self) -> bool:
        return not self.lost


def lock_out(request: BladeRequest, registry: Registry, draft: Draft) -> LockOut:
    """Whom the draft would shut out: the person at the page, and the registry's must-work callers."""
    before, after = draft.stored, draft.policy
    client = request.client_address
    opened = before.public_access is PublicAccess.ALL_NETWORKS and after.public_access is not PublicAccess.ALL_NETWORKS
    trusted = request.trusted_networks
    you = shuts_out(before, after, trusted.recognise(Caller(address=client.address)))
    return LockOut(
        lost=locked_out(before, after, must_work(registry), trusted),
        you=str(client) if you else "",
        you_can_be_added=you and client.offered is not None,
        unknown_you=client.address is None and opened,
        disabling=after.public_access is PublicAccess.DISABLED,
    )


def must_work(registry: Registry) -> list[Watched]:
    return [
        Watched(row.name, AddressRange.stored(row.range)) for row in MustWorkCaller.objects.filter(registry=registry)
    ]


def with_the_lost(request: BladeRequest, registry: Registry, draft: Draft) -> Draft:
    """The draft with an address range for everybody it would shut out."""
    found = lock_out(request, registry, draft)
    offered = request.client_address.offered
    if found.you and offered is not None:
        draft = draft.with_range(offered)
    for each in found.lost:
        draft = draft.with_range(each.watched.range, name=each.watched.name)
    return draft


@dataclass(frozen=True, slots=True)
class Conflict:
    """A stale Save: what the page was opened with (None where that is gone), what is saved now, what was drafted."""

    base: AccessPolicy | None
    theirs: AccessPolicy
    mine: AccessPolicy
    last: Change | None


def conflict(registry: Registry, seen: str, mine: AccessPolicy, theirs: AccessPolicy) -> Conflict:
    changes = _remembered(registry)
    return Conflict(_base(seen, changes), theirs, mine, changes[0] if changes else None)


def combined(registry: Registry, seen: str, mine: AccessPolicy, theirs: AccessPolicy) -> AccessPolicy:
    """Both sides' changes; only mine where what both began with is gone."""
    base = _base(seen, _remembered(registry))
    return combine(base, theirs, mine) if base is not None else mine


def _remembered(registry: Registry) -> list[Change]:
    return list(registry.changes.filter(operation=UPDATE).order_by("-at", "-pk")[:REMEMBERED])


def _base(seen: str, changes: list[Change]) -> AccessPolicy | None:
    """The policy with that fingerprint, out of the change records; the newest first."""
    for change in changes:
        for record in (change.after, change.before):
            policy = policy_of(record)
            if policy is not None and policy.fingerprint == seen:
                return policy
    return AccessPolicy() if AccessPolicy().fingerprint == seen else None


def changed_elsewhere(registry: Registry, seen: str) -> Change | None:
    """Who stored the policy that is saved now, where it is not the one the page was opened with."""
    if EndpointSettings.of(registry).policy.fingerprint == seen:
        return None
    return registry.changes.filter(operation=UPDATE).order_by("-at", "-pk").first()
