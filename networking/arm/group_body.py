"""ARM JSON of resource groups, read into values and spelled out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from networking.access.problems import Problem
from networking.arm.body import Refused
from networking.arm.network_body import READ_ONLY, location_of, opened, parted, tags_of
from networking.arm.registry_body import merge_patch, too_much

TYPE = "Microsoft.Resources/resourceGroups"
READ_ONLY_PROPERTIES = frozenset({"provisioningState"})


@dataclass(frozen=True, slots=True)
class GroupBody:
    """What a body asks for. `location` is empty and `tags` None where it says nothing of them; `others` is what
    Portcullis has no use for, where null takes a value away."""

    location: str
    tags: dict[str, str] | None
    others: dict[str, Any]

    def kept_upon(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """What is kept after it: a PATCH merges, and a PUT is a merge with nothing. Refused where that is too much."""
        merged = merge_patch(kept, self.others)
        after = {key: value for key, value in merged.items() if key != "properties" or value}
        if problem := too_much(after):
            raise Refused(problem)
        return after


def read_group(document: object) -> GroupBody | Problem:
    try:
        body, said = opened(document, READ_ONLY_PROPERTIES)
        beside = {key: body[key] for key in body if key not in READ_ONLY | {"location", "tags", "properties"}}
        properties = {key: said[key] for key in said if key not in READ_ONLY_PROPERTIES}
        return GroupBody(
            location=location_of(body),
            tags=None if body.get("tags") is None else tags_of(body),
            others={**beside, "properties": properties},
        )
    except Refused as refused:
        return refused.problem


def group(resource_id: str, location: str, tags: Mapping[str, str], kept: Mapping[str, Any]) -> dict[str, Any]:
    """As a GET answers."""
    own, beside = parted(kept)
    return {
        "id": resource_id,
        "name": resource_id.rpartition("/")[2],
        "type": TYPE,
        "location": location,
        **({"tags": tags} if tags else {}),
        **beside,
        "properties": {"provisioningState": "Succeeded", **own},
    }


def etag_of(spelled: Mapping[str, Any]) -> str:
    """Azure's groups have none. For those who send conditions, one that changes whenever the rest does."""
    return f'"{uuid5(NAMESPACE_URL, json.dumps(spelled, sort_keys=True))}"'
