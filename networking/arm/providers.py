"""The resource providers that this ARM API has, and which of them a subscription is registered to use."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from networking.arm.errors import ArmError
from networking.arm.versions import KNOWN
from networking.models import PrivateEndpoint, VirtualNetwork
from registries import regions
from registries.models import Change, Origin, Registry, Subscription
from registries.resource_id import PROVIDER

UNREGISTER = "Unregister provider"  # as change records name it
NETWORK = "Microsoft.Network"
RESOURCES = "Microsoft.Resources"
# The newest first: az takes the first that is no preview for `resource show`.
REGISTRY_VERSIONS = [version for version in reversed(KNOWN) if version <= "2026-09-01-preview"]
NETWORK_VERSIONS = ["2026-01-01", "2025-07-01", "2025-01-01", "2024-07-01", "2023-09-01", "2022-01-01"]
RESOURCE_VERSIONS = ["2024-11-01", "2022-12-01", "2022-09-01", "2021-04-01", "2019-11-01"]


@dataclass(frozen=True, slots=True)
class Provider:
    """A namespace and its types. `always`: no subscription can do without it."""

    namespace: str
    types: tuple[str, ...]
    versions: list[str]
    always: bool = False

    def is_registered(self, subscription: Subscription) -> bool:
        return self.always or self.namespace.lower() in (each.lower() for each in subscription.providers)

    def resource_id(self, subscription: Subscription) -> str:
        return f"/subscriptions/{subscription.subscription_id}/providers/{self.namespace}"

    def spelled(self, subscription: Subscription) -> dict[str, Any]:
        return {
            "id": self.resource_id(subscription),
            "namespace": self.namespace,
            "registrationPolicy": "RegistrationFree" if self.always else "RegistrationRequired",
            "registrationState": self._state(subscription),
            "resourceTypes": [
                {
                    "resourceType": kind,
                    "locations": list(regions.DISPLAY_NAMES.values()),
                    "apiVersions": self.versions,
                    "capabilities": "None",
                }
                for kind in self.types
            ],
        }

    def _state(self, subscription: Subscription) -> str:
        """Unregistered is what somebody took back; `az provider unregister --wait` asks until it reads the word."""
        if self.is_registered(subscription):
            return "Registered"
        place = self.resource_id(subscription)
        taken_back = Change.objects.filter(registry=None, resource_id=place, operation=UNREGISTER)
        return "Unregistered" if taken_back.exists() else "NotRegistered"


PROVIDERS = (
    Provider(
        PROVIDER,
        (
            "registries",
            "registries/replications",
            "registries/privateEndpointConnections",
            "registries/privateLinkResources",
            "checkNameAvailability",
            "operations",
        ),
        REGISTRY_VERSIONS,
    ),
    Provider(NETWORK, ("virtualNetworks", "virtualNetworks/subnets", "privateEndpoints"), NETWORK_VERSIONS),
    Provider(RESOURCES, ("subscriptions", "resourceGroups", "resources"), RESOURCE_VERSIONS, always=True),
)


def provider_at(namespace: str) -> Provider:
    """The provider of that name in any letter case; ArmError where this API has none of it."""
    for each in PROVIDERS:
        if each.namespace.lower() == namespace.lower():
            return each
    message = f"The resource namespace '{namespace[:90]}' is invalid."
    raise ArmError(404, "InvalidResourceNamespace", message, gateway=True)


def register(provider: Provider, subscription: Subscription, origin: Origin) -> Subscription:
    return _set(provider, subscription, origin, registered=True)


def unregister(provider: Provider, subscription: Subscription, origin: Origin) -> Subscription:
    """ArmError where the subscription has resources of it."""
    return _set(provider, subscription, origin, registered=False)


def _set(provider: Provider, subscription: Subscription, origin: Origin, *, registered: bool) -> Subscription:
    with transaction.atomic():
        locked = Subscription.objects.select_for_update().get(pk=subscription.pk)
        if provider.is_registered(locked) is registered:
            return locked
        if not registered:
            _require_unused(provider, locked)
        before = locked.providers
        others = [each for each in before if each.lower() != provider.namespace.lower()]
        locked.providers = sorted([*others, provider.namespace]) if registered else others
        locked.save(update_fields=["providers"])
        Change.record_at(
            provider.resource_id(locked),
            "Register provider" if registered else UNREGISTER,
            origin,
            before={"providers": before},
            after={"providers": locked.providers},
        )
    return locked


def _require_unused(provider: Provider, subscription: Subscription) -> None:
    if provider.always or any(_resources(provider, subscription)):
        why = "every subscription needs it" if provider.always else "the subscription has resources of it"
        message = f"The provider '{provider.namespace}' can't be unregistered, because {why}."
        raise ArmError(409, "Conflict", message, gateway=True)


def _resources(provider: Provider, subscription: Subscription) -> Iterator[bool]:
    if provider.namespace == PROVIDER:
        yield Registry.objects.filter(resource_group__subscription=subscription).exists()
    else:
        yield VirtualNetwork.objects.filter(resource_group__subscription=subscription).exists()
        yield PrivateEndpoint.objects.filter(resource_group__subscription=subscription).exists()
