"""The body of a PUT or PATCH of a replication, read into values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from networking.access.problems import Code, Problem
from networking.arm.body import Refused, a_boolean, a_text, a_word, an_object, quoted
from networking.arm.document import ENVELOPE, path_of, refuse_what_cannot_be_stored, spelled, tags_of
from networking.arm.registry_body import READ_ONLY_BESIDE, WORDS, checked_beside, merge_patch

READ_ONLY = frozenset({"provisioningState", "status"})
SPELLINGS = frozenset({"regionEndpointEnabled", "zoneRedundancy", *READ_ONLY})


@dataclass(frozen=True, slots=True)
class AskedReplication:
    """What a body asks for; None is what it doesn't say. `others` holds by path what Portcullis has no use for."""

    location: str | None
    region_endpoint_enabled: bool | None
    zone_redundancy: str | None
    tags: dict[str, str] | None
    others: dict[str, Any]

    def kept_upon(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """JSON merge, by path; null takes away."""
        after = dict(kept)
        for path, value in self.others.items():
            if value is None:
                after.pop(path, None)
            else:
                after[path] = merge_patch(after.get(path), value)
        return after


def read(body: object) -> AskedReplication | Problem:
    """The body of a PUT or PATCH, or what is wrong with it. What it doesn't say is None, and stays as it is."""
    try:
        refuse_what_cannot_be_stored(body)
        if not isinstance(body, dict):
            raise Refused(Problem(Code.INVALID_PROPERTY, f"The body is {quoted(body)}; it must be a JSON object."))
        return _read(spelled(body, ENVELOPE | {"properties"}, ""))
    except Refused as refused:
        return refused.problem


def _read(body: dict[str, Any]) -> AskedReplication:
    said = {} if body.get("properties") is None else an_object(body["properties"], "properties")
    said = spelled(said, SPELLINGS, "properties.")
    enabled, zones = said.get("regionEndpointEnabled"), said.get("zoneRedundancy")
    beside = {"location", "tags", "properties", *READ_ONLY_BESIDE}
    return AskedReplication(
        location=None if body.get("location") is None else a_text(body["location"], "location").strip(),
        region_endpoint_enabled=None if enabled is None else a_boolean(enabled, "regionEndpointEnabled"),
        zone_redundancy=None if zones is None else a_word(zones, "zoneRedundancy", WORDS["zoneRedundancy"]),
        tags=None if body.get("tags") is None else tags_of(body["tags"]),
        others={
            **{path_of(key): checked_beside(key, value) for key, value in body.items() if key not in beside},
            **{path_of(key, "properties."): value for key, value in said.items() if key not in SPELLINGS},
        },
    )
