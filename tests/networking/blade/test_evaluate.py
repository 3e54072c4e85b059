import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from networking.models import EndpointSettings
from registries.models import Change, Registry
from tests import make
from tests.networking.blade.test_public_access import STORED, form

URL = "/registries/mycontainerregistry/networking/evaluate/"


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry(policy=STORED)


def test_the_answer_is_out_of_band_pieces_only_and_writes_nothing(contributor: Client, registry: Registry) -> None:
    before = Change.objects.count()
    answer = contributor.post(URL, form("16.17.18.0/24", "10.0.0.1", "16.17.19.0/24"))
    page = unescape(answer.content.decode())
    assert answer.status_code == 200
    pieces = set(re.findall(r'id="([^"]+)"[^>]*hx-swap-oob', page))
    assert pieces == {
        "msg-s-16_17_18_0-24",
        "size-s-16_17_18_0-24",
        "msg-n1",
        "size-n1",
        "msg-n2",
        "size-n2",
        "rule-count",
        "client-cover",
        "access-note",
        "access-lines",
        "probe-result",
    }
    assert "<input" not in page
    assert "RFC 1918" in page
    assert "Combine into 16.17.18.0/23" in page
    assert "3 of 100 rules" in page
    assert (EndpointSettings.of(registry).policy, Change.objects.count()) == (STORED, before)


def test_the_card_says_what_will_change_on_save(contributor: Client, registry: Registry) -> None:
    answer = contributor.post(URL, form(public_access="disabled"), REMOTE_ADDR="203.0.113.24")
    page = answer.content.decode()
    assert "What will change when you save." in page
    assert '<span class="was"><span class="sr">Now </span>Allowed</span>' in page
    assert "3 address ranges are kept but ignored while public network access is disabled." in page


def test_another_address_is_checked_against_both_states(contributor: Client, registry: Registry) -> None:
    page = contributor.post(URL, form("9.9.9.0/24", probe=" 9.9.9.9 ")).content.decode()
    assert "Saved settings: 9.9.9.9" in page
    assert "After saving: 9.9.9.9" in page
    assert "Matches 9.9.9.0/24 (rule 1)" in page


def test_an_own_address_covered_by_a_drafted_range_is_said_so(contributor: Client, registry: Registry) -> None:
    page = contributor.post(URL, form("198.51.100.0/25"), REMOTE_ADDR="198.51.100.77").content.decode()
    assert "This address is already allowed by 198.51.100.0/25." in page


def test_a_reader_is_answered_for_what_is_saved(reader: Client, registry: Registry) -> None:
    page = reader.post(URL, {"probe": "16.17.18.19"}).content.decode()
    assert "Matches 16.17.18.0/24 (rule 1)" in page
    assert "After saving" not in page


def test_only_post_is_answered(contributor: Client, registry: Registry) -> None:
    assert contributor.get(URL).status_code == 405


def test_whoever_has_not_signed_in_is_sent_to_sign_in(client: Client, registry: Registry) -> None:
    assert client.post(URL)["Location"].startswith("/sign-in/?next=")


def test_an_account_without_a_role_is_refused(as_role: Callable[[str | None], Client], registry: Registry) -> None:
    assert as_role(None).post(URL).status_code == 403


def test_an_unknown_registry_is_not_found(contributor: Client) -> None:
    assert contributor.post("/registries/nosuch/networking/evaluate/").status_code == 404


def test_a_hundred_rows_take_as_many_queries_as_one(
    contributor: Client, registry: Registry, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for ranges in (["9.9.9.9"], [f"20.0.{n}.1" for n in range(100)]):
        with django_assert_num_queries(9):
            contributor.post(URL, form(*ranges))
