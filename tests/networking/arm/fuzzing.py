"""Schemathesis on the ARM API as its own description has it, in process, in a world where most of what is named is
there. Each request is asked as if it were the first; `walk` asks several, one after another."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, cast

import schemathesis
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examining
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from networking.arm import recorded_operations, tokens
from networking.arm.versions import KNOWN
from networking.models import Subnet
from networking.replicating import Wanted, replicate
from registries.models import Change, Subscription
from registries.service_principals import create
from tests import make
from tests.networking.arm.asking import SUBSCRIPTION, VERSION, Arm

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
IDENTITY_SECRET = "the secret of an identity"
OTHER_SUBSCRIPTION = "00000000-0000-0000-0000-000000000002"
ACR = "Microsoft.ContainerRegistry"
HEADERS: list[dict[str, str]] = [
    {},
    {},
    {"CommandName": "acr update", "Metadata": "true", "X-Identity-Header": IDENTITY_SECRET},
    {"If-Match": "*"},
    {"If-Match": '"stale"'},
    {"If-None-Match": "*"},
]

type Operation = APIOperation[Any, Any, Any, Any]


class Place(Enum):
    """Whose names a request takes."""

    HOME = auto()  # of what is there, but for the last one
    AROUND = auto()  # of what is there and what is not, in any combination
    ELSEWHERE = auto()  # any that the description allows


PLACES = [*[Place.HOME] * 6, *[Place.AROUND] * 3, Place.ELSEWHERE]


@dataclass(frozen=True)
class World:
    """What is there, by the name under which a path, a query or a body speaks of it; `whole` are bodies by operation.
    The first is the most usual."""

    paths: dict[str, list[str]]
    queries: dict[str, list[str]]
    texts: dict[str, list[str]]
    whole: dict[str, list[dict[str, Any]]]
    authorizations: list[str]


@dataclass
class Seen:
    """How often each operation gave which status."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)

    @property
    def cases(self) -> int:
        return self.answers.total()

    def never(self, operations: list[Operation]) -> list[str]:
        """Those that never did what they are there for, though they can."""
        done = {label for label, status in self.answers if status < 300}
        return [
            each.label
            for each in operations
            if each.label not in done and any(status.startswith("2") for status in each.responses.status_codes)
        ]


def furnished() -> World:
    """Registries of two tiers, one with rules, a replication and connections; networks; accounts of every kind."""
    group = make.resource_group()
    make.resource_group("spareGroup")
    Subscription.objects.create(subscription_id=OTHER_SUBSCRIPTION, display_name="Not yet registered", providers=[])
    registry = make.registry(policy=make.selected("16.17.18.0/24"), group=group, tags={"team": "build"})
    make.registry("standardregistry", sku="Standard")
    network = make.virtual_network("myVnet", "mySubnet", "vouching")
    make.virtual_network("spareVnet")
    Subnet.objects.filter(name="vouching").update(service_endpoints=[ACR])
    make.private_endpoint(registry)
    make.private_endpoint(registry, "waiting", manual=True)
    replicated = replicate(registry, "westus", Wanted(), make.BO)
    assert isinstance(replicated, Change)
    operations = [
        recorded_operations.name_of("privateendpointconnections", Change.objects.latest("pk")),
        recorded_operations.name_of("replications", replicated),
    ]
    subnets = [f"{network.resource_id}/subnets/{each}" for each in ("mySubnet", "vouching", "none")]
    return World(
        paths={
            "subscription": [str(make.SUBSCRIPTION_ID), OTHER_SUBSCRIPTION],
            "group": ["myResourceGroup", "MYRESOURCEGROUP", "spareGroup", "newGroup"],
            "name": ["mycontainerregistry", "standardregistry", "newregistry"],
            "network": ["myVnet", "spareVnet", "newVnet"],
            "subnet": ["mySubnet", "vouching", "newSubnet"],
            "endpoint": ["myEndpoint", "waiting", "newEndpoint"],
            "connection": list(registry.private_endpoint_connections.order_by("-pk").values_list("name", flat=True)),
            "replication": ["westus", "westeurope", "eastus"],
            "location": ["eastus"],
            "operation": operations,
            "namespace": [ACR, "microsoft.network", "Microsoft.Resources"],
            "resource": ["registry"],
        },
        queries={
            "api-version": [*KNOWN, "2015-01-01", "2199-01-01", "latest"],
            "$filter": [
                f"resourceType eq '{ACR}/registries'",
                "resourceGroup eq 'myResourceGroup'",
                "tagName eq 'team' and tagValue eq 'build'",
            ],
            "$skiptoken": ["0-0", "0-1", "1-5"],
            "resource": [settings.ARM_URL],
        },
        texts={
            "location": ["eastus", "East US", "westus", "westeurope", "atlantis"],
            "value": ["16.17.18.0/24", "203.0.113.9", "198.51.100.0/24", "10.0.0.0/8", "16.17.18.5/24"],
            **dict.fromkeys(("id", "virtualNetworkSubnetResourceId"), subnets),
            "privateLinkServiceId": [str(registry.resource_id)],
            "addressPrefix": ["10.0.9.0/24", "10.0.0.0/24", "10.77.0.0/24"],
            "addressPrefixes": ["10.0.0.0/16", "10.0.9.0/24"],
            "service": [ACR, "Microsoft.Storage"],
            "type": [f"{ACR}/registries"],
            "scope": [f"{settings.ARM_URL}//.default"],
        },
        whole=_usual_bodies(str(registry.resource_id), subnets[0]),
        authorizations=[*[_bearer("Owner")] * 12, _bearer("Reader"), _bearer(None), "", "Bearer forged", "Basic eA=="],
    )


