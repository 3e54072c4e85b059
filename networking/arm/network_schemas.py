"""JSON schemas of groups, resource lists and Microsoft.Network, for /openapi.json."""

from typing import Any

TEXT: dict[str, Any] = {"type": "string"}
TAGS: dict[str, Any] = {"type": ["object", "null"], "additionalProperties": TEXT}
ANYTHING: dict[str, Any] = {"type": "object"}
STATE = {"provisioningState": {"const": "Succeeded"}}


def _object(needed: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(needed), "properties": {**needed, **more}}


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return _object({"value": {"type": "array", "items": of}}, nextLink=TEXT)


def _of_network(kind: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return _object({"name": TEXT, "id": TEXT, "etag": TEXT, "type": {"const": kind}, "properties": properties, **more})


GROUP = _object(
    {
        "id": TEXT,
        "name": TEXT,
        "type": {"const": "Microsoft.Resources/resourceGroups"},
        "location": TEXT,
        "properties": _object(STATE),
    },
    tags=TAGS,
)
GROUPS = _list(GROUP)
OF_GROUPS = {"location": TEXT, "tags": TAGS, "managedBy": {"type": ["string", "null"]}, "properties": ANYTHING}
GROUP_BODY = {"type": "object", "required": ["location"], "properties": OF_GROUPS}
GROUP_PATCH = {"type": "object", "properties": OF_GROUPS}
TAGS_BODY = {"type": "object", "properties": {"tags": TAGS}, "additionalProperties": False}

TIME = {"type": "string", "format": "date-time"}
RESOURCE = _object(
    {"id": TEXT, "name": TEXT, "type": TEXT, "location": TEXT, "tags": TAGS},
    sku=ANYTHING,
    createdTime=TIME,
    changedTime=TIME,
    **STATE,
)
RESOURCES = _list(RESOURCE)
FILTER = {"$filter": {"type": "string", "maxLength": 400}}
EXPAND = {
    "$expand": {
        "type": "string",
        "description": "What else to say of each, with commas between: createdTime, changedTime, provisioningState. "
        "A time that isn't known is left out.",
    }
}

SUBNET = _of_network("Microsoft.Network/virtualNetworks/subnets", _object(STATE, addressPrefix=TEXT))
SUBNETS = _list(SUBNET)
SERVICE_ENDPOINTS = {"type": ["array", "null"], "items": _object({"service": TEXT})}
SUBNET_BODY = _object(
    {
        "properties": {
            "type": "object",
            "properties": {
                "addressPrefix": TEXT,
                "addressPrefixes": {"type": ["array", "null"], "items": TEXT},
                "serviceEndpoints": SERVICE_ENDPOINTS,
            },
        }
    }
)
SPACE = _object({"addressPrefixes": {"type": "array", "items": TEXT, "minItems": 1}})
NETWORK = _of_network(
    "Microsoft.Network/virtualNetworks",
    _object({**STATE, "addressSpace": SPACE, "subnets": {"type": "array", "items": SUBNET}}),
    location=TEXT,
    tags=TAGS,
)
NETWORKS = _list(NETWORK)
NETWORK_BODY = _object(
    {
        "location": TEXT,
        "properties": _object(
            {"addressSpace": SPACE},
            subnets={"type": ["array", "null"], "items": _object({"name": TEXT, **SUBNET_BODY["properties"]})},
        ),
    },
    tags=TAGS,
)

CONNECTION = _object(
    {
        "name": TEXT,
        "properties": _object(
            {"privateLinkServiceId": TEXT, "groupIds": {"type": "array", "items": {"const": "registry"}}},
            requestMessage={"type": ["string", "null"], "maxLength": 140},
        ),
    }
)
CONNECTIONS = {"type": ["array", "null"], "items": CONNECTION}
LINKS = {"privateLinkServiceConnections": CONNECTIONS, "manualPrivateLinkServiceConnections": CONNECTIONS}
ENDPOINT = _of_network(
    "Microsoft.Network/privateEndpoints",
    _object({**STATE, "subnet": _object({"id": TEXT}), **LINKS, "customDnsConfigs": {"type": "array"}}),
    location=TEXT,
    tags=TAGS,
)
ENDPOINTS = _list(ENDPOINT)
ENDPOINT_BODY = _object(
    {"location": TEXT, "properties": _object({"subnet": _object({"id": TEXT})}, **LINKS)}, tags=TAGS
)
