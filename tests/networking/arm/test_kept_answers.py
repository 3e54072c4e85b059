import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from networking.access.policy import AccessPolicy
from networking.arm import kept_answers, rendering, tokens
from networking.arm.registry_queries import stored
from networking.importing import import_registries
from networking.models import EndpointSettings, PrivateEndpointConnection
from networking.private_endpoint_connections import approve, connect, disconnect, reject, remove
from networking.replicating import Wanted, replicate
from networking.replicating import remove as stop_replicating
from registries.models import Account, Origin, Registry
from tests import make
from tests.networking.arm.asking import REGISTRIES, REGISTRY, VERSION, Arm

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

AN = Origin(account="an@example.org", door="portal", address="192.0.2.44")
ENDPOINT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/e"


@pytest.fixture(autouse=True)
def nothing_kept(db: None) -> None:
    kept_answers.forget()


def store(registry: Registry) -> None:
    policy = EndpointSettings.of(registry).policy
    wanted = policy.with_rule(make.rule("9.9.9.9").range)
    assert isinstance(wanted, AccessPolicy)
    EndpointSettings.store(registry, wanted, seen=policy.fingerprint, origin=AN)


def name_a_rule(registry: Registry) -> None:
    policy = EndpointSettings.of(registry).policy
    named = replace(policy, rules=(make.rule("8.8.8.8", name="DNS"),))
    EndpointSettings.store(registry, named, seen=policy.fingerprint, origin=AN)


def bring_in(registry: Registry) -> None:
    document = {"id": REGISTRY, "name": registry.name, "location": "eastus", "sku": "Premium"}
    assert import_registries({**document, "adminUserEnabled": True}, AN)


def connected(registry: Registry) -> PrivateEndpointConnection:
    return registry.private_endpoint_connections.get()


