"""The ARM representation of a registry: its networking properties, spelled and merged, and a whole document, read."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from networking.access.addresses import AddressRange
from networking.access.policy import MAX_IP_RULES, AccessPolicy, DefaultAction, PublicNetworkAccess, too_many_rules
from networking.access.problems import Code, Problem

TYPE = "Microsoft.ContainerRegistry/registries"
SKUS = ("Basic", "Standard", "Premium")
MAX_SUBNETS = 100
MAX_DEPTH = 32
SUBNET = re.compile(
    r"/subscriptions/[^/\s]+/resourceGroups/[^/\s]+/providers/Microsoft\.(Classic)?Network"
    r"/virtualNetworks/[^/\s]+/subnets/[^/\s]+",
    re.IGNORECASE,
)

# Every spelling that ARM's versions and az use, the current ARM one first (acr-facts 1.1 and 4).
RANGE_KEYS = ("value", "ipAddressOrRange")
SUBNET_KEYS = ("virtualNetworkSubnetResourceId", "id", "virtualNetworkResourceId")

BYPASS = {"AzureServices": True, "None": False}
NETWORKING = (
    "publicNetworkAccess",
    "networkRuleSet",
    "networkRuleBypassOptions",
    "networkRuleBypassAllowedForTasks",
    "dataEndpointEnabled",
)
# What stands beside `properties`. az prints everything else at the same level; there it is a property all the same.
USED = ("id", "name", "type", "location", "tags", "sku")
ENVELOPE = (
    *USED,
    "apiVersion",
    "etag",
    "extendedLocation",
    "identity",
    "kind",
    "managedBy",
    "plan",
    "resourceGroup",
    "systemData",
    "zones",
)


@dataclass(frozen=True, slots=True)
class Document:
    """A registry as `az acr show -o json` or an ARM GET describes it.

    `networking` are the networking properties it states, in ARM's spelling, and `policy` is what they come to with
    ARM's defaults for the rest. `kept_aside` holds what Portcullis has no use for, by path; what only repeats the rest
    of the document (see `_is_echo`) is in neither.
    """

    id: str
    name: str
    sku: str
    location: str
    tags: dict[str, str]
    networking: dict[str, Any]
    policy: AccessPolicy
    kept_aside: dict[str, Any]


class _Refused(Exception):
    """Carries a Problem out of the depth of a document; never leaves this module."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def properties(policy: AccessPolicy) -> dict[str, Any]:
    """The networking part of ARM `properties`. Names and notes are ours alone and not in it."""
    return {
        "publicNetworkAccess": policy.public_network_access.value,
        "networkRuleSet": {
            "defaultAction": policy.default_action.value,
            "virtualNetworkRules": [
                {"action": "Allow", "virtualNetworkSubnetResourceId": subnet} for subnet in policy.subnets
            ],
            "ipRules": [{"action": "Allow", "value": str(rule.range)} for rule in policy.rules],
        },
        "networkRuleBypassOptions": "AzureServices" if policy.trusted_services else "None",
        "networkRuleBypassAllowedForTasks": policy.tasks_bypass,
        "dataEndpointEnabled": policy.data_endpoint,
    }


def merge(policy: AccessPolicy, properties: object) -> AccessPolicy | Problem:
    """JSON merge as ARM does it (acr-facts 3.9): what is absent or null stays, arrays are replaced whole.

    Enum words are read in any letter case, names and notes stay with their range, other properties are ignored.
    """
    try:
        return _merged(policy, _object(properties, "properties"))
    except _Refused as refused:
        return refused.problem


def _merged(policy: AccessPolicy, said: Mapping[str, Any]) -> AccessPolicy:
    changed: dict[str, Any] = {}
    if (access := said.get("publicNetworkAccess")) is not None:
        changed["public_network_access"] = _word(access, "publicNetworkAccess", {w.value: w for w in PublicNetworkAccess})
    if (bypass := said.get("networkRuleBypassOptions")) is not None:
        changed["trusted_services"] = _word(bypass, "networkRuleBypassOptions", BYPASS)
    if (tasks := said.get("networkRuleBypassAllowedForTasks")) is not None:
        changed["tasks_bypass"] = _boolean(tasks, "networkRuleBypassAllowedForTasks")
    if (data_endpoint := said.get("dataEndpointEnabled")) is not None:
        changed["data_endpoint"] = _boolean(data_endpoint, "dataEndpointEnabled")
    rule_set: Mapping[str, Any] = {}
    if (stated := said.get("networkRuleSet")) is not None:
        rule_set = _object(stated, "networkRuleSet")
    if (action := rule_set.get("defaultAction")) is not None:
        changed["default_action"] = _word(action, "networkRuleSet.defaultAction", {w.value: w for w in DefaultAction})
    if (subnets := rule_set.get("virtualNetworkRules")) is not None:
        changed["subnets"] = _subnets(subnets)
    policy = replace(policy, **changed)
    if (rules := rule_set.get("ipRules")) is None:
        return policy
    return _or_refuse(policy.with_ranges(_ranges(rules)))


