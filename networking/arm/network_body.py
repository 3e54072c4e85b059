"""ARM JSON of virtual networks and their subnets, read into values and spelled out."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from networking.access.problems import Code, Problem
from networking.arm.body import Refused, a_list, a_text, an_object, quoted, wrong
from networking.arm.document import refuse_what_cannot_be_stored, spelled
from networking.arm.document import tags_of as tags_in
from networking.arm.registry_body import too_much

NETWORKS = "Microsoft.Network/virtualNetworks"
SUBNETS = f"{NETWORKS}/subnets"
SPACE = "properties.addressSpace"

# What a body repeats of the address it is sent to, or what only the service can say. az sends back all that it got.
READ_ONLY = frozenset({"id", "name", "type", "etag", "resourceGroup", "systemData"})
READ_ONLY_OF_NETWORKS = frozenset({"provisioningState", "resourceGuid", "defaultPublicNatGateway"})
READ_ONLY_OF_SUBNETS = frozenset(
    {
        "provisioningState",
        "purpose",
        "ipConfigurations",
        "ipConfigurationProfiles",
        "privateEndpoints",
        "resourceNavigationLinks",
        "serviceAssociationLinks",
    }
)
# What Azure adds where a body doesn't say it.
NETWORK_DEFAULTS: dict[str, Any] = {"virtualNetworkPeerings": [], "enableDdosProtection": False}
SUBNET_DEFAULTS: dict[str, Any] = {
    "delegations": [],
    "privateEndpointNetworkPolicies": "Disabled",
    "privateLinkServiceNetworkPolicies": "Enabled",
}
# The names that we know, in our spelling: ARM reads them in any letter case.
BESIDE = READ_ONLY | {"location", "tags", "properties"}
OF_NETWORKS = READ_ONLY_OF_NETWORKS | {"addressSpace", "subnets", *NETWORK_DEFAULTS}
OF_SUBNETS = READ_ONLY_OF_SUBNETS | {"addressPrefix", "addressPrefixes", "serviceEndpoints", *SUBNET_DEFAULTS}
OF_SERVICES = frozenset({"service", "provisioningState", "locations"})


@dataclass(frozen=True, slots=True)
class SubnetBody:
    """A subnet as its JSON describes it. `services` are those it has a service endpoint for; `kept` is as in
    NetworkBody."""

    name: str
    prefixes: tuple[str, ...]
    services: tuple[str, ...] = ()
    kept: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NetworkBody:
    """A virtual network as its JSON describes it. `subnets` is None where it says nothing of them. `kept` holds what
    Portcullis has no use for: properties under "properties", the rest beside it."""

    location: str
    prefixes: tuple[str, ...]
    tags: dict[str, str] = field(default_factory=dict)
    subnets: tuple[SubnetBody, ...] | None = None
    kept: dict[str, Any] = field(default_factory=dict)


def read_network(document: object) -> NetworkBody | Problem:
    """The body of a PUT, or what is wrong with it; whether a network can be like that, its verb says."""
    try:
        body, said = opened(document, OF_NETWORKS)
        space = spelled(an_object(needed(said, "addressSpace", "properties."), SPACE), {"addressPrefixes"}, f"{SPACE}.")
        subnets = said.get("subnets")
        kept = unused(said, {"addressSpace", "subnets", *READ_ONLY_OF_NETWORKS}, NETWORK_DEFAULTS)
        if more := unused(space, {"addressPrefixes"}):
            kept["addressSpace"] = more
        return NetworkBody(
            location=location_of(body),
            prefixes=_texts(needed(space, "addressPrefixes", f"{SPACE}."), f"{SPACE}.addressPrefixes"),
            tags=tags_of(body),
            subnets=None if subnets is None else _subnets(subnets),
            kept=kept_beside(body, kept, {"location", "tags"}),
        )
    except Refused as refused:
        return refused.problem


def read_subnet(document: object, name: str) -> SubnetBody | Problem:
    """The body of a PUT to a subnet's own address, which ends in `name`."""
    try:
        refuse_what_cannot_be_stored(document)
        return _subnet(spelled(an_object(document, "body"), BESIDE, ""), name, "")
    except Refused as refused:
        return refused.problem


