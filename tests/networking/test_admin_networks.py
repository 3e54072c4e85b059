"""Networks and trusted services in the admin: the first to look at, the second kept by Owners."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from networking.access.trusted import TrustedNetworks
from networking.difference import tell
from networking.models import (
    PrivateEndpoint,
    PrivateEndpointConnection,
    Subnet,
    TrustedService,
    VirtualNetwork,
)
from networking.private_endpoint_connections import remove
from registries.models import Change, Generation
from tests import make

pytestmark = pytest.mark.django_db

ADMIN = "/admin/networking/"
SERVICES = f"{ADMIN}trustedservice/"
LOOKED_AT = ("virtualnetwork", "privateendpoint", "privateendpointconnection")


@pytest.fixture
def staff(client: Client) -> Callable[[str], Client]:
    """A client of somebody who may open the admin: staff("Reader"), staff("superuser")."""

    def sign_in(role: str) -> Client:
        is_super = role == "superuser"
        client.force_login(make.account(None if is_super else role, is_staff=True, is_superuser=is_super))
        return client

    return sign_in


@pytest.fixture
def reader(staff: Callable[[str], Client]) -> Client:
    return staff("Reader")


@pytest.fixture
def owner(staff: Callable[[str], Client]) -> Client:
    return staff("Owner")


@pytest.fixture
def endpoint() -> PrivateEndpoint:
    """In the first of two subnets, which has a service endpoint too."""
    network = make.virtual_network("myVnet", "first", "second")
    Subnet.objects.filter(name="first").update(service_endpoints=["Microsoft.ContainerRegistry"])
    return make.private_endpoint(make.registry(), subnet=network.subnets.get(name="first"))


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def page_of(row: Any) -> str:
    return f"{ADMIN}{row._meta.model_name}/{row.pk}/change/"


# Networks


def test_a_network_is_shown_with_its_subnets(reader: Client, endpoint: PrivateEndpoint) -> None:
    page = text_of(reader.get(page_of(endpoint.subnet.virtual_network)))
    for told in ("10.0.0.0/16", "East US", "first", "10.0.0.0/24", "Microsoft.ContainerRegistry", "second",
                 "10.0.1.0/24", "myEndpoint", endpoint.subnet.virtual_network.resource_id):  # fmt: skip
        assert told in page
    assert 'name="_save"' not in page


def test_an_endpoint_is_shown_with_its_connection_and_addresses(reader: Client, endpoint: PrivateEndpoint) -> None:
    page = text_of(reader.get(page_of(endpoint)))
    for told in (endpoint.subnet.resource_id, "Approved (Auto-Approved)", ".eastus.data.", "10.0.0.4", "10.0.0.5"):
        assert told in page
    remove(PrivateEndpointConnection.objects.get(), make.BO)
    assert "Disconnected" in text_of(reader.get(page_of(endpoint)))


def test_a_connection_is_shown_and_leads_to_its_registry(reader: Client, endpoint: PrivateEndpoint) -> None:
    page = text_of(reader.get(page_of(PrivateEndpointConnection.objects.get())))
    for told in (endpoint.resource_id, "Approved", "Auto-Approved", 'href="/registries/mycontainerregistry/"'):
        assert told in page


@pytest.mark.parametrize("kind", LOOKED_AT)
@pytest.mark.parametrize("role", ["Reader", "Contributor", "Owner"])
def test_every_role_sees_the_lists(
    staff: Callable[[str], Client], endpoint: PrivateEndpoint, kind: str, role: str
) -> None:
    client = staff(role)
    answer = client.get(f"{ADMIN}{kind}/")
    assert answer.status_code == 200
    assert answer.context["cl"].result_count == 1
    assert client.get(f"{ADMIN}{kind}/?q=nothing").context["cl"].result_count == 0


@pytest.mark.parametrize("kind", LOOKED_AT)
def test_nobody_changes_anything_not_even_a_superuser(
    staff: Callable[[str], Client], endpoint: PrivateEndpoint, kind: str
) -> None:
    client = staff("superuser")
    row: Any = {
        "virtualnetwork": VirtualNetwork.objects.get(),
        "privateendpoint": endpoint,
        "privateendpointconnection": PrivateEndpointConnection.objects.get(),
    }[kind]
    tried = [
        client.get(f"{ADMIN}{kind}/add/"),
        client.post(f"{ADMIN}{kind}/add/", {"name": "x"}),
        client.post(page_of(row), {"name": "x"}),
        client.post(f"{ADMIN}{kind}/{row.pk}/delete/", {"post": "yes"}),
    ]
    assert [answer.status_code for answer in tried] == [403] * 4
    client.post(f"{ADMIN}{kind}/", {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    row.refresh_from_db()
    assert row.name != "x"


def test_who_has_no_role_sees_nothing(client: Client, endpoint: PrivateEndpoint) -> None:
    client.force_login(make.account(None, is_staff=True))
    assert [client.get(f"{ADMIN}{kind}/").status_code for kind in LOOKED_AT] == [403] * 3
    client.logout()
    assert client.get(f"{ADMIN}virtualnetwork/").status_code == 302


@pytest.mark.parametrize("kind", LOOKED_AT)
def test_a_list_costs_the_same_for_any_number_of_rows(reader: Client, endpoint: PrivateEndpoint, kind: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert reader.get(f"{ADMIN}{kind}/").status_code == 200
        return len(captured)

    queries()
    before = queries()
    registry = make.registry("another")
    for number in range(8):
        network = make.virtual_network(f"v{number}")
        make.private_endpoint(registry, f"e{number}", subnet=network.subnets.get())
    assert queries() == before


# Trusted services


def service(name: str = "Image scanner", networks: str = "", scenario: str = "") -> dict[str, str]:
    return {"name": name, "networks": networks, "scenario": scenario}


def errors_of(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return {field: list(errors) for field, errors in answer.context["adminform"].form.errors.items()}


def test_an_owner_adds_a_service_with_a_network_a_line(owner: Client) -> None:
    before = Generation.current()
    typed = " 10.20.0.0/16 \n\n10.30.0.7\r\nFD00::/64\n"
    answer = owner.post(f"{SERVICES}add/", service(" Image scanner ", typed, "Scan images"))
    assert (answer.status_code, answer["Location"]) == (302, SERVICES)
    made = TrustedService.objects.get(name="Image scanner")
    assert (made.networks, made.scenario) == (["10.20.0.0/16", "10.30.0.7/32", "fd00::/64"], "Scan images")
    assert Generation.current() == before + 1


def test_who_passes_every_firewall_is_changed_with_a_record(owner: Client) -> None:
    owner.post(f"{SERVICES}add/", service("Scanner", "10.20.0.0/16", "Scan images"))
    made = TrustedService.objects.get(name="Scanner")
    owner.post(page_of(made), service("Scanner", "10.30.0.0/16\n10.20.0.0/16", "Scan images"))
    owner.post(page_of(made), service("Scanner", "10.30.0.0/16\n10.20.0.0/16", "Scan images"))  # the same again
    owner.post(f"{SERVICES}{made.pk}/delete/", {"post": "yes"})
    changes = list(Change.objects.order_by("pk"))
    assert {(each.registry_id, each.resource_id, each.door) for each in changes} == {
        (None, "Trusted service 'Scanner'", "admin")
    }
    assert [each.account for each in changes] == [owner.get("/").wsgi_request.user.username] * 3
    assert [(each.operation, str(tell(each))) for each in changes] == [
        ("Add trusted service", "Name: Scanner; Scenario: Scan images; Network 10.20.0.0/16: passes"),
        ("Change trusted service", "Network 10.30.0.0/16: none → passes"),
        (
            "Delete trusted service",
            "Name: Scanner; Scenario: Scan images; Network 10.30.0.0/16: passes; Network 10.20.0.0/16: passes",
        ),
    ]
    assert "Trusted service 'Scanner'" in text_of(owner.get("/activity/"))
    assert "Trusted service 'Scanner'" in text_of(owner.get("/admin/registries/change/"))


@pytest.mark.parametrize(
    "networks",
    [
        pytest.param(["0.0.0.0/1", "128.0.0.0/1"], id="halves"),
        pytest.param(["128.0.0.0/1", "0.0.0.0/2", "10.0.0.0/8", "64.0.0.0/2"], id="parts that overlap"),
        pytest.param(["10.0.0.0/8", "::/1", "8000::/1"], id="IPv6"),
        pytest.param(["0.0.0.0/0"], id="at once"),
        pytest.param(["10.0.0.1/8"], id="no network"),
    ],
)
def test_a_service_that_is_everybody_is_stored_through_no_door(networks: list[str]) -> None:
    before = Generation.current()
    with pytest.raises(ValidationError):
        TrustedService(name="Everybody", networks=networks).save_recorded(make.BO)
    assert (Generation.current(), Change.objects.count()) == (before, 0)
    TrustedService.objects.create(name="Everybody", networks=networks)  # by another hand
    assert TrustedService.known() == TrustedNetworks()


def test_an_owner_changes_a_service_and_the_gates_look_again(owner: Client) -> None:
    made = make.trusted_service("Image scanner", "10.20.0.0/16", "10.30.0.0/16")
    before = Generation.current()
    page = owner.get(page_of(made))
    assert page.context["adminform"].form["networks"].value() == "10.20.0.0/16\n10.30.0.0/16"
    assert owner.post(page_of(made), service(networks="10.40.0.0/16")).status_code == 302
    made.refresh_from_db()
    assert (made.networks, Generation.current()) == (["10.40.0.0/16"], before + 1)
    assert owner.post(page_of(made), service()).status_code == 302
    made.refresh_from_db()
    assert made.networks == []


def test_an_owner_deletes_services_and_the_gates_look_again(owner: Client) -> None:
    one, two, three = (make.trusted_service(name, "10.20.0.0/16") for name in ("One", "Two", "Three"))
    known = TrustedService.objects.count()
    before = Generation.current()
    assert owner.post(f"{SERVICES}{one.pk}/delete/", {"post": "yes"}).status_code == 302
    chosen = {"action": "delete_selected", "_selected_action": [two.pk, three.pk], "post": "yes"}
    assert owner.post(SERVICES, chosen).status_code == 302
    assert (TrustedService.objects.count(), Generation.current()) == (known - 3, before + 3)
    assert TrustedService.known().networks == TrustedNetworks().networks


@pytest.mark.parametrize(
    ("networks", "sentences"),
    [
        pytest.param(
            "scanner.example.org",
            ["Line 1: 'scanner.example.org' isn't a network. Try a form like 10.20.0.0/16."],
            id="a host name",
        ),
        pytest.param(
            "10.20.0.0/16\n10.20.0.5/16",
            ["Line 2: '10.20.0.5/16' isn't the start of a network. Did you mean 10.20.0.0/16?"],
            id="host bits",
        ),
        pytest.param(
            "0.0.0.0/0\n::/0",
            [
                "Line 1: 0.0.0.0/0 is every address there is. Name the networks that the service comes from.",
                "Line 2: ::/0 is every address there is. Name the networks that the service comes from.",
            ],
            id="everybody",
        ),
        pytest.param(
            "0.0.0.0/1\n10.0.0.0/8\n128.0.0.0/1",
            ["Together these networks are every IPv4 address there is. Name the networks that the service comes from."],
            id="everybody in halves",
        ),
        pytest.param(
            "10.20.0.7\n\n10.20.0.7/32",
            ["Line 3: 10.20.0.7/32 stands in line 1 already. Delete one of them."],
            id="twice",
        ),
        pytest.param(
            "10.20.0.0/16, 10.30.0.0/16",
            ["Line 1: '10.20.0.0/16, 10.30.0.0/16' isn't a network. Try a form like 10.20.0.0/16."],
            id="two in a line",
        ),
        pytest.param(
            "\n".join(f"10.{number // 256}.{number % 256}.0/24" for number in range(1001)),
            ["A service can have 1,000 networks; these are 1,001."],
            id="too many",
        ),
    ],
)
def test_wrong_networks_are_refused_by_their_line_and_nothing_is_saved(
    owner: Client, networks: str, sentences: list[str]
) -> None:
    made = make.trusted_service("Image scanner", "10.99.0.0/16")
    before = Generation.current()
    answer = owner.post(page_of(made), service(networks=networks))
    assert errors_of(answer) == {"networks": sentences}
    assert networks.split("\n")[0] in text_of(answer)  # everything typed is still there
    made.refresh_from_db()
    assert (made.networks, Generation.current()) == (["10.99.0.0/16"], before)


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        pytest.param(service(" "), {"name": ["Type the name of the service."]}, id="no name"),
        pytest.param(
            service("MACHINE learning"),
            {"name": ["There is a service named 'MACHINE learning' already. Open it in the list to change it."]},
            id="taken",
        ),
        pytest.param(service("x" * 81), {"name": ["A name can have 80 characters; this one has 81."]}, id="long"),
        pytest.param(
            service("a\tb"),
            {"name": ["A name can't hold line breaks or control characters. Type it on one line."]},
            id="a tab",
        ),
        pytest.param(
            service("Scanner", "", "x" * 201),
            {"scenario": ["A scenario can have 200 characters; this one has 201."]},
            id="long scenario",
        ),
    ],
)
def test_wrong_names_are_refused_and_nothing_is_saved(
    owner: Client, typed: dict[str, str], errors: dict[str, list[str]]
) -> None:
    known = TrustedService.objects.count()
    assert errors_of(owner.post(f"{SERVICES}add/", typed)) == errors
    assert TrustedService.objects.count() == known


def test_a_service_may_keep_its_own_name(owner: Client) -> None:
    made = make.trusted_service("Image scanner")
    assert owner.post(page_of(made), service("Image scanner", "10.20.0.0/16")).status_code == 302
    assert owner.post(page_of(made), service("image SCANNER", "10.20.0.0/16")).status_code == 302


def test_the_list_says_what_each_service_comes_from(reader: Client) -> None:
    make.trusted_service("Image scanner", *(f"10.20.{number}.0/24" for number in range(5)))
    page = text_of(reader.get(SERVICES))
    assert "10.20.0.0/24, 10.20.1.0/24, 10.20.2.0/24, 2 more" in page
    assert "None: nothing passes for it" in page


@pytest.mark.parametrize("role", ["Reader", "Contributor"])
def test_other_roles_look_and_change_nothing(staff: Callable[[str], Client], role: str) -> None:
    made = make.trusted_service("Image scanner", "10.20.0.0/16")
    client = staff(role)
    assert "10.20.0.0/16" in text_of(client.get(page_of(made)))
    tried = [
        client.post(f"{SERVICES}add/", service("Another")),
        client.post(page_of(made), service(networks="10.30.0.0/16")),
        client.post(f"{SERVICES}{made.pk}/delete/", {"post": "yes"}),
    ]
    assert [answer.status_code for answer in tried] == [403] * 3
    made.refresh_from_db()
    assert made.networks == ["10.20.0.0/16"]


def test_a_permission_of_ones_own_to_look_shows_the_networks(client: Client) -> None:
    account = make.account(None, is_staff=True)
    account.user_permissions.add(Permission.objects.get(codename="view_trustedservice"))
    client.force_login(account)
    assert client.get(SERVICES).status_code == 200
