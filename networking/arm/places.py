"""Where a new resource may be made, in ARM's own words."""

from networking.arm.errors import ArmError
from registries import regions
from registries.models import Subscription

NETWORK_PROVIDER = "Microsoft.Network"


def require_region(location: str, message: str, code: str) -> str:
    """The ARM name of a region that there is. `message` is ARM's sentence, with {location} and {known} in it."""
    name = regions.arm_name(location)
    if not location:
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.", gateway=True)
    if name not in regions.DISPLAY_NAMES:
        said = message.format(location=location[:40], known=",".join(sorted(regions.DISPLAY_NAMES)))
        raise ArmError(400, code, said, gateway=True)
    return name


def require_region_of(kind: str, location: str) -> str:
    """For a resource of that type."""
    message = (
        f"The provided location '{{location}}' is not available for resource type '{kind}'. "
        "List of available regions for the resource type is '{known}'."
    )
    return require_region(location, message, "LocationNotAvailableForResourceType")


def require_same_region(kind: str, name: str, group: str, *, stored: str, location: str) -> None:
    """A resource stays where it is; a body that says nothing of its place means that."""
    if location and regions.arm_name(location) != stored:
        raise ArmError(
            409,
            "InvalidResourceLocation",
            f"The resource '{name}' already exists in location '{stored}' in resource group '{group}'. A resource with "
            f"the same name cannot be created in location '{location[:40]}'. Please select a new resource name.",
            gateway=True,
        )


def require_provider(subscription: Subscription, namespace: str) -> None:
    """The subscription is registered to use that provider, as `az provider register` does it."""
    if namespace.lower() not in (each.lower() for each in subscription.providers):
        message = (
            f"The subscription is not registered to use namespace '{namespace}'. "
            "See https://aka.ms/rps-not-found for how to register subscriptions."
        )
        raise ArmError(409, "MissingSubscriptionRegistration", message, gateway=True)
