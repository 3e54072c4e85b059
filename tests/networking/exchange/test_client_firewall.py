"""What each firewall is told."""

import csv
import io
import json
import shlex
from dataclasses import replace

import pytest

from networking.access.endpoints import DataEndpoint, RegistryHosts, must_reach
from networking.access.problems import Problem
from networking.exchange.client_firewall import ClientRules, Format, spell
from networking.exchange.tag_rules import TagRule

HOSTS = RegistryHosts(
    "myregistry.azurecr.io",
    "myregistry.blob.azurecr.io",
    (DataEndpoint("eastus", "East US", "myregistry.eastus.data.azurecr.io"),),
    dedicated=True,
)
SOURCE = "From service tags Public 84, imported 20 Nov 2126."
TAGS = (
    TagRule("AzureContainerRegistry.EastUS", "REST endpoint"),
    TagRule("AzureFrontDoor.FirstParty", "Their layers"),
)
WITH_PREFIXES = (
    replace(TAGS[0], prefixes=("13.66.140.72/29", "2603:1000:4::/46")),
    replace(TAGS[1], prefixes=("13.66.140.72/29",)),
)
RULES = ClientRules("myregistry", "myregistry.azurecr.io", must_reach(HOSTS), TAGS)
PREFIXES = replace(RULES, tags=WITH_PREFIXES, prefixes=True, source=SOURCE)


def text(rules: ClientRules, form: Format) -> str:
    spelled = spell(rules, form)
    assert isinstance(spelled, str), spelled
    assert spelled.endswith("\n")
    return spelled


def commands(rules: ClientRules, form: Format) -> list[dict[str, list[str]]]:
    """Of a shell script: each az command, its options and what they are given."""
    lines = shlex.split(text(rules, form).replace("\\\n", " ").replace("\naz ", "\n; az "), comments=True)
    found: list[dict[str, list[str]]] = []
    option = ""
    for word in lines:
        if word == ";":
            found.append({"": []})
            option = ""
        elif found and word.startswith("--"):
            option = word
            found[-1][option] = []
        elif found:
            found[-1][option].append(word)
    return found


def test_a_plain_list_is_host_names_and_nothing_else() -> None:
    hosts = "myregistry.azurecr.io\nazurecr.io\nmyregistry.eastus.data.azurecr.io\n"
    assert text(RULES, Format.PLAIN) == hosts
    assert text(PREFIXES, Format.PLAIN) == f"{hosts}13.66.140.72/29\n2603:1000:4::/46\n"


def test_csv_says_what_each_is_for() -> None:
    heading = ["Purpose", "Location", "Host name or address prefix", "Port", "Reason"]
    lines = list(csv.reader(io.StringIO(text(PREFIXES, Format.CSV))))
    assert lines == [
        heading,
        ["Registry REST API (login server)", "Global", "myregistry.azurecr.io", "443", HOSTS_REASONS[0]],
        ["Registry REST API (certificates)", "Global", "azurecr.io", "443", HOSTS_REASONS[1]],
        ["Data endpoint (layers)", "East US", "myregistry.eastus.data.azurecr.io", "443", HOSTS_REASONS[2]],
        ["Service tag", "AzureContainerRegistry.EastUS", "13.66.140.72/29", "443", "REST endpoint"],
        ["Service tag", "AzureContainerRegistry.EastUS", "2603:1000:4::/46", "443", "REST endpoint"],
        ["Service tag", "AzureFrontDoor.FirstParty", "13.66.140.72/29", "443", "Their layers"],
    ]
    assert list(csv.reader(io.StringIO(text(RULES, Format.CSV)))) == lines[:4]


HOSTS_REASONS = [each.reason for each in RULES.endpoints]


def test_json_holds_all_of_it() -> None:
    told = json.loads(text(PREFIXES, Format.JSON))
    assert (told["registry"], told["loginServer"], told["source"]) == ("myregistry", "myregistry.azurecr.io", SOURCE)
    assert [(each["host"], each["port"]) for each in told["endpoints"]] == [
        ("myregistry.azurecr.io", 443),
        ("azurecr.io", 443),
        ("myregistry.eastus.data.azurecr.io", 443),
    ]
    assert [each["addressPrefixes"] for each in told["serviceTags"]] == [
        ["13.66.140.72/29", "2603:1000:4::/46"],
        ["13.66.140.72/29"],
    ]
    plain = json.loads(text(RULES, Format.JSON))
    assert "source" not in plain
    assert plain["serviceTags"][0] == {
        "name": "AzureContainerRegistry.EastUS",
        "port": 443,
        "reason": "REST endpoint",
    }


