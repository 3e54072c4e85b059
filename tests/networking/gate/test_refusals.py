"""The answers of a registry that lets nobody in, byte for byte."""

from ipaddress import IPv4Address

import pytest

from networking.client_address import Address
from networking.gate.hosts import Host, HostKind
from networking.gate.refusals import Reply, challenge, denied, not_found, unavailable

ID = "0a3728f5-aee8-4ea1-9b84-4dc6e1aef664"
HOST = Host("contoso", HostKind.LOGIN)
COMMON = {
    "Content-Type": "application/json; charset=utf-8",
    "Docker-Distribution-Api-Version": "registry/2.0",
    "X-Content-Type-Options": "nosniff",
}


def test_who_is_denied_reads_what_azure_says() -> None:
    reply = denied(IPv4Address("20.249.167.56"), ID)
    assert (reply.status, dict(reply.headers)) == (403, COMMON)
    assert reply.body == (
        b"""{"errors":[{"code":"DENIED","message":"client with IP '20.249.167.56' is not allowed access. """
        b"Refer https://aka.ms/acr/firewall to grant access. "
        b'CorrelationId: 0a3728f5-aee8-4ea1-9b84-4dc6e1aef664"}]}'
    )


def test_an_address_that_is_not_known_is_called_that() -> None:
    assert b"client with IP 'unknown' is not allowed access." in denied(None, ID).body


@pytest.mark.parametrize(
    ("scope", "in_header", "detail"),
    [
        pytest.param("", "", "null", id="none"),
        pytest.param(
            "registry:catalog:*",
            ',scope="registry:catalog:*"',
            '[{"Type":"registry","Name":"catalog","Action":"*"}]',
            id="the catalog",
        ),
        pytest.param(
            "repository:samples/a:pull,push repository:b:pull",
            ',scope="repository:samples/a:pull,push repository:b:pull"',
            '[{"Type":"repository","Name":"samples/a","Action":"pull"},'
            '{"Type":"repository","Name":"samples/a","Action":"push"},'
            '{"Type":"repository","Name":"b","Action":"pull"}]',
            id="two repositories",
        ),
    ],
)
def test_a_challenge_says_where_to_get_a_token_and_for_what(scope: str, in_header: str, detail: str) -> None:
    reply = challenge(HOST, scope=scope)
    assert (reply.status, dict(reply.headers)) == (
        401,
        COMMON
        | {
            "WWW-Authenticate": 'Bearer realm="https://contoso.azurecr.io/oauth2/token",'
            f'service="contoso.azurecr.io"{in_header}',
            "Access-Control-Expose-Headers": "Docker-Content-Digest, WWW-Authenticate, Link, "
            "X-Ms-Correlation-Request-Id",
        },
    )
    assert reply.body.decode() == (
        '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required, '
        f'visit https://aka.ms/acr/authorization for more information.","detail":{detail}}}]}}\n'
    )


def test_a_challenge_sends_a_client_back_the_way_it_came() -> None:
    reply = challenge(Host("contoso", HostKind.LOGIN, port="8000"), scheme="http")
    wanted = 'Bearer realm="http://contoso.azurecr.io:8000/oauth2/token",service="contoso.azurecr.io"'
    assert dict(reply.headers)["WWW-Authenticate"] == wanted


@pytest.mark.parametrize(
    ("reply", "status", "more", "body"),
    [
        pytest.param(
            unavailable(),
            503,
            {"Retry-After": "5", "Cache-Control": "no-store"},
            b'{"errors":[{"code":"UNAVAILABLE","message":"network rule service is unavailable; access is refused."}]}',
            id="a gate that can't tell",
        ),
        pytest.param(
            not_found(),
            404,
            {"Cache-Control": "no-store"},
            b'{"errors":[{"code":"NOT_FOUND","message":"there is nothing at this address."}]}',
            id="nothing there",
        ),
    ],
)
def test_faults_are_spelled_as_a_registry_spells_them(
    reply: Reply, status: int, more: dict[str, str], body: bytes
) -> None:
    assert (reply.status, dict(reply.headers), reply.body) == (status, COMMON | more, body)


@pytest.mark.parametrize("address", [IPv4Address("203.0.113.7"), None])
def test_no_header_of_a_refusal_has_a_line_break(address: Address | None) -> None:
    for reply in (denied(address, ID), challenge(HOST), unavailable(), not_found()):
        assert not any("\n" in text or "\r" in text for header in reply.headers for text in header)
