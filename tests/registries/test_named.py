"""Names are found in any letter case, by the unique index."""

from uuid import UUID

import pytest
from django.db import connection

from registries.models import ResourceGroup
from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param("myResourceGroup", True, id="as it is spelled"),
        pytest.param("MYRESOURCEGROUP", True, id="in capitals"),
        pytest.param("myResourceGrou_", False, id="no pattern"),
        pytest.param("my\0", False, id="NUL"),
        pytest.param("\ud800", False, id="half a surrogate pair"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_a_group_is_found_in_any_letter_case(asked: str, found: bool) -> None:
    make.resource_group()
    assert ResourceGroup.objects.named(asked).exists() is found


def test_a_name_of_another_script_is_found_as_it_is_spelled() -> None:
    assert make.resource_group("Größe") in ResourceGroup.objects.named("gRöße")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads so small a table without an index")
def test_the_unique_index_is_used() -> None:
    group = make.resource_group()
    plan = ResourceGroup.objects.filter(subscription=group.subscription).named("MYRESOURCEGROUP").explain()
    assert "resource_group_name_unique" in plan


def test_a_group_is_found_in_its_subscription() -> None:
    group = make.resource_group()
    number = group.subscription.subscription_id
    assert [*ResourceGroup.objects.at(number, "MYRESOURCEGROUP")] == [group]
    assert not ResourceGroup.objects.at(number, "another").exists()
    assert not ResourceGroup.objects.at(UUID(int=7), "myResourceGroup").exists()
