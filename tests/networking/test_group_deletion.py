"""A resource group that goes takes its networks and endpoints along, through every door."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from itertools import count
from threading import Event

import pytest
from django.db import IntegrityError, connection
from django.test import Client

from networking import group_deletion
from networking.group_deletion import empty
from networking.models import PrivateEndpoint, PrivateEndpointConnection, VirtualNetwork
from registries import resource_groups
from registries.models import Change, Origin, Registry, ResourceGroup, Subscription, Tombstone
from tests import make

pytestmark = pytest.mark.django_db

HELD = "Delete the private endpoint 'myEndpoint' in 'second': it stands in the virtual network 'myVnet' of 'first'."


@pytest.fixture
def first() -> ResourceGroup:
    """Has a network."""
    group = make.resource_group("first")
    make.virtual_network(group=group)
    return group


@pytest.fixture
def second(first: ResourceGroup) -> ResourceGroup:
    """Has an endpoint in the network of the first, which leads to a registry of a third."""
    group = make.resource_group("second")
    make.private_endpoint(make.registry(group=make.resource_group("third")), group=group)
    return group


def names() -> list[str]:
    return sorted(ResourceGroup.objects.values_list("name", flat=True))


def test_an_endpoint_that_goes_with_its_group_disconnects_the_registry_elsewhere(second: ResourceGroup) -> None:
    registry = Registry.objects.get()
    before = registry.generation
    assert second.delete_with_registries(make.BO) == []
    assert not PrivateEndpoint.objects.exists()
    assert [each.state for each in PrivateEndpointConnection.objects.all()] == ["Disconnected"]
    registry.refresh_from_db()
    assert registry.generation > before
    assert Change.objects.filter(operation="Disconnect private endpoint", registry=registry).count() == 1


def test_a_group_whose_network_holds_a_stranger_stays_whole(first: ResourceGroup, second: ResourceGroup) -> None:
    make.registry("inside1", group=first)
    assert first.delete_with_registries(make.BO) == [HELD]
    assert names() == ["first", "second", "third"]
    assert Registry.objects.count() == 2
    assert [each.state for each in PrivateEndpointConnection.objects.all()] == ["Approved"]


def test_a_group_with_both_goes_with_both(first: ResourceGroup) -> None:
    make.private_endpoint(make.registry(group=first), group=first)
    assert first.delete_with_registries(make.BO) == []
    assert not VirtualNetwork.objects.exists()
    assert not PrivateEndpoint.objects.exists()


def test_groups_that_hold_each_other_go_together(first: ResourceGroup, second: ResourceGroup) -> None:
    assert ResourceGroup.delete_all([first, second], make.BO) == []
    assert names() == ["third"]


def test_the_portal_says_what_must_go_first(owner: Client, first: ResourceGroup, second: ResourceGroup) -> None:
    page = f"/subscriptions/{make.SUBSCRIPTION_ID}/resource-groups/first/delete/"
    answer = owner.post(page, {"confirm": "first"})
    assert (answer.status_code, answer.context["form"].non_field_errors()) == (422, [HELD])
    assert names() == ["first", "second", "third"]


def test_the_admin_deletes_groups_that_hold_each_other_and_whole_subscriptions(
    client: Client, first: ResourceGroup, second: ResourceGroup
) -> None:
    client.force_login(make.account("Owner", is_staff=True))
    groups = "/admin/registries/resourcegroup/"
    one = client.post(f"{groups}{first.pk}/delete/", {"post": "yes"})
    assert one.status_code == 200
    [held_by] = one.context["protected"]
    assert ">myEndpoint</a>" in held_by
    assert names() == ["first", "second", "third"]
    chosen = {"action": "delete_selected", "_selected_action": [first.pk, second.pk], "post": "yes"}
    assert client.post(groups, chosen).status_code == 302
    assert names() == ["third"]
    assert [each.state for each in PrivateEndpointConnection.objects.all()] == ["Disconnected"]
    subscription = Subscription.objects.get()
    assert client.post(f"/admin/registries/subscription/{subscription.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Registry.objects.exists()


def test_a_subscription_whose_network_holds_a_stranger_stays(
    client: Client, first: ResourceGroup, second: ResourceGroup
) -> None:
    other = Subscription.objects.create(subscription_id="22222222-2222-2222-2222-222222222222", display_name="Other")
    ResourceGroup.objects.filter(pk=first.pk).update(subscription=other)
    client.force_login(make.account("Owner", is_staff=True))
    client.post(f"/admin/registries/subscription/{other.pk}/delete/", {"post": "yes"})
    assert names() == ["first", "second", "third"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_is_created_in_a_group_while_it_goes_is_refused_or_goes_with_its_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    group, inside, go_on = make.resource_group(), Event(), Event()

    def slowly(groups: Sequence[ResourceGroup], origin: Origin) -> list[str]:
        inside.set()
        go_on.wait(20)
        return empty(groups, origin)

    monkeypatch.setattr(group_deletion, "empty", slowly)

    def delete() -> list[str]:
        with closing(connection):
            return group.delete_with_registries(make.BO)

    def create() -> bool:
        with closing(connection), suppress(IntegrityError):
            Registry.create_recorded(resource_group=group, name="late1", sku="Basic", location="eastus", origin=make.BO)
            return True
        return False

    with ThreadPoolExecutor() as threads:
        deleting = threads.submit(delete)
        assert inside.wait(20)
        creating = threads.submit(create)
        wait([creating], timeout=0.5)
        go_on.set()
        assert deleting.result() == []
        created = creating.result()
    assert not ResourceGroup.objects.exists()
    assert not Registry.objects.exists()
    records = set(Change.objects.filter(registry=None).values_list("operation", flat=True))
    assert records - {"Delete resource group"} == ({"Create registry", "Delete registry"} if created else set())
    assert Tombstone.objects.filter(name="late1").exists() is created


def test_a_registry_that_comes_before_the_lock_is_locked_too(
    monkeypatch: pytest.MonkeyPatch, first: ResourceGroup
) -> None:
    looks = count()
    look = resource_groups._affected

    def one_more(groups: Sequence[int]) -> set[int]:
        if next(looks) in (1, 2):  # after the first look; letting go of all locks takes it back here, so once more
            make.registry("late1", group=first)
        return look(groups)

    monkeypatch.setattr(resource_groups, "_affected", one_more)
    assert first.delete_with_registries(make.BO) == []
    assert not Registry.objects.exists()
    assert Change.objects.filter(operation="Delete registry").count() == 1
    assert Tombstone.objects.filter(name="late1").exists()
