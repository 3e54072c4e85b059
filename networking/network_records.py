"""What the change records of virtual networks, subnets and private endpoints hold, and when there is one."""

from typing import Any

from networking.arm.network_body import NetworkBody, SubnetBody, parted
from registries.models import Change, Origin

type Record = dict[str, Any]


def of_network(resource_id: str, body: NetworkBody) -> Record:
    own, beside = parted(body.kept)
    properties = {**beside, **own}
    for subnet in body.subnets or ():
        properties |= _properties_of(subnet)
    return {
        "id": resource_id,
        "location": body.location,
        "tags": body.tags,
        "addressSpace": list(body.prefixes),
        "subnets": {subnet.name: _subnet(subnet) for subnet in body.subnets or ()},
        "properties": properties,
    }


def of_subnet(resource_id: str, body: SubnetBody) -> Record:
    return {"id": resource_id, "subnets": {body.name: _subnet(body)}, "properties": _properties_of(body)}


def of_endpoint(resource_id: str, location: str, tags: dict[str, str], message: str, kept: dict[str, Any]) -> Record:
    own, beside = parted(kept)
    asked = {"requestMessage": message} if message else {}
    return {"id": resource_id, "location": location, "tags": tags, "properties": {**beside, **own, **asked}}


def record(operation: str, origin: Origin, *, before: Record | None, after: Record | None) -> None:
    """Nothing where both are the same. What is the same on either side is left out: a network can have thousands of
    subnets."""
    if before == after:
        return
    either = after or before or {}
    if before is not None and after is not None:
        before, after = _without(before, after), _without(after, before)
    Change.record_at(either["id"], operation, origin, before=before, after=after)


def _without(one: Record, other: Record) -> Record:
    """`one` without what `other` says too; the id stays."""
    return {
        key: {name: each for name, each in value.items() if name not in other[key] or other[key][name] != each}
        if isinstance(value, dict)
        else value
        for key, value in one.items()
        if key == "id" or value != other[key]
    }


def _subnet(body: SubnetBody) -> Record:
    return {"addressPrefixes": list(body.prefixes), "serviceEndpoints": list(body.services)}


def _properties_of(body: SubnetBody) -> Record:
    own, beside = parted(body.kept)
    return {f"{body.name}.{key}": value for key, value in {**beside, **own}.items()}