def test_squid_knows_a_wildcard_by_its_dot() -> None:
    off = replace(RULES, endpoints=must_reach(replace(HOSTS, dedicated=False), microsoft=True))
    assert [line for line in text(off, Format.SQUID).splitlines() if not line.startswith("#")] == [
        "acl container_registry dstdomain myregistry.azurecr.io",
        "acl container_registry dstdomain azurecr.io",
        "acl container_registry dstdomain .blob.core.windows.net",
        "acl container_registry dstdomain mcr.microsoft.com",
        "acl container_registry dstdomain .data.mcr.microsoft.com",
        "acl container_registry_port port 443",
        "http_access allow localnet container_registry container_registry_port",
    ]
    assert text(PREFIXES, Format.SQUID).splitlines()[-4:] == [
        f"# {SOURCE}",
        "acl container_registry_addresses dst 13.66.140.72/29",
        "acl container_registry_addresses dst 2603:1000:4::/46",
        "http_access allow localnet container_registry_addresses container_registry_port",
    ]
    assert "Squid's own squid.conf has that acl" in text(PREFIXES, Format.SQUID)


def test_a_network_security_group_has_a_rule_for_each_tag() -> None:
    rules = commands(RULES, Format.NSG)
    assert [
        (each["--name"], each["--priority"], each["--destination-address-prefixes"], each["--destination-port-ranges"])
        for each in rules
    ] == [
        (["AllowAzureContainerRegistryEastUS"], ["200"], ["AzureContainerRegistry.EastUS"], ["443"]),
        (["AllowAzureFrontDoorFirstParty"], ["201"], ["AzureFrontDoor.FirstParty"], ["443"]),
    ]
    assert {(*each["--direction"], *each["--access"], *each["--protocol"]) for each in rules} == {
        ("Outbound", "Allow", "Tcp")
    }
    assert "keeps the addresses of a service tag up to date" in text(RULES, Format.NSG)


def test_with_prefixes_a_group_has_a_rule_for_each_family() -> None:
    assert [(each["--name"], each["--destination-address-prefixes"]) for each in commands(PREFIXES, Format.NSG)] == [
        (["AllowAzureContainerRegistryEastUSIPv4"], ["13.66.140.72/29"]),
        (["AllowAzureContainerRegistryEastUSIPv6"], ["2603:1000:4::/46"]),
        (["AllowAzureFrontDoorFirstPartyIPv4"], ["13.66.140.72/29"]),
    ]
    assert SOURCE in text(PREFIXES, Format.NSG)


def test_a_group_that_they_would_overfill_is_told_of() -> None:
    many = replace(
        PREFIXES, tags=(TagRule("Storage", "Layers", tuple(f"10.0.{n // 256}.{n % 256}/32" for n in range(4001))),)
    )
    assert "# These are 4,001 prefixes; a network security group takes 4,000. Use the tags." in text(many, Format.NSG)
    assert "takes 4,000" not in text(many, Format.AZURE_FIREWALL)
    assert "takes 4,000" not in text(PREFIXES, Format.NSG)


def test_azure_firewall_gets_one_collection_of_network_rules() -> None:
    first, second = commands(RULES, Format.AZURE_FIREWALL)
    assert first == {
        "": ["az", "network", "firewall", "policy", "rule-collection-group", "collection", "add-filter-collection"],
        "--resource-group": ["$GROUP"],
        "--policy-name": ["$POLICY"],
        "--rule-collection-group-name": ["$RULES"],
        "--name": ["ContainerRegistry"],
        "--collection-priority": ["200"],
        "--action": ["Allow"],
        "--rule-name": ["AllowAzureContainerRegistryEastUS"],
        "--rule-type": ["NetworkRule"],
        "--ip-protocols": ["TCP"],
        "--source-addresses": ["$CLIENTS"],
        "--destination-ports": ["443"],
        "--destination-addresses": ["AzureContainerRegistry.EastUS"],
    }
    assert second[""][-2:] == ["rule", "add"]
    assert (second["--collection-name"], second["--name"], second["--destination-addresses"]) == (
        ["ContainerRegistry"],
        ["AllowAzureFrontDoorFirstParty"],
        ["AzureFrontDoor.FirstParty"],
    )
    assert "az extension add --name azure-firewall" in text(RULES, Format.AZURE_FIREWALL)


