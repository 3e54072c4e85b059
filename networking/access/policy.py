"""AccessPolicy: everything the Networking blade can save, as one value with pure changes."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import IPv4Address
from typing import Any, Self

from networking.access.addresses import AddressRange
from networking.access.problems import Code, Problem

# Document 002: "Each registry supports a maximum of 100 IP access rules." Azure raised its own to 200 in January 2026.
MAX_IP_RULES = 100
MAX_RULE_NAME = 80
MAX_RULE_NOTE = 400


class PublicNetworkAccess(StrEnum):
    """ARM `publicNetworkAccess`."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"


class DefaultAction(StrEnum):
    """ARM `networkRuleSet.defaultAction`: what happens where no rule matches."""

    ALLOW = "Allow"
    DENY = "Deny"


class PublicAccess(StrEnum):
    """The three choices of the portal, derived from the two facts ARM stores."""

    ALL_NETWORKS = "all"
    SELECTED_NETWORKS = "selected"
    DISABLED = "disabled"

    @property
    def label(self) -> str:
        return {"all": "All networks", "selected": "Selected networks", "disabled": "Disabled"}[self.value]


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of the firewall list. ARM keeps the range only; name and note are ours."""

    range: AddressRange
    name: str = ""
    note: str = ""

    def __str__(self) -> str:
        return str(self.range)


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """The default is what ARM gives a new registry: open to all networks, trusted services allowed."""

    public_network_access: PublicNetworkAccess = PublicNetworkAccess.ENABLED
    default_action: DefaultAction = DefaultAction.ALLOW
    rules: tuple[Rule, ...] = ()
    subnets: tuple[str, ...] = ()  # resource ids of networkRuleSet.virtualNetworkRules
    trusted_services: bool = True  # networkRuleBypassOptions: AzureServices
    tasks_bypass: bool = False  # networkRuleBypassAllowedForTasks
    data_endpoint: bool = False  # dataEndpointEnabled

    @property
    def public_access(self) -> PublicAccess:
        if self.public_network_access is not PublicNetworkAccess.ENABLED:
            return PublicAccess.DISABLED
        if self.default_action is DefaultAction.ALLOW:
            return PublicAccess.ALL_NETWORKS
        return PublicAccess.SELECTED_NETWORKS

    def with_public_access(self, choice: PublicAccess) -> Self:
        """Write the two ARM facts behind a portal choice. The choice already shown changes neither: Disabled with
        `defaultAction: Allow` is storable and stays as it is. Rules are kept whatever is chosen."""
        if choice is self.public_access:
            return self
        return replace(
            self,
            public_network_access=(
                PublicNetworkAccess.DISABLED if choice is PublicAccess.DISABLED else PublicNetworkAccess.ENABLED
            ),
            default_action=DefaultAction.ALLOW if choice is PublicAccess.ALL_NETWORKS else DefaultAction.DENY,
        )

    def rule_for(self, wanted: AddressRange) -> Rule | None:
        """The rule of exactly that range; None where the list has none, whatever covers it."""
        return next((rule for rule in self.rules if rule.range == wanted), None)

    def rule_covering(self, address: IPv4Address) -> Rule | None:
        """The first rule of the list that holds the address."""
        return next((rule for rule in self.rules if address in rule.range), None)

    def names_subnet(self, subnet: str) -> bool:
        """A virtual network rule is about that subnet; resource ids have no letter case."""
        return subnet.lower() in (each.lower() for each in self.subnets)

    def with_rule(self, new: AddressRange, *, name: str = "", note: str = "") -> Self | Problem:
        """One rule more at the end, or why not: a duplicate, one too many, a text that is too long."""
        return self.with_rules([*self.rules, Rule(new, name, note)])

    def with_rules(self, rules: Iterable[Rule]) -> Self | Problem:
        """The whole list anew, or why it can't be: a duplicate, too many, a text that is too long."""
        rules = tuple(rules)
        if len(rules) > MAX_IP_RULES:
            return too_many_rules(len(rules))
        seen: set[AddressRange] = set()
        for rule in rules:
            if rule.range in seen:
                return Problem(Code.DUPLICATE_IP_RULE, f"{rule.range} is in the list twice. Delete one of them.")
            seen.add(rule.range)
            if problem := text_problem(rule.name, rule.note):
                return problem
        return replace(self, rules=rules)

    def with_ranges(self, ranges: Iterable[AddressRange]) -> Self | Problem:
        """The list as ARM sends it, without names: a range that was there keeps its name and note."""
        kept = {rule.range: rule for rule in self.rules}
        return self.with_rules(kept.get(each, Rule(each)) for each in ranges)

    def problem_for_tier(self, sku: str) -> Problem | None:
        """What this policy needs that the service tier does not have (acr-facts 3.7: ACR's own codes)."""
        if sku == "Premium":
            return None
        if self.public_network_access is PublicNetworkAccess.DISABLED:
            return Problem(
                Code.DISABLING_NOT_SUPPORTED,
                f"Disabling public network access is not supported for the SKU {sku}. "
                "For more information, please visit https://aka.ms/acr/private-link.",
            )
        if self.default_action is DefaultAction.DENY or self.rules or self.subnets:
            return Problem(
                Code.NETWORK_RULE_NOT_SUPPORTED,
                f"The requested feature virtual network rule is not supported for the SKU {sku}.",
            )
        if self.data_endpoint:
            return Problem(
                Code.DATA_ENDPOINT_NOT_SUPPORTED,
                f"The requested feature data endpoint rule is not supported for the SKU {sku}.",
            )
        return None

    def record(self) -> dict[str, Any]:
        """As it stands in the change record: ARM's property names, with the names and notes ARM does not have."""
        return {
            "publicNetworkAccess": self.public_network_access.value,
            "networkRuleSet": {
                "defaultAction": self.default_action.value,
                "ipRules": [{"value": str(rule.range), "name": rule.name, "note": rule.note} for rule in self.rules],
                "virtualNetworkRules": [{"id": subnet} for subnet in self.subnets],
            },
            "networkRuleBypassOptions": "AzureServices" if self.trusted_services else "None",
            "networkRuleBypassAllowedForTasks": self.tasks_bypass,
            "dataEndpointEnabled": self.data_endpoint,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        """What `record` wrote. Raises ValueError for anything else, a change record of another operation included."""
        try:
            rule_set = record["networkRuleSet"]
            policy = cls(
                public_network_access=PublicNetworkAccess(record["publicNetworkAccess"]),
                default_action=DefaultAction(rule_set["defaultAction"]),
                rules=tuple(
                    Rule(AddressRange.stored(rule["value"]), rule["name"], rule["note"]) for rule in rule_set["ipRules"]
                ),
                subnets=tuple(subnet["id"] for subnet in rule_set["virtualNetworkRules"]),
                trusted_services=record["networkRuleBypassOptions"] == "AzureServices",
                tasks_bypass=record["networkRuleBypassAllowedForTasks"],
                data_endpoint=record["dataEndpointEnabled"],
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"This is not the record of a policy: {error}") from error
        if policy.record() != record:  # a word that was read as another, or one that nobody reads
            raise ValueError("This is not the record of a policy: it holds more or other words.")
        return policy

    @property
    def fingerprint(self) -> str:
        """64 hex digits that change whenever the policy does, names, notes and order included."""
        spelled = json.dumps(self.record(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(spelled.encode()).hexdigest()


def too_many_rules(count: int) -> Problem:
    return Problem(
        Code.QUOTA_EXCEEDED,
        f"A registry can have {MAX_IP_RULES} rules. Delete {count - MAX_IP_RULES:,} to save.",
    )


def text_problem(name: str, note: str) -> Problem | None:
    """A name or note that would not fit the row it is kept in."""
    return line_problem("name", name, MAX_RULE_NAME) or line_problem("note", note, MAX_RULE_NOTE)


def line_problem(label: str, text: str, limit: int) -> Problem | None:
    """Why `text` can't be kept as one line of at most `limit` characters; `label` is what people call it."""
    if len(text) > limit:
        return Problem(Code.INVALID_RULE_TEXT, f"A {label} can have {limit} characters; this one has {len(text):,}.")
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        return Problem(
            Code.INVALID_RULE_TEXT, f"A {label} can't hold line breaks or control characters. Type it on one line."
        )
    return None


@dataclass(frozen=True, slots=True)
class Difference:
    """What happened between two policies, by rule and by setting. Empty where nothing did."""

    added: tuple[Rule, ...] = ()
    removed: tuple[Rule, ...] = ()
    renamed: tuple[tuple[Rule, Rule], ...] = ()  # the same range with another name or note: before, after
    settings: tuple[tuple[str, str, str], ...] = ()  # label, before, after
    reordered: bool = field(default=False)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.renamed or self.settings or self.reordered)


def difference(before: AccessPolicy, after: AccessPolicy) -> Difference:
    """Rules added, removed and renamed, settings changed. A setting is named as the blade names it."""
    old = {rule.range: rule for rule in before.rules}
    new = {rule.range: rule for rule in after.rules}
    kept_before = [rule.range for rule in before.rules if rule.range in new]
    kept_after = [rule.range for rule in after.rules if rule.range in old]
    return Difference(
        added=tuple(rule for rule in after.rules if rule.range not in old),
        removed=tuple(rule for rule in before.rules if rule.range not in new),
        renamed=tuple((old[key], new[key]) for key in kept_after if old[key] != new[key]),
        settings=tuple(
            (label, was, now)
            for (label, was), (_, now) in zip(settings_of(before), settings_of(after), strict=True)
            if was != now
        ),
        reordered=kept_before != kept_after,
    )


def settings_of(policy: AccessPolicy) -> list[tuple[str, str]]:
    """Every setting but the rules, as people read it: its label and its value."""
    return [
        ("Public network access", policy.public_access.label),
        ("Default action", policy.default_action.value),
        ("Trusted services", "Allowed" if policy.trusted_services else "Not allowed"),
        ("Tasks with a managed identity", "Allowed" if policy.tasks_bypass else "Not allowed"),
        ("Dedicated data endpoint", "On" if policy.data_endpoint else "Off"),
        ("Virtual network rules", ", ".join(policy.subnets) or "None"),
    ]
