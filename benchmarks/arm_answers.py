"""What the ARM API is asked, and the bytes that it answers with; and pages of its list, in this process."""

import json
import time
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client

from benchmarks import filling
from networking.arm import tokens
from registries.models import Account, Registry

VERSION = "api-version=2026-09-01-preview"
NAMES = 50
PAGE = 100
PAGES = 24


@dataclass(frozen=True)
class Asked:
    """`paths` are of registries, each with its name; `bodies` change one policy there and back."""

    token: str
    listing: str
    paths: list[str]
    names: list[str]
    bodies: list[str]


def prepared() -> dict[str, Any]:
    """Writes the answers into the data directory, for the bare views."""
    asked = _asked()
    client = _client(asked.token)
    for name, method, path, body in (
        ("get", "GET", asked.paths[0], ""),
        ("list", "GET", asked.listing, ""),
        ("patch", "PATCH", asked.paths[0], asked.bodies[0]),
    ):
        response = client.generic(method, path, body, content_type="application/json")
        assert response.status_code == 200, response.content
        (settings.DATA / f"{name}.answer").write_bytes(response.content)
    return asdict(asked)


def _asked() -> Asked:
    account, _ = Account.objects.get_or_create(username="figures", defaults={"service_principal": True})
    account.groups.add(Group.objects.get(name="Owner"))
    registries = list(Registry.objects.with_group().order_by("pk")[:NAMES])
    bypass = [{"properties": {"networkRuleBypassOptions": word}} for word in ("None", "AzureServices")]
    return Asked(
        token=f"Bearer {tokens.issue(account, settings.ARM_URL)}",
        listing=_listing(0),
        paths=[f"{each.resource_id}?{VERSION}" for each in registries],
        names=[each.name for each in registries],
        bodies=[json.dumps(each) for each in bypass],
    )


def pages() -> dict[str, float]:
    """Milliseconds of a page at the beginning, in the middle and at the end of the list; no page is asked for twice."""
    client = _client(_asked().token)
    ends = list(Registry.objects.order_by("pk").values_list("pk", flat=True)[PAGE - 1 :: PAGE])
    starts = [0, *ends]
    middle = len(starts) // 2
    places = {"first": starts[:PAGES], "middle": starts[middle : middle + PAGES], "last": starts[-PAGES - 1 : -1]}
    _timed(client, starts[PAGES])
    took: dict[str, list[float]] = {place: [] for place in places}
    for turn in zip(*places.values(), strict=True):
        for place, start in zip(places, turn, strict=True):
            took[place].append(_timed(client, start))
    return {place: median(each) for place, each in took.items()}


def _timed(client: Client, start: int) -> float:
    path = _listing(start)
    began = time.perf_counter()
    response = client.get(path)
    took = (time.perf_counter() - began) * 1000
    assert response.status_code == 200, response.content
    return took


def _listing(start: int) -> str:
    place = f"/subscriptions/{filling.SUBSCRIPTION_ID}/providers/Microsoft.ContainerRegistry/registries"
    return f"{place}?{VERSION}&$top={PAGE}&$skiptoken=0-{start}"


def _client(token: str) -> Client:
    return Client(headers={"host": "localhost", "authorization": token, "commandname": "acr update"})
