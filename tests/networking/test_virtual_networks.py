import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from networking.access.problems import Code, Problem
from networking.arm.network_body import NetworkBody, SubnetBody
from networking.difference import tell
from networking.models import Subnet, VirtualNetwork
from networking.network_refusals import name_problem
from networking.virtual_networks import (
    body_of,
    create_network,
    create_subnet,
    delete_network,
    delete_subnet,
    put_network,
    put_subnet,
    subnet_at,
    subnets_at,
    vouch,
)
from registries.models import Change, ResourceGroup
from registries.resource_id import PROVIDER
from tests import make

pytestmark = pytest.mark.django_db


def test_a_network_is_stored_as_its_body_says() -> None:
    body = NetworkBody(
        "East US",
        ("10.0.0.0/16", "fd00::/56"),
        {"a": "b"},
        (
            SubnetBody(
                "one",
                ("10.0.0.0/24", "fd00::/64"),
                ("Microsoft.ContainerRegistry",),
                {"properties": {"routeTable": {"id": "x"}}},
            ),
            SubnetBody("two", ("10.0.1.0/24",)),
        ),
        {"zones": ["1"], "properties": {"dhcpOptions": {}}},
    )
    put = put_network(make.resource_group(), "myVnet", body, make.BO)
    assert not isinstance(put, Problem)
    assert put.created
    stored = VirtualNetwork.objects.get()
    assert (stored.name, stored.location) == ("myVnet", "eastus")
    assert body_of(stored) == NetworkBody("eastus", body.prefixes, body.tags, body.subnets, body.kept)


def test_a_put_of_one_subnet_leaves_the_rows_of_the_others() -> None:
    names = [f"s{number}" for number in range(30)]
    network = make.virtual_network("v", *names)
    before = dict(Subnet.objects.values_list("name", "pk"))
    put = put_subnet(network, SubnetBody("s7", ("10.0.200.0/24",)), make.BO)
    assert not isinstance(put, Problem)
    assert (put.created, put.stored.pk) == (False, before["s7"])
    assert dict(Subnet.objects.values_list("name", "pk")) == before
    assert [each.name for each in Subnet.objects.filter(address_prefixes__0="10.0.200.0/24")] == ["s7"]


def test_the_verbs_say_so_where_what_they_stand_in_is_gone() -> None:
    network = make.virtual_network()
    gone = make.resource_group("gone")
    ResourceGroup.objects.filter(pk=gone.pk).delete()
    with pytest.raises(ResourceGroup.DoesNotExist):
        put_network(gone, "v", NetworkBody("eastus", ("10.0.0.0/16",)), make.BO)
    VirtualNetwork.objects.all().delete()
    with pytest.raises(VirtualNetwork.DoesNotExist):
        put_subnet(network, SubnetBody("s", ("10.0.9.0/24",)), make.BO)


@pytest.mark.parametrize("name", ["a", "A_1", "my.net-2", "a" * 80, "_"])
def test_names_that_azure_takes(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize("name", ["", "-a", "a-", ".a", "a.", "a b", "a/b", "ä", "a" * 81, "a\n", "a\0"])
def test_names_that_azure_refuses(name: str) -> None:
    problem = name_problem("fine", name)
    assert problem is not None
    assert problem.code is Code.INVALID_RESOURCE_NAME
    assert problem.message.startswith(f"Resource name {name[:80]} is invalid. ")


def test_a_subnet_is_found_by_its_id_in_any_letter_case_in_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    subnet = make.virtual_network("myVnet", "one", "two").subnets.get(name="two")
    make.virtual_network("myVnet", "two", group=make.resource_group("other"))
    for place in (subnet.resource_id, subnet.resource_id.upper(), subnet.resource_id.lower()):
        with django_assert_num_queries(1):
            found = subnet_at(place)
            assert found is not None
            assert found.resource_id == subnet.resource_id
        assert found == subnet


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "/subscriptions/00000000-0000-0000-0000-000000000001",
        "{id}/",
        "{id}2",
        "{id}\0",
        "{id}/subnets/mySubnet",
        "/subscriptions/------------------------------------/resourceGroups/g/providers/Microsoft.Network"
        "/virtualNetworks/v/subnets/s",
        "{id}\n",
    ],
)
def test_what_is_no_subnet_of_ours_is_none(text: str) -> None:
    subnet = make.virtual_network().subnets.get()
    assert subnet_at(text.replace("{id}", subnet.resource_id)) is None


