"""The networking part of a registry's ARM `properties`: spelled out, and merged in. ARM JSON becomes a policy here."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from networking.access.addresses import QUOTED, AddressRange
from networking.access.policy import MAX_IP_RULES, AccessPolicy, DefaultAction, PublicNetworkAccess, too_many_rules
from networking.access.problems import Code, Problem

MAX_SUBNETS = 100
SUBNET = re.compile(
    r"/subscriptions/[^/\s]+/resourceGroups/[^/\s]+/providers/Microsoft\.(Classic)?Network"
    r"/virtualNetworks/[^/\s]+/subnets/[^/\s]+",
    re.IGNORECASE,
)

# Every spelling that ARM's versions and az use, the current ARM one first (acr-facts 1.1 and 4).
RANGE_KEYS = ("value", "ipAddressOrRange")
SUBNET_KEYS = ("virtualNetworkSubnetResourceId", "id", "virtualNetworkResourceId")

ACCESS = {each.value: each for each in PublicNetworkAccess}
ACTIONS = {each.value: each for each in DefaultAction}
BYPASS = {"AzureServices": True, "None": False}


class Refused(Exception):  # noqa: N818 - it is no error: it carries a Problem out of the depth of a body
    """Between the modules that read ARM JSON only; `merge` and `document.read` return its Problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def properties(policy: AccessPolicy, *, subnet_key: str | None = SUBNET_KEYS[0]) -> dict[str, Any]:
    """The networking part of ARM `properties`. Names and notes are ours alone and not in it. `subnet_key` is what the
    api-version calls the subnet of a virtual network rule; None where it hides these rules."""
    subnets = [{"action": "Allow", subnet_key: subnet} for subnet in policy.subnets] if subnet_key else []
    return {
        "publicNetworkAccess": policy.public_network_access.value,
        "networkRuleSet": {
            "defaultAction": policy.default_action.value,
            **({"virtualNetworkRules": subnets} if subnet_key else {}),
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
        return merged(policy, an_object(properties, "properties"))
    except Refused as refused:
        return refused.problem


def merged(policy: AccessPolicy, said: Mapping[str, Any]) -> AccessPolicy:
    """As `merge`, but raises Refused."""
    changed: dict[str, Any] = {}
    if (access := said.get("publicNetworkAccess")) is not None:
        changed["public_network_access"] = a_word(access, "publicNetworkAccess", ACCESS)
    if (bypass := said.get("networkRuleBypassOptions")) is not None:
        changed["trusted_services"] = a_word(bypass, "networkRuleBypassOptions", BYPASS)
    if (tasks := said.get("networkRuleBypassAllowedForTasks")) is not None:
        changed["tasks_bypass"] = a_boolean(tasks, "networkRuleBypassAllowedForTasks")
    if (data_endpoint := said.get("dataEndpointEnabled")) is not None:
        changed["data_endpoint"] = a_boolean(data_endpoint, "dataEndpointEnabled")
    rule_set: Mapping[str, Any] = {}
    if (stated := said.get("networkRuleSet")) is not None:
        rule_set = an_object(stated, "networkRuleSet")
    if (action := rule_set.get("defaultAction")) is not None:
        changed["default_action"] = a_word(action, "networkRuleSet.defaultAction", ACTIONS)
    if (subnets := rule_set.get("virtualNetworkRules")) is not None:
        changed["subnets"] = _subnets(subnets)
    policy = replace(policy, **changed)
    if (rules := rule_set.get("ipRules")) is None:
        return policy
    return _or_refuse(policy.with_ranges(_ranges(rules)))


def _ranges(rules: object) -> list[AddressRange]:
    where = "networkRuleSet.ipRules"
    listed = a_list(rules, where)
    if len(listed) > MAX_IP_RULES:
        raise Refused(too_many_rules(len(listed)))
    texts = [_named(rule, f"{where}[{index}]", RANGE_KEYS) for index, rule in enumerate(listed)]
    return [_or_refuse(AddressRange.parse(text)) for text in texts]


def _subnets(rules: object) -> tuple[str, ...]:
    where = "networkRuleSet.virtualNetworkRules"
    listed = a_list(rules, where)
    if len(listed) > MAX_SUBNETS:
        raise wrong(where, listed, f"a list of at most {MAX_SUBNETS} rules")
    subnets: dict[str, str] = {}
    for index, rule in enumerate(listed):
        subnet = _named(rule, f"{where}[{index}]", SUBNET_KEYS)
        if not SUBNET.fullmatch(subnet):
            raise wrong(f"{where}[{index}].{SUBNET_KEYS[0]}", subnet, "the resource id of a subnet")
        if subnet.lower() in subnets:  # ACR's own sentence (acr-facts 3.11)
            message = f"Virtual network rule is not valid - Found duplicate virtual network rule {subnet}. "
            message += "For more information, please visit https://aka.ms/acr/vnet"
            raise Refused(Problem(Code.INVALID_PROPERTY, message))
        subnets[subnet.lower()] = subnet
    return tuple(subnets.values())


def subject(rule: object, keys: tuple[str, ...]) -> str:
    """What a rule that was read without a refusal is about, as `properties` spells it."""
    text = _named(rule, "", keys)
    parsed = AddressRange.parse(text) if keys is RANGE_KEYS else text
    return str(parsed)


def _named(rule: object, where: str, keys: tuple[str, ...]) -> str:
    """What one rule is about, under whichever of the keys it stands. az prints a key it has no value for as null."""
    stated = an_object(rule, where)
    if (action := stated.get("action")) is not None:
        a_word(action, f"{where}.action", {"Allow": True})
    named = {key: a_text(stated[key], f"{where}.{key}") for key in keys if stated.get(key) is not None}
    if len({text.lower() for text in named.values()}) > 1:
        raise wrong(where, stated, f"one in which {' and '.join(named)} agree")
    for text in named.values():
        return text
    raise wrong(where, stated, f"an object with '{keys[0]}'")


def a_word[T](value: object, where: str, words: Mapping[str, T]) -> T:
    """What a word of an enum stands for, in any letter case."""
    for word, meaning in words.items():
        if isinstance(value, str) and value.lower() == word.lower():
            return meaning
    raise wrong(where, value, " or ".join(words))


def a_boolean(value: object, where: str) -> bool:
    if isinstance(value, bool):
        return value
    raise wrong(where, value, "true or false")


def a_text(value: object, where: str) -> str:
    if isinstance(value, str):
        return value
    raise wrong(where, value, "a text")


def a_list(value: object, where: str) -> list[Any]:
    if isinstance(value, list):
        return value
    raise wrong(where, value, "a list")


def an_object(value: object, where: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise wrong(where, value, "an object")


def wrong(where: str, value: object, right: str) -> Refused:
    """Which property, what it was and what would be right."""
    return Refused(Problem(Code.INVALID_PROPERTY, f"The property '{where}' is {quoted(value)}; it must be {right}."))


def quoted(value: object) -> str:
    """As a sentence shows it: a text in our quotes, a list or an object by that word alone, else as JSON spells it."""
    match value:
        case str():
            spelled = json.dumps(value[:QUOTED])[1:-1]
            return f"'{spelled}…'" if len(value) > QUOTED else f"'{spelled}'"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return json.dumps(value)[:QUOTED]


def _or_refuse[T](value: T | Problem) -> T:
    if isinstance(value, Problem):
        raise Refused(value)
    return value
