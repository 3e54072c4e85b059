"""Who asks the front, as far as it can be believed."""

from ipaddress import ip_network

import pytest
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries, Settings

from networking.gate import callers
from networking.models import SimulatedClient
from tests.networking.gate.site import INSIDE, OUTSIDE, Site


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        pytest.param(INSIDE, "", INSIDE, id="the peer"),
        pytest.param(OUTSIDE, INSIDE, OUTSIDE, id="a forged header"),
        pytest.param("127.0.0.1", INSIDE, "127.0.0.1", id="a header of this machine, outside demonstration mode"),
        pytest.param(f"::ffff:{INSIDE}", "", INSIDE, id="IPv4 in an IPv6 dress"),
        pytest.param("2001:db8::7", "", "2001:db8::7", id="IPv6"),
        pytest.param("", "", "", id="a Unix socket"),
        pytest.param("10.0.0.1", f"{OUTSIDE}, {INSIDE}", INSIDE, id="behind a proxy of ours"),
        pytest.param("10.0.0.1", "x" * 10_000, "", id="10 KB through a proxy of ours"),
        pytest.param("10.0.0.1", "", "", id="a proxy that passes nothing on"),
    ],
)
def test_the_caller_is_who_can_be_believed(
    site: Site, settings: Settings, peer: str, forwarded: str, seen: str
) -> None:
    settings.TRUSTED_PROXIES = (ip_network("10.0.0.0/8"),)
    answer = site.ask(address=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert (answer.status, site.lines[0]["address"]) == (401 if seen == INSIDE else 403, seen)


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        pytest.param("127.0.0.1", "", "203.0.113.24", id="the simulated address"),
        pytest.param("::1", "", "203.0.113.24", id="by IPv6 too"),
        pytest.param("127.0.0.1", OUTSIDE, OUTSIDE, id="who the header says"),
        pytest.param("127.0.0.1", f"{INSIDE}, {OUTSIDE}", OUTSIDE, id="the last one of them"),
        pytest.param("127.0.0.1", "nonsense", "", id="a header that can't be read"),
        pytest.param(OUTSIDE, INSIDE, OUTSIDE, id="not for other machines"),
    ],
)
def test_in_demonstration_mode_a_request_may_come_from_anywhere(
    site: Site, settings: Settings, peer: str, forwarded: str, seen: str
) -> None:
    settings.DEMONSTRATION = True
    site.ask(address=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert site.lines[0]["address"] == seen


def test_the_simulated_address_is_looked_up_once_in_a_while(
    site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.DEMONSTRATION = True
    with django_assert_num_queries(1):
        assert [site.ask(address="127.0.0.1").status for _ in range(3)] == [401] * 3
    SimulatedClient.objects.create(pk=1, address=OUTSIDE)
    monkeypatch.setattr(callers, "SIMULATED_FOR", 0.0)
    assert site.ask(address="127.0.0.1").status == 403


def test_without_the_database_nobody_is_simulated(
    site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> None:
        raise OperationalError("connection refused")

    settings.DEMONSTRATION = True
    monkeypatch.setattr(callers, "simulated_address", away)
    assert site.ask(address="127.0.0.1").outcome == (503, "UNAVAILABLE")
    assert caplog.messages == ["a request to contoso.azurecr.io could not be judged"]
