"""JSON schemas of registries and what belongs to them, for the table of routes. What is unknown is kept, so no object
is closed."""

from typing import Any

from networking.arm.registry_body import BOOLEANS, POLICIES, WORDS

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
BOOLEAN: Schema = {"type": "boolean"}
TAGS: Schema = {"type": "object", "additionalProperties": TEXT}
ENABLED: Schema = {"enum": ["Enabled", "Disabled"]}
COUNT: Schema = {"type": "integer", "minimum": 0}


def an_object(required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


def a_list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def with_status(**properties: Schema) -> Schema:
    return an_object(status={"enum": ["enabled", "disabled"]}, **properties)


def listing(items: Schema) -> Schema:
    return an_object(("value",), value=a_list(items), nextLink=TEXT)


SKU = an_object(("name",), name={"enum": ["Basic", "Standard", "Premium"]})
IP_RULE = an_object(("value",), value={"type": "string", "example": "16.17.18.0/24"}, action={"const": "Allow"})
SUBNET_RULE = an_object(virtualNetworkSubnetResourceId=TEXT, id=TEXT, action={"const": "Allow"})
RULE_SET = an_object(
    defaultAction={"enum": ["Allow", "Deny"]},
    ipRules=a_list(IP_RULE),
    virtualNetworkRules=a_list(SUBNET_RULE),
)
OF_POLICIES: dict[str, dict[str, Schema]] = {
    "trustPolicy": {"type": {"const": "Notary"}},
    "retentionPolicy": {"days": COUNT},
    "softDeletePolicy": {"retentionDays": COUNT},
}
POLICIES_BODY: Schema = {
    **an_object(**{name: with_status(**OF_POLICIES.get(name, {})) for name in POLICIES}),
    "additionalProperties": with_status(),
}
WRITABLE: dict[str, Schema] = {
    "publicNetworkAccess": ENABLED,
    "networkRuleSet": RULE_SET,
    "networkRuleBypassOptions": {"enum": ["AzureServices", "None"]},
    "networkRuleBypassAllowedForTasks": BOOLEAN,
    "dataEndpointEnabled": BOOLEAN,
    **dict.fromkeys(sorted(BOOLEANS), BOOLEAN),
    **{name: {"enum": list(words)} for name, words in WORDS.items()},
    "policies": POLICIES_BODY,
    "encryption": with_status(keyVaultProperties=an_object(keyIdentifier=TEXT, identity=TEXT)),
}
BESIDE: dict[str, Schema] = {
    **dict.fromkeys(("apiVersion", "kind", "managedBy"), TEXT),
    **dict.fromkeys(("extendedLocation", "plan"), an_object()),
    "identity": an_object(type=TEXT, userAssignedIdentities={"type": "object", "additionalProperties": an_object()}),
    "zones": a_list(TEXT),
}
CONNECTION_STATE = an_object(
    status={"enum": ["Approved", "Pending", "Rejected", "Disconnected"]}, description=TEXT, actionsRequired=TEXT
)
CONNECTION = an_object(
    ("id", "name", "type", "properties"),
    id=TEXT,
    name=TEXT,
    type=TEXT,
    properties=an_object(
        ("privateEndpoint", "privateLinkServiceConnectionState", "provisioningState"),
        privateEndpoint=an_object(("id",), id=TEXT),
        privateLinkServiceConnectionState=CONNECTION_STATE,
        provisioningState=TEXT,
    ),
)
CONNECTION_BODY = an_object(
    properties=an_object(
        privateEndpoint=an_object(id=TEXT),
        privateLinkServiceConnectionState=CONNECTION_STATE,
    )
)
REGISTRY_BODY = an_object(
    ("location", "sku"), location=TEXT, sku=SKU, tags=TAGS, properties=an_object(**WRITABLE), **BESIDE
)
REGISTRY_PATCH = an_object(sku=SKU, tags=TAGS, properties=an_object(**WRITABLE), **BESIDE)
REGISTRY = an_object(
    ("sku", "type", "id", "name", "location", "tags", "systemData", "properties"),
    sku=an_object(("name", "tier"), name=SKU["properties"]["name"], tier=SKU["properties"]["name"]),
    type=TEXT,
    id=TEXT,
    name=TEXT,
    location=TEXT,
    tags=TAGS,
    systemData={"type": "object"},
    properties=an_object(
        ("loginServer", "creationDate", "provisioningState"),
        loginServer=TEXT,
        creationDate=TEXT,
        provisioningState=TEXT,
        publicNetworkAccess=ENABLED,
        networkRuleSet=RULE_SET,
        dataEndpointHostNames=a_list(TEXT),
        privateEndpointConnections=a_list(CONNECTION),
    ),
)
REPLICATION_PROPERTIES = an_object(regionEndpointEnabled=BOOLEAN, zoneRedundancy=ENABLED)
REPLICATION_BODY = an_object(("location",), location=TEXT, tags=TAGS, properties=REPLICATION_PROPERTIES, **BESIDE)
REPLICATION_PATCH = an_object(tags=TAGS, properties=REPLICATION_PROPERTIES, **BESIDE)
REPLICATION = an_object(
    ("type", "id", "name", "location", "properties"),
    type=TEXT,
    id=TEXT,
    name=TEXT,
    location=TEXT,
    tags=TAGS,
    systemData={"type": "object"},
    properties=REPLICATION_PROPERTIES,
)
LINK_RESOURCE = an_object(
    ("name", "type", "id", "properties"),
    name=TEXT,
    type=TEXT,
    id=TEXT,
    properties=an_object(groupId=TEXT, requiredMembers=a_list(TEXT), requiredZoneNames=a_list(TEXT)),
)
USAGE = an_object(
    ("name", "limit", "currentValue", "unit"),
    name=TEXT,
    limit={"type": "integer"},
    currentValue={"type": "integer"},
    unit={"enum": ["Count", "Bytes"]},
)
NAME_BODY = an_object(("name", "type"), name=TEXT, type=TEXT)
NAME_ANSWER = an_object(("nameAvailable",), nameAvailable=BOOLEAN, reason=TEXT, message=TEXT)
OPERATION = an_object(("status",), id=TEXT, name=TEXT, status=TEXT)
