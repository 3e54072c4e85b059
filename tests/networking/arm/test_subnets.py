from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from networking.difference import tell
from networking.models import Subnet
from registries.models import Account, Change
from tests import make
from tests.networking.arm.asking import GROUP, Answer, Arm

NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/myDockerVMVNET"
LIST = f"{NETWORK}/subnets"
ONE = f"{LIST}/myDockerVMSubnet"


@pytest.fixture(autouse=True)
def network(arm_server: None) -> None:
    make.virtual_network("myDockerVMVNET", "myDockerVMSubnet", "another")


def body(prefix: str, *services: str) -> dict[str, Any]:
    return {"properties": {"addressPrefix": prefix, "serviceEndpoints": [{"service": each} for each in services]}}


def stored() -> list[tuple[str, str, list[str]]]:
    subnets = Subnet.objects.order_by("pk")
    return [(each.name, " ".join(each.address_prefixes), each.service_endpoints) for each in subnets]


AT_FIRST: list[tuple[str, str, list[str]]] = [("myDockerVMSubnet", "10.0.0.0/24", []), ("another", "10.0.1.0/24", [])]


def test_the_documents_update_reads_the_subnet_and_puts_it_back_with_a_service_endpoint(contributor: Arm) -> None:
    shown = contributor.get(ONE).json
    shown["properties"]["serviceEndpoints"] = [{"service": "Microsoft.ContainerRegistry"}]
    answer = contributor.put(ONE, shown)
    assert answer.status == 200
    assert answer.json["id"] == ONE
    assert answer.json["properties"]["serviceEndpoints"] == [
        {"provisioningState": "Succeeded", "service": "Microsoft.ContainerRegistry", "locations": ["*"]}
    ]
    assert stored() == [("myDockerVMSubnet", "10.0.0.0/24", ["Microsoft.ContainerRegistry"]), AT_FIRST[1]]
    assert Subnet.objects.get(name="myDockerVMSubnet").vouches_to("microsoft.containerregistry")
    assert not Subnet.objects.get(name="another").vouches_to("Microsoft.ContainerRegistry")
    [change] = Change.objects.all()
    assert (change.resource_id, change.account, change.door) == (ONE, "an@example.org", "arm")
    assert (change.operation, str(tell(change))) == (
        "Update subnet",
        "Subnet myDockerVMSubnet: 10.0.0.0/24 → 10.0.0.0/24, service endpoint Microsoft.ContainerRegistry",
    )


def test_a_subnet_is_shown_as_its_network_shows_it_with_its_etag(reader: Arm) -> None:
    shown = reader.get(ONE)
    assert shown.json in reader.get(NETWORK).json["properties"]["subnets"]
    assert shown.json in reader.get(LIST).json["value"]
    assert shown.headers["ETag"] == shown.json["etag"]
    assert [each["name"] for each in reader.get(LIST).json["value"]] == ["myDockerVMSubnet", "another"]


def test_a_subnet_is_found_in_any_letter_case_and_told_in_its_own(contributor: Arm) -> None:
    loud = ONE.replace("myDockerVM", "MYDOCKERVM")
    assert contributor.get(loud).json["id"] == ONE
    assert contributor.put(loud, body("10.0.7.0/24")).json["id"] == ONE
    assert stored() == [("myDockerVMSubnet", "10.0.7.0/24", []), AT_FIRST[1]]


def test_a_new_subnet_is_made(contributor: Arm) -> None:
    answer = contributor.put(f"{LIST}/third", body("10.0.9.0/24"))
    assert (answer.status, answer.json["name"]) == (201, "third")
    assert stored() == [*AT_FIRST, ("third", "10.0.9.0/24", [])]


@pytest.mark.parametrize(
    ("name", "sent", "code"),
    [
        pytest.param("third", body("10.0.0.128/25"), "NetcfgSubnetRangesOverlap", id="overlaps another"),
        pytest.param("third", body("10.9.0.0/24"), "NetcfgSubnetRangeOutsideVnet", id="outside"),
        pytest.param("third", body("10.0.9.1/24"), "InvalidCIDRNotation", id="host bits"),
        pytest.param("third", body("x"), "InvalidAddressPrefixFormat", id="no prefix"),
        pytest.param("third", {}, "InvalidProperty", id="empty"),
        pytest.param("third", {"properties": []}, "InvalidProperty", id="empty properties of another type"),
        pytest.param("thi rd", body("10.0.9.0/24"), "InvalidResourceName", id="name"),
        pytest.param("another", body("10.0.0.0/23"), "NetcfgSubnetRangesOverlap", id="grows over its neighbour"),
    ],
)
def test_a_wrong_subnet_is_refused_and_changes_nothing(contributor: Arm, name: str, sent: Any, code: str) -> None:
    assert contributor.put(f"{LIST}/{name}", sent).error[:2] == (400, code)
    assert stored() == AT_FIRST


