"""A whole registry in JSON, as `az acr show -o json` prints it or an ARM GET answers, read into values."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from networking.access.addresses import QUOTED
from networking.access.policy import AccessPolicy
from networking.access.problems import Code, Problem
from networking.arm.body import RANGE_KEYS, SUBNET_KEYS, Refused, a_text, an_object, merged, quoted, subject, wrong
from networking.arm.versions import LIVES
from registries import host_names

TYPE = "Microsoft.ContainerRegistry/registries"
SKUS = ("Basic", "Standard", "Premium")
MAX_DEPTH = 32
MOST_TAGS, LONGEST_TAG_NAME, LONGEST_TAG_VALUE = 50, 512, 256  # Azure's limits of a resource

NETWORKING = (
    "publicNetworkAccess",
    "networkRuleSet",
    "networkRuleBypassOptions",
    "networkRuleBypassAllowedForTasks",
    "dataEndpointEnabled",
)
RULE_SET = "properties.networkRuleSet"  # the path under which its unknown words are kept
LISTS = {"ipRules": RANGE_KEYS, "virtualNetworkRules": SUBNET_KEYS}
OF_A_RULE = frozenset({"action", *(key for keys in LISTS.values() for key in keys)})
# All that some version of ARM knows, for whoever spells one with another capital.
PROPERTIES = frozenset(
    {"loginServer", "creationDate", "provisioningState", "status", *(name for name in LIVES if "." not in name)}
)
# What stands beside `properties`. az prints everything else on the same level; it is a property all the same.
USED = frozenset({"id", "name", "type", "location", "tags", "sku"})
ENVELOPE = USED | {
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
}


@dataclass(frozen=True, slots=True)
class Document:
    """A registry as its JSON describes it.

    `networking` are the networking properties it states, and `policy` is what they come to with ARM's defaults for the
    rest. `kept_aside` holds, by path, what Portcullis has no use for. What only repeats the rest of the document is in
    none of them; see `_is_echo`.
    """

    id: str
    name: str
    sku: str
    location: str
    tags: dict[str, str]
    networking: dict[str, Any]
    policy: AccessPolicy
    kept_aside: dict[str, Any]


def read(document: object) -> Document | Problem:
    """The registry of one JSON document, nested under `properties` as ARM has it or flat as az prints it."""
    try:
        refuse_what_cannot_be_stored(document)
        if not isinstance(document, dict):
            raise Refused(Problem(Code.INVALID_PROPERTY, f"A registry is a JSON object; this is {quoted(document)}."))
        return _read(document)
    except Refused as refused:
        return refused.problem


def _read(stated: dict[str, Any]) -> Document:
    document = spelled(stated, ENVELOPE | {"properties"}, "")
    if (kind := document.get("type")) is not None and a_text(kind, "type").lower() != TYPE.lower():
        raise wrong("type", kind, TYPE)
    beside, said = _parted(document)
    said = spelled(said, PROPERTIES, "properties.")
    if isinstance(said.get("networkRuleSet"), dict):
        said["networkRuleSet"] = spelled_rules(said["networkRuleSet"])
    networking = {key: said[key] for key in NETWORKING if said.get(key) is not None}
    read = Document(
        id=_needed(document, "id"),
        name=_needed(document, "name"),
        sku=sku_of(document.get("sku")),
        location=_needed(document, "location"),
        tags=tags_of(document.get("tags")),
        networking=networking,
        policy=merged(AccessPolicy(), networking),
        kept_aside={},
    )
    unused = {
        **unused_of_sku(document["sku"], read.sku),
        **{path_of(key): value for key, value in beside.items() if key not in USED},
        **{path_of(key, "properties."): value for key, value in said.items() if key not in NETWORKING},
        **unused_of_rules(networking.get("networkRuleSet", {})),
    }
    kept = {
        path: value for path, value in unused.items() if value is not None and not _is_echo(path, value, read, said)
    }
    return replace(read, kept_aside=kept)


def _parted(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What stands beside the properties, and the properties."""
    rest = {key: value for key, value in document.items() if key != "properties"}
    if document.get("properties") is not None:
        return rest, an_object(document["properties"], "properties")
    beside = {key: value for key, value in rest.items() if key in ENVELOPE}
    return beside, {key: value for key, value in rest.items() if key not in ENVELOPE}


def _needed(document: Mapping[str, Any], key: str) -> str:
    if document.get(key) is None:
        raise Refused(Problem(Code.INVALID_PROPERTY, f"The JSON of a registry needs '{key}', and this one has none."))
    text = a_text(document[key], key).strip()
    if not text:
        raise wrong(key, document[key], "a text that isn't empty")
    return text


def sku_of(sku: object) -> str:
    """ARM has an object with `name` and `tier`, which are the same word; a plain text is read too."""
    name = sku
    if isinstance(sku, dict):
        name = sku.get("tier") if sku.get("name") is None else sku["name"]
    if name is None:
        raise Refused(Problem(Code.INVALID_PROPERTY, "The JSON of a registry needs 'sku', and this one has none."))
    for known in SKUS:
        if a_text(name, "sku").lower() == known.lower():
            return known
    raise Refused(Problem(Code.INVALID_PROPERTY, f"The SKU {quoted(name)} isn't one of {', '.join(SKUS)}."))


