"""Requests and gates in the admin: to look at only."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from networking.models import AccessRequest, GateReport
from registries.models import Registry
from tests import make

pytestmark = pytest.mark.django_db

REQUESTS = "/admin/networking/accessrequest/"
GATES = "/admin/networking/gatereport/"


@pytest.fixture
def staff(client: Client, db: None) -> Callable[[str | None], Client]:
    def sign_in(role: str | None) -> Client:
        client.force_login(make.account(role, is_staff=True))
        return client

    return sign_in


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry()


def rows(answer: Any) -> list[Any]:
    return list(answer.context["cl"].result_list)


@pytest.mark.parametrize("role", ["Reader", "Contributor", "Owner", "superuser"])
def test_every_role_can_look_and_nobody_can_change(client: Client, registry: Registry, role: str) -> None:
    is_super = role == "superuser"
    client.force_login(make.account(None if is_super else role, is_staff=True, is_superuser=is_super))
    request, gate = make.access_request(registry, agent="docker/27"), make.gate(generation=7)
    everything = [*AccessRequest.objects.values(), *GateReport.objects.values()]
    for url, row, shown in ((REQUESTS, request, "docker/27"), (GATES, gate, "7")):
        assert rows(client.get(url)) == [row]
        assert shown in client.get(f"{url}{row.pk}/change/").content.decode()
        assert client.get(f"{url}add/").status_code == 403
        assert client.post(f"{url}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        assert client.post(f"{url}{row.pk}/change/", {"agent": "x", "name": "x"}).status_code == 403
        client.post(url, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert [*AccessRequest.objects.values(), *GateReport.objects.values()] == everything


@pytest.mark.parametrize("url", [REQUESTS, GATES])
def test_whoever_has_no_role_sees_neither(staff: Callable[[str | None], Client], url: str) -> None:
    assert staff(None).get(url).status_code == 403


def test_requests_are_found_by_address_repository_and_correlation_id(
    staff: Callable[[str], Client], registry: Registry
) -> None:
    wanted = make.access_request(registry, "203.0.113.9", repository="team/app", correlation_id="6e4a")
    make.access_request(registry, "192.0.2.50", "public_access_disabled")
    client = staff("Reader")
    for query in ("q=203.0.113.9", "q=team", "q=6e4a", "reason=no_rule"):
        assert rows(client.get(f"{REQUESTS}?{query}")) == [wanted]
    assert rows(client.get(f"{REQUESTS}?allowed__exact=1")) == []


def test_a_hundred_requests_cost_as_many_queries_as_one(staff: Callable[[str], Client], registry: Registry) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(REQUESTS)
        return len(captured)

    client = staff("Reader")
    make.access_request(registry)
    for_one = queries()
    for _ in range(99):
        make.access_request(registry)
    assert queries() == for_one