def _ranges(rules: object) -> list[AddressRange]:
    where = "networkRuleSet.ipRules"
    listed = _list(rules, where)
    if len(listed) > MAX_IP_RULES:
        raise _Refused(too_many_rules(len(listed)))
    return [
        _or_refuse(AddressRange.parse(_rule(rule, f"{where}[{index}]", RANGE_KEYS))) for index, rule in enumerate(listed)
    ]


def _subnets(rules: object) -> tuple[str, ...]:
    where = "networkRuleSet.virtualNetworkRules"
    listed = _list(rules, where)
    if len(listed) > MAX_SUBNETS:
        raise _Refused(
            Problem(
                Code.QUOTA_EXCEEDED,
                f"A registry can have {MAX_SUBNETS} virtual network rules. Delete {len(listed) - MAX_SUBNETS} to save.",
            )
        )
    subnets: dict[str, str] = {}
    for index, rule in enumerate(listed):
        subnet = _rule(rule, f"{where}[{index}]", SUBNET_KEYS)
        if not SUBNET.fullmatch(subnet):
            raise _refused(f"{where}[{index}].{SUBNET_KEYS[0]}", subnet, "the resource id of a subnet")
        if subnet.lower() in subnets:
            raise _Refused(
                Problem(
                    Code.INVALID_PROPERTY,
                    f"Virtual network rule is not valid - Found duplicate virtual network rule {subnet}. "
                    "For more information, please visit https://aka.ms/acr/vnet",
                )
            )
        subnets[subnet.lower()] = subnet
    return tuple(subnets.values())


def _rule(rule: object, where: str, keys: tuple[str, ...]) -> str:
    """What one rule names, under whichever of the keys it stands."""
    stated = _object(rule, where)
    if (action := stated.get("action")) is not None:
        _word(action, f"{where}.action", {"Allow": True})
    named = {key: _text(stated[key], f"{where}.{key}") for key in keys if stated.get(key) is not None}
    if len(set(named.values())) > 1:
        raise _refused(where, named, f"one of {' and '.join(named)}, not both")
    for text in named.values():
        return text
    raise _refused(where, rule, f"an object with {keys[0]}")


def read(document: object) -> Document | Problem:
    """The JSON of `az acr show -o json` or of an ARM GET: nested under `properties`, or flat as az prints it."""
    try:
        return _read(_object(document, "The document"))
    except _Refused as refused:
        return refused.problem


def _read(document: Mapping[str, Any]) -> Document:
    _refuse_what_cannot_be_stored(document)
    if (kind := document.get("type")) is not None and _text(kind, "type").lower() != TYPE.lower():
        raise _refused("type", kind, TYPE)
    if document.get("properties") is not None:
        said = dict(_object(document["properties"], "properties"))
        beside = {key: value for key, value in document.items() if key != "properties"}
    else:
        said = {key: value for key, value in document.items() if key not in ENVELOPE and key != "properties"}
        beside = {key: value for key, value in document.items() if key in ENVELOPE}
    networking = {key: said[key] for key in NETWORKING if said.get(key) is not None}
    read = Document(
        id=_needed(document, "id"),
        name=_needed(document, "name"),
        sku=_sku(document.get("sku")),
        location=_needed(document, "location"),
        tags=_tags(document.get("tags")),
        networking=networking,
        policy=_merged(AccessPolicy(), networking),
        kept_aside={},
    )
    left = {
        **{f"sku.{key}": value for key, value in _unused_of_sku(document["sku"], read.sku).items()},
        **{key: value for key, value in beside.items() if key not in USED},
        **{f"properties.{key}": value for key, value in said.items() if key not in NETWORKING},
        **_unused_of_rules(networking.get("networkRuleSet", {})),
    }
    kept = {
        path: value for path, value in left.items() if value is not None and not _is_echo(path, value, read, said)
    }
    return replace(read, kept_aside=kept)


def _needed(document: Mapping[str, Any], key: str) -> str:
    if document.get(key) is None:
        raise _Refused(Problem(Code.INVALID_PROPERTY, f"The JSON of a registry needs '{key}', and this one has none."))
    text = _text(document[key], key).strip()
    if not text:
        raise _refused(key, document[key], "a text that isn't empty")
    return text


