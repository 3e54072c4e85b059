from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django import DjangoAssertNumQueries

from networking.models import Subnet, VirtualNetwork
from registries.models import Account, Change
from tests import make
from tests.networking.arm.asking import GROUP, SUBSCRIPTION, Answer, Arm

PROVIDER = f"{GROUP}/providers/Microsoft.Network"
LIST = f"{PROVIDER}/virtualNetworks"
ONE = f"{LIST}/myVnet"
# What az 2.91 sends for `network vnet create` (az-cli.md 7).
CREATE = {
    "location": "eastus",
    "properties": {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "enableDdosProtection": False,
        "enableVmProtection": False,
        "subnets": [{"name": "mySubnet", "properties": {"addressPrefix": "10.0.0.0/24"}}],
    },
}


@pytest.fixture(autouse=True)
def group(arm_server: None) -> None:
    make.resource_group()


def body(*subnets: tuple[str, str], space: str = "10.0.0.0/16", **more: Any) -> dict[str, Any]:
    listed = [{"name": name, "properties": {"addressPrefix": prefix}} for name, prefix in subnets]
    return {
        "location": "eastus",
        "properties": {"addressSpace": {"addressPrefixes": [space]}, "subnets": listed},
        **more,
    }


def stored() -> list[tuple[str, list[str], list[str]]]:
    """Network, address space, and its subnets with their prefixes."""
    return [
        (
            network.name,
            network.address_prefixes,
            [f"{each.name} {' '.join(each.address_prefixes)}" for each in network.subnets.order_by("pk")],
        )
        for network in VirtualNetwork.objects.order_by("pk")
    ]


def test_what_az_creates_is_made_and_shown(contributor: Arm, reader: Arm) -> None:
    made = contributor.put(ONE, CREATE)
    assert made.status == 201
    shown = reader.get(ONE)
    assert shown.json == made.json
    assert shown.headers["ETag"] == made.json["etag"]
    assert (made.json["id"], made.json["name"], made.json["location"]) == (ONE, "myVnet", "eastus")
    properties = made.json["properties"]
    assert (properties["provisioningState"], properties["addressSpace"]) == (
        "Succeeded", {"addressPrefixes": ["10.0.0.0/16"]},
    )  # fmt: skip
    assert properties["enableVmProtection"] is False  # kept, and returned
    assert [each["id"] for each in properties["subnets"]] == [f"{ONE}/subnets/mySubnet"]
    [change] = Change.objects.all()
    assert (change.registry, change.resource_id, change.operation, change.account, change.door, change.comment) == (
        None, ONE, "Create virtual network", "an@example.org", "arm", "az acr update",
    )  # fmt: skip


def test_the_documents_query_finds_the_first_subnet(reader: Arm) -> None:
    make.virtual_network("myDockerVMVNET", "myDockerVMSubnet")
    value = reader.get(LIST).json["value"]
    assert [(each["name"], each["properties"]["subnets"][0]["name"]) for each in value] == [
        ("myDockerVMVNET", "myDockerVMSubnet")
    ]


def test_a_network_is_found_in_any_letter_case_and_told_in_its_own(reader: Arm) -> None:
    make.virtual_network()
    answer = reader.get(
        f"{SUBSCRIPTION}/resourcegroups/MYRESOURCEGROUP/PROVIDERS/MICROSOFT.NETWORK/VIRTUALNETWORKS/MYVNET"
    )
    assert (answer.status, answer.json["id"]) == (200, ONE)


@pytest.mark.parametrize(
    "listed", [[], [("mySubnet2", "10.0.0.0/24")]], ids=["an empty list", "another subnet in its place"]
)
def test_dropping_a_subnet_needs_the_permission_to_delete_one(
    contributor: Arm, owner: Arm, listed: list[tuple[str, str]]
) -> None:
    make.virtual_network()
    status, code, message = contributor.put(ONE, body(*listed)).error
    assert (status, code) == (403, "AuthorizationFailed")
    assert "perform action 'Microsoft.Network/virtualNetworks/subnets/delete'" in message
    assert stored() == [("myVnet", ["10.0.0.0/16"], ["mySubnet 10.0.0.0/24"])]
    assert contributor.put(ONE, body(("MYSUBNET", "10.0.1.0/24"), ("two", "10.0.2.0/24"))).status == 200
    assert owner.put(ONE, body(*listed)).status == 200


