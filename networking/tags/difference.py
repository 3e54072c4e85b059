"""What a new file of service tags has that the one before had not, and the other way round."""

from collections.abc import Mapping
from typing import Any

from networking.tags.prefixes import Packed, spelled

# The tags that rules for container registries are made of; theirs are told first.
OURS = ("azurecontainerregistry", "storage", "microsoftcontainerregistry", "azurefrontdoor.firstparty")
MOST_NAMED = 1000  # names of tags, and prefixes: all of them are counted, so many are kept


def difference(before: Mapping[str, Packed], after: Mapping[str, Packed]) -> dict[str, Any]:
    """As it is kept of an import. `tags_added`, `tags_removed`: names; `changed`: tags of both with other prefixes,
    each with counts and, as far as MOST_NAMED lets, the prefixes; and the counts of all of these."""
    added, removed = sorted(after.keys() - before.keys()), sorted(before.keys() - after.keys())
    changed: list[dict[str, Any]] = []
    left = MOST_NAMED
    for name in sorted(before.keys() & after.keys(), key=lambda name: (not is_ours(name), name)):
        if before[name] == after[name]:
            continue
        one, other = before[name].records(), after[name].records()
        new, gone = sorted(other - one, key=_place), sorted(one - other, key=_place)
        named_new = [spelled(each) for each in new[:left]]
        named_gone = [spelled(each) for each in gone[: left - len(named_new)]]
        left -= len(named_new) + len(named_gone)
        changed.append({"name": name, "added": len(new), "removed": len(gone), "new": named_new, "gone": named_gone})
    return {
        "tags_added": added[:MOST_NAMED],
        "tags_removed": removed[:MOST_NAMED],
        "changed": changed[:MOST_NAMED],
        "counts": {
            "tags_added": len(added),
            "tags_removed": len(removed),
            "changed": len(changed),
            "added": sum(each["added"] for each in changed),
            "removed": sum(each["removed"] for each in changed),
        },
    }


def is_ours(name: str) -> bool:
    """A tag of container registries or of their storage, of a region or of all."""
    name = name.lower()
    return name.startswith(tuple(f"{ours}." for ours in OURS)) or name in OURS


def _place(record: bytes) -> tuple[int, bytes]:
    """IPv4 first, each in order."""
    return len(record), record