def _bearer(role: str | None) -> str:
    return f"Bearer {tokens.issue(make.account(role), settings.ARM_URL)}"


def _usual_bodies(registry: str, subnet: str) -> dict[str, list[dict[str, Any]]]:
    """What programs send where a body at random is hardly ever right."""
    program = create("a program", "Owner")
    secret = {"client_id": program.client_id, "client_secret": program.secret}
    link = {"name": "link", "properties": {"privateLinkServiceId": registry, "groupIds": ["registry"]}}
    links = {"subnet": {"id": subnet}, "privateLinkServiceConnections": [link]}
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    states = [{"privateLinkServiceConnectionState": {"status": status}} for status in ("Approved", "Rejected")]
    return {
        "Authority_Token": [{"grant_type": "client_credentials", **secret}],
        "Registries_Create": [{"location": "eastus", "sku": {"name": "Premium"}}],
        "Replications_Create": [{"location": "westus"}, {"location": "West Europe", "tags": {"a": "b"}}],
        "PrivateEndpointConnections_CreateOrUpdate": [{"properties": each} for each in states],
        "PrivateEndpoints_CreateOrUpdate": [{"location": "eastus", "properties": links}],
        "VirtualNetworks_CreateOrUpdate": [{"location": "eastus", "properties": space}],
        "Subnets_CreateOrUpdate": [{"properties": {"addressPrefix": f"10.0.{each}.0/24"}} for each in (9, 0)],
    }


def described() -> list[Operation]:
    """The operations of /openapi.json, as the application gives it. The description itself is none of them."""
    with one_connection():
        schema = schemathesis.openapi.from_wsgi("/openapi.json", WSGIHandler())
    return sorted((each.ok() for each in schema.get_all_operations()), key=lambda each: each.label)


@st.composite
def cases(draw: st.DrawFn, operation: Operation, world: World) -> Case:
    """One request: by the description or against it."""
    place = draw(st.sampled_from(PLACES))
    home = place is not Place.ELSEWHERE
    wrong = draw(st.integers(0, 3)) == 0 and bool(operation.body or operation.query)
    case = draw(
        operation.as_strategy(
            generation_mode=GenerationMode.NEGATIVE if wrong else GenerationMode.POSITIVE,
            path_parameters=_named(draw, operation, world, place) if home else None,
        )
    )
    whole = world.whole.get(operation.definition.raw["operationId"])
    if home:
        query = cast("dict[str, Any]", case.query)
        for name in sorted(set(query) & set(world.queries)):
            query[name] = draw(st.sampled_from(world.queries[name]))
        if whole and draw(st.integers(0, 2)) == 0:
            case.body = draw(st.sampled_from(whole))
        elif isinstance(case.body, dict | list):
            case.body = _meant(draw, case.body, world.texts)
    case.headers["Authorization"] = draw(st.sampled_from(world.authorizations))
    case.headers.update(draw(st.sampled_from(HEADERS)))
    return case


def _named(draw: st.DrawFn, operation: Operation, world: World, place: Place) -> dict[str, str]:
    """Values for its path."""
    names = [each.name for each in operation.path_parameters]
    usual = names[:-1] if place is Place.HOME else []
    return {name: world.paths[name][0] if name in usual else draw(st.sampled_from(world.paths[name])) for name in names}


def _meant(draw: st.DrawFn, value: Any, texts: dict[str, list[str]], key: str = "") -> Any:
    """The same body with texts that mean something here."""
    match value:
        case dict():
            return {name: _meant(draw, each, texts, name) for name, each in value.items()}
        case list():
            return [_meant(draw, each, texts, key) for each in value]
        case str() if key in texts:
            return draw(st.sampled_from(texts[key]))
    return value


def _often(count: int) -> examining:
    """The same cases in every run, none of them twice."""
    return examining(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def fuzz(operation: Operation, world: World, count: int, seen: Seen) -> None:
    """Ask so many times, each time as if for the first: what a request changes is taken back."""

    @_often(count)
    @given(cases(operation, world))
    def ask(case: Case) -> None:
        with taken_back():
            _ask(case, seen)

    ask()


def walk(operations: list[Operation], world: World, count: int, seen: Seen) -> None:
    """So many times, several requests one after another. In the end, what is listed can be shown."""
    any_case = st.sampled_from(operations).flatmap(lambda each: cases(each, world))

    @_often(count)
    @given(st.lists(any_case, min_size=5, max_size=10))
    def ask(sequence: list[Case]) -> None:
        with taken_back():
            for case in sequence:
                _ask(case, seen)
            _look_at_all(Arm(world.authorizations[0]))

    ask()


def _ask(case: Case, seen: Seen) -> None:
    seen.answers[case.operation.label, answered(case).status_code] += 1


def _look_at_all(owner: Arm) -> None:
    listed = owner.get(f"{SUBSCRIPTION}/resources?$top=1000&api-version={VERSION}")
    assert listed.status == 200, listed.json
    for each in listed.json["value"]:
        shown = owner.get(each["id"])
        assert (shown.status, shown.json["id"]) == (200, each["id"])


def answered(case: Case) -> Response:
    """The answer, of a documented status and shape; and JSON, or nothing at all."""
    with one_connection():
        response = case.call()
    case.validate_response(response, checks=CHECKS)
    if response.content:
        assert response.headers["content-type"] == ["application/json; charset=utf-8"], response.headers
    elif case.method != "HEAD":
        assert "content-type" not in response.headers, response.headers
    return response


@contextmanager
def one_connection() -> Iterator[None]:
    """What Django's own client does too: the connection, with the transaction of the test, outlives a request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
