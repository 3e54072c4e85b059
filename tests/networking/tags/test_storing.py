"""Imports in the database: all or nothing, one at a time, and what is asked of the last one."""

import io
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from networking.access.problems import Code, Problem
from networking.models import ServiceTag, ServiceTagImport
from networking.tags import storing
from networking.tags.storing import import_tags, prefixes_of, tags_holding
from tests import make
from tests import service_tags_file as file

pytestmark = pytest.mark.django_db


def stored() -> dict[str, tuple[bytes, bytes]]:
    return {tag.name: (bytes(tag.ipv4), bytes(tag.ipv6)) for tag in ServiceTag.objects.all()}


def test_an_import_keeps_what_the_file_says() -> None:
    done = make.service_tags(file.small(), name="ServiceTags_Public_21261118.json", by="ada@example.org")
    assert (done.state, done.cloud, done.change_number, done.tag_count, done.prefix_count) == (
        "done",
        "Public",
        84,
        6,
        10,
    )
    assert (done.file_name, done.imported_by, done.problem, done.difference) == (
        "ServiceTags_Public_21261118.json",
        "ada@example.org",
        "",
        {},
    )
    assert done.bytes_read == done.file_size == len(file.written(file.small()))
    assert ServiceTagImport.last() == done
    assert len(stored()) == 6


def test_the_next_import_takes_the_place_and_keeps_the_difference() -> None:
    make.service_tags(file.small())
    changed = file.small(number=85, Sql=["198.51.100.0/24"])
    changed["values"][3]["properties"]["addressPrefixes"] = ["52.239.216.0/23", "198.51.100.0/24"]
    del changed["values"][5]
    done = make.service_tags(changed)
    assert done.difference == {
        "tags_added": ["Sql"],
        "tags_removed": ["Storage.EastUS"],
        "changed": [
            {"name": "Storage", "added": 1, "removed": 1, "new": ["198.51.100.0/24"], "gone": ["13.65.107.32/28"]}
        ],
        "counts": {"tags_added": 1, "tags_removed": 1, "changed": 1, "added": 1, "removed": 1},
    }
    assert sorted(stored()) == sorted(each["name"] for each in changed["values"])
    assert ServiceTagImport.last() == done


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not json", id="no JSON"),
        pytest.param(file.written(file.small(number=85))[:-9], id="truncated"),
        pytest.param(file.written(file.small(number=85, Sql=["13.66.140.73/29"])), id="a bad prefix at the end"),
        pytest.param(file.written({"changeNumber": "85", **file.small()} | {"changeNumber": "85"}), id="wrong type"),
    ],
)
def test_a_broken_file_leaves_the_last_good_import_in_place(data: bytes) -> None:
    good = make.service_tags(file.small())
    before = stored()
    refused = import_tags(io.BytesIO(data), name="next.json", size=len(data), by="ada@example.org")
    assert isinstance(refused, Problem)
    assert refused.code is Code.INVALID_SERVICE_TAGS
    assert stored() == before
    assert ServiceTagImport.last() == good
    failed = ServiceTagImport.objects.exclude(pk=good.pk).get()
    assert (failed.state, failed.problem) == ("failed", str(refused))
    assert failed.ended_at


def test_a_fault_in_the_middle_of_writing_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    make.service_tags(file.small())
    before = stored()

    def fail(*args: Any, **more: Any) -> None:
        raise RuntimeError("no room left")

    monkeypatch.setattr(storing, "_row", fail)
    with pytest.raises(RuntimeError):
        make.service_tags(file.small(number=85))
    assert stored() == before
    assert ServiceTagImport.objects.get(state="failed").problem == storing.INTERRUPTED


def running(**more: Any) -> ServiceTagImport:
    return ServiceTagImport.objects.create(file_name="first.json", imported_by="bo@example.org", **more)


def test_a_second_import_waits_for_the_first() -> None:
    first = running()
    data = file.written(file.small())
    refused = import_tags(io.BytesIO(data), name="next.json", size=len(data), by="ada@example.org")
    assert str(refused) == "Another import of service tags is running. Wait for its end, then look here."
    assert [each.pk for each in ServiceTagImport.objects.all()] == [first.pk]
    assert stored() == {}


def test_an_import_that_fell_silent_is_closed_by_the_next_one() -> None:
    first = running(seen_at=timezone.now() - timedelta(minutes=3))
    assert first.is_silent
    done = make.service_tags(file.small())
    first.refresh_from_db()
    assert (first.state, first.problem) == ("failed", storing.INTERRUPTED)
    assert (done.state, first.is_silent, done.is_silent) == ("done", False, False)