CHANGES: dict[str, Callable[[Registry], object]] = {
    "a rule": store,
    "the name of a rule": name_a_rule,  # another ETag, for a PUT of the same ranges keeps names
    "tags": lambda registry: registry.change_tags({"a": "b"}, AN),
    "properties we have no use for": lambda registry: registry.change_kept_aside({"properties.quotas": 3}, AN),
    "an import": bring_in,
    "a connection": lambda registry: connect(registry, f"{ENDPOINT}2", AN, approved=False),
    "an approval": lambda registry: approve(connected(registry), AN),
    "a rejection": lambda registry: reject(connected(registry), AN),
    "a removal": lambda registry: remove(connected(registry), AN),
    "a deleted private endpoint": lambda registry: disconnect(registry, ENDPOINT, AN),
    "a replication": lambda registry: replicate(registry, "westus", Wanted(), AN),
    "a replication less": lambda registry: stop_replicating(registry, "uksouth", AN),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_answer_is_told_anew_after_any_change_by_any_door(reader: Arm, change: str) -> None:
    registry = make.registry(policy=make.selected("8.8.8.8", data_endpoint=True))
    replicate(registry, "uksouth", Wanted(), AN)
    connect(registry, ENDPOINT, AN, approved=False)
    before = reader.get(REGISTRY)
    CHANGES[change](registry)
    after = reader.get(REGISTRY)
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.json == rendering.registry(stored(Registry.objects.get(pk=registry.pk)), VERSION)
    assert after.json != before.json


def in_a_thread(done: Callable[[], object]) -> None:
    def closed() -> None:
        try:
            done()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(closed).result()


def test_what_somebody_else_commits_counts_as_well(reader: Arm) -> None:
    registry = make.registry()
    assert reader.get(REGISTRY).json["tags"] == {}
    in_a_thread(lambda: registry.change_tags({"a": "b"}, AN))
    assert reader.get(REGISTRY).json["tags"] == {"a": "b"}


def test_threads_share_what_is_kept(
    reader: Arm, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_answers, "POSTGRESQL", b"SELECT 'as it was', 1")
    make.registry()
    kept_answers.current()  # this thread has looked before the other one keeps something
    in_a_thread(lambda: reader.get(REGISTRY))
    with django_assert_num_queries(0):
        assert reader.get(REGISTRY).status == 200


def test_what_one_thread_has_noticed_the_others_notice_as_well(reader: Arm) -> None:
    """The first thread has looked since the change, and kept its answer anew; the second has not, and then neither
    may find what it kept itself before."""
    registry = make.registry()
    turns = [threading.Event() for _ in range(2)]

    def second() -> list[dict[str, str]]:
        seen = [reader.get(REGISTRY).json["tags"]]
        turns[0].set()
        assert turns[1].wait(10)
        seen.append(reader.get(REGISTRY).json["tags"])
        connection.close()
        return seen

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(second)
        assert turns[0].wait(10)
        registry.change_tags({"a": "b"}, AN)
        assert reader.get(REGISTRY).json["tags"] == {"a": "b"}
        turns[1].set()
        assert other.result() == [{}, {"a": "b"}]
    assert reader.get(REGISTRY).json["tags"] == {"a": "b"}


def test_no_thread_is_ever_given_what_was_true_before_a_change_that_is_stored(reader: Arm) -> None:
    registry = make.registry()
    stored, done = 0, False

    def read() -> int:
        looks = 0
        while not done:
            least = stored
            assert int(reader.get(REGISTRY).json["tags"].get("n", "0")) >= least
            looks += 1
        connection.close()
        return looks

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        try:
            for number in range(1, 61):
                registry.change_tags({"n": str(number)}, AN)
                stored = number
        finally:
            done = True
        assert all(each.result() for each in readers)


@pytest.mark.parametrize("path", [REGISTRY, REGISTRIES, f"{REGISTRIES}?$top=1"])
def test_a_second_time_nothing_is_read_again(
    reader: Arm, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    # Other workers of the same run write into other databases of the same server, which its snapshots tell.
    monkeypatch.setattr(kept_answers, "POSTGRESQL", b"SELECT 'as it was', 1")
    make.registry(policy=make.selected("8.8.8.8"))
    make.registry("another")
    first = reader.get(path)
    with django_assert_num_queries(0):
        again = reader.get(path)
    assert (again.status, again.json) == (200, first.json)
    made_anew = {"x-ms-request-id", "x-ms-correlation-request-id"}
    assert {name: value for name, value in again.headers.items() if name not in made_anew} == {
        name: value for name, value in first.headers.items() if name not in made_anew
    }
    assert again.headers["x-ms-request-id"] != first.headers["x-ms-request-id"]


def test_the_next_page_is_not_the_first(reader: Arm) -> None:
    for name in ("registry1", "registry2"):
        make.registry(name)
    first = reader.get(f"{REGISTRIES}?$top=1&api-version={VERSION}").json
    assert [each["name"] for each in first["value"]] == ["registry1"]
    path = first["nextLink"].partition("8443")[2]
    assert [each["name"] for each in reader.get(path).json["value"]] == ["registry2"]


def test_each_version_has_an_answer_of_its_own(reader: Arm) -> None:
    make.registry()
    for _ in range(2):
        assert "endpointProtocol" not in reader.get(REGISTRY, version="2023-07-01").json["properties"]
        assert "endpointProtocol" in reader.get(REGISTRY).json["properties"]


def test_nobody_is_given_the_answer_to_somebody_else(reader: Arm, nobody: Arm) -> None:
    make.registry()
    assert reader.get(REGISTRY).status == 200
    assert nobody.get(REGISTRY).status == 403
    assert Arm("").get(REGISTRY).status == 401
    assert Arm(f"{reader.authorization}x").get(REGISTRY).status == 401


def end_role(account: Account) -> None:
    account.groups.clear()


def end_permissions(account: Account) -> None:
    Group.objects.get(name="Reader").permissions.clear()


def end_account(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(is_active=False)


@pytest.mark.parametrize(
    ("end", "status"), [(end_role, 403), (end_permissions, 403), (end_account, 401), (Account.delete, 401)]
)
def test_what_an_account_lost_counts_at_once(reader: Arm, end: Callable[[Account], object], status: int) -> None:
    make.registry()
    assert reader.get(REGISTRY).status == 200
    end(Account.objects.get(username="reader@example.org"))
    assert reader.get(REGISTRY).status == status


def test_a_token_that_ends_opens_nothing_any_more(reader: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    make.registry()
    assert reader.get(REGISTRY).status == 200
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + tokens.LIFETIME + 1)
    assert reader.get(REGISTRY).error[:2] == (401, "ExpiredAuthenticationToken")


def test_a_refusal_is_not_kept(reader: Arm, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make.resource_group()
    assert reader.get(REGISTRY).status == reader.get(REGISTRY).status == 404
    assert not kept_answers.shared.answers.kept


def test_a_deleted_registry_is_gone_and_one_of_the_same_name_is_another(reader: Arm) -> None:
    registry = make.registry(tags={"a": "b"})
    assert reader.get(REGISTRY).json["tags"] == {"a": "b"}
    registry.delete_recorded(AN)
    assert reader.get(REGISTRY).status == 404
    make.registry()
    assert reader.get(REGISTRY).json["tags"] == {}


def test_within_a_transaction_nothing_is_kept_and_nothing_kept_is_given(reader: Arm) -> None:
    registry = make.registry()
    assert reader.get(REGISTRY).json["sku"]["name"] == "Premium"
    with transaction.atomic():
        registry.change_tier("Basic", AN)
        assert reader.get(REGISTRY).json["sku"]["name"] == "Basic"
        transaction.set_rollback(True)
    assert reader.get(REGISTRY).json["sku"]["name"] == "Premium"


def test_a_change_while_an_answer_is_made_is_seen_by_the_next_one(reader: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is of rows read before the change, and must not be found after it."""
    registry = make.registry()
    made = rendering.registry

    def meanwhile(of: rendering.Stored, version: str) -> dict[str, object]:
        monkeypatch.setattr(rendering, "registry", made)
        in_a_thread(lambda: registry.change_tags({"a": "b"}, AN))
        return made(of, version)

    monkeypatch.setattr(rendering, "registry", meanwhile)
    assert reader.get(REGISTRY).json["tags"] == {}
    assert reader.get(REGISTRY).json["tags"] == {"a": "b"}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no session that could end.")
def test_a_session_that_the_database_ended_is_begun_anew(reader: Arm) -> None:
    registry = make.registry()
    assert reader.get(REGISTRY).status == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        session = cursor.fetchone()[0]
    in_a_thread(lambda: end(session))
    assert reader.get(REGISTRY).json["name"] == registry.name


def end(session: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [session])


def test_no_more_is_kept_than_fits(reader: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_answers, "MOST", 12_000)
    monkeypatch.setattr(kept_answers, "LARGEST", 6_000)
    make.registry("registry0", kept_aside={"properties.quotas": "x" * kept_answers.LARGEST})
    for number in range(1, 6):
        make.registry(f"registry{number}")
    for number in range(6):
        assert reader.get(f"{REGISTRIES}/registry{number}").status == 200
        kept = kept_answers.shared.answers.kept
        assert sum(len(each.body) for each in kept.values()) <= kept_answers.shared.answers.size <= 12_000
    assert 1 <= len(kept) < 5
    assert not any("registry0" in path for _, _, path, _ in kept)