def _sku(sku: object) -> str:
    name = sku
    if isinstance(sku, dict):
        name = sku.get("name") if sku.get("name") is not None else sku.get("tier")
    if name is None:
        raise _Refused(Problem(Code.INVALID_PROPERTY, "The JSON of a registry needs 'sku', and this one has none."))
    for known in SKUS:
        if _text(name, "sku").lower() == known.lower():
            return known
    raise _Refused(
        Problem(Code.INVALID_PROPERTY, f"The SKU {_quoted(name, mark="'")} isn't one of {', '.join(SKUS)}.")
    )


def _unused_of_sku(sku: object, read: str) -> dict[str, Any]:
    """`name` and `tier` are one word twice."""
    if not isinstance(sku, dict):
        return {}
    return {
        key: value
        for key, value in sku.items()
        if key not in ("name", "tier") or str(value).lower() != read.lower()
    }


def _tags(tags: object) -> dict[str, str]:
    if tags is None:
        return {}
    return {key: _text(value, f"tags.{key}") for key, value in _object(tags, "tags").items()}


def _unused_of_rules(rule_set: Mapping[str, Any]) -> dict[str, Any]:
    lists = {"ipRules": RANGE_KEYS, "virtualNetworkRules": SUBNET_KEYS}
    where = "properties.networkRuleSet"
    unused = {
        f"{where}.{key}": value for key, value in rule_set.items() if key != "defaultAction" and key not in lists
    }
    for name, keys in lists.items():
        for index, rule in enumerate(rule_set.get(name) or ()):
            unused |= {f"{where}.{name}[{index}].{key}": rule[key] for key in rule if key not in ("action", *keys)}
    return unused


def _is_echo(path: str, value: object, read: Document, said: Mapping[str, Any]) -> bool:
    """Read-only words that only repeat the rest of the document, so that Portcullis comes to the same without them.
    Where they say anything else (a login server with a hash, a second region, a failed state) they are kept aside."""
    match path:
        case "properties.loginServer":
            return str(value).lower().startswith(f"{read.name.lower()}.azurecr.")
        case "properties.dataEndpointHostNames":
            suffix = str(said.get("loginServer", "")).lower().partition(".")[2] or "azurecr.io"
            region = read.location.replace(" ", "").lower()
            own = [f"{read.name.lower()}.{region}.data.{suffix}"]
            return value == (own if read.policy.data_endpoint else [])
        case "properties.provisioningState":
            return value == "Succeeded"
        case "resourceGroup":
            return f"/resourcegroups/{value}/".lower() in read.id.lower()
        case _:
            return False


def _refuse_what_cannot_be_stored(document: object) -> None:
    """JSON may spell what no database column takes, and nest until nobody can write it again."""
    ahead: list[tuple[Any, int]] = [(document, 0)]
    while ahead:
        value, depth = ahead.pop()
        if depth > MAX_DEPTH:
            raise _Refused(
                Problem(Code.INVALID_PROPERTY, f"The JSON is nested more than {MAX_DEPTH} deep, which no registry is.")
            )
        if isinstance(value, dict):
            ahead += [(each, depth + 1) for pair in value.items() for each in pair]
        elif isinstance(value, list):
            ahead += [(each, depth + 1) for each in value]
        elif isinstance(value, float) and not math.isfinite(value):
            raise _Refused(Problem(Code.INVALID_PROPERTY, f"The JSON holds the number {value}, which JSON doesn't have."))
        elif isinstance(value, str) and any(each == "\x00" or "\ud800" <= each <= "\udfff" for each in value):
            raise _Refused(
                Problem(
                    Code.INVALID_PROPERTY,
                    f"The text {_quoted(value)} holds a NUL or half a character, which can't be stored.",
                )
            )


def _word[T](value: object, where: str, words: Mapping[str, T]) -> T:
    """What a word of an enum stands for, in any letter case."""
    for word, meaning in words.items():
        if isinstance(value, str) and value.lower() == word.lower():
            return meaning
    raise _refused(where, value, " or ".join(words))


def _boolean(value: object, where: str) -> bool:
    if isinstance(value, bool):
        return value
    raise _refused(where, value, "true or false")


def _text(value: object, where: str) -> str:
    if isinstance(value, str):
        return value
    raise _refused(where, value, "a text")


def _list(value: object, where: str) -> list[Any]:
    if isinstance(value, list):
        return value
    raise _refused(where, value, "a list")


def _object(value: object, where: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise _refused(where, value, "an object")


def _or_refuse[T](value: T | Problem) -> T:
    if isinstance(value, Problem):
        raise _Refused(value)
    return value


def _refused(where: str, value: object, right: str) -> _Refused:
    return _Refused(
        Problem(Code.INVALID_PROPERTY, f"The property '{where}' is {_quoted(value)}; it must be {right}.")
    )


def _quoted(value: object, *, mark: str = '"') -> str:
    """As JSON spells it, cut where it would flood the page."""
    spelled = json.dumps(value)
    shown = spelled if len(spelled) <= 64 else spelled[:64] + "…"
    return mark + shown.strip('"') + mark if isinstance(value, str) else shown
