import io
import json
from pathlib import Path
from textwrap import dedent

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from networking.access.analysis import Finding, findings
from networking.access.policy import AccessPolicy, DefaultAction
from networking.arm.network_body import SubnetBody
from networking.demonstration import HERE, REGISTRIES, restore
from networking.models import (
    EndpointSettings,
    MustWorkCaller,
    PrivateEndpoint,
    PrivateEndpointConnection,
    SimulatedClient,
    Subnet,
    VirtualNetwork,
)
from networking.private_endpoint_connections import remove
from networking.private_endpoints import delete_endpoint
from networking.virtual_networks import delete_network, put_subnet
from registries.demonstration import DEMONSTRATION_ACCOUNTS, DEMONSTRATION_SERVICE_PRINCIPAL
from registries.models import Account, Change, Registry, ResourceGroup, Subscription
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demonstration(settings: Settings) -> None:
    settings.DEMONSTRATION = True


def demo(*arguments: str) -> str:
    printed = io.StringIO()
    call_command("demo", *arguments, stdout=printed)
    return printed.getvalue()


def policies() -> dict[str, AccessPolicy]:
    return {registry.name: EndpointSettings.of(registry).policy for registry in Registry.objects.all()}


def test_it_makes_an_account_of_each_role_and_every_kind_of_registry() -> None:
    printed = demo()
    assert printed.splitlines()[:6] == [
        "Made the account ada@example.org.",
        "Made the account bo@example.org.",
        "Made the account cy@example.org.",
        "Made the account demo-pipeline.",
        "Imported 'mycontainerregistry' into myResourceGroup: Selected networks, 3 address ranges, "
        "trusted services allowed, dedicated data endpoint on.",
        "Imported 'myregistry' into myResourceGroup: All networks, no address ranges, trusted services allowed.",
    ]
    assert printed.splitlines()[-3:] == [
        "Sign in as ada@example.org (Owner), password portcullis-demo.",
        "Sign in as bo@example.org (Contributor), password portcullis-demo.",
        "Sign in as cy@example.org (Reader), password portcullis-demo.",
    ]
    assert {
        (account.username, tuple(account.groups.values_list("name", flat=True)))
        for account in Account.objects.all()
        if account.check_password("portcullis-demo")
    } == {(each.username, (each.role,)) for each in (*DEMONSTRATION_ACCOUNTS, DEMONSTRATION_SERVICE_PRINCIPAL)}
    program = Account.objects.get(service_principal=True)
    assert (program.username, program.is_staff) == (DEMONSTRATION_SERVICE_PRINCIPAL.username, False)
    assert set(Registry.objects.values_list("name", "sku", "location", "public_access", "rule_count")) == {
        ("mycontainerregistry", "Premium", "eastus", "selected", 3),
        ("myregistry", "Premium", "eastus", "all", 0),
        ("contosoarchive", "Premium", "westeurope", "disabled", 3),
        ("contosobranches", "Premium", "northeurope", "selected", 100),
        ("contosoteam", "Standard", "southeastasia", "all", 0),
        ("contosolab", "Basic", "japaneast", "all", 0),
    }
    assert set(ResourceGroup.objects.values_list("name", "location")) == {
        ("myResourceGroup", "eastus"),
        ("contoso-production", "westeurope"),
        ("contoso-lab", "japaneast"),
        ("contoso-networks", "eastus"),
    }


def test_the_readme_shows_what_it_prints() -> None:
    readme = Path(__file__).parents[3].joinpath("README.md").read_text()
    shown = readme.partition("manage.py demo\n")[2].partition("\n\n")[0]
    assert dedent(shown).splitlines() == demo().splitlines()


def test_the_first_registry_has_the_rules_of_the_documents_with_names() -> None:
    demo()
    assert policies()["mycontainerregistry"] == AccessPolicy(
        default_action=DefaultAction.DENY,
        rules=(
            make.rule("16.17.18.0/24", name="Office", note="Head office, all floors."),
            make.rule("203.0.113.0/24", name="Training room"),
            make.rule("198.51.100.7", name="Build server", note="Hosted build agent with a static address."),
        ),
        data_endpoint=True,
    )


def test_the_first_registry_has_must_work_callers_and_a_reset_brings_them_back() -> None:
    start = [("Partner, not let in yet", "198.51.100.64/28"), ("Training laptops", "203.0.113.16/28")]
    demo()
    assert list(MustWorkCaller.objects.values_list("name", "range")) == start
    MustWorkCaller.objects.all().delete()
    demo()
    assert not MustWorkCaller.objects.exists()
    demo("--reset")
    assert list(MustWorkCaller.objects.values_list("name", "range")) == start


