"""ARM JSON of private endpoints, read into values and spelled out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from networking.access.decision import ConnectionState
from networking.access.problems import Code, Problem
from networking.arm.body import Refused, a_list, a_text, an_object, wrong
from networking.arm.document import spelled
from networking.arm.network_body import (
    READ_ONLY,
    kept_beside,
    location_of,
    needed,
    opened,
    parted,
    resource,
    tags_of,
    unused,
)

ENDPOINTS = "Microsoft.Network/privateEndpoints"
GROUP = "registry"  # the one sub-resource of a registry that an endpoint can lead to (acr-facts 1.4)
MAX_MESSAGE = 140  # Azure's own limit
AUTOMATIC, MANUAL = "privateLinkServiceConnections", "manualPrivateLinkServiceConnections"

READ_ONLY_OF_ENDPOINTS = frozenset({"provisioningState", "resourceGuid", "networkInterfaces", "customDnsConfigs"})
DEFAULTS: dict[str, Any] = {"customNetworkInterfaceName": "", "ipConfigurations": []}
# The names that we know, in our spelling: ARM reads them in any letter case.
OF_ENDPOINTS = READ_ONLY_OF_ENDPOINTS | {"subnet", AUTOMATIC, MANUAL, *DEFAULTS}
READ_ONLY_OF_LINKS = frozenset({"provisioningState", "privateLinkServiceConnectionState"})
USED_OF_LINKS = READ_ONLY_OF_LINKS | {"privateLinkServiceId", "groupIds", "requestMessage"}


@dataclass(frozen=True, slots=True)
class Link:
    """What an endpoint leads to. `service` is the resource id of a registry; `manual` waits for its owner."""

    name: str
    service: str
    manual: bool = False
    message: str = ""


@dataclass(frozen=True, slots=True)
class EndpointBody:
    """A private endpoint as its JSON describes it. `subnet` is a resource id; `kept` is as in NetworkBody, and holds
    what is kept of the connection among the properties, under AUTOMATIC for either kind."""

    location: str
    subnet: str
    link: Link
    tags: dict[str, str] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)


def read_endpoint(document: object) -> EndpointBody | Problem:
    """The body of a PUT, or what is wrong with it; whether its subnet and its registry exist, the verb says."""
    try:
        body, said = opened(document, OF_ENDPOINTS)
        place = "properties.subnet"
        subnet = spelled(an_object(needed(said, "subnet", "properties."), place), {"id"}, f"{place}.")
        link, more = _link(said)
        kept = unused(said, {"subnet", AUTOMATIC, MANUAL, *READ_ONLY_OF_ENDPOINTS}, DEFAULTS)
        return EndpointBody(
            location=location_of(body),
            subnet=a_text(needed(subnet, "id", f"{place}."), f"{place}.id"),
            link=link,
            tags=tags_of(body),
            kept=kept_beside(body, {**kept, AUTOMATIC: more} if more else kept, {"location", "tags"}),
        )
    except Refused as refused:
        return refused.problem


def _link(said: Mapping[str, Any]) -> tuple[Link, dict[str, Any]]:
    """The one connection, in whichever of the two lists it stands, and what is kept of it."""
    stated = [
        (f"properties.{key}[{index}]", each, key == MANUAL)
        for key in (AUTOMATIC, MANUAL)
        for index, each in enumerate(a_list(said.get(key) or [], f"properties.{key}"))
    ]
    if len(stated) != 1:
        message = f"A private endpoint has one connection, in {AUTOMATIC} or {MANUAL}; this body has {len(stated)}."
        raise Refused(Problem(Code.INVALID_PROPERTY, message))
    [(place, connection, manual)] = stated
    where = f"{place}.properties"
    body = spelled(an_object(connection, place), {*READ_ONLY, "properties"}, f"{place}.")
    properties = spelled(an_object(needed(body, "properties", f"{place}."), where), USED_OF_LINKS, f"{where}.")
    groups = properties.get("groupIds")
    if [str(each).lower() for each in a_list(groups or [], f"{where}.groupIds")] != [GROUP]:
        raise wrong(f"{where}.groupIds", groups, f'["{GROUP}"], the one sub-resource of a container registry')
    message = a_text(properties.get("requestMessage") or "", f"{where}.requestMessage")
    if len(message) > MAX_MESSAGE:
        raise wrong(f"{where}.requestMessage", message, f"a text of at most {MAX_MESSAGE} characters")
    link = Link(
        name=a_text(needed(body, "name", f"{place}."), f"{place}.name"),
        service=a_text(needed(properties, "privateLinkServiceId", f"{where}."), f"{where}.privateLinkServiceId"),
        manual=manual,
        message=message,
    )
    return link, kept_beside(body, unused(properties, USED_OF_LINKS), ())


def endpoint(
    resource_id: str,
    body: EndpointBody,
    state: ConnectionState,
    description: str,
    hosts: Mapping[str, str],
) -> dict[str, Any]:
    """As a GET answers. `state` and `description` are the connection's; `hosts` the address of each host name, which
    Azure shows once the connection is approved (recordings of azure-cli, test_private_endpoint_connection_acr)."""
    own, rest = parted(body.kept)
    more = own.pop(AUTOMATIC, {})
    shown = hosts if state is ConnectionState.APPROVED else {}
    properties = {
        "provisioningState": "Succeeded",
        "resourceGuid": str(uuid5(NAMESPACE_URL, resource_id.lower())),
        AUTOMATIC: [],
        MANUAL: [],
        **DEFAULTS,
        **own,
        "subnet": {"id": body.subnet},
        "networkInterfaces": [{"id": interface_id(resource_id, own.get("customNetworkInterfaceName"))}],
        "customDnsConfigs": [{"fqdn": host, "ipAddresses": [address]} for host, address in shown.items()],
    }
    properties[MANUAL if body.link.manual else AUTOMATIC] = [_spelled(resource_id, body.link, more, state, description)]
    return resource(resource_id, ENDPOINTS, properties, {"location": body.location, "tags": body.tags, **rest})


def _spelled(
    resource_id: str, link: Link, kept: Mapping[str, Any], state: ConnectionState, description: str
) -> dict[str, Any]:
    kind = MANUAL if link.manual else AUTOMATIC
    own, rest = parted(kept)
    properties: dict[str, Any] = {
        "provisioningState": "Succeeded",
        "privateLinkServiceId": link.service,
        "groupIds": [GROUP],
        "privateLinkServiceConnectionState": {
            "status": state.value,
            "description": description,
            "actionsRequired": "None",
        },
        **own,
    }
    if link.message:
        properties["requestMessage"] = link.message
    return resource(f"{resource_id}/{kind}/{link.name}", f"{ENDPOINTS}/{kind}", properties, rest)


def interface_id(endpoint_id: str, custom: object = None) -> str:
    """Of the network interface that Azure makes for an endpoint: the name it was given, or one of its own."""
    group, _, name = endpoint_id.partition("/privateEndpoints/")
    own = f"{name}.nic.{uuid5(NAMESPACE_URL, endpoint_id.lower())}"
    return f"{group}/networkInterfaces/{custom if isinstance(custom, str) and custom else own}"
