"""The client's address on the request, and the networks of trusted services."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries, Settings

from networking.client_address import ClientAddress
from networking.middleware import ClientAddressMiddleware
from networking.models import SimulatedClient
from tests import make

Asked = Callable[..., ClientAddress]


@pytest.fixture
def asked(rf: RequestFactory) -> Asked:
    """What a view would find on the request."""

    def ask(remote: str, forwarded_for: str | None = None) -> ClientAddress:
        found: list[ClientAddress] = []

        def view(request: HttpRequest) -> HttpResponse:
            found.append(request.client_address)  # type: ignore[attr-defined]
            return HttpResponse("seen")

        headers = {} if forwarded_for is None else {"X-Forwarded-For": forwarded_for}
        request = rf.get("/", headers=headers, REMOTE_ADDR=remote)
        assert ClientAddressMiddleware(view)(request).content == b"seen"
        return found[0]

    return ask


def test_it_is_the_peer(asked: Asked) -> None:
    assert asked("203.0.113.7", "198.51.100.9") == ClientAddress(ip_address("203.0.113.7"))


def test_behind_a_trusted_proxy_it_is_what_the_proxy_says(asked: Asked, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = (ip_network("10.0.0.0/8"),)
    assert asked("10.0.0.1", "203.0.113.7") == ClientAddress(ip_address("203.0.113.7"), (ip_address("10.0.0.1"),))
    assert asked("10.0.0.1") == ClientAddress(None, (ip_address("10.0.0.1"),))


def test_as_text_it_is_what_a_change_record_keeps(asked: Asked, settings: Settings) -> None:
    assert str(asked("203.0.113.7")) == "203.0.113.7"
    settings.TRUSTED_PROXIES = (ip_network("10.0.0.0/8"),)
    assert str(asked("10.0.0.1")) == ""


def test_it_is_looked_up_only_when_asked_for(
    db: None, rf: RequestFactory, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.DEMONSTRATION = True
    with django_assert_num_queries(0):
        ClientAddressMiddleware(lambda request: HttpResponse())(rf.get("/"))


def test_the_networks_of_trusted_services_are_loaded_once(
    db: None, rf: RequestFactory, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make.trusted_service("Image scanner", "203.0.113.0/28")

    def view(request: HttpRequest) -> HttpResponse:
        trusted = request.trusted_networks  # type: ignore[attr-defined]
        return HttpResponse(f"{trusted.service_of(ip_address('203.0.113.9'))}, {trusted.located}")

    with django_assert_num_queries(1):
        assert ClientAddressMiddleware(view)(rf.get("/")).content == b"Image scanner, ('Image scanner',)"


def test_in_demonstration_mode_a_simulated_address_stands_in(
    db: None, asked: Asked, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.DEMONSTRATION = True
    settings.TRUSTED_PROXIES = (ip_network("10.0.0.0/8"),)
    with django_assert_num_queries(1):
        assert asked("10.0.0.1", "198.51.100.9") == ClientAddress(ip_address("203.0.113.24"), simulated=True)
    SimulatedClient.objects.create(pk=1, address="198.51.100.77")
    assert asked("127.0.0.1") == ClientAddress(ip_address("198.51.100.77"), simulated=True)


def test_outside_demonstration_mode_the_simulated_address_is_left_alone(db: None, asked: Asked) -> None:
    SimulatedClient.objects.create(pk=1, address="198.51.100.77")
    assert asked("127.0.0.1") == ClientAddress(ip_address("127.0.0.1"))
