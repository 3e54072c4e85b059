"""The list of virtual networks, a new one, and the page of one."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from networking.models import Subnet, VirtualNetwork
from registries.models import Change
from registries.resource_id import PROVIDER
from tests import make

pytestmark = pytest.mark.django_db

LIST = "/virtual-networks/"
CREATE = "/create-virtual-network/"
PLACE = f"/subscriptions/{make.SUBSCRIPTION_ID}/resource-groups/myResourceGroup/virtual-networks/myVnet/"
SUBNET_ID = (
    f"/subscriptions/{make.SUBSCRIPTION_ID}/resourceGroups/myResourceGroup/providers/Microsoft.Network"
    "/virtualNetworks/myVnet/subnets/mySubnet"
)


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def form(**changes: str) -> dict[str, str]:
    filled = {
        "group": str(make.resource_group().pk),
        "name": "buildVnet",
        "location": "westeurope",
        "space": "10.30.0.0/16",
        "subnet": "agents",
        "subnet_prefix": "10.30.1.0/24",
        "service_endpoint": "on",
    }
    return {name: text for name, text in (filled | changes).items() if text}


def stored() -> list[tuple[str, str, list[str], list[tuple[str, list[str], list[str]]]]]:
    return [
        (
            network.name,
            network.location,
            network.address_prefixes,
            [(each.name, each.address_prefixes, each.service_endpoints) for each in network.subnets.order_by("pk")],
        )
        for network in VirtualNetwork.objects.order_by("pk")
    ]


# The list


def test_the_list_says_where_the_service_endpoint_is_on(reader: Client) -> None:
    network = make.virtual_network("myVnet", "one", "two")
    Subnet.objects.filter(name="two").update(service_endpoints=["Microsoft.Storage", PROVIDER.lower()])
    page = text_of(reader.get(LIST))
    assert f'<a href="{PLACE}">myVnet</a>' in page
    assert network.address_prefixes[0] in page
    assert "In 1 of 2" in page
    assert "1 to 1 of 1" in page
    assert CREATE not in page


def test_without_networks_it_says_what_to_do(as_role: Callable[[str], Client]) -> None:
    assert "Creating one needs the Contributor or Owner role." in text_of(as_role("Reader").get(LIST))
    assert f'href="{CREATE}"' in text_of(as_role("Contributor").get(LIST))


@pytest.mark.parametrize(("page", "shown"), [("", 50), ("2", 1), ("9", 1), ("x", 50)])
def test_fifty_stand_on_a_page(reader: Client, page: str, shown: int) -> None:
    group = make.resource_group()
    VirtualNetwork.objects.bulk_create(
        VirtualNetwork(resource_group=group, name=f"vnet{number:02}", location="eastus") for number in range(51)
    )
    assert len(reader.get(LIST, {"page": page}).context["lines"]) == shown


def test_the_list_takes_the_same_queries_for_any_number(
    reader: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make.virtual_network("one", "a", "b")
    with django_assert_num_queries(9):
        reader.get(LIST)
    make.virtual_network("two", "c")
    make.virtual_network("three")
    with django_assert_num_queries(9):
        reader.get(LIST)


# A new one


def test_a_network_is_created_with_its_subnet(contributor: Client) -> None:
    assert contributor.get(CREATE).status_code == 200
    answer = contributor.post(CREATE, form())
    assert (answer.status_code, answer["Location"]) == (303, PLACE.replace("myVnet", "buildVnet"))
    assert stored() == [
        ("buildVnet", "westeurope", ["10.30.0.0/16"], [("agents", ["10.30.1.0/24"], [PROVIDER])]),
    ]
    assert "Created 'buildVnet'." in text_of(contributor.get(answer["Location"]))


def test_the_service_endpoint_may_be_left_off(contributor: Client) -> None:
    contributor.post(CREATE, form(service_endpoint=""))
    assert Subnet.objects.get().service_endpoints == []


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        pytest.param({"name": ""}, "name", "Type a name for the virtual network.", id="no name"),
        pytest.param({"name": "-vnet"}, "name", "Resource name -vnet is invalid.", id="a name"),
        pytest.param(
            {"name": "myVNET"}, "name", "There is a virtual network 'myVnet' in 'myResourceGroup'", id="taken"
        ),
        pytest.param({"name": "x" * 81}, "name", "has at most 80 characters.", id="a long name"),
        pytest.param({"group": "4711"}, "group", "There is no such resource group any more.", id="a group"),
        pytest.param({"group": ""}, "group", "Choose a resource group.", id="no group"),
        pytest.param({"location": "moon"}, "location", "There is no such region.", id="a region"),
        pytest.param({"space": ""}, "space", "Type the network's address space.", id="no space"),
        pytest.param({"space": "10.30.0.0"}, None, "Address prefix 10.30.0.0 of resource", id="a space"),
        pytest.param({"space": "10.30.0.1/16"}, None, "should be 10.30.0.0/16.", id="host bits"),
        pytest.param({"subnet": ""}, "subnet", "Type a name for the subnet.", id="no subnet"),
        pytest.param({"subnet": "a b"}, "subnet", "Resource name a b is invalid.", id="a subnet's name"),
        pytest.param({"subnet_prefix": ""}, "subnet_prefix", "Type the subnet's address prefix.", id="no prefix"),
        pytest.param({"subnet_prefix": "x"}, None, "Address prefix x of resource", id="a prefix"),
        pytest.param(
            {"subnet_prefix": "10.99.0.0/24"}, "subnet_prefix", "outside the IP address range", id="a prefix outside"
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_was_typed_and_nothing_is_created(
    contributor: Client, changes: dict[str, str], field: str | None, sentence: str
) -> None:
    make.virtual_network()
    before = stored()
    answer = contributor.post(CREATE, form(**changes))
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert sentence in " ".join(text for each in errors.values() for text in each)
    if field is not None:
        assert list(errors) == [field]
    assert stored() == before


def test_a_group_deleted_meanwhile_is_said(contributor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(group: Any, *_: Any) -> Any:
        raise type(group).DoesNotExist

    monkeypatch.setattr("networking.blade.virtual_networks.create_network", gone)
    assert "The resource group was deleted meanwhile." in text_of(contributor.post(CREATE, form()))


# One of them


def test_a_page_shows_subnets_service_endpoints_and_who_names_them(reader: Client) -> None:
    make.virtual_network()
    Subnet.objects.update(service_endpoints=[PROVIDER, "Microsoft.Storage"])
    make.registry(policy=make.selected(subnets=(SUBNET_ID.upper(),)))
    make.registry("another", policy=make.selected("16.17.18.0/24", subnets=(f"{SUBNET_ID}2",)))
    endpoint = make.private_endpoint(make.registry("third"))
    page = text_of(reader.get(PLACE))
    (line,) = reader.get(PLACE).context["subnets"]
    assert (line.vouches, line.others, line.endpoints, line.registries) == (
        True,
        ("Microsoft.Storage",),
        (endpoint,),
        ("mycontainerregistry",),
    )
    assert '<a href="/registries/mycontainerregistry/networking/#se-h">mycontainerregistry</a>' in page
    assert "1 private endpoint in it" in page
    assert "without effect in Azure" not in page
    assert f"az acr network-rule add --name <registry> --subnet {SUBNET_ID}" in page
    assert "az network vnet subnet update" not in page  # there is nothing left to do
    for button in ("add-subnet", "endpoint-off", "delete"):
        assert f'value="{button}' not in page


def test_a_subnet_that_lost_its_service_endpoint_is_marked_where_a_rule_names_it(reader: Client) -> None:
    make.virtual_network()
    Subnet.objects.update(service_endpoints=["Microsoft.Storage"])
    make.registry(policy=make.selected(subnets=(SUBNET_ID,)))
    page = text_of(reader.get(PLACE))
    assert "without effect in Azure" in page
    update = "az network vnet subnet update --name mySubnet --vnet-name myVnet --resource-group myResourceGroup"
    assert f"{update} --service-endpoints Microsoft.Storage {PROVIDER}" in page


def test_a_subscription_that_has_yet_to_register_is_named(reader: Client) -> None:
    group = make.virtual_network().resource_group
    assert "az provider register" not in text_of(reader.get(PLACE))
    group.subscription.providers = ["Microsoft.Network"]
    group.subscription.save()
    assert f"az provider register --namespace {PROVIDER} --subscription {make.SUBSCRIPTION_ID}" in text_of(
        reader.get(PLACE)
    )


def test_the_page_takes_the_same_queries_for_any_number_of_subnets(
    owner: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make.virtual_network("myVnet", "one")
    with django_assert_num_queries(10):
        owner.get(PLACE)
    make.virtual_network("other", "two")
    Subnet.objects.filter(name="two").update(virtual_network=VirtualNetwork.objects.get(name="myVnet"))
    make.registry(policy=make.selected(subnets=(SUBNET_ID,)))
    with django_assert_num_queries(10):
        owner.get(PLACE)


@pytest.mark.parametrize("change", ["otherVnet", "my%00Vnet"])
def test_a_network_that_is_not_there_is_not_found(reader: Client, change: str) -> None:
    make.virtual_network()
    assert reader.get(PLACE.replace("myVnet", "MYVNET")).status_code == 200
    assert reader.get(PLACE.replace("myVnet", change)).status_code == 404


def test_a_subnet_is_added(contributor: Client) -> None:
    make.virtual_network()
    answer = contributor.post(PLACE, {"op": "add-subnet", "subnet": "agents", "subnet_prefix": "10.0.9.0/24"})
    assert (answer.status_code, answer["Location"]) == (303, PLACE)
    assert stored()[0][3] == [("mySubnet", ["10.0.0.0/24"], []), ("agents", ["10.0.9.0/24"], [])]
    [change] = Change.objects.all()
    assert (change.operation, change.resource_id.rpartition("/")[2], change.door) == (
        "Create subnet", "agents", "portal",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        pytest.param({"subnet": "", "subnet_prefix": "10.0.9.0/24"}, "Type a name for the subnet.", id="no name"),
        pytest.param(
            {"subnet": "MYSUBNET", "subnet_prefix": "10.0.9.0/24"}, "There is a subnet 'mySubnet'", id="taken"
        ),
        pytest.param({"subnet": "b", "subnet_prefix": "10.0.0.128/25"}, "overlaps with that of", id="overlap"),
        pytest.param({"subnet": "b", "subnet_prefix": "10.0.9.1/24"}, "should be 10.0.9.0/24", id="host bits"),
        pytest.param({"subnet": "b", "subnet_prefix": "10.0.9.0/30"}, "is not valid in virtual network", id="tiny"),
    ],
)
def test_a_subnet_that_cannot_be_is_refused_beside_its_field(
    contributor: Client, typed: dict[str, str], sentence: str
) -> None:
    make.virtual_network()
    before = stored()
    answer = contributor.post(PLACE, {"op": "add-subnet", **typed})
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert 'id="error-summary"' in text_of(answer)
    assert stored() == before


def number() -> str:
    return str(Subnet.objects.get().pk)


def test_the_service_endpoint_is_switched_and_others_stay(contributor: Client) -> None:
    make.virtual_network()
    Subnet.objects.update(service_endpoints=["Microsoft.Storage"])
    answer = contributor.post(PLACE, {"op": "endpoint-on", "subnet_number": number()})
    assert (answer.status_code, Subnet.objects.get().service_endpoints) == (303, ["Microsoft.Storage", PROVIDER])
    contributor.post(PLACE, {"op": "endpoint-on", "subnet_number": number()})
    assert Subnet.objects.get().service_endpoints == ["Microsoft.Storage", PROVIDER]
    contributor.post(PLACE, {"op": "endpoint-off", "subnet_number": number()})
    assert Subnet.objects.get().service_endpoints == ["Microsoft.Storage"]


def test_switching_it_off_says_whose_rules_name_the_subnet(contributor: Client) -> None:
    make.virtual_network()
    Subnet.objects.update(service_endpoints=[PROVIDER])
    make.registry(policy=make.selected(subnets=(SUBNET_ID,)))
    contributor.post(PLACE, {"op": "endpoint-off", "subnet_number": number()})
    assert "Rules of mycontainerregistry still name the subnet" in text_of(contributor.get(PLACE))


def test_a_subnet_and_a_network_are_deleted(owner: Client) -> None:
    make.virtual_network("myVnet", "one", "two")
    gone = Subnet.objects.get(name="one")
    owner.post(PLACE, {"op": "delete-subnet", "subnet_number": str(gone.pk)})
    assert [each.name for each in Subnet.objects.all()] == ["two"]
    answer = owner.post(PLACE, {"op": "delete"})
    assert (answer.status_code, answer["Location"], stored()) == (303, LIST, [])


@pytest.mark.parametrize("op", ["delete-subnet", "delete"])
def test_what_a_private_endpoint_stands_in_is_not_deleted(owner: Client, op: str) -> None:
    make.private_endpoint(make.registry())
    before = stored()
    answer = owner.post(PLACE, {"op": op, "subnet_number": number()})
    assert answer.status_code == 422
    assert "Nothing was changed." in text_of(answer)
    assert "Subnet mySubnet is in use by" in text_of(answer)
    assert stored() == before


@pytest.mark.parametrize("subnet", ["", "x", "4711", "-1", "9" * 40, "²"])
@pytest.mark.parametrize("op", ["endpoint-on", "endpoint-off", "delete-subnet"])
def test_a_button_for_no_subnet_of_the_network_changes_nothing(owner: Client, op: str, subnet: str) -> None:
    make.virtual_network()
    before = stored()
    assert owner.post(PLACE, {"op": op, "subnet_number": subnet}).status_code == 404
    assert stored() == before


def test_a_subnet_of_another_network_is_none_of_this_one(owner: Client) -> None:
    make.virtual_network()
    other = make.virtual_network("other", "two").subnets.get()
    assert owner.post(PLACE, {"op": "delete-subnet", "subnet_number": str(other.pk)}).status_code == 404
    assert Subnet.objects.count() == 2


@pytest.mark.parametrize("op", ["", "rename"])
def test_an_unknown_button_changes_nothing(owner: Client, op: str) -> None:
    make.virtual_network()
    before = stored()
    assert owner.post(PLACE, {"op": op}).status_code == 422
    assert stored() == before


# Who may, and how


@pytest.mark.parametrize("address", [LIST, CREATE, PLACE])
def test_whoever_is_not_signed_in_is_sent_there(client: Client, address: str) -> None:
    assert client.get(address)["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("address", [LIST, PLACE])
def test_without_a_role_nothing_is_shown(as_role: Callable[[str | None], Client], address: str) -> None:
    make.virtual_network()
    assert as_role(None).get(address).status_code == 403


@pytest.mark.parametrize(
    ("role", "address", "op"),
    [
        pytest.param("Reader", CREATE, "", id="a Reader creates no network"),
        pytest.param("Reader", PLACE, "add-subnet", id="a Reader adds no subnet"),
        pytest.param("Reader", PLACE, "endpoint-on", id="a Reader switches nothing"),
        pytest.param("Contributor", PLACE, "delete-subnet", id="a Contributor deletes no subnet"),
        pytest.param("Contributor", PLACE, "delete", id="a Contributor deletes no network"),
    ],
)
def test_a_role_that_may_not_changes_nothing(
    as_role: Callable[[str], Client], role: str, address: str, op: str
) -> None:
    make.virtual_network()
    before = stored()
    filled = form() | {"op": op, "subnet_number": number()}
    assert as_role(role).post(address, filled).status_code == 403
    assert stored() == before


@pytest.mark.parametrize(
    ("method", "address"), [("post", LIST), ("put", LIST), ("put", CREATE), ("delete", PLACE), ("put", PLACE)]
)
def test_other_methods_are_refused(owner: Client, method: str, address: str) -> None:
    make.virtual_network()
    assert getattr(owner, method)(address).status_code == 405


def test_the_networks_are_a_click_from_the_registries_and_from_each(reader: Client) -> None:
    make.registry()
    for address in ("/registries/", "/registries/mycontainerregistry/"):
        assert f'href="{LIST}"' in text_of(reader.get(address))
