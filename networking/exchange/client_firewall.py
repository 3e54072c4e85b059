"""What a client must reach, as the firewalls of clients spell it."""

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from networking.access.endpoints import PORT, Endpoint
from networking.access.problems import Code, Problem
from networking.exchange import azure_rules, nftables
from networking.exchange.tag_rules import TagRule


class Format(StrEnum):
    PLAIN = "plain"
    CSV = "csv"
    JSON = "json"
    SQUID = "squid"
    NFTABLES = "nftables"
    NSG = "nsg"
    AZURE_FIREWALL = "azure-firewall"

    @property
    def label(self) -> str:
        return _SPELLINGS[self].label

    @property
    def file_name(self) -> str:
        return _SPELLINGS[self].file_name

    @property
    def content_type(self) -> str:
        return _SPELLINGS[self].content_type


@dataclass(frozen=True, slots=True)
class ClientRules:
    """What is to be allowed for one registry. `prefixes`: they were asked for, or the firewall takes nothing else.
    `tags` hold them as far as there are any, and `source` says which import those are of; `without` is the clause that
    says why there is none at all."""

    registry: str
    login_server: str
    endpoints: tuple[Endpoint, ...]
    tags: tuple[TagRule, ...] = ()
    prefixes: bool = False
    source: str = ""
    without: str = ""

    @property
    def addresses(self) -> list[str]:
        """Every prefix, each once, where they were asked for."""
        return list(dict.fromkeys(each for tag in self.tags for each in tag.prefixes)) if self.prefixes else []

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for what the import doesn't have: a text without it looks whole, and isn't."""
        if self.prefixes and self.without:
            return (f"There are no address prefixes here: {self.without}.",)
        if self.prefixes:
            lacking = (f"{tag.name} ({tag.reason})" for tag in self.tags if not tag.prefixes)
            return tuple(f"The imported file has no address prefixes of the service tag {each}." for each in lacking)
        unknown = (f"{tag.name} ({tag.reason})" for tag in self.tags if tag.missing)
        return tuple(f"The imported file has no service tag {each}: see whether Azure knows it." for each in unknown)

    @property
    def comments(self) -> tuple[str, ...]:
        """The same as comments of a text of host names, which names no service tag."""
        return tuple(f"# {note}" for note in self.notes) if self.prefixes else ()


def spell(rules: ClientRules, form: Format) -> str | Problem:
    """The text to put into the firewall, or why that firewall can't be told."""
    return _SPELLINGS[form].write(rules)


def _plain(rules: ClientRules) -> str:
    return _lines([*rules.comments, *(each.host for each in rules.endpoints), *rules.addresses])


def _csv(rules: ClientRules) -> str:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["Purpose", "Location", "Host name or address prefix", "Port", "Reason"])
    writer.writerows((each.purpose, each.location, each.host, PORT, each.reason) for each in rules.endpoints)
    if rules.prefixes:
        # A tag without prefixes has a line too, with no address in it: who reads the table sees what it lacks.
        writer.writerows(
            ("Service tag", tag.name, prefix, PORT, tag.reason if prefix else f"{tag.reason}; no address prefixes")
            for tag in rules.tags
            for prefix in (tag.prefixes or ("",))
        )
    return written.getvalue()


def _json(rules: ClientRules) -> str:
    endpoints = [
        {"purpose": each.purpose, "location": each.location, "host": each.host, "port": PORT, "reason": each.reason}
        for each in rules.endpoints
    ]
    tags = [
        {"name": tag.name, "port": PORT, "reason": tag.reason}
        | ({"addressPrefixes": list(tag.prefixes)} if rules.prefixes else {})
        for tag in rules.tags
    ]
    said = {"registry": rules.registry, "loginServer": rules.login_server, "endpoints": endpoints, "serviceTags": tags}
    if rules.prefixes and rules.source:
        said["source"] = rules.source
    if rules.notes:
        said["notes"] = list(rules.notes)
    return json.dumps(said, indent=2) + "\n"


def _squid(rules: ClientRules) -> str:
    """The leading dot is Squid's way to say "and every name that ends so"; `localnet` is what its own configuration
    calls the clients of a proxy. Without it a rule would let in everybody who can reach the proxy."""
    names = [f"acl container_registry dstdomain {each.host.removeprefix('*')}" for each in rules.endpoints]
    text = [
        f"# {rules.registry}: what its clients must reach. Put it before http_access deny all.",
        "# localnet stands for your clients: Squid's own squid.conf has that acl. Define it first if yours hasn't.",
        *rules.comments,
        *names,
        f"acl container_registry_port port {PORT}",
        "http_access allow localnet container_registry container_registry_port",
    ]
    if rules.addresses:
        text += [
            f"# {rules.source}",
            *(f"acl container_registry_addresses dst {each}" for each in rules.addresses),
            "http_access allow localnet container_registry_addresses container_registry_port",
        ]
    return _lines(text)


def _nftables(rules: ClientRules) -> str | Problem:
    if not rules.tags:
        return _own_addresses("nftables takes addresses, not names")
    if not rules.addresses:
        return Problem(
            Code.INVALID_SERVICE_TAGS,
            f"nftables takes addresses, not names, and {rules.without}. "
            "Import the weekly file, or choose a format that takes host names.",
        )
    return nftables.rules(rules.registry, rules.addresses, [rules.source, *rules.notes])


def _nsg(rules: ClientRules) -> str | Problem:
    if not rules.tags:
        return _own_addresses("A network security group takes service tags and addresses, not names")
    return azure_rules.security_group(rules.registry, rules.tags, rules.source if rules.addresses else "", rules.notes)


def _azure_firewall(rules: ClientRules) -> str | Problem:
    if not rules.tags:
        return _own_addresses("A network rule of Azure Firewall takes service tags and addresses, not names")
    return azure_rules.firewall(rules.registry, rules.tags, rules.source if rules.addresses else "", rules.notes)


def _own_addresses(why: str) -> Problem:
    return Problem(
        Code.INVALID_SERVICE_TAGS,
        f"{why}, and this registry's addresses are those of your own proxy. Allow these on port {PORT}.",
    )


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class _Spelling:
    label: str
    file_name: str
    content_type: str
    write: Callable[[ClientRules], str | Problem]


_SPELLINGS = {
    Format.PLAIN: _Spelling("Plain list", "hosts.txt", "text/plain", _plain),
    Format.CSV: _Spelling("CSV", "endpoints.csv", "text/csv", _csv),
    Format.JSON: _Spelling("JSON", "endpoints.json", "application/json", _json),
    Format.SQUID: _Spelling("Squid ACL", "squid.conf", "text/plain", _squid),
    Format.NFTABLES: _Spelling("nftables set", "rules.nft", "text/plain", _nftables),
    Format.NSG: _Spelling("Azure network security group (az)", "nsg.sh", "text/plain", _nsg),
    Format.AZURE_FIREWALL: _Spelling("Azure Firewall (az)", "azure-firewall.sh", "text/plain", _azure_firewall),
}
