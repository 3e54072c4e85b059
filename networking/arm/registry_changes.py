"""How the ARM door changes a registry: one body, one transaction under the registry's lock, everything or nothing.

Raises ArmError for what is refused. Call each in a transaction: the error must roll it back. The registry is left as it
is stored; what is kept aside is read again for that, because PostgreSQL spells some numbers in its own way.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from networking.access.policy import AccessPolicy
from networking.access.problems import Code, Problem
from networking.arm.document import TYPE
from networking.arm.errors import ArmError, problem
from networking.arm.places import require_region_of, require_same_region
from networking.arm.registry_body import Asked, too_much
from networking.models import EndpointSettings, requires_data_endpoint
from networking.virtual_networks import SUBNET_ID, subnet_at
from registries.models import Change, Origin, Registry, ResourceGroup, Subscription
from registries.resource_id import PROVIDER

POLICIES = "properties.policies"
PROTOCOL = "properties.endpointProtocol"


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """The policy that is stored now, and the last change of the registry; None where that has to be looked up."""

    policy: AccessPolicy
    change: Change | None


def create(group: ResourceGroup, name: str, asked: Asked, version: str, origin: Origin) -> Registry:
    """A registry as a PUT asks for it. IntegrityError where the name is taken."""
    sku = _needed_sku(asked)
    location = require_region_of(TYPE, asked.location or "")
    policy, kept = asked.policy_instead_of(AccessPolicy(), version), asked.kept_instead_of({}, version)
    _refuse_what_is_kept({}, kept)
    _refuse_combination(None, (policy, kept))
    _refuse_subnets((), policy.subnets)
    _refuse_rule_set(policy, asked, sku)
    registry = Registry.create_recorded(
        resource_group=group,
        name=name,
        sku=sku,
        location=location,
        origin=origin,
        tags=asked.tags or {},
        kept_aside=kept,
    )
    if kept:
        registry.refresh_from_db(fields=["kept_aside"])
    _store(EndpointSettings(registry=registry), AccessPolicy(), policy, origin)
    return registry


def replace(registry: Registry, asked: Asked, version: str, origin: Origin) -> Outcome:
    """What a PUT says, and ARM's defaults for what it doesn't. `registry` is locked."""
    sku = _needed_sku(asked)
    require_region_of(TYPE, asked.location or "")
    row = EndpointSettings.of(registry)
    before = row.policy
    policy, kept = asked.policy_instead_of(before, version), asked.kept_instead_of(registry.kept_aside, version)
    if (
        asked.networking.get("dataEndpointEnabled") is None
        and before.data_endpoint
        and requires_data_endpoint(registry)
    ):
        # The service turned it on with the private endpoint: a template that says nothing of it turns nothing off.
        policy = dataclasses.replace(policy, data_endpoint=True)
    return _change(row, asked, before, policy, kept, sku=sku, tags=asked.tags or {}, origin=origin)


def merge(registry: Registry, asked: Asked, origin: Origin) -> Outcome:
    """What a PATCH says; everything else stays. `registry` is locked."""
    row = EndpointSettings.of(registry)
    before = row.policy
    policy, kept = asked.policy_upon(before), asked.kept_upon(registry.kept_aside)
    tags = registry.tags if asked.tags is None else asked.tags
    return _change(row, asked, before, policy, kept, sku=asked.sku or registry.sku, tags=tags, origin=origin)


def _change(
    row: EndpointSettings,
    asked: Asked,
    before: AccessPolicy,
    policy: AccessPolicy,
    kept: dict[str, Any],
    *,
    sku: str,
    tags: dict[str, str],
    origin: Origin,
) -> Outcome:
    registry = row.registry
    group = registry.resource_group.name
    require_same_region(TYPE, registry.name, group, stored=registry.location, location=asked.location or "")
    _refuse_what_is_kept(registry.kept_aside, kept)
    _refuse_combination((before, registry.kept_aside), (policy, kept))
    _refuse_subnets(before.subnets, policy.subnets)
    downgrade = registry.is_premium and sku != registry.sku
    if not downgrade:
        _refuse_rule_set(policy, asked, sku)
        if sku != registry.sku:
            registry.change_tier(sku, origin)  # an upgrade comes first: the policy may need it
    last = _store(row, before, policy, origin)
    if downgrade:
        last = None
        if in_the_way := registry.change_tier(sku, origin):
            message = f"The registry can't become {sku} yet. {' '.join(in_the_way)}"
            raise ArmError(409, "SkuDowngradeNotAllowed", message)
    last = registry.change_tags(tags, origin) or last
    if change := registry.change_kept_aside(kept, origin):
        last = change
        registry.refresh_from_db(fields=["kept_aside"])
    return Outcome(policy, last)


def _store(row: EndpointSettings, before: AccessPolicy, policy: AccessPolicy, origin: Origin) -> Change | None:
    stored = row.store_locked(before, policy, origin)
    if isinstance(stored, Problem):
        raise problem(stored)
    return stored


def _needed_sku(asked: Asked) -> str:
    if asked.sku is None:
        message = "The JSON of a registry needs 'sku', and this one has none."
        raise problem(Problem(Code.INVALID_PROPERTY, message))
    return asked.sku


def _refuse_rule_set(policy: AccessPolicy, asked: Asked, sku: str) -> None:
    """A tier without rules refuses any rule set, one that says nothing new included (acr-facts 1.1)."""
    if found := policy.problem_for_tier(sku):
        raise problem(found)
    if sku != "Premium" and asked.networking.get("networkRuleSet") is not None:
        message = f"The requested feature virtual network rule is not supported for the SKU {sku}."
        raise problem(Problem(Code.NETWORK_RULE_NOT_SUPPORTED, message))


def _refuse_subnets(before: Iterable[str], after: Iterable[str]) -> None:
    """A subnet that a rule newly names has to be there and vouch for itself, where its subscription is one of ours."""
    known = {subnet.lower() for subnet in before}
    for subnet in after:
        if subnet.lower() not in known and (wrong := _wrong_with_subnet(subnet)):
            message = f"Could not validate network rule - {wrong}"
            raise problem(Problem(Code.NETWORK_RULE_NOT_VALID, message))


def _wrong_with_subnet(resource_id: str) -> str:
    place = SUBNET_ID.fullmatch(resource_id)
    if place is None or not _is_ours(place["subscription"]):
        return ""
    subnet = subnet_at(resource_id)
    if subnet is None:
        return f"The subnet {resource_id[:400]} was not found. Create it with the service endpoint {PROVIDER} first."
    if not subnet.vouches_to(PROVIDER):
        return (
            f"Subnets {subnet.name} of virtual network {subnet.virtual_network.resource_id} do not have "
            f"ServiceEndpoints for {PROVIDER} resources configured. Add {PROVIDER} to subnet's ServiceEndpoints "
            f"collection before trying to ACL {PROVIDER} resources to these subnets."
        )
    return ""


def _is_ours(subscription: str) -> bool:
    try:
        return Subscription.objects.filter(subscription_id=UUID(subscription)).exists()
    except ValueError:
        return False


def _refuse_what_is_kept(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Where an import kept more than the limit, everything else can still change."""
    if after != before and (found := too_much(after)):
        raise problem(found)


type Settings = tuple[AccessPolicy, Mapping[str, Any]]


def _refuse_combination(before: Settings | None, after: Settings) -> None:
    """What ACR refuses together (acr-facts 3.8, 3.19, 3.20); a registry that is so already may stay so."""
    found = _combination(*after)
    if found and (before is None or found != _combination(*before)):
        raise ArmError(400, "BadRequest", found)


def _combination(policy: AccessPolicy, kept: Mapping[str, Any]) -> str:
    policies = kept.get(POLICIES)  # an import keeps anything
    exports = policies.get("exportPolicy") if isinstance(policies, dict) else None
    disabled = isinstance(exports, dict) and exports.get("status") == "disabled"
    if disabled and policy.public_network_access.value != "Disabled":
        return "The requested feature export policy can be disabled only with public network access disabled."
    if kept.get(PROTOCOL) == "IPv4AndIPv6" and not policy.data_endpoint:
        return "The requested feature dual stack endpoints is not supported without data endpoint enabled."
    return ""