def test_azure_firewall_gets_prefixes_of_the_family_that_its_clients_have() -> None:
    with_prefixes = commands(PREFIXES, Format.AZURE_FIREWALL)
    assert [(each["--source-addresses"], each["--destination-addresses"]) for each in with_prefixes] == [
        (["$CLIENTS"], ["13.66.140.72/29"]),
        (["$CLIENTS"], ["13.66.140.72/29"]),
    ]
    assert "# IPv6 prefixes are left out, 1 of them" in text(PREFIXES, Format.AZURE_FIREWALL)
    assert "left out" not in text(RULES, Format.AZURE_FIREWALL)


LACKING = "# The imported file has no address prefixes of the service tag AzureFrontDoor.FirstParty (Their layers)."
TEXTS = [Format.PLAIN, Format.SQUID, Format.NFTABLES, Format.NSG, Format.AZURE_FIREWALL]


@pytest.mark.parametrize("form", TEXTS)
def test_a_tag_that_the_import_lacks_is_named_in_the_text(form: Format) -> None:
    lacking = replace(PREFIXES, tags=(WITH_PREFIXES[0], replace(TAGS[1], missing=True)))
    assert LACKING in text(lacking, form).splitlines()
    assert "no address prefixes" not in text(PREFIXES, form)
    if form not in (Format.PLAIN, Format.SQUID):
        assert "FirstParty" not in text(lacking, form).replace(LACKING, "")


def test_tables_name_it_too() -> None:
    lacking = replace(PREFIXES, tags=(WITH_PREFIXES[0], replace(TAGS[1], missing=True)))
    assert text(lacking, Format.CSV).splitlines()[-1] == (
        "Service tag,AzureFrontDoor.FirstParty,,443,Their layers; no address prefixes"
    )
    told = json.loads(text(lacking, Format.JSON))
    assert told["notes"] == [LACKING.removeprefix("# ")]
    assert "notes" not in json.loads(text(PREFIXES, Format.JSON))


def test_a_rule_by_a_name_that_the_import_lacks_says_so() -> None:
    lacking = replace(RULES, tags=(TAGS[0], replace(TAGS[1], missing=True)))
    said = (
        "# The imported file has no service tag AzureFrontDoor.FirstParty (Their layers): see whether Azure knows it."
    )
    assert said in text(lacking, Format.NSG).splitlines()
    assert len(commands(lacking, Format.NSG)) == 2
    assert "no service tag" not in text(lacking, Format.PLAIN)


@pytest.mark.parametrize("form", [each for each in TEXTS if each is not Format.NFTABLES])
def test_prefixes_that_were_asked_for_in_vain_are_told_of(form: Format) -> None:
    none = replace(RULES, prefixes=True, without="no file of service tags is imported")
    assert "# There are no address prefixes here: no file of service tags is imported." in text(none, form).splitlines()
    if form in (Format.NSG, Format.AZURE_FIREWALL):
        assert "AzureContainerRegistry.EastUS" in text(none, form)


@pytest.mark.parametrize("form", [Format.NFTABLES, Format.NSG, Format.AZURE_FIREWALL])
def test_what_takes_no_names_says_so_where_there_is_nothing_else(form: Format) -> None:
    refused = spell(replace(RULES, tags=()), form)
    assert isinstance(refused, Problem)
    assert refused.message.endswith(
        "not names, and this registry's addresses are those of your own proxy. Allow these on port 443."
    )


def test_nftables_needs_an_import() -> None:
    none = replace(RULES, prefixes=True, without="no file of service tags is imported")
    assert str(spell(none, Format.NFTABLES)) == (
        "nftables takes addresses, not names, and no file of service tags is imported. "
        "Import the weekly file, or choose a format that takes host names."
    )


@pytest.mark.parametrize("form", Format)
def test_every_format_has_a_name_a_file_and_a_type(form: Format) -> None:
    assert form.label
    assert "." in form.file_name
    assert "/" in form.content_type
    assert len({each.file_name for each in Format}) == len(Format)
