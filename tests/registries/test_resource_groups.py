"""One resource group."""

from typing import Any

import pytest
from django.test import Client

from registries.models import Change, Registry, ResourceGroup
from tests import make

pytestmark = pytest.mark.django_db

GROUP = f"/subscriptions/{make.SUBSCRIPTION_ID}/resource-groups/myResourceGroup/"
DELETE = f"{GROUP}delete/"


@pytest.fixture
def group(db: None) -> ResourceGroup:
    make.registry("beta1", policy=make.selected("198.51.100.7"))
    make.registry("Alpha", sku="Basic")
    make.registry("elsewhere", group=make.resource_group("other"))
    return ResourceGroup.objects.get(name="myResourceGroup")


def test_the_page_lists_the_registries_of_the_group_only(reader: Client, group: ResourceGroup) -> None:
    response = reader.get(GROUP)
    assert [line.name for line in response.context["page_of_list"].lines] == ["Alpha", "beta1"]
    assert [column.text for column in response.context["columns"]] == [
        "Name",
        "Public network access",
        "Rules",
        "Tier",
        "Location",
        "Last change",
    ]


def test_its_columns_sort(reader: Client, group: ResourceGroup) -> None:
    response = reader.get(f"{GROUP}?sort=-name")
    assert [line.name for line in response.context["page_of_list"].lines] == ["beta1", "Alpha"]


def test_an_empty_group_says_so(reader: Client) -> None:
    make.resource_group()
    assert "There are no container registries in this group." in reader.get(GROUP).content.decode()


def test_a_group_is_found_in_any_letter_case(reader: Client, group: ResourceGroup) -> None:
    assert reader.get(GROUP.replace("myResource", "MYRESOURCE")).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(GROUP.replace("myResourceGroup", "nothing"), id="unknown name"),
        pytest.param(GROUP.replace("myResourceGroup", "my%25"), id="a percent sign is no wildcard"),
        pytest.param(GROUP.replace("myResourceGroup", "my%00"), id="a null character"),
        pytest.param(GROUP.replace("000001", "000002"), id="another subscription"),
        pytest.param(DELETE.replace("myResourceGroup", "nothing"), id="deleting an unknown name"),
    ],
)
def test_an_unknown_group_is_not_found(owner: Client, group: ResourceGroup, address: str) -> None:
    response = owner.get(address)
    assert response.status_code == 404
    assert "There is no resource group named" in response.content.decode()


@pytest.mark.parametrize(("role", "offered"), [("Reader", False), ("Contributor", False), ("Owner", True)])
def test_deleting_is_offered_to_owners(as_role: Any, group: ResourceGroup, role: str, offered: bool) -> None:
    assert (f'href="{DELETE}"' in as_role(role).get(GROUP).content.decode()) == offered


def test_the_delete_page_lists_what_goes(owner: Client, group: ResourceGroup) -> None:
    response = owner.get(DELETE)
    assert response.context["names"] == ["Alpha", "beta1"]
    assert "<ul><li>Alpha</li><li>beta1</li></ul>" in response.content.decode()


def test_the_typed_name_deletes_the_group_with_its_registries(owner: Client, group: ResourceGroup) -> None:
    response = owner.post(DELETE, {"confirm": "MyResourceGroup"})
    assert (response.status_code, response["Location"]) == (303, "/registries/")
    assert [registry.name for registry in Registry.objects.all()] == ["elsewhere"]
    assert [each.name for each in ResourceGroup.objects.all()] == ["other"]
    assert Change.objects.filter(operation="Delete registry", registry=None).count() == 2


def test_another_name_deletes_nothing(owner: Client, group: ResourceGroup) -> None:
    response = owner.post(DELETE, {"confirm": "other"})
    assert response.status_code == 422
    assert response.context["form"].errors == {"confirm": ["Type myResourceGroup to delete it."]}
    assert (Registry.objects.count(), ResourceGroup.objects.count()) == (3, 2)


def test_deleting_needs_the_owner_role(contributor: Client, group: ResourceGroup) -> None:
    assert contributor.get(DELETE).status_code == 403
    assert contributor.post(DELETE, {"confirm": group.name}).status_code == 403
    assert ResourceGroup.objects.count() == 2


def test_seeing_a_group_needs_a_role(as_role: Any, group: ResourceGroup) -> None:
    assert as_role(None).get(GROUP).status_code == 403


@pytest.mark.parametrize("address", [GROUP, DELETE])
def test_pages_need_a_login(client: Client, group: ResourceGroup, address: str) -> None:
    assert client.get(address)["Location"] == f"/sign-in/?next={address}"


def test_wrong_methods(owner: Client, group: ResourceGroup) -> None:
    assert [owner.post(GROUP).status_code, owner.put(DELETE).status_code] == [405, 405]


def test_the_number_of_queries_does_not_grow_with_the_group(reader: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(35):
        make.registry(f"registry{number}")
    with django_assert_max_num_queries(10):
        reader.get(GROUP)
