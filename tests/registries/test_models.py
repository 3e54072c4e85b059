"""What a registry is, what must go before a downgrade, and the record that outlives it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from pytest_django import DjangoAssertNumQueries, Settings

from networking.access.policy import AccessPolicy
from networking.models import EndpointSettings
from registries.models import Change, Generation, Origin, Registry, ResourceGroup, Subscription, same_json
from registries.resource_id import ResourceId
from tests import make

AN = Origin(account="an@example.org", door="portal", address="192.0.2.44", comment="Spring cleaning")
GROUP_ID = f"/subscriptions/{make.SUBSCRIPTION_ID}/resourceGroups/myResourceGroup"
REGISTRY_ID = f"{GROUP_ID}/providers/Microsoft.ContainerRegistry/registries/mycontainerregistry"


def history() -> list[tuple[Any, ...]]:
    """Every change record, the oldest first."""
    return list(
        Change.objects.order_by("pk").values_list(
            "resource_id", "operation", "account", "door", "address", "comment", "before", "after"
        )
    )


def by_an(operation: str, before: Any, after: Any, resource_id: str = REGISTRY_ID) -> tuple[Any, ...]:
    return (resource_id, operation, "an@example.org", "portal", "192.0.2.44", "Spring cleaning", before, after)


# Names


@pytest.mark.parametrize("asked", ["myRegistry", "myregistry", "MYREGISTRY"])
def test_a_registry_is_found_in_any_letter_case(db: None, asked: str) -> None:
    registry = make.registry("myRegistry")
    make.registry("myRegistry2")
    assert list(Registry.objects.named(asked)) == [registry]


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param("", id="nothing"),
        pytest.param("myRegistr", id="a part"),
        pytest.param("%", id="a wildcard"),
        pytest.param("my\x00Registry", id="NUL, which PostgreSQL does not take"),
        pytest.param("\ud800Registry", id="half a surrogate pair, which no database takes"),
        pytest.param("myRegıstry", id="a dotless i"),
        pytest.param("x" * 100_000, id="a very long name"),
    ],
)
def test_what_is_no_name_finds_nothing(db: None, asked: str) -> None:
    make.registry("myRegistry")
    assert Registry.objects.named(asked).first() is None


def test_looking_up_a_name_uses_the_index(db: None) -> None:
    Registry.objects.bulk_create(
        Registry(resource_group=make.resource_group(), name=f"registry{number}", sku="Premium", location="eastus")
        for number in range(2000)
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE registries_registry")
    assert "registry_name_unique" in Registry.objects.named("REGISTRY7").explain()


def test_a_registry_and_its_group_come_in_one_query(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make.registry()
    with django_assert_num_queries(1):
        assert str(Registry.objects.with_group().get().resource_id) == REGISTRY_ID


def test_hosts_are_spelled_in_lower_case(db: None, settings: Settings) -> None:
    registry = make.registry("MyRegistry", location="westeurope")
    settings.LOGIN_SERVER_SUFFIX = "azurecr.localhost"
    assert registry.login_server == "myregistry.azurecr.localhost"
    assert registry.data_endpoints == [("West Europe", "myregistry.westeurope.data.azurecr.localhost")]
    assert registry.resource_id == ResourceId(str(make.SUBSCRIPTION_ID), "myResourceGroup", "MyRegistry")


def test_rows_say_what_they_are(db: None) -> None:
    registry = make.registry()
    assert [str(registry), str(registry.resource_group), str(registry.resource_group.subscription)] == [
        "mycontainerregistry",
        "myResourceGroup",
        "Example subscription",
    ]
    assert str(Change.record(registry, "Change tier", AN, before=None, after=None)) == "Change tier by an@example.org"


@pytest.mark.parametrize(("sku", "premium"), [("Basic", False), ("Standard", False), ("Premium", True)])
def test_network_rules_are_a_matter_of_premium(db: None, sku: str, premium: bool) -> None:
    assert make.registry(sku=sku).is_premium is premium


# Creation and deletion leave their record


def test_creation_is_recorded(db: None) -> None:
    registry = Registry.create_recorded(
        resource_group=make.resource_group(),
        name="mycontainerregistry",
        sku="Standard",
        location="westeurope",
        origin=AN,
        tags={"team": "web"},
    )
    registry.refresh_from_db()
    assert (registry.created_by, registry.tags) == ("an@example.org", {"team": "web"})
    assert (registry.public_access, registry.rule_count, registry.data_endpoint) == ("all", 0, False)
    assert EndpointSettings.of(registry).policy == AccessPolicy()
    after = {"id": REGISTRY_ID, "sku": "Standard", "location": "westeurope", "tags": {"team": "web"}}
    assert history() == [by_an("Create registry", None, after)]


def test_a_name_that_is_taken_is_refused_without_a_record(db: None) -> None:
    make.registry("mycontainerregistry")
    with pytest.raises(IntegrityError), transaction.atomic():
        Registry.create_recorded(
            resource_group=make.resource_group("another"),
            name="MyContainerRegistry",
            sku="Basic",
            location="eastus",
            origin=AN,
        )
    assert (Registry.objects.count(), history()) == (1, [])


def test_a_change_outlives_its_registry(db: None) -> None:
    registry = make.registry(policy=make.selected("16.17.18.19"), tags={"team": "web"})
    registry.delete_recorded(AN)
    assert not Registry.objects.exists()
    update, deletion = Change.objects.order_by("pk")
    assert (update.registry, update.resource_id, update.operation) == (None, REGISTRY_ID, "Update networking")
    assert update.after == make.selected("16.17.18.19").record()
    assert deletion.registry is None
    before = {"id": REGISTRY_ID, "sku": "Premium", "location": "eastus", "tags": {"team": "web"}}
    assert history()[1:] == [by_an("Delete registry", before, None)]


def test_a_registry_that_is_gone_is_not_deleted_twice(db: None) -> None:
    registry = make.registry()
    same = Registry.objects.get()
    registry.delete_recorded(AN)
    same.delete_recorded(AN)
    assert [change[1] for change in history()] == ["Delete registry"]


def test_the_record_of_a_deletion_tells_what_was_deleted_not_what_was_remembered(db: None) -> None:
    remembered = make.registry()
    Registry.objects.update(sku="Basic", tags={"team": "new"})
    remembered.delete_recorded(AN)
    before = {"id": REGISTRY_ID, "sku": "Basic", "location": "eastus", "tags": {"team": "new"}}
    assert history() == [by_an("Delete registry", before, None)]


def test_a_name_is_free_again_after_deletion_and_its_history_is_not_mixed_up(db: None) -> None:
    make.registry().delete_recorded(AN)
    again = make.registry()
    assert not again.changes.exists()
    assert Change.objects.filter(resource_id=REGISTRY_ID).count() == 1


def test_a_group_goes_with_its_registries_and_each_leaves_its_record(db: None) -> None:
    group = make.resource_group()
    make.registry("registryone", group=group, policy=make.selected("16.17.18.19"))
    make.registry("registrytwo", group=group, sku="Basic")
    spared = make.registry("spared", group=make.resource_group("another"))
    group.delete_with_registries(AN)
    assert list(Registry.objects.all()) == [spared]
    assert not ResourceGroup.objects.filter(name="myResourceGroup").exists()
    assert Subscription.objects.count() == 1
    ids = [
        f"{GROUP_ID}/providers/Microsoft.ContainerRegistry/registries/{name}" for name in ("registryone", "registrytwo")
    ]
    assert sorted((change[0], change[1]) for change in history()) == [
        (GROUP_ID, "Delete resource group"),
        (ids[0], "Delete registry"),
        (ids[0], "Update networking"),
        (ids[1], "Delete registry"),
    ]


# Tiers


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Basic", "Premium"),
        ("Basic", "Standard"),
        ("Standard", "Premium"),
        ("Premium", "Standard"),
        ("Premium", "Basic"),
    ],
)
def test_a_tier_is_changed_at_once_where_nothing_stands_in_the_way(db: None, before: str, after: str) -> None:
    registry = make.registry(sku=before)
    was_changed_at = registry.changed_at
    assert registry.change_tier(after, AN) == []
    assert registry.sku == after
    row = Registry.objects.get()
    assert (row.sku, row.changed_at) == (after, registry.changed_at)
    assert row.changed_at > was_changed_at
    assert history() == [by_an("Change tier", {"sku": before}, {"sku": after})]


def test_the_tier_it_has_is_no_change(db: None) -> None:
    registry = make.registry(policy=make.selected("16.17.18.19"))
    earlier = history()
    assert registry.change_tier("Premium", AN) == []
    assert history() == earlier


RULE = "Delete the 1 address range from the firewall list."
NETWORKS = "Set Public network access to All networks."
DATA = "Turn off the dedicated data endpoint."


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
@pytest.mark.parametrize(
    ("policy", "in_the_way"),
    [
        pytest.param(make.selected("16.17.18.19"), [RULE, NETWORKS], id="selected networks"),
        pytest.param(make.selected(), [NETWORKS], id="selected networks without a rule"),
        pytest.param(
            make.disabled("16.17.18.19", "203.0.113.7"),
            ["Delete the 2 address ranges from the firewall list.", NETWORKS],
            id="disabled with rules kept",
        ),
        pytest.param(AccessPolicy(rules=(make.rule("16.17.18.19"),)), [RULE], id="rules kept under All networks"),
        pytest.param(
            AccessPolicy(subnets=("/subnets/a", "/subnets/b")), ["Delete the 2 virtual network rules."], id="subnets"
        ),
        pytest.param(
            make.selected("16.17.18.19", subnets=("/subnets/a",), data_endpoint=True),
            [RULE, "Delete the 1 virtual network rule.", NETWORKS, DATA],
            id="everything",
        ),
    ],
)
def test_a_downgrade_is_refused_with_the_list_of_what_must_go_first(
    db: None, policy: AccessPolicy, in_the_way: list[str], sku: str
) -> None:
    registry = make.registry(policy=policy)
    earlier = history()
    assert registry.change_tier(sku, AN) == in_the_way
    assert registry.in_the_way_of(sku) == in_the_way
    assert Registry.objects.get().sku == registry.sku == "Premium"
    assert history() == earlier
    assert isinstance(EndpointSettings.store(registry, AccessPolicy(), seen=policy.fingerprint, origin=make.BO), Change)
    assert registry.change_tier(sku, AN) == []


def test_what_stands_in_the_way_is_read_from_the_database(db: None) -> None:
    remembered = make.registry()
    EndpointSettings.store(remembered, make.selected(), seen=AccessPolicy().fingerprint, origin=make.BO)
    assert remembered.change_tier("Basic", AN) == [NETWORKS]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(1e308, 10**308, True, id="a number as PostgreSQL spells it"),
        pytest.param([{"a": 1.0}], [{"a": 1}], True, id="a number deep inside"),
        pytest.param(2**53, 2**53 + 1, False, id="integers that one float stands for"),
        pytest.param(1e308, 10**400, False, id="an integer beyond every float"),
        pytest.param(True, 1, False, id="true is not one"),
        pytest.param([0.0], [False], False, id="nor false nought"),
        pytest.param({"a": None}, {}, False, id="null is there"),
        pytest.param([1, 2], [1], False, id="a shorter list"),
        pytest.param("1", 1, False, id="a text"),
    ],
)
def test_what_json_calls_the_same_is_no_change(one: Any, other: Any, same: bool) -> None:
    assert (same_json(one, other), same_json(other, one)) == (same, same)


# What the database refuses

FORBIDDEN: list[Any] = [
    pytest.param(lambda one: a_registry(name="MyContainerRegistry"), id="a registry's name in another letter case"),
    pytest.param(
        lambda one: a_registry(name="MYCONTAINERREGISTRY", resource_group=make.resource_group("another")),
        id="a registry's name in another group",
    ),
    pytest.param(lambda one: a_registry(sku="Classic"), id="an unknown tier"),
    pytest.param(lambda one: a_registry(sku="premium"), id="a tier in another letter case"),
    pytest.param(lambda one: a_registry(sku=""), id="no tier"),
    pytest.param(lambda one: a_registry(public_access="some"), id="an unknown public access"),
    pytest.param(lambda one: a_registry(public_access=""), id="no public access"),
    pytest.param(lambda one: a_registry(rule_count=-1), id="less than no rules"),
    pytest.param(lambda one: a_registry(sku="Basic", rule_count=1), id="rules on Basic"),
    pytest.param(lambda one: a_registry(sku="Basic", public_access="selected"), id="selected networks on Basic"),
    pytest.param(lambda one: a_registry(sku="Standard", public_access="disabled"), id="disabled on Standard"),
    pytest.param(lambda one: a_registry(sku="Standard", data_endpoint=True), id="a data endpoint on Standard"),
    pytest.param(lambda one: a_registry(sku="Standard", subnet_count=1), id="a virtual network rule on Standard"),
    pytest.param(
        lambda one: ResourceGroup(subscription=one.resource_group.subscription, name="MYRESOURCEGROUP"),
        id="a group's name in another letter case",
    ),
    pytest.param(
        lambda one: ResourceGroup(subscription=one.resource_group.subscription, name=""), id="a group without a name"
    ),
    pytest.param(lambda one: Subscription(subscription_id=make.SUBSCRIPTION_ID), id="a subscription twice"),
]


def a_registry(**more: Any) -> Registry:
    return Registry(
        **{"resource_group": make.resource_group(), "name": "another", "sku": "Premium", "location": "eastus", **more}
    )


@pytest.mark.parametrize("make_row", FORBIDDEN)
def test_the_database_is_the_last_guard(db: None, make_row: Callable[[Registry], models.Model]) -> None:
    forbidden = make_row(make.registry("mycontainerregistry"))
    with pytest.raises(IntegrityError), transaction.atomic():
        forbidden.save(force_insert=True)


def test_what_the_table_of_the_forbidden_begins_with_is_allowed(db: None) -> None:
    """Else every row above would be refused for some other reason."""
    make.registry("mycontainerregistry")
    a_registry().save(force_insert=True)


def test_a_registry_with_rules_can_not_be_made_basic_by_any_other_way(db: None) -> None:
    make.registry(policy=make.selected("16.17.18.19"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Registry.objects.update(sku="Basic")


def test_two_subscriptions_may_have_groups_of_one_name(db: None) -> None:
    make.resource_group()
    other = Subscription.objects.create(subscription_id="00000000-0000-0000-0000-000000000002", display_name="Other")
    ResourceGroup.objects.create(subscription=other, name="myResourceGroup", location="eastus")
    assert ResourceGroup.objects.filter(name="myResourceGroup").count() == 2


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_who_creates_a_registry_holds_no_count_while_waiting_for_its_group() -> None:
    """PostgreSQL would end one of them if each waited for what the other holds."""
    group, creates = make.resource_group(), Event()
    Generation.next()  # so that there is a count

    def create() -> Registry:
        with closing(connection):
            creates.set()
            return Registry.create_recorded(
                resource_group=group, name="waiting", sku="Premium", location="eastus", origin=make.BO
            )

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            ResourceGroup.objects.locked().get(pk=group.pk)
            created = threads.submit(create)
            assert creates.wait(20)
            time.sleep(0.5)  # it comes as far as it can
            counted = Generation.next()
        assert created.result().generation == counted + 1


def test_no_registry_is_created_in_a_group_that_is_gone(db: None) -> None:
    group = make.resource_group()
    ResourceGroup.objects.filter(pk=group.pk).delete()
    with pytest.raises(IntegrityError):
        Registry.create_recorded(resource_group=group, name="lost", sku="Basic", location="eastus", origin=make.BO)
