"""The host names of a registry."""

from registries import host_names

SUFFIX = "azurecr.io"


def test_a_registrys_hosts_are_in_lower_case() -> None:
    assert host_names.login("MyRegistry", SUFFIX) == "myregistry.azurecr.io"
    assert host_names.data("MyRegistry", "eastus", SUFFIX) == "myregistry.eastus.data.azurecr.io"
    assert host_names.blob("MyRegistry", SUFFIX) == "myregistry.blob.azurecr.io"


def test_the_private_zone_has_a_record_for_each_host() -> None:
    data = host_names.data("myregistry", "eastus", SUFFIX)
    assert host_names.private_record(data, SUFFIX) == "myregistry.eastus.data"
    assert host_names.private_alias(data, SUFFIX) == "myregistry.eastus.data.privatelink.azurecr.io"