def test_an_import_that_was_given_up_stores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It fell silent, another one closed it, and then it came back."""
    make.service_tags(file.small())
    before = stored()
    told = storing._told

    def given_up(*args: Any) -> Any:
        yield from told(*args)
        ServiceTagImport.objects.filter(state="running").update(state="failed", problem=storing.INTERRUPTED)

    monkeypatch.setattr(storing, "_told", given_up)
    data = file.written(file.small(number=85))
    refused = import_tags(io.BytesIO(data), name="next.json", size=len(data), by="ada@example.org")
    assert str(refused) == "The import took too long, and another one has begun meanwhile."
    assert stored() == before


def test_a_running_import_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "TELLS_EVERY", 0)
    seen: list[tuple[int, int]] = []
    original = storing._put

    def look(row: ServiceTagImport, *args: Any) -> Any:
        seen.append(ServiceTagImport.objects.values_list("tag_count", "bytes_read").get(pk=row.pk))
        return original(row, *args)

    monkeypatch.setattr(storing, "_put", look)
    data = file.written(file.small())
    make.service_tags(file.small())
    assert seen == [(6, len(data))]


@pytest.mark.parametrize(("read", "size", "percent"), [(0, 0, 0), (50, 200, 25), (200, 200, 99), (300, 200, 99)])
def test_it_is_never_all_done_before_it_is(read: int, size: int, percent: int) -> None:
    assert ServiceTagImport(bytes_read=read, file_size=size).percent == percent


@pytest.mark.parametrize(("days", "old"), [(0, False), (6.9, False), (7.1, True)])
def test_an_import_is_old_after_a_week(days: float, old: bool) -> None:
    assert ServiceTagImport(ended_at=timezone.now() - timedelta(days=days)).is_old is old


def test_old_imports_go_and_the_last_good_one_never_does() -> None:
    good = make.service_tags(file.small())
    for _ in range(storing.KEPT + 5):
        import_tags(io.BytesIO(b"{"), name="next.json", size=1, by="ada@example.org")
    assert ServiceTagImport.objects.count() == storing.KEPT
    assert ServiceTagImport.last() == good
    assert len(stored()) == 6


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        pytest.param("a\x00b\n.json", "ab.json", id="what is no letter"),
        pytest.param("\n", "unnamed", id="nothing left"),
        pytest.param("x" * 300 + ".json", "x" * 195 + ".json", id="too long"),
    ],
)
def test_the_name_of_a_file_is_kept_as_the_table_takes_it(name: str, kept: str) -> None:
    assert make.service_tags(file.small(), name=name).file_name == kept


@pytest.mark.parametrize(
    ("address", "held"),
    [
        pytest.param(
            "13.66.140.75",
            [("AzureContainerRegistry.EastUS", "13.66.140.72/29"), ("AzureContainerRegistry", "13.66.140.72/29")],
            id="the region's tag first",
        ),
        pytest.param("13.66.140.80", [], id="one address further"),
        pytest.param(
            "52.239.217.255",
            [("Storage.AustraliaCentral", "52.239.216.0/23"), ("Storage", "52.239.216.0/23")],
            id="the last one",
        ),
        pytest.param(
            "2603:1000:7:ffff::1",
            [("AzureContainerRegistry.EastUS", "2603:1000:4::/46"), ("AzureContainerRegistry", "2603:1000:4::/46")],
            id="IPv6",
        ),
        pytest.param("::", [], id="no address"),
    ],
)
def test_the_tags_that_hold_an_address_are_found(address: str, held: list[tuple[str, str]]) -> None:
    make.service_tags(file.small())
    assert [(each.tag.name, each.prefix) for each in tags_holding(ip_address(address))] == held


def test_one_query_finds_them_however_many_tags_there_are() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            tags_holding(ip_address("13.66.140.75"))
            prefixes_of(["storage", "storage.eastus"])
        return len(captured)

    make.service_tags(file.small())
    assert queries() == 2
    make.service_tags(file.real_size(services=8))
    assert queries() == 2


def test_prefixes_are_asked_for_in_any_case_and_come_as_few_as_can_be() -> None:
    make.service_tags(
        file.small(AzureCloud=["10.0.1.0/24", "10.0.0.0/24", "10.0.0.7", "2001:db8::/33", "2001:db8:8000::/33"])
    )
    assert prefixes_of(["storage.eastus", "azurecloud", "nosuch"]) == {
        "storage.eastus": ("Storage.EastUS", ("13.65.107.32/28",)),
        "azurecloud": ("AzureCloud", ("10.0.0.0/23", "2001:db8::/32")),
    }
