"""Service tags as rules of Azure's own firewalls, in the words of az."""

from collections.abc import Iterable, Iterator

from networking.access.endpoints import PORT
from networking.exchange.tag_rules import TagRule

FIRST_PRIORITY = 200
MOST_IN_A_GROUP = 4000  # addresses and ranges in all rules of a network security group


def security_group(registry: str, tags: Iterable[TagRule], source: str, notes: Iterable[str] = ()) -> str:
    """A rule for each tag, because a rule takes one; with prefixes where `source` says where those are from, and then
    one for each family, because a rule can't mix them. `notes` say what is missing, a line each."""
    tags = tuple(tags)
    lines = [
        f"# {registry}: outgoing rules of a network security group. Fill in its names.",
        "GROUP=myResourceGroup",
        "NSG=myNetworkSecurityGroup",
        *_said(source, tags),
        *(f"# {note}" for note in notes),
    ]
    for place, (name, reason, destinations) in enumerate(_destinations(tags, source)):
        lines += [
            "",
            f"# {reason}",
            'az network nsg rule create --resource-group "$GROUP" --nsg-name "$NSG" \\',
            f"  --name Allow{name} --priority {FIRST_PRIORITY + place} --direction Outbound --access Allow \\",
            "  --protocol Tcp --source-address-prefixes VirtualNetwork --source-port-ranges '*' \\",
            f"  --destination-port-ranges {PORT} --destination-address-prefixes {_joined(destinations)}",
        ]
    return "\n".join([*lines, ""])


def firewall(registry: str, tags: Iterable[TagRule], source: str, notes: Iterable[str] = ()) -> str:
    """One collection of network rules in a firewall policy, a rule for each tag; of prefixes those of IPv4, because
    the clients it names have addresses of one family, as the addresses of Azure Firewall do."""
    tags = tuple(tags)
    lines = [
        f"# {registry}: network rules of an Azure Firewall policy. Fill in its names, and where your clients are.",
        "# az needs its extension azure-firewall: az extension add --name azure-firewall",
        "GROUP=myResourceGroup",
        "POLICY=myFirewallPolicy",
        "RULES=DefaultNetworkRuleCollectionGroup",
        "CLIENTS=10.0.0.0/16",
        *_said(source),
        *_left_out(tags, source),
        *(f"# {note}" for note in notes),
    ]
    collection = "az network firewall policy rule-collection-group collection"
    for place, (name, reason, destinations) in enumerate(_destinations(tags, source, ipv6=False)):
        command = "add-filter-collection" if not place else "rule add"
        named = "--name" if not place else "--collection-name"
        added = f" --collection-priority {FIRST_PRIORITY} --action Allow" if not place else ""
        rule_name = "--rule-name" if not place else "--name"
        lines += [
            "",
            f"# {reason}",
            f'{collection} {command} --resource-group "$GROUP" --policy-name "$POLICY" \\',
            f'  --rule-collection-group-name "$RULES" {named} ContainerRegistry{added} \\',
            f"  {rule_name} Allow{name} --rule-type NetworkRule --ip-protocols TCP \\",
            f'  --source-addresses "$CLIENTS" --destination-ports {PORT} \\',
            f"  --destination-addresses {_joined(destinations)}",
        ]
    return "\n".join([*lines, ""])


def _destinations(tags: Iterable[TagRule], source: str, *, ipv6: bool = True) -> Iterator[tuple[str, str, list[str]]]:
    """Name of the rule, why, and what it is about."""
    for tag in tags:
        name = tag.name.replace(".", "")
        if not source:
            yield name, tag.reason, [tag.name]
            continue
        for family, prefixes in (("IPv4", tag.ipv4), ("IPv6", tag.ipv6 if ipv6 else [])):
            if prefixes:
                yield f"{name}{family}", tag.reason, prefixes


def _said(source: str, tags: Iterable[TagRule] = ()) -> Iterator[str]:
    """Where the addresses come from; of a group that `tags` would overfill, that too."""
    if not source:
        yield "# The platform keeps the addresses of a service tag up to date."
        return
    yield f"# {source} Addresses change every week; a service tag follows by itself."
    count = sum(len(tag.prefixes) for tag in tags)
    if count > MOST_IN_A_GROUP:
        yield f"# These are {count:,} prefixes; a network security group takes {MOST_IN_A_GROUP:,}. Use the tags."


def _left_out(tags: Iterable[TagRule], source: str) -> Iterator[str]:
    if source and (count := sum(len(tag.ipv6) for tag in tags)):
        yield f"# IPv6 prefixes are left out, {count:,} of them: these rules are for clients with IPv4 addresses."


def _joined(destinations: list[str]) -> str:
    return " \\\n    ".join(destinations) if len(destinations) > 1 else destinations[0]
