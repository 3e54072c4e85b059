"""A registry that is created with private access: settings.CLOSES_NEW_REGISTRIES names it to the ground floor."""

from networking.access.policy import AccessPolicy, PublicAccess
from networking.models import EndpointSettings
from registries.models import Change, Origin, Registry


def close(registry: Registry, origin: Origin) -> None:
    """Disable the public network access of a registry that nobody has changed yet. Call it in the transaction that
    creates it: whatever stands in the way is an error, and takes the registry along."""
    new = AccessPolicy()
    closed = new.with_public_access(PublicAccess.DISABLED)
    stored = EndpointSettings.store(registry, closed, seen=new.fingerprint, origin=origin)
    if not isinstance(stored, Change):
        raise RuntimeError(f"The public network access of '{registry.name}' can't be disabled: {stored}")