def test_deleting_is_done_once(owner: Arm) -> None:
    assert [owner.delete(ONE).status, owner.delete(ONE).status] == [200, 204]
    assert stored() == AT_FIRST[1:]


def test_a_subnet_that_a_rule_names_may_go_as_in_azure(owner: Arm) -> None:
    registry = make.registry(policy=make.selected(subnets=(ONE,)))
    assert owner.delete(ONE).status == 200
    registry.refresh_from_db()
    assert registry.subnet_count == 1


def test_a_subnet_in_which_a_private_endpoint_stands_stays_and_shows_it(owner: Arm) -> None:
    endpoint = make.private_endpoint(make.registry(), subnet=Subnet.objects.get(name="another"))
    place = f"{LIST}/another"
    assert owner.get(place).json["properties"]["privateEndpoints"] == [{"id": endpoint.resource_id}]
    assert owner.delete(place).error[:2] == (400, "InUseSubnetCannotBeDeleted")
    assert owner.put(place, body("10.0.9.0/24")).error[:2] == (400, "InUsePrefixCannotBeDeleted")
    assert owner.put(place, body("10.0.1.0/25")).status == 200
    assert owner.delete(ONE).status == 200


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda arm, **more: arm.put(ONE, body("10.0.7.0/24"), **more), id="put"),
        pytest.param(lambda arm, **more: arm.delete(ONE, **more), id="delete"),
    ],
)
def test_if_match_loses_nothing(owner: Arm, change: Callable[..., Answer]) -> None:
    seen = owner.get(ONE).json["etag"]
    owner.put(ONE, body("10.0.0.0/25"))
    assert change(owner, If_Match=seen).error[:2] == (412, "PreconditionFailed")
    assert stored() == [("myDockerVMSubnet", "10.0.0.0/25", []), AT_FIRST[1]]
    assert change(owner, If_Match=owner.get(ONE).json["etag"]).status == 200


NO_NETWORK = (
    "The Resource 'Microsoft.Network/virtualNetworks/myDockerVMVNET2' under resource group 'myResourceGroup' "
    "was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
)


@pytest.mark.parametrize(
    ("ask", "code", "message"),
    [
        pytest.param(
            lambda arm: arm.get(f"{LIST}/none"), "NotFound", f"Resource {LIST}/none not found.", id="no such subnet"
        ),
        pytest.param(
            lambda arm: arm.get(f"{NETWORK}2/subnets/none"),
            "ResourceNotFound",
            NO_NETWORK,
            id="no such network",
        ),
        pytest.param(
            lambda arm: arm.put(f"{NETWORK}2/subnets/none", body("10.0.0.0/24")),
            "ParentResourceNotFound",
            "Failed to perform 'write' on resource(s) of type 'virtualNetworks/subnets', because the parent resource "
            f"'{NETWORK}2' could not be found.",
            id="no network to put it in",
        ),
        pytest.param(
            lambda arm: arm.delete(f"{NETWORK}2/subnets/none"),
            "ResourceNotFound",
            NO_NETWORK,
            id="no network to delete it from",
        ),
    ],
)
def test_what_is_not_there(owner: Arm, ask: Callable[[Arm], Answer], code: str, message: str) -> None:
    assert ask(owner).error == (404, code, message)


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        pytest.param(None, [403] * 4, id="no role"),
        pytest.param("Reader", [200, 200, 403, 403], id="Reader"),
        pytest.param("Contributor", [200, 200, 200, 403], id="Contributor"),
        pytest.param("Owner", [200] * 4, id="Owner"),
    ],
)
def test_a_role_does_what_is_its_own(
    as_account: Callable[[Account], Arm], role: str | None, statuses: list[int]
) -> None:
    arm = as_account(make.account(role))
    asked = [arm.get(LIST), arm.get(ONE), arm.put(ONE, body("10.0.0.0/24")), arm.delete(ONE)]
    assert [each.status for each in asked] == statuses
    assert Arm("").put(ONE, body("10.0.0.0/24")).status == 401


def test_a_list_costs_the_same_for_any_number_of_subnets(
    reader: Arm, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make.virtual_network("many", *(f"s{number}" for number in range(40)))
    with django_assert_max_num_queries(7):
        assert len(reader.get(LIST.replace("myDockerVMVNET", "many")).json["value"]) == 40
