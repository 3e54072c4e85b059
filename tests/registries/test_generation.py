"""The count that tells the gates what changed."""

import threading
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, connections, transaction
from pytest_django import DjangoAssertNumQueries

from registries.models import Generation, Registry, ResourceGroup, Tombstone
from tests import make


@pytest.mark.django_db
def test_the_count_begins_at_nothing_and_goes_up_by_one() -> None:
    assert Generation.current() == 0
    assert [Generation.next(), Generation.next(), Generation.next()] == [1, 2, 3]
    assert Generation.current() == 3


@pytest.mark.django_db
def test_a_new_number_takes_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    Generation.next()
    with django_assert_num_queries(1):
        Generation.next()


@pytest.mark.django_db
def test_there_is_one_row() -> None:
    Generation.next()
    with pytest.raises(IntegrityError), transaction.atomic():
        Generation.objects.create(pk=2, value=7)


@pytest.mark.django_db
def test_what_was_taken_back_has_no_number() -> None:
    Generation.next()
    with transaction.atomic():
        Generation.next()
        transaction.set_rollback(True)
    assert Generation.current() == 1


@pytest.mark.django_db
def test_every_change_of_a_registry_carries_the_number_it_made() -> None:
    group = make.resource_group()
    registry = Registry.create_recorded(
        resource_group=group, name="Contoso", sku="Premium", location="eastus", origin=make.BO
    )
    seen = []

    def look() -> None:
        registry.refresh_from_db()
        seen.append((registry.generation, Generation.current()))

    look()
    registry.touch()
    look()
    registry.touch()
    look()
    assert seen == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.django_db
def test_a_registry_that_goes_leaves_its_name_and_a_number() -> None:
    registry = make.registry("Contoso")
    registry.touch()
    registry.delete_recorded(make.BO)
    registry.delete_recorded(make.BO)  # somebody else's, a moment later
    assert list(Tombstone.objects.values_list("name", "generation")) == [("contoso", 2)]
    assert Generation.current() == 2


@pytest.mark.django_db
def test_a_group_that_goes_leaves_one_for_each_registry() -> None:
    for name in ("contoso", "fabrikam"):
        make.registry(name)
    ResourceGroup.objects.get().delete_with_registries(make.BO)
    assert list(Tombstone.objects.order_by("generation").values_list("name", "generation")) == [
        ("contoso", 1),
        ("fabrikam", 2),
    ]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_no_number_is_given_twice() -> None:
    Generation.next()
    given: list[int] = []

    def change() -> None:
        for _ in range(10):
            with transaction.atomic():
                given.append(Generation.next())
        connections.close_all()

    together = [threading.Thread(target=change) for _ in range(4)]
    for each in together:
        each.start()
    for each in together:
        each.join()
    assert sorted(given) == list(range(2, 42))


# PostgreSQL calls it out


def called(listening: "psycopg.Connection[Any]") -> list[str]:
    return [each.channel for each in listening.notifies(timeout=0.5)]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite calls nobody.")
def test_a_change_is_called_out_when_it_is_there_to_be_read() -> None:
    Generation.next()
    kept = connection.get_connection_params()
    for own in ("cursor_factory", "context"):
        kept.pop(own, None)
    with psycopg.connect(**kept, autocommit=True) as listening:
        listening.execute("LISTEN portcullis_generation")
        with transaction.atomic():
            Generation.next()
            Generation.next()
            assert called(listening) == []
        assert called(listening) == ["portcullis_generation"]
        with transaction.atomic():
            Generation.next()
            transaction.set_rollback(True)
        assert called(listening) == []
