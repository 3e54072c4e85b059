"""What a client behind a firewall must reach, as document 003 has it."""

import pytest

from networking.access.endpoints import DataEndpoint, RegistryHosts, Switch, TagNeed, must_reach, tags_needed

DATA = (
    DataEndpoint("eastus", "East US", "myregistry.eastus.data.azurecr.io"),
    DataEndpoint("westus", "West US", "myregistry.westus.data.azurecr.io"),
)
MICROSOFT = ["mcr.microsoft.com", "*.data.mcr.microsoft.com"]


def hosts(suffix: str = "azurecr.io", *, dedicated: bool = False) -> RegistryHosts:
    return RegistryHosts(f"myregistry.{suffix}", f"myregistry.blob.{suffix}", DATA, dedicated)


def names(hosts: RegistryHosts, *, microsoft: bool = False) -> list[str]:
    return [each.host for each in must_reach(hosts, microsoft=microsoft)]


@pytest.mark.parametrize(
    ("asked", "microsoft", "reached"),
    [
        pytest.param(hosts(), False, ["myregistry.azurecr.io", "azurecr.io", "*.blob.core.windows.net"], id="blob"),
        pytest.param(
            hosts(dedicated=True),
            False,
            ["myregistry.azurecr.io", "azurecr.io", *(each.host for each in DATA)],
            id="every region of its own",
        ),
        pytest.param(
            hosts(dedicated=True).only("westus"),
            False,
            ["myregistry.azurecr.io", "azurecr.io", "myregistry.westus.data.azurecr.io"],
            id="one region",
        ),
        pytest.param(
            hosts(), True, ["myregistry.azurecr.io", "azurecr.io", "*.blob.core.windows.net", *MICROSOFT], id="MCR"
        ),
        pytest.param(
            hosts("azurecr.cn"),
            True,
            [
                "myregistry.azurecr.cn",
                "azurecr.cn",
                "*.blob.core.chinacloudapi.cn",
                "mcr.azure.cn",
                "*.data.mcr.azure.cn",
            ],
            id="China",
        ),
        pytest.param(
            hosts("azurecr.us"),
            False,
            ["myregistry.azurecr.us", "azurecr.us", "*.blob.core.usgovcloudapi.net"],
            id="US Government",
        ),
        pytest.param(
            hosts("images.example.org"),
            True,
            ["myregistry.images.example.org", "images.example.org", "myregistry.blob.images.example.org", *MICROSOFT],
            id="a name of one's own",
        ),
    ],
)
def test_every_endpoint_stands_there_in_order(asked: RegistryHosts, microsoft: bool, reached: list[str]) -> None:
    assert names(asked, microsoft=microsoft) == reached


def test_the_login_url_is_the_same_whether_data_endpoints_are_on_or_off() -> None:
    switch = Switch.of(hosts())
    assert [each.host for each in switch.off if each in switch.on] == ["myregistry.azurecr.io", "azurecr.io"]
    assert switch.only_off == ("*.blob.core.windows.net",)
    assert switch.only_on == tuple(each.host for each in hosts().data)
    assert switch == Switch.of(hosts(dedicated=True))


@pytest.mark.parametrize(
    ("suffix", "region", "microsoft", "tags"),
    [
        pytest.param(
            "azurecr.io",
            "",
            False,
            [TagNeed("AzureContainerRegistry", "", "REST endpoint"), TagNeed("Storage", "", "Layers")],
            id="all regions",
        ),
        pytest.param(
            "azurecr.io",
            "eastus",
            True,
            [
                TagNeed("AzureContainerRegistry", "eastus", "REST endpoint"),
                TagNeed("Storage", "eastus", "Layers"),
                TagNeed("MicrosoftContainerRegistry", "", "Images of the Microsoft Container Registry"),
                TagNeed("AzureFrontDoor.FirstParty", "", "Their layers"),
            ],
            id="one region, and MCR",
        ),
        pytest.param("images.example.org", "", True, [], id="a name of one's own"),
    ],
)
def test_the_tags_that_hold_their_addresses(suffix: str, region: str, microsoft: bool, tags: list[TagNeed]) -> None:
    assert list(tags_needed(hosts(suffix), region=region, microsoft=microsoft)) == tags


def test_a_tag_is_looked_up_in_lower_case() -> None:
    assert TagNeed("Storage", "eastus", "").key == "storage.eastus"
    assert TagNeed("AzureFrontDoor.FirstParty", "", "").key == "azurefrontdoor.firstparty"