def unused_of_sku(sku: object, read: str) -> dict[str, Any]:
    if not isinstance(sku, dict):
        return {}
    same_word = {key for key in ("name", "tier") if str(sku.get(key)).lower() == read.lower()}
    return {path_of(key, "sku."): value for key, value in sku.items() if key not in same_word}


def path_of(name: str, before: str = "") -> str:
    """Under which a property without a use for us is kept. A name that reads like a path is refused: kept, it would
    say something about a property that Portcullis decides by."""
    if "." in name or "[" in name:
        message = (
            f"The property name {quoted(name)} holds '.' or '['; write the property into the object it belongs to."
        )
        raise Refused(Problem(Code.INVALID_PROPERTY, message))
    return f"{before}{name}"


def tags_of(tags: object) -> dict[str, str]:
    if tags is None:
        return {}
    read = {name: a_text(value, f"tags.{name[:QUOTED]}") for name, value in an_object(tags, "tags").items()}
    if found := _problem_of_tags(read):
        raise Refused(Problem(Code.INVALID_PROPERTY, found))
    return read


def _problem_of_tags(tags: Mapping[str, str]) -> str:
    if len(tags) > MOST_TAGS:
        return f"A resource can have {MOST_TAGS} tags, and this one would have {len(tags)}."
    for name, value in tags.items():
        if not name:
            return f"The name of the tag with the value {quoted(value)} is empty; a tag needs a name."
        if len(name) > LONGEST_TAG_NAME:
            return f"The tag name {quoted(name)} has {len(name)} characters; it can have {LONGEST_TAG_NAME}."
        if len(value) > LONGEST_TAG_VALUE:
            return f"The value of the tag {quoted(name)} has {len(value)} characters; it can have {LONGEST_TAG_VALUE}."
    return ""


def unused_of_rules(rule_set: Mapping[str, Any]) -> dict[str, Any]:
    """Of a rule set that was read. A rule's own words stay with what it is about, wherever in the list it moves."""
    unused = {
        path_of(key, f"{RULE_SET}."): value
        for key, value in rule_set.items()
        if key != "defaultAction" and key not in LISTS
    }
    for name, keys in LISTS.items():
        for rule in rule_set.get(name) or ():
            more = [key for key in rule if key not in ("action", *keys)]
            before = f"{RULE_SET}.{name}[{subject(rule, keys)}]."
            unused |= {path_of(key, before): rule[key] for key in more}
    return unused


def _is_echo(path: str, value: object, read: Document, said: Mapping[str, Any]) -> bool:
    """Read-only words that only repeat the rest of the document: Portcullis comes to the same without them. Where they
    say anything else (a login server with a hash, a second region, a failed state) they are kept aside like the rest.
    """
    match path:
        case "properties.loginServer":
            return str(value).lower().startswith(f"{read.name.lower()}.azurecr.")
        case "properties.dataEndpointHostNames":
            suffix = str(said.get("loginServer", "")).lower().partition(".")[2] or "azurecr.io"
            region = read.location.replace(" ", "").lower()
            own = [host_names.data(read.name, region, suffix)]
            return value == (own if read.policy.data_endpoint else [])
        case "properties.provisioningState":
            return value == "Succeeded"
        case "resourceGroup":  # az adds it to whatever has an id
            return f"/resourcegroups/{value}/".lower() in read.id.lower()
        case _:
            return False


def refuse_what_cannot_be_stored(document: object) -> None:
    """JSON can spell what no database takes, and can nest until nobody is able to write it out again."""
    ahead: list[tuple[Any, int]] = [(document, 0)]
    while ahead:
        value, depth = ahead.pop()
        if depth > MAX_DEPTH:
            message = f"The JSON is nested more than {MAX_DEPTH} levels deep, which that of a registry never is."
            raise Refused(Problem(Code.INVALID_PROPERTY, message))
        if isinstance(value, dict):
            ahead += [(each, depth + 1) for pair in value.items() for each in pair]
        elif isinstance(value, list):
            ahead += [(each, depth + 1) for each in value]
        elif isinstance(value, float) and not math.isfinite(value):
            raise Refused(Problem(Code.INVALID_PROPERTY, f"The JSON holds {value}, which isn't a number of JSON."))
        elif isinstance(value, str) and any(each == "\x00" or "\ud800" <= each <= "\udfff" for each in value):
            message = f"The text {quoted(value)} holds NUL or half a character, which can't be stored."
            raise Refused(Problem(Code.INVALID_PROPERTY, message))


def spelled_rules(rule_set: dict[str, Any]) -> dict[str, Any]:
    ours = spelled(rule_set, {"defaultAction", *LISTS}, "networkRuleSet.")
    for name in LISTS:
        if isinstance(rules := ours.get(name), list):
            where = f"networkRuleSet.{name}"
            ours[name] = [
                spelled(rule, OF_A_RULE, f"{where}[{index}].") if isinstance(rule, dict) else rule
                for index, rule in enumerate(rules)
            ]
    return ours


def spelled(said: dict[str, Any], names: Iterable[str], where: str) -> dict[str, Any]:
    """The same object with the names we know in our spelling; the others stay as they are."""
    known = {name.lower(): name for name in names}
    ours: dict[str, Any] = {}
    for key, value in said.items():
        name = known.get(key.lower(), key)
        if name in ours:
            message = f"The property '{where}{name}' is there twice; write it once."
            raise Refused(Problem(Code.INVALID_PROPERTY, message))
        ours[name] = value
    return ours