def test_a_subnet_in_use_keeps_its_endpoint_and_one_that_is_not_goes() -> None:
    network = make.virtual_network("v", "used", "free")
    make.private_endpoint(make.registry(), subnet=network.subnets.get(name="used"))
    refused = delete_subnet(network.subnets.get(name="used"), make.BO)
    assert refused is not None
    assert refused.code is Code.SUBNET_IN_USE
    assert delete_subnet(network.subnets.get(name="free"), make.BO) is None
    refused = delete_network(network, make.BO)
    assert refused is not None
    assert refused.code is Code.SUBNET_IN_USE
    assert [each.name for each in network.subnets.all()] == ["used"]


def test_what_is_there_already_is_not_created_again() -> None:
    network = make.virtual_network()
    made = create_network(network.resource_group, "MYVNET", NetworkBody("westus", ("10.9.0.0/16",)), make.BO)
    assert made == Problem(
        Code.INVALID_RESOURCE_NAME,
        "There is a virtual network 'myVnet' in 'myResourceGroup' already. Choose another name.",
    )
    made_subnet = create_subnet(network, SubnetBody("MYSUBNET", ("10.0.9.0/24",)), make.BO)
    assert made_subnet == Problem(
        Code.INVALID_RESOURCE_NAME, "There is a subnet 'mySubnet' in 'myVnet' already. Choose another name."
    )
    network.refresh_from_db()
    assert (network.location, [each.name for each in network.subnets.all()]) == ("eastus", ["mySubnet"])


def test_one_service_endpoint_is_switched_whatever_its_letter_case() -> None:
    subnet = make.virtual_network().subnets.get()
    Subnet.objects.update(service_endpoints=["Microsoft.Storage", "microsoft.containerregistry"])
    assert vouch(subnet, PROVIDER, make.BO, wanted=True) is False
    assert vouch(subnet, PROVIDER, make.BO, wanted=False) is True
    assert vouch(subnet, PROVIDER, make.BO, wanted=False) is False
    assert Subnet.objects.get().service_endpoints == ["Microsoft.Storage"]
    assert vouch(subnet, PROVIDER, make.BO, wanted=True) is True
    assert Subnet.objects.get().service_endpoints == ["Microsoft.Storage", PROVIDER]
    Subnet.objects.all().delete()
    with pytest.raises(Subnet.DoesNotExist):
        vouch(subnet, PROVIDER, make.BO, wanted=False)


def test_many_subnets_are_found_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    one, two = make.virtual_network("myVnet", "one", "two").subnets.order_by("pk")
    make.virtual_network("myVnet", "one", group=make.resource_group("other"))
    asked = [one.resource_id.upper(), two.resource_id, f"{one.resource_id}2", "x", ""]
    with django_assert_num_queries(1):
        found = subnets_at(asked)
    assert found == {asked[0]: one, asked[1]: two}
    with django_assert_num_queries(0):
        assert subnets_at(["", "x"]) == {}


def told() -> list[tuple[str, str, str]]:
    """Operation, the last part of the id, and what changed in words: of each change, the oldest first."""
    return [
        (each.operation, each.resource_id.rpartition("/")[2], str(tell(each)))
        for each in Change.objects.filter(registry=None).order_by("pk")
    ]