def test_the_hundred_rules_are_all_worth_their_place_and_nothing_else_is_kept_aside() -> None:
    demo()
    ranges = [rule.range for rule in policies()["contosobranches"].rules]
    assert findings(ranges) == [Finding()] * 100
    assert [registry.kept_aside for registry in Registry.objects.all()] == [{}] * len(REGISTRIES)


def test_every_named_range_is_one_of_its_registry() -> None:
    demo()
    names = json.loads((HERE / "rule_names.json").read_text(encoding="utf-8"))
    for name, named in names.items():
        assert set(named) <= {str(rule.range) for rule in policies()[name].rules}


def test_a_plain_rerun_keeps_what_people_changed_or_deleted() -> None:
    demo()
    registry = Registry.objects.with_group().get(name="myregistry")
    EndpointSettings.store(registry, make.selected("8.8.8.8"), seen=AccessPolicy().fingerprint, origin=make.BO)
    Registry.objects.with_group().get(name="contosolab").delete_recorded(make.BO)
    ada = Account.objects.get(username="ada@example.org")
    ada.set_password("another")
    ada.save()
    SimulatedClient.objects.create(pk=1, address="8.8.8.8")
    before, changes = policies(), Change.objects.count()

    printed = demo()

    assert "Kept 'myregistry' as it is.\n" in printed
    assert "Left 'contosolab' deleted; demo --reset brings it back.\n" in printed
    assert (policies(), Change.objects.count()) == (before, changes)
    assert Account.objects.get(username="ada@example.org").check_password("another")
    assert SimulatedClient.objects.get().address == "8.8.8.8"


def test_a_reset_brings_the_start_back_and_leaves_other_registries_alone() -> None:
    demo()
    start = policies()
    own = make.registry("mineentirely", policy=make.selected("8.8.8.8"), group=make.resource_group("myResourceGroup"))
    changed = Registry.objects.with_group().get(name="mycontainerregistry")
    EndpointSettings.store(changed, AccessPolicy(), seen=start["mycontainerregistry"].fingerprint, origin=make.BO)
    Registry.objects.with_group().get(name="contosolab").delete_recorded(make.BO)
    Registry.objects.with_group().get(name="myregistry").delete_recorded(make.BO)
    make.registry("MyRegistry", sku="Basic", group=make.resource_group("elsewhere"))
    ResourceGroup.objects.get(name="contoso-production").delete_with_registries(make.BO)
    Account.objects.get(username="bo@example.org").delete()
    cy = Account.objects.get(username="cy@example.org")
    cy.set_password("another")
    cy.is_active, cy.is_superuser = False, True
    cy.save()
    cy.groups.set(Account.objects.get(username="ada@example.org").groups.all())
    SimulatedClient.objects.create(pk=1, address="8.8.8.8")

    demo("--reset")

    assert policies() == start | {"mineentirely": make.selected("8.8.8.8")}
    assert Registry.objects.get(name="mineentirely").pk == own.pk
    cy.refresh_from_db()
    assert (cy.is_active, cy.is_superuser, cy.check_password("portcullis-demo")) == (True, False, True)
    assert [group.name for group in cy.groups.all()] == ["Reader"]
    assert Account.objects.filter(username="bo@example.org").exists()
    assert not SimulatedClient.objects.exists()


def test_a_reset_signs_nobody_out_whose_password_is_the_known_one() -> None:
    demo()
    before = Account.objects.get(username="ada@example.org").password
    demo("--reset")
    assert Account.objects.get(username="ada@example.org").password == before


def test_the_owner_who_resets_stands_in_the_record() -> None:
    restore(reset=True, origin=make.BO)
    assert {(change.account, change.door) for change in Change.objects.all()} == {("bo@example.org", "portal")}


def networks() -> set[tuple[str, str, str, str, tuple[str, ...]]]:
    """Group, network and subnet, with the subnet's prefix and service endpoints."""
    return {
        (
            subnet.virtual_network.resource_group.name,
            subnet.virtual_network.name,
            subnet.name,
            " ".join(subnet.address_prefixes),
            tuple(subnet.service_endpoints),
        )
        for subnet in Subnet.objects.select_related("virtual_network__resource_group")
    }


NETWORKS = {
    ("myResourceGroup", "myDockerVMVNET", "myDockerVMSubnet", "10.0.0.0/24", ()),
    ("contoso-networks", "contosoVNET", "contosoSubnet", "10.20.1.0/24", ("Microsoft.ContainerRegistry",)),
    ("contoso-production", "contosoArchiveVNET", "endpoints", "10.30.1.0/24", ()),
}


