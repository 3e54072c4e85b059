"""Which registry, and which of its doors, a host name is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking.gate.hosts import Host, HostKind, parse

LOGIN = Host("contoso", HostKind.LOGIN)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        pytest.param("contoso.azurecr.io", LOGIN, id="login server"),
        pytest.param("Contoso.AzureCR.io", LOGIN, id="letter case"),
        pytest.param("contoso.azurecr.io.", LOGIN, id="one dot at the end"),
        pytest.param("contoso.azurecr.io:443", Host("contoso", HostKind.LOGIN, port="443"), id="port"),
        pytest.param("CONTOSO.azurecr.io.:8443", Host("contoso", HostKind.LOGIN, port="8443"), id="all of it"),
        pytest.param(
            "contoso.westeurope.data.azurecr.io", Host("contoso", HostKind.DATA, "westeurope"), id="data endpoint"
        ),
        pytest.param("contoso.blob.azurecr.io", Host("contoso", HostKind.BLOB), id="blob host"),
        pytest.param("a1234.azurecr.io", Host("a1234", HostKind.LOGIN), id="shortest name"),
        pytest.param("a" * 50 + ".azurecr.io", Host("a" * 50, HostKind.LOGIN), id="longest name"),
    ],
)
def test_a_host_is_one_of_a_registry(text: str, host: Host) -> None:
    assert parse(text) == host


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("azurecr.io", id="the suffix alone"),
        pytest.param(".azurecr.io", id="no name"),
        pytest.param("abcd.azurecr.io", id="name too short"),
        pytest.param("a" * 51 + ".azurecr.io", id="name too long"),
        pytest.param("con-toso.azurecr.io", id="a dash"),
        pytest.param("contoso.azurecr.io..", id="two dots at the end"),
        pytest.param("contoso..azurecr.io", id="two dots inside"),
        pytest.param("contoso.azurecr.io:", id="a port that is none"),
        pytest.param("contoso.azurecr.io:443:443", id="two ports"),
        pytest.param("contoso.azurecr.io:-1", id="a sign in the port"),
        pytest.param("contoso.azurecr.io:123456", id="too large a port"),
        pytest.param("contoso.azurecr.io.example.org", id="our suffix further left"),
        pytest.param("contoso.azurecr.io.azurecr.io", id="our suffix twice"),
        pytest.param("contosoazurecr.io", id="no dot before the suffix"),
        pytest.param("contoso.example.org", id="another suffix"),
        pytest.param("www.contoso.azurecr.io", id="one label more"),
        pytest.param("contoso.data.azurecr.io", id="a data endpoint without a region"),
        pytest.param("contoso.west.europe.data.azurecr.io", id="a region of two labels"),
        pytest.param("contoso.westeurope.blob.azurecr.io", id="a blob host with a region"),
        pytest.param("203.0.113.7", id="an address"),
        pytest.param("[2001:db8::1]:443", id="an IPv6 address"),
        pytest.param("contoso.azurecr.io\n", id="line break"),
        pytest.param(" contoso.azurecr.io", id="space"),
        pytest.param("contoso.azurecr.io\0", id="NUL"),
        pytest.param("contoso.azurecr.io,fabrikam.azurecr.io", id="two headers in one"),
        pytest.param("contoſo.azurecr.io", id="a letter that is an s when folded"),
        pytest.param("contoso.azurecr.io/x", id="a path"),
        pytest.param("x@contoso.azurecr.io", id="a user"),
        pytest.param("a" * 10_000, id="10 KB"),
    ],
)
def test_any_other_text_is_no_host_of_ours(text: str) -> None:
    assert parse(text) is None


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert parse(text) is None or isinstance(parse(text), Host)


@pytest.mark.parametrize(
    "name",
    ["contoso.azurecr.io", "contoso.westeurope.data.azurecr.io", "contoso.blob.azurecr.io"],
)
def test_a_host_knows_its_name(name: str) -> None:
    host = parse(name.upper() + ".:443")
    assert host is not None
    assert host.name == name
    assert host.login_server == "contoso.azurecr.io"


@pytest.mark.parametrize(
    ("text", "scheme", "origin"),
    [
        pytest.param("contoso.azurecr.io", "https", "https://contoso.azurecr.io", id="none"),
        pytest.param("contoso.azurecr.io:443", "https", "https://contoso.azurecr.io", id="the usual one"),
        pytest.param("contoso.azurecr.io:80", "http", "http://contoso.azurecr.io", id="the usual one without TLS"),
        pytest.param("contoso.azurecr.io:80", "https", "https://contoso.azurecr.io:80", id="the other's usual one"),
        pytest.param("Contoso.azurecr.io:8000", "http", "http://contoso.azurecr.io:8000", id="one of its own"),
    ],
)
def test_the_origin_names_a_port_where_it_has_to(text: str, scheme: str, origin: str) -> None:
    host = parse(text)
    assert host is not None
    assert host.origin(scheme) == origin