def read_tags(document: object) -> dict[str, str] | Problem | None:
    """The tags of a PATCH of a network, which are all that it can change; None where it says nothing of them."""
    try:
        refuse_what_cannot_be_stored(document)
        body = spelled(an_object(document, "body"), BESIDE, "")
        for name in unused(body, {"tags", *READ_ONLY}):
            message = f"A PATCH of a virtual network changes its tags; send the property {quoted(name)} with a PUT."
            raise Refused(Problem(Code.INVALID_PROPERTY, message))
        return None if body.get("tags") is None else tags_of(body)
    except Refused as refused:
        return refused.problem


def opened(document: object, names: Iterable[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A body and its properties, with the names we know in our spelling; `names` are those of properties."""
    refuse_what_cannot_be_stored(document)
    body = spelled(an_object(document, "body"), BESIDE, "")
    return body, spelled(an_object(body.get("properties") or {}, "properties"), names, "properties.")


def _subnets(listed: object) -> tuple[SubnetBody, ...]:
    where = "properties.subnets"
    found: dict[str, SubnetBody] = {}
    for index, each in enumerate(a_list(listed, where)):
        place = f"{where}[{index}]."
        body = spelled(an_object(each, f"{where}[{index}]"), BESIDE, place)
        name = a_text(needed(body, "name", place), f"{place}name")
        if name.lower() in found:
            raise Refused(
                Problem(Code.INVALID_SUBNET, f"The subnet '{name[:80]}' is in the list twice. Delete one of them.")
            )
        found[name.lower()] = _subnet(body, name, place)
    return tuple(found.values())


def _subnet(body: Mapping[str, Any], name: str, before: str) -> SubnetBody:
    where = f"{before}properties"
    said = spelled(an_object(body.get("properties") or {}, where), OF_SUBNETS, f"{where}.")
    services, more = _services(said.get("serviceEndpoints") or [], f"{where}.serviceEndpoints")
    used = {"addressPrefix", "addressPrefixes", "serviceEndpoints", *READ_ONLY_OF_SUBNETS}
    kept = unused(said, used, SUBNET_DEFAULTS)
    if more:
        kept["serviceEndpoints"] = more
    return SubnetBody(name, _prefixes(said, where), services, kept_beside(body, kept, ()))


def _prefixes(said: Mapping[str, Any], where: str) -> tuple[str, ...]:
    """Under either key; a body that has both must mean the same by them."""
    one, several = said.get("addressPrefix"), said.get("addressPrefixes") or None
    found = () if several is None else _texts(several, f"{where}.addressPrefixes")
    if one is None:
        return found or (a_text(needed(said, "addressPrefix", f"{where}."), where),)
    if found and found != (one,):
        raise wrong(f"{where}.addressPrefix", one, "the one that addressPrefixes holds, or left out")
    return (a_text(one, f"{where}.addressPrefix"),)


def _services(listed: object, where: str) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The services by name, and what else is said of each."""
    services: dict[str, str] = {}
    more: dict[str, Any] = {}
    for index, each in enumerate(a_list(listed, where)):
        stated = spelled(an_object(each, f"{where}[{index}]"), OF_SERVICES, f"{where}[{index}].")
        service = a_text(needed(stated, "service", f"{where}[{index}]."), f"{where}[{index}].service")
        if not service or service.lower() in services:
            raise wrong(f"{where}[{index}].service", service, "the name of a service, each of them once")
        services[service.lower()] = service
        if rest := unused(stated, OF_SERVICES):
            more[service] = rest
    return tuple(services.values()), more


def network(resource_id: str, body: NetworkBody, subnets: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """As a GET answers. `subnets` are spelled already, each by `subnet`."""
    own, rest = parted(body.kept)
    space = own.pop("addressSpace", {})
    properties = {
        "provisioningState": "Succeeded",
        "resourceGuid": str(uuid5(NAMESPACE_URL, resource_id.lower())),
        "addressSpace": {"addressPrefixes": list(body.prefixes), **space},
        **NETWORK_DEFAULTS,
        **own,
        "subnets": list(subnets),
    }
    return resource(resource_id, NETWORKS, properties, {"location": body.location, "tags": body.tags, **rest})


def subnet(resource_id: str, body: SubnetBody, endpoints: Iterable[str] = ()) -> dict[str, Any]:
    """As a GET answers. `endpoints` are the resource ids of the private endpoints that stand in it."""
    own, rest = parted(body.kept)
    more = own.pop("serviceEndpoints", {})
    prefix = (
        {"addressPrefix": body.prefixes[0]} if len(body.prefixes) == 1 else {"addressPrefixes": list(body.prefixes)}
    )
    properties = {"provisioningState": "Succeeded", **prefix, **SUBNET_DEFAULTS, **own}
    if body.services:
        properties["serviceEndpoints"] = [
            {"provisioningState": "Succeeded", "service": service, "locations": ["*"], **more.get(service, {})}
            for service in body.services
        ]
    if standing := [{"id": each} for each in endpoints]:
        properties["privateEndpoints"] = standing
    return resource(resource_id, SUBNETS, properties, rest)


def resource(
    resource_id: str, kind: str, properties: Mapping[str, Any], beside: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """What every resource of Microsoft.Network has around its properties. The etag changes whenever the rest does."""
    rest = {"type": kind, **beside, "properties": properties}
    spelled = json.dumps([resource_id, rest], sort_keys=True)
    name = resource_id.rpartition("/")[2]
    return {"name": name, "id": resource_id, "etag": f'W/"{uuid5(NAMESPACE_URL, spelled)}"', **rest}


def needed(said: Mapping[str, Any], key: str, before: str = "") -> Any:
    if said.get(key) is None:
        raise Refused(
            Problem(Code.INVALID_PROPERTY, f"The property '{before}{key}' is needed, and this body has none.")
        )
    return said[key]


def location_of(body: Mapping[str, Any]) -> str:
    """As it is spelled; empty where the body has none, which is for the view to refuse in ARM's own words."""
    return "" if body.get("location") is None else a_text(body["location"], "location")


def tags_of(body: Mapping[str, Any]) -> dict[str, str]:
    return tags_in(body.get("tags") or None)


def unused(
    said: Mapping[str, Any], used: Iterable[str], defaults: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """The rest, which is kept, but for what is answered anyhow. az sends null for what it has no value for."""
    known = set(used)
    rest = {key: value for key, value in said.items() if key not in known and value is not None}
    return {key: value for key, value in rest.items() if key not in defaults or value != defaults[key]}


def kept_beside(body: Mapping[str, Any], properties: dict[str, Any], used: Iterable[str]) -> dict[str, Any]:
    """What is kept of a whole body: its unused properties under their own key, and what stands beside them. Raises
    Refused where that is more than is kept."""
    rest = unused(body, {*READ_ONLY, "properties", *used})
    kept = {**rest, "properties": properties} if properties else rest
    if problem := too_much(kept):
        raise Refused(problem)
    return kept


def parted(kept: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `kept_beside` put together."""
    return dict(kept.get("properties", {})), {key: value for key, value in kept.items() if key != "properties"}


def _texts(listed: object, where: str) -> tuple[str, ...]:
    texts = tuple(a_text(each, f"{where}[{index}]") for index, each in enumerate(a_list(listed, where)))
    if not texts:
        raise wrong(where, listed, "a list that isn't empty")
    return texts