def endpoints() -> set[tuple[str, str, bool, str]]:
    """Name, registry and whether private DNS knows it, with the state of its connection."""
    states = dict(PrivateEndpointConnection.objects.values_list("private_endpoint", "state"))
    return {
        (each.name, each.service.rpartition("/")[2], each.private_dns, states.get(each.resource_id, "None"))
        for each in PrivateEndpoint.objects.select_related("resource_group__subscription")
    }


ENDPOINTS = {
    ("archive-backup", "contosoarchive", True, "Approved"),
    ("archive-reports", "contosoarchive", True, "Pending"),
}


def test_the_disabled_registry_has_an_endpoint_that_is_approved_and_one_that_waits() -> None:
    printed = demo()
    assert "Made the private endpoint 'archive-backup' in contoso-production.\n" in printed
    assert endpoints() == ENDPOINTS
    assert policies()["contosoarchive"].data_endpoint
    remove(PrivateEndpointConnection.objects.get(state="Approved"), make.BO)
    demo()
    assert [each.state for each in PrivateEndpointConnection.objects.all()] == ["Pending"]
    demo("--reset")
    assert endpoints() == ENDPOINTS


def test_where_the_registry_is_gone_its_endpoints_are_left_out() -> None:
    demo()
    Subscription.objects.filter(display_name="Demonstration networks").delete()  # as if networks were new here
    for endpoint in PrivateEndpoint.objects.all():
        delete_endpoint(endpoint, make.BO)
    Registry.objects.with_group().get(name="contosoarchive").delete_recorded(make.BO)
    assert "Left out the private endpoint 'archive-backup'. Resource " in demo()
    assert endpoints() == set()


def test_it_makes_the_network_of_the_documents_and_one_where_the_provider_is_not_registered() -> None:
    assert "Made the virtual network 'myDockerVMVNET' in myResourceGroup.\n" in demo()
    assert networks() == NETWORKS
    assert set(Subscription.objects.values_list("display_name", "providers__0", "providers__1")) == {
        ("Demonstration", "Microsoft.ContainerRegistry", "Microsoft.Network"),
        ("Demonstration networks", "Microsoft.Network", None),
    }


def test_a_plain_rerun_keeps_what_people_made_of_the_networks() -> None:
    demo()
    documents = VirtualNetwork.objects.get(name="myDockerVMVNET")
    put_subnet(documents, SubnetBody("another", ("10.0.7.0/24",)), make.BO)
    delete_network(VirtualNetwork.objects.get(name="contosoVNET"), make.BO)
    Subscription.objects.filter(display_name="Demonstration networks").update(providers=[])
    before = networks()

    printed = demo()

    assert "Kept 'myDockerVMVNET' as it is.\nLeft 'contosoVNET' deleted; demo --reset brings it back.\n" in printed
    assert networks() == before
    assert Subscription.objects.get(display_name="Demonstration networks").providers == []


def test_a_reset_brings_the_networks_back_and_takes_the_endpoints_in_them_away() -> None:
    demo()
    documents = VirtualNetwork.objects.get(name="myDockerVMVNET")
    put_subnet(documents, SubnetBody("another", ("10.0.7.0/24",)), make.BO)
    delete_network(VirtualNetwork.objects.get(name="contosoVNET"), make.BO)
    Subscription.objects.filter(display_name="Demonstration networks").update(providers=[], display_name="Else")
    outside = make.registry("mineentirely")
    make.private_endpoint(outside, subnet=documents.subnets.get(name="another"))

    demo("--reset")

    assert networks() == NETWORKS
    assert endpoints() == ENDPOINTS
    assert [each.state for each in outside.private_endpoint_connections.all()] == ["Disconnected"]
    assert Subscription.objects.get(display_name="Demonstration networks").providers == ["Microsoft.Network"]


def test_it_refuses_to_run_where_demonstration_mode_is_off(settings: Settings) -> None:
    settings.DEMONSTRATION = False
    with pytest.raises(CommandError) as refused:
        demo()
    assert str(refused.value) == (
        "Demonstration mode is off, and its passwords are known to everybody. "
        "Set DEMONSTRATION=true to try Portcullis out; never where others can reach it."
    )
    with pytest.raises(RuntimeError, match="DEMONSTRATION is off"):
        restore(reset=True, origin=make.BO)
    assert (Account.objects.count(), Registry.objects.count()) == (0, 0)
