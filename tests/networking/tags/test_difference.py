"""What a new file has that the one before had not."""

import pytest

from networking.tags import difference as module
from networking.tags.difference import difference, is_ours
from networking.tags.prefixes import Packed


def packed(**tags: list[str]) -> dict[str, Packed]:
    return {name: Packed.of(prefixes) for name, prefixes in tags.items()}


def test_tags_and_prefixes_added_and_removed_are_told() -> None:
    before = packed(Gone=["10.0.0.0/8"], Same=["10.0.0.0/8"], AzureCloud=["13.0.0.0/24"], Storage=["2001:db8::/32"])
    after = packed(New=["11.0.0.0/8"], Same=["10.0.0.0/8"], AzureCloud=["13.0.1.0/24"], Storage=["12.0.0.0/8"])
    assert difference(before, after) == {
        "tags_added": ["New"],
        "tags_removed": ["Gone"],
        "changed": [
            {"name": "Storage", "added": 1, "removed": 1, "new": ["12.0.0.0/8"], "gone": ["2001:db8::/32"]},
            {"name": "AzureCloud", "added": 1, "removed": 1, "new": ["13.0.1.0/24"], "gone": ["13.0.0.0/24"]},
        ],
        "counts": {"tags_added": 1, "tags_removed": 1, "changed": 2, "added": 2, "removed": 2},
    }


def test_the_same_file_again_differs_in_nothing() -> None:
    tags = packed(Storage=["10.0.0.0/8"])
    told = difference(tags, tags)
    assert (told["changed"], set(told["counts"].values())) == ([], {0})


def test_everything_is_counted_and_as_much_named_as_is_worth_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_NAMED", 3)
    before = packed(Storage=["10.0.0.0/32"], AzureCloud=["10.0.0.0/32"])
    after = packed(
        Storage=[f"10.0.0.{n}/32" for n in range(1, 3)], AzureCloud=["11.0.0.0/8"], **{f"T{n}": [] for n in range(9)}
    )
    told = difference(before, after)
    assert told["tags_added"] == ["T0", "T1", "T2"]
    assert told["changed"] == [
        {"name": "Storage", "added": 2, "removed": 1, "new": ["10.0.0.1/32", "10.0.0.2/32"], "gone": ["10.0.0.0/32"]},
        {"name": "AzureCloud", "added": 1, "removed": 1, "new": [], "gone": []},
    ]
    assert told["counts"] == {"tags_added": 9, "tags_removed": 0, "changed": 2, "added": 3, "removed": 2}


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("AzureContainerRegistry", True),
        ("AzureContainerRegistry.EastUS", True),
        ("Storage.AustraliaCentral", True),
        ("AzureFrontDoor.FirstParty", True),
        ("AzureFrontDoor.Frontend", False),
        ("StorageSyncService", False),
        ("AzureCloud", False),
    ],
)
def test_the_tags_of_registries_are_known(name: str, ours: bool) -> None:
    assert is_ours(name) is ours
