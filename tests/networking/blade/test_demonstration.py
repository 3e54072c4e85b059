"""Demonstration settings: the address that everybody comes from."""

from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from networking.models import SimulatedClient
from tests import make

pytestmark = pytest.mark.django_db

URL = "/demonstration/"


@pytest.fixture(autouse=True)
def demonstration(settings: Settings) -> None:
    settings.DEMONSTRATION = True


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param(" 203.0.113.25 ", "203.0.113.25", id="IPv4"),
        pytest.param("::ffff:203.0.113.25", "203.0.113.25", id="IPv4 as IPv6"),
        pytest.param("fe80::1%eth0", "fe80::1", id="with a zone"),
        pytest.param("2001:db8::1", "2001:db8::1", id="IPv6"),
    ],
)
def test_everybody_comes_from_the_address_as_a_rule_would_name_it(reader: Client, typed: str, kept: str) -> None:
    answer = reader.post(URL, {"address": typed})
    assert (answer.status_code, SimulatedClient.objects.get().address) == (303, kept)
    assert f"Everybody now comes from {kept}." in text_of(reader.get(URL))


def test_an_address_of_ipv4_is_offered_as_a_rule_however_it_was_typed(contributor: Client) -> None:
    make.registry(policy=make.selected("16.17.18.0/24"))
    contributor.post(URL, {"address": "::ffff:203.0.113.25"})
    assert "Add your client IP address ('203.0.113.25')" in text_of(
        contributor.get("/registries/mycontainerregistry/networking/")
    )


@pytest.mark.parametrize("typed", ["", "example.org", "203.0.113.0/24"])
def test_what_is_no_address_is_refused_and_changes_nothing(reader: Client, typed: str) -> None:
    answer = reader.post(URL, {"address": typed})
    assert answer.status_code == 422
    assert "IP address" in answer.context["problem"]
    assert not SimulatedClient.objects.exists()


def test_outside_demonstration_mode_there_is_no_such_page(reader: Client, settings: Settings) -> None:
    settings.DEMONSTRATION = False
    assert reader.post(URL, {"address": "203.0.113.25"}).status_code == 404
    assert not SimulatedClient.objects.exists()