def test_a_put_replaces_all_and_keeps_the_rows_of_subnets_that_stay(owner: Arm) -> None:
    owner.put(ONE, body(("one", "10.0.0.0/24"), ("two", "10.0.1.0/24"), tags={"a": "b"}))
    kept = Subnet.objects.get(name="one").pk
    answer = owner.put(ONE, body(("ONE", "10.0.2.0/24"), ("three", "10.0.0.0/24")))
    assert (answer.status, answer.json["tags"]) == (200, {})
    assert stored() == [("myVnet", ["10.0.0.0/16"], ["one 10.0.2.0/24", "three 10.0.0.0/24"])]
    assert Subnet.objects.get(name="one").pk == kept


def test_a_put_that_says_nothing_of_subnets_keeps_them(contributor: Arm) -> None:
    make.virtual_network()
    silent = {"location": "eastus", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/8"]}}}
    assert contributor.put(ONE, silent).status == 200
    assert stored() == [("myVnet", ["10.0.0.0/8"], ["mySubnet 10.0.0.0/24"])]


def test_what_a_get_answered_can_be_put_back_and_changes_nothing(contributor: Arm) -> None:
    contributor.put(ONE, CREATE)
    before = contributor.get(ONE).json
    assert contributor.put(ONE, before).json == before


def test_unknown_properties_are_kept_and_returned(contributor: Arm) -> None:
    more = {"extendedLocation": {"name": "edge"}, "kind": "odd"}
    sent = {**CREATE, **more, "properties": {**CREATE["properties"], "dhcpOptions": {"dnsServers": ["10.0.0.9"]}}}  # type: ignore[dict-item]
    answer = contributor.put(ONE, sent)
    assert answer.status == 201
    assert {key: answer.json[key] for key in more} == more
    assert answer.json["properties"]["dhcpOptions"] == {"dnsServers": ["10.0.0.9"]}


def test_a_patch_changes_the_tags_only(contributor: Arm) -> None:
    make.virtual_network()
    assert contributor.patch(ONE, {"tags": {"a": "b"}}).json["tags"] == {"a": "b"}
    assert contributor.patch(ONE, {"properties": {"addressSpace": {"addressPrefixes": []}}}).error == (
        400,
        "InvalidProperty",
        "A PATCH of a virtual network changes its tags; send the property 'properties' with a PUT.",
    )
    [change] = Change.objects.all()
    assert (change.operation, change.after) == ("Update virtual network", {"id": ONE, "tags": {"a": "b"}})
    assert stored() == [("myVnet", ["10.0.0.0/16"], ["mySubnet 10.0.0.0/24"])]


@pytest.mark.parametrize(
    ("sent", "code", "message"),
    [
        pytest.param(
            body(("s", "10.0.0.0")),
            "InvalidAddressPrefixFormat",
            f"Address prefix 10.0.0.0 of resource {LIST}/new/subnets/s is not formatted correctly. "
            "It should follow CIDR notation, for example 10.0.0.0/24.",
            id="no CIDR",
        ),
        pytest.param(
            body(space="10.0.0.1/16"),
            "InvalidCIDRNotation",
            f"The address prefix 10.0.0.1/16 in resource {LIST}/new has an invalid CIDR notation. "
            "For the given prefix length, the address prefix should be 10.0.0.0/16.",
            id="host bits",
        ),
        pytest.param(
            body(("s", "192.168.0.0/24")),
            "NetcfgSubnetRangeOutsideVnet",
            "Subnet 's' is not valid because its IP address range is outside the IP address range of virtual network "
            "'new'.",
            id="outside",
        ),
        pytest.param(
            body(("s", "10.0.0.0/30")),
            "NetcfgInvalidSubnet",
            "Subnet 's' is not valid in virtual network 'new'.",
            id="too small",
        ),
        pytest.param(
            body(("s", "10.0.0.0/24"), ("t", "10.0.0.128/25")),
            "NetcfgSubnetRangesOverlap",
            "Subnet 't' is not valid because its IP address range overlaps with that of an existing subnet in virtual "
            "network 'new'.",
            id="overlap",
        ),
        pytest.param(
            body(("s-", "10.0.0.0/24")),
            "InvalidResourceName",
            "Resource name s- is invalid. The name can be up to 80 characters long. "
            "It must begin with a word character, and it must end with a word character or with '_'. "
            "The name may contain word characters or '.', '-', '_'.",
            id="name of a subnet",
        ),
        pytest.param(
            {"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}},
            "LocationRequired",
            "The location property is required for this definition.",
            id="no location",
        ),
        pytest.param(
            {"location": "eastus"},
            "InvalidProperty",
            "The property 'properties.addressSpace' is needed, and this body has none.",
            id="no properties",
        ),
    ],
)
def test_a_wrong_network_is_refused_and_not_made(contributor: Arm, sent: Any, code: str, message: str) -> None:
    assert contributor.put(f"{LIST}/new", sent).error == (400, code, message)
    assert stored() == []


def test_a_refused_put_leaves_what_was_there(contributor: Arm) -> None:
    contributor.put(ONE, body(("one", "10.0.0.0/24"), tags={"a": "b"}))
    before = contributor.get(ONE).json
    assert contributor.put(ONE, body(("two", "10.0.0.0/24"), ("three", "10.0.0.0/25"))).status == 400
    assert contributor.get(ONE).json == before


@pytest.mark.parametrize("name", ["-new", "new.", "n" * 81, "n%20w", "nä"])
def test_a_network_has_a_name_that_azure_could_have_given(contributor: Arm, name: str) -> None:
    assert contributor.put(f"{LIST}/{name}", CREATE).error[:2] == (400, "InvalidResourceName")
    assert stored() == []


def test_a_region_that_there_is_not(contributor: Arm) -> None:
    status, code, message = contributor.put(ONE, {**CREATE, "location": "estus"}).error
    assert (status, code) == (400, "LocationNotAvailableForResourceType")
    assert message.startswith(
        "The provided location 'estus' is not available for resource type 'Microsoft.Network/virtualNetworks'. List of"
    )


def test_a_network_stays_in_its_region(contributor: Arm) -> None:
    make.virtual_network()
    assert contributor.put(ONE, {**CREATE, "location": "West US"}).error == (
        409,
        "InvalidResourceLocation",
        "The resource 'myVnet' already exists in location 'eastus' in resource group 'myResourceGroup'. "
        "A resource with the same name cannot be created in location 'West US'. Please select a new resource name.",
    )


def test_a_subscription_that_has_not_registered_the_provider_gets_no_network(contributor: Arm) -> None:
    subscription = make.subscription()
    subscription.providers = ["Microsoft.ContainerRegistry"]
    subscription.save()
    assert contributor.put(ONE, CREATE).error == (
        409,
        "MissingSubscriptionRegistration",
        "The subscription is not registered to use namespace 'Microsoft.Network'. "
        "See https://aka.ms/rps-not-found for how to register subscriptions.",
    )


def test_deleting_takes_the_subnets_along_and_is_done_once(owner: Arm) -> None:
    network = make.virtual_network()
    registry = make.registry(policy=make.selected(subnets=(network.subnets.get().resource_id,)))
    assert [owner.delete(ONE).status, owner.delete(ONE).status] == [200, 204]
    assert stored() == []
    registry.refresh_from_db()
    assert registry.subnet_count == 1  # a rule may name what is gone, as in Azure


def test_a_network_in_which_a_private_endpoint_stands_stays(owner: Arm) -> None:
    make.private_endpoint(make.registry())
    status, code, message = owner.delete(ONE).error
    assert (status, code) == (400, "InUseSubnetCannotBeDeleted")
    assert message.startswith(f"Subnet mySubnet is in use by {PROVIDER}/networkInterfaces/myEndpoint.nic.")
    assert message.endswith(
        "and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. "
        "See aka.ms/deletesubnet."
    )
    assert owner.put(ONE, body(("other", "10.0.9.0/24"))).error[:2] == (400, "InUseSubnetCannotBeDeleted")
    assert owner.put(ONE, body(("mySubnet", "10.0.9.0/24"))).error == (
        400,
        "InUsePrefixCannotBeDeleted",
        "IpPrefix 10.0.0.0/24 on Subnet mySubnet has active allocations and cannot be deleted.",
    )
    assert owner.put(ONE, body(("mySubnet", "10.0.0.0/25"))).status == 200


CHANGES = [
    pytest.param(lambda arm, **more: arm.put(ONE, CREATE, **more), id="put"),
    pytest.param(lambda arm, **more: arm.patch(ONE, {"tags": {"a": "b"}}, **more), id="patch"),
    pytest.param(lambda arm, **more: arm.delete(ONE, **more), id="delete"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_if_match_loses_nothing(owner: Arm, change: Callable[..., Answer]) -> None:
    make.virtual_network()
    seen = owner.get(ONE).json["etag"]
    owner.patch(ONE, {"tags": {"somebody": "else"}})
    assert change(owner, If_Match=seen).error[:2] == (412, "PreconditionFailed")
    assert owner.get(ONE).json["tags"] == {"somebody": "else"}
    assert change(owner, If_Match=owner.get(ONE).json["etag"]).status == 200


def test_if_none_match_makes_and_never_replaces(contributor: Arm) -> None:
    assert contributor.put(ONE, CREATE, If_None_Match="*").status == 201
    assert contributor.put(ONE, body(), If_None_Match="*").error[:2] == (412, "PreconditionFailed")
    assert stored() == [("myVnet", ["10.0.0.0/16"], ["mySubnet 10.0.0.0/24"])]


def test_networks_are_listed_by_group_and_by_subscription(reader: Arm) -> None:
    for group in ("myResourceGroup", "other"):
        for number in range(2):
            make.virtual_network(f"{group}{number}", group=make.resource_group(group))
    everywhere = f"{SUBSCRIPTION}/providers/Microsoft.Network/virtualNetworks"
    names = [each["name"] for each in reader.get(everywhere).json["value"]]
    assert names == ["myResourceGroup0", "myResourceGroup1", "other0", "other1"]
    assert [each["name"] for each in reader.get(LIST).json["value"]] == names[:2]
    first = reader.get(f"{everywhere}?$top=3").json
    rest = reader.get(first["nextLink"].removeprefix(django_settings.ARM_URL)).json
    assert [each["name"] for each in rest["value"]] == names[3:]


NO_GROUP = "myResourceGroup", "none"


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        pytest.param(lambda arm: arm.get(ONE), "ResourceNotFound", id="get"),
        pytest.param(lambda arm: arm.patch(ONE, {"tags": {}}), "ResourceNotFound", id="patch"),
        pytest.param(lambda arm: arm.get(LIST.replace(*NO_GROUP)), "ResourceGroupNotFound", id="list in no group"),
        pytest.param(
            lambda arm: arm.put(ONE.replace(*NO_GROUP), CREATE), "ResourceGroupNotFound", id="put in no group"
        ),
        pytest.param(lambda arm: arm.delete(ONE.replace(*NO_GROUP)), "ResourceGroupNotFound", id="delete in no group"),
    ],
)
def test_what_is_not_there(owner: Arm, ask: Callable[[Arm], Answer], code: str) -> None:
    assert ask(owner).error[:2] == (404, code)


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        pytest.param(None, [403] * 5, id="no role"),
        pytest.param("Reader", [200, 200, 403, 403, 403], id="Reader"),
        pytest.param("Contributor", [200, 200, 200, 200, 403], id="Contributor"),
        pytest.param("Owner", [200] * 5, id="Owner"),
    ],
)
def test_a_role_does_what_is_its_own(
    as_account: Callable[[Account], Arm], role: str | None, statuses: list[int]
) -> None:
    make.virtual_network()
    arm = as_account(make.account(role))
    asked = [
        arm.get(LIST),
        arm.get(ONE),
        arm.put(ONE, CREATE),
        arm.patch(ONE, {"tags": {}}),
        arm.delete(ONE),
    ]
    assert [each.status for each in asked] == statuses


def test_a_list_costs_the_same_for_any_number_of_networks(
    reader: Arm, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    registry = make.registry()
    for number in range(10):
        network = make.virtual_network(f"v{number}", "a", "b", "c")
        make.private_endpoint(registry, f"e{number}", subnet=network.subnets.get(name="b"))
    with django_assert_max_num_queries(7):
        assert len(reader.get(LIST).json["value"]) == 10
