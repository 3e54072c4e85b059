"""Factories as functions: each makes the smallest thing a test can be about."""

import itertools
import uuid
from typing import Any

from django.contrib.auth.models import Group

from networking.access.addresses import AddressRange
from networking.access.policy import AccessPolicy, DefaultAction, PublicNetworkAccess, Rule
from networking.models import EndpointSettings
from registries.models import Account, Change, Origin, Registry, ResourceGroup, Subscription

SUBSCRIPTION_ID = uuid.UUID("00000000-0000-0000-0000-000000000001")
PASSWORD = "correct horse battery staple"
BO = Origin(account="bo@example.org", door="portal", address="198.51.100.7")

numbers = itertools.count(1)


def account(role: str | None = "Contributor", *, username: str | None = None, **more: Any) -> Account:
    """An account with one role; None for an account without any."""
    made = Account.objects.create_user(
        username or f"{role or 'nobody'}{next(numbers)}@example.org".lower(), password=PASSWORD, **more
    )
    if role:
        made.groups.add(Group.objects.get(name=role))
    return made


def resource_group(name: str = "myResourceGroup") -> ResourceGroup:
    subscription, _ = Subscription.objects.get_or_create(
        subscription_id=SUBSCRIPTION_ID, defaults={"display_name": "Example subscription"}
    )
    group, _ = ResourceGroup.objects.get_or_create(
        subscription=subscription, name=name, defaults={"location": "eastus"}
    )
    return group


def registry(
    name: str = "mycontainerregistry",
    *,
    sku: str = "Premium",
    policy: AccessPolicy | None = None,
    group: ResourceGroup | None = None,
    location: str = "eastus",
    **more: Any,
) -> Registry:
    """A registry; with a policy, stored as every door stores it."""
    made = Registry.objects.create(
        resource_group=group or resource_group(), name=name, sku=sku, location=location, **more
    )
    if policy is not None:
        stored = EndpointSettings.store(made, policy, seen=AccessPolicy().fingerprint, origin=BO)
        assert isinstance(stored, Change) or policy == AccessPolicy()
        made.refresh_from_db()
    return made


def rule(text: str, *, name: str = "", note: str = "") -> Rule:
    parsed = AddressRange.parse(text)
    assert isinstance(parsed, AddressRange), parsed
    return Rule(parsed, name, note)


def selected(*ranges: str, **more: Any) -> AccessPolicy:
    """Selected networks with these ranges."""
    return AccessPolicy(default_action=DefaultAction.DENY, rules=tuple(rule(text) for text in ranges), **more)


def disabled(*ranges: str, **more: Any) -> AccessPolicy:
    return AccessPolicy(
        public_network_access=PublicNetworkAccess.DISABLED,
        default_action=DefaultAction.DENY,
        rules=tuple(rule(text) for text in ranges),
        **more,
    )