def test_each_change_leaves_its_record() -> None:
    group = make.resource_group()
    one = SubnetBody("one", ("10.0.0.0/24",), kept={"properties": {"routeTable": {"id": "x"}}})
    body = NetworkBody("eastus", ("10.0.0.0/16",), {"a": "b"}, (one,))
    put = put_network(group, "v", body, make.BO)
    assert not isinstance(put, Problem)
    network = put.stored
    assert Change.objects.get().account == make.BO.account
    put_network(group, "v", body, make.BO)  # the same again is no change
    put_network(
        group, "v", NetworkBody("eastus", ("10.0.0.0/8",), {}, (one, SubnetBody("two", ("10.1.0.0/24",)))), make.BO
    )
    put_subnet(network, SubnetBody("THREE", ("10.2.0.0/24",)), make.BO)
    put_subnet(network, SubnetBody("three", ("10.2.0.0/25",)), make.BO)
    vouch(network.subnets.get(name="THREE"), PROVIDER, make.BO, wanted=True)
    delete_subnet(network.subnets.get(name="THREE"), make.BO)
    delete_network(network, make.BO)
    identity = f"Resource ID: {network.resource_id}"
    route = 'Property one.routeTable: {"id": "x"}'
    assert told() == [
        (
            "Create virtual network",
            "v",
            f"{identity}; Location: East US; Tag a: b; Address space: 10.0.0.0/16; Subnet one: 10.0.0.0/24; {route}",
        ),
        (
            "Update virtual network",
            "v",
            "Address space: 10.0.0.0/16 → 10.0.0.0/8; Subnet two: none → 10.1.0.0/24; Tag a: b → none",
        ),
        ("Create subnet", "THREE", f"Resource ID: {network.resource_id}/subnets/THREE; Subnet THREE: 10.2.0.0/24"),
        ("Update subnet", "THREE", "Subnet THREE: 10.2.0.0/24 → 10.2.0.0/25"),
        ("Update subnet", "THREE", f"Subnet THREE: 10.2.0.0/25 → 10.2.0.0/25, service endpoint {PROVIDER}"),
        (
            "Delete subnet",
            "THREE",
            f"Resource ID: {network.resource_id}/subnets/THREE; Subnet THREE: 10.2.0.0/25, service endpoint {PROVIDER}",
        ),
        (
            "Delete virtual network",
            "v",
            f"{identity}; Location: East US; Address space: 10.0.0.0/8; "
            f"Subnet one: 10.0.0.0/24; Subnet two: 10.1.0.0/24; {route}",
        ),
    ]


def test_a_refused_change_leaves_none() -> None:
    network = make.virtual_network()
    assert isinstance(put_subnet(network, SubnetBody("s", ("10.9.0.0/24",)), make.BO), Problem)
    assert told() == []


def test_a_network_has_room_for_so_many_and_a_refusal_costs_nothing(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    group = make.resource_group()
    space = tuple(f"10.{number // 256}.{number % 256}.0/24" for number in range(501))
    subnets = tuple(SubnetBody(f"s{number}", ("10.0.0.0/29",)) for number in range(3001))
    with django_assert_num_queries(0):
        assert put_network(group, "v", NetworkBody("eastus", space), make.BO) == Problem(
            Code.QUOTA_EXCEEDED, "A virtual network can have 500 address prefixes; 'v' would have 501."
        )
        assert put_network(group, "v", NetworkBody("eastus", space[:1], subnets=subnets), make.BO) == Problem(
            Code.QUOTA_EXCEEDED, "A virtual network can have 3000 subnets; 'v' would have 3001."
        )
        many = SubnetBody("s", ("10.0.0.0/29",) * 6001)
        assert put_network(group, "v", NetworkBody("eastus", space[:1], subnets=(many,)), make.BO) == Problem(
            Code.QUOTA_EXCEEDED,
            "The subnets of a virtual network can have 6000 address prefixes together; those of 'v' would have 6001.",
        )


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads so small a table without an index")
def test_a_subnet_is_found_by_the_index_of_each_name() -> None:
    subnet = make.virtual_network().subnets.get()
    with CaptureQueriesContext(connection) as asked:
        assert subnet_at(subnet.resource_id.upper()) == subnet
    [query] = asked.captured_queries
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
        plan = " ".join(str(row) for row in cursor.fetchall())
    for index in ("resource_group_name_unique", "virtual_network_name_unique", "subnet_name_unique"):
        assert index in plan
