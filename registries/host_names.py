"""The host names of a registry, made of its name and LOGIN_SERVER_SUFFIX (data-plane 2.1). Pure Python."""


def login(registry: str, suffix: str) -> str:
    """Sign-in, manifests and pushes."""
    return f"{registry.lower()}.{suffix}"


def data(registry: str, region: str, suffix: str) -> str:
    """The dedicated data endpoint of a region: layers."""
    return f"{registry.lower()}.{region}.data.{suffix}"


def blob(registry: str, suffix: str) -> str:
    """Layers, while there is no dedicated data endpoint: in Azure's place a storage account's name."""
    return f"{registry.lower()}.blob.{suffix}"


def private_zone(suffix: str) -> str:
    """The private DNS zone that holds the records of private endpoints."""
    return f"privatelink.{suffix}"


def private_record(host: str, suffix: str) -> str:
    """What the record of a host name is called in that zone."""
    return host.removesuffix(f".{suffix}")


def private_alias(host: str, suffix: str) -> str:
    """The name in that zone which the public name leads to."""
    return f"{private_record(host, suffix)}.{private_zone(suffix)}"
