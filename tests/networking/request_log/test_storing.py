"""Lines in the database: which are kept, what they tell of rules and gates, and what goes again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from networking.models import AccessRequest, EndpointSettings, FirewallRule, GateReport
from networking.request_log import storing
from networking.request_log.lines import Line, Report
from networking.request_log.storing import LastUses, store, trim
from registries.models import Registry
from tests import make
from tests.networking.request_log.test_lines import READ

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 21, 35, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry("MyContainerRegistry", policy=make.selected("203.0.113.0/24", "198.51.100.7"))


def last_uses() -> dict[str, datetime | None]:
    return dict(FirewallRule.objects.values_list("range", "last_used_at"))


def test_a_line_is_kept_whole(registry: Registry) -> None:
    assert store([READ], {}) == 0
    row = AccessRequest.objects.get()
    assert row.registry == registry
    kept = {name: getattr(row, name) for name in Line.__dataclass_fields__ if name != "registry"}
    assert kept == {name: getattr(READ, name) for name in kept}


def test_lines_of_no_registry_of_ours_are_counted_and_the_others_kept(registry: Registry) -> None:
    assert store([READ, replace(READ, registry="nosuch"), READ], {}) == 1
    assert AccessRequest.objects.count() == 2


def test_nothing_is_kept_where_nothing_is_to_be_kept_but_rules_are_used(registry: Registry, settings: Settings) -> None:
    settings.REQUESTS_KEPT = 0
    store([READ], {})
    assert AccessRequest.objects.count() == 0
    assert last_uses() == {"203.0.113.0/24": AT, "198.51.100.7": None}


def test_a_rule_is_used_when_a_line_says_so(registry: Registry) -> None:
    other = make.registry("edgefleet", policy=make.selected("203.0.113.0/24"))
    later = replace(READ, at=AT + MINUTE)
    refused = replace(READ, rule="", allowed=False, reason="no_rule", at=AT + 2 * MINUTE)
    gone = replace(READ, rule="9.9.9.9")
    store([later, READ, refused, gone], {})
    assert FirewallRule.objects.get(settings=registry.pk, range="203.0.113.0/24").last_used_at == AT + MINUTE
    unused = FirewallRule.objects.filter(last_used_at=None).values_list("settings", "range")
    assert set(unused) == {(registry.pk, "198.51.100.7"), (other.pk, "203.0.113.0/24")}


def test_a_use_is_written_once_a_minute_and_never_goes_back(registry: Registry) -> None:
    told: LastUses = {}
    for seconds, written in ((0, 0), (30, 0), (59, 0), (61, 61), (62, 61), (130, 130)):
        store([replace(READ, at=AT + timedelta(seconds=seconds))], told)
        assert last_uses()["203.0.113.0/24"] == AT + timedelta(seconds=written)
    store([replace(READ, at=AT)], {})  # somebody who remembers nothing
    assert last_uses()["203.0.113.0/24"] == AT + timedelta(seconds=130)


def test_a_registry_s_log_begins_with_its_first_line_whatever_becomes_of_that(
    registry: Registry, settings: Settings
) -> None:
    settings.REQUESTS_KEPT = 0
    other = make.registry("edgefleet", policy=make.selected("203.0.113.0/24"))
    told: LastUses = {}
    for minutes in (0, 1, 2):
        store([replace(READ, rule="", reason="no_rule", allowed=False, at=AT + minutes * MINUTE)], told)
    begun = dict(EndpointSettings.objects.values_list("registry", "logged_since"))
    assert begun == {registry.pk: AT, other.pk: None}


def test_a_log_that_was_there_before_the_settings_is_known_a_minute_later(db: None) -> None:
    told: LastUses = {}
    registry = make.registry("MyContainerRegistry")
    EndpointSettings.objects.all().delete()
    store([READ], told)
    EndpointSettings.objects.create(registry=registry)
    for at in (AT + MINUTE / 2, AT + MINUTE):
        store([replace(READ, at=at)], told)
    assert EndpointSettings.objects.get().logged_since == AT + MINUTE


def test_a_use_changes_nothing_that_a_gate_or_a_person_sees_as_a_change(registry: Registry) -> None:
    before = Registry.objects.values("generation", "changed_at").get(pk=registry.pk)
    store([READ], {})
    assert Registry.objects.values("generation", "changed_at").get(pk=registry.pk) == before
    assert registry.changes.count() == 1


def test_all_or_nothing_is_written(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(uses: LastUses) -> None:
        raise DatabaseError

    told: LastUses = {}
    monkeypatch.setattr(storing, "_write_uses", fail)
    with pytest.raises(DatabaseError):
        store([READ], told)
    assert (AccessRequest.objects.count(), told) == (0, {})


def test_five_hundred_lines_cost_as_many_queries_as_ten(
    registry: Registry, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    # Savepoint, registries, rules, their update; the rows in as few statements as SQLite takes them.
    for count in (10, 500):
        with django_assert_max_num_queries(16):
            store([replace(READ, at=AT + timedelta(seconds=number)) for number in range(count)], {})


# Gates


def reported(gate: str = "gate1") -> tuple[int, list[tuple[int, datetime]], datetime, datetime]:
    row = GateReport.objects.get(name=gate)
    steps = [(generation, datetime.fromtimestamp(at, UTC)) for generation, at in row.steps]
    return row.generation, steps, row.first_reported_at, row.reported_at


def test_a_gate_says_which_generation_it_serves_and_since_when(db: None) -> None:
    store([Report("gate1", 5, AT), Report("gate2", 4, AT)], {})
    store([Report("gate1", 5, AT + MINUTE), Report("gate1", 5, AT + 2 * MINUTE)], {})
    assert reported() == (5, [(5, AT)], AT, AT + 2 * MINUTE)
    store([Report("gate1", 7, AT + 3 * MINUTE), Report("gate1", 7, AT + 4 * MINUTE)], {})
    assert reported() == (7, [(5, AT), (7, AT + 3 * MINUTE)], AT, AT + 4 * MINUTE)
    assert reported("gate2") == (4, [(4, AT)], AT, AT)


def test_a_batch_keeps_every_step_and_the_last_word(db: None) -> None:
    said = [(5, 0), (5, 1), (5, 2), (6, 3), (8, 4), (8, 5), (8, 6)]
    store([Report("gate1", generation, AT + minutes * MINUTE) for generation, minutes in said], {})
    steps = [(5, AT), (6, AT + 3 * MINUTE), (8, AT + 4 * MINUTE)]
    assert reported() == (8, steps, AT, AT + 6 * MINUTE)


def test_a_gate_of_another_database_begins_anew(db: None) -> None:
    store([Report("gate1", 9, AT), Report("gate1", 2, AT + MINUTE)], {})
    assert reported() == (2, [(2, AT + MINUTE)], AT, AT + MINUTE)


def test_only_the_last_steps_are_remembered(db: None) -> None:
    store([Report("gate1", number, AT + number * MINUTE) for number in range(150)], {})
    gate = GateReport.objects.get()
    assert len(gate.steps) == GateReport.STEPS
    assert gate.steps[-1][0] == 149


@pytest.mark.parametrize(
    ("generation", "reached"),
    [
        pytest.param(3, None, id="before what is remembered"),
        pytest.param(5, AT, id="the first step itself"),
        pytest.param(6, AT + MINUTE, id="taken together with a later one"),
        pytest.param(8, AT + MINUTE, id="a step itself"),
        pytest.param(9, AT + 2 * MINUTE, id="the last"),
        pytest.param(10, None, id="not yet"),
    ],
)
def test_when_a_gate_reached_a_generation(generation: int, reached: datetime | None) -> None:
    steps = [[5, AT.timestamp()], [8, (AT + MINUTE).timestamp()], [9, (AT + 2 * MINUTE).timestamp()]]
    assert GateReport(name="gate1", generation=9, steps=steps).reached(generation) == reached


# What goes again


def test_the_oldest_go_beyond_the_number_that_is_kept(registry: Registry, settings: Settings) -> None:
    settings.REQUESTS_KEPT = 3
    store([replace(READ, path=f"/v2/{number}", at=timezone.now()) for number in range(5)], {})
    trim()
    assert list(AccessRequest.objects.order_by("pk").values_list("path", flat=True)) == ["/v2/2", "/v2/3", "/v2/4"]


def test_what_is_too_old_goes_gates_too(registry: Registry, settings: Settings) -> None:
    settings.REQUESTS_KEPT_DAYS = 2
    now = timezone.now()
    for days in (0, 1, 3):
        make.access_request(registry, at=now - timedelta(days=days), path=f"/v2/{days}")
        make.gate(f"gate{days}", at=now - timedelta(days=days))
    trim()
    assert sorted(AccessRequest.objects.values_list("path", flat=True)) == ["/v2/0", "/v2/1"]
    assert sorted(GateReport.objects.values_list("name", flat=True)) == ["gate0", "gate1"]


def test_trimming_goes_on_until_it_is_done(
    registry: Registry, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "AT_ONCE", 2)
    settings.REQUESTS_KEPT = 1
    store([replace(READ, at=timezone.now())] * 8, {})
    trim()
    assert AccessRequest.objects.count() == 1


def test_with_nothing_stored_there_is_nothing_to_trim(db: None) -> None:
    trim()
    assert AccessRequest.objects.count() == 0
