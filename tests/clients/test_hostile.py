"""What a client can write into a request: none of it changes who is let in, and nothing of it comes back as HTML."""

import pytest

from deploy.lab.hosts import CAFE6, LOGIN, LOGIN6
from deploy.lab.lab import Lab
from tests.clients.programs import REGISTRY, Answer, Client, host_of, said_to

pytestmark = pytest.mark.client

HOST = host_of(REGISTRY)
ALLOWED = "203.0.113.10"


def refusal_of(answer: Answer) -> tuple[int, bool]:
    return answer.status, "<html" not in answer.body.lower()


@pytest.mark.parametrize(
    "header",
    [
        *(
            f"{name}: {ALLOWED}"
            for name in (
                *("X-Forwarded-For", "X-Real-IP", "True-Client-IP", "X-Client-IP", "CF-Connecting-IP", "Client-IP"),
                *("Gatecaller", "GATECALLER", "Gate-Caller", "Gate_caller", "Gatecaller_", "Acrclient", "X-Acr-Client"),
            )
        ),
        f"Forwarded: for={ALLOWED}",
        f"X-Forwarded-For: {ALLOWED}, 198.51.100.7, 127.0.0.1",
        "Gatehost: myregistry.azurecr.test",
        "X-Forwarded-Host: myregistry.azurecr.test",
        "Gatekey: guessed",
        "Gatesubnet: /subscriptions/x",
        "Gateendpoint: /subscriptions/x",
        "Gatereason: ip_rule",
        "Transfer-Encoding: chunked",
    ],
)
def test_no_header_of_a_client_says_who_it_is(cafe: Client, header: str) -> None:
    answer = cafe.curl("/v2/", "--http1.1", "--header", header, *(("--data", "") if "chunked" in header else ()))
    assert (answer.status, answer.code) == (403, "DENIED")
    assert answer.message.startswith(said_to(cafe.address))


def test_the_resource_id_of_a_subnet_that_is_let_in_is_no_pass(lab: Lab, cafe: Client) -> None:
    forged = ("--header", f"Gatesubnet: {lab.prepared.subnet}", "--header", f"Gateendpoint: {lab.prepared.endpoint}")
    asked = [cafe.curl(f"https://{name}.azurecr.test/v2/", *forged) for name in ("contosobranches", "contosoarchive")]
    assert [answer.status for answer in asked] == [403, 403]


@pytest.mark.parametrize(
    "host", [HOST.upper(), f"{HOST}.", f"{HOST}:443", f"{HOST}:8443", f"{HOST}.:443", HOST.title()]
)
def test_a_host_in_any_spelling_is_that_registry(office: Client, cafe: Client, host: str) -> None:
    asked = [each.curl("/v2/", "--http1.1", "--header", f"Host: {host}").status for each in (office, cafe)]
    assert asked == [401, 403]


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("nosuchregistry.azurecr.test", id="no such registry"),
        pytest.param("azurecr.test", id="suffix alone"),
        pytest.param(f"{HOST}.evil.example", id="suffix in the middle"),
        pytest.param(f"{REGISTRY}.azurecr.testing", id="longer suffix"),
        pytest.param(f"{REGISTRY}-azurecr.test", id="no dot"),
        pytest.param(f"{REGISTRY}.azurecrxtest", id="any character for the dot"),
        pytest.param(f"a.{HOST}", id="a label too many"),
        pytest.param(LOGIN, id="address"),
        pytest.param("localhost", id="localhost"),
        pytest.param("portcullis_gate", id="name of an upstream"),
        pytest.param("127.0.0.1:5001", id="the registry itself"),
    ],
)
def test_another_host_is_no_registry(office: Client, host: str) -> None:
    answer = office.curl("/v2/", "--http1.1", "--header", f"Host: {host}")
    assert (answer.status, answer.code) in ((404, "NAME_UNKNOWN"), (404, "NOT_FOUND")), answer


@pytest.mark.parametrize("host", ["", f"{HOST} evil", f"{HOST}/../x", f"{HOST}\\x"])
def test_a_host_that_is_none_is_told_in_json(office: Client, host: str) -> None:
    answer = office.curl("/v2/", "--http1.1", "--header", f"Host: {host}" if host else "Host;")
    assert answer.status in (400, 404)
    assert answer.headers["content-type"].startswith("application/json")


def test_the_name_in_tls_and_the_host_may_differ_and_the_host_decides(cafe: Client) -> None:
    asked = cafe.curl("https://myregistry.azurecr.test/v2/", "--http1.1", "--header", f"Host: {HOST}")
    assert (cafe.curl("https://myregistry.azurecr.test/v2/").status, asked.status) == (401, 403)


def test_a_target_in_absolute_form_decides_over_the_host(cafe: Client) -> None:
    """Verdict and registry follow the same name, whichever a server prefers."""
    for target, host in ((HOST, "myregistry.azurecr.test"), ("myregistry.azurecr.test", HOST)):
        options = ("--http1.1", "--header", f"Host: {host}", "--request-target", f"https://{target}/v2/")
        answer = cafe.curl("/v2/", *options)
        if answer.status == 401:
            assert 'service="myregistry.azurecr.test"' in answer.headers["www-authenticate"]
        else:
            assert answer.status == 403


@pytest.mark.parametrize(
    "path",
    [
        "//v2/",
        "///v2//hello-world/manifests/v1",
        "/v2/../",
        "/v2/../v2/",
        "/x/../v2/",
        "/%76%32/",
        "/v2%2f",
        "/v2/..%2fv2/",
        "/v2/%2e%2e/v2/",
        "/V2/",
        "/v2/%00",
        "/_gate",
        "/_gate_layer",
        "/_refused",
        "/decide",
        "/state",
        "/oauth2/../decide",
        "/oauth2/..%2fdecide",
        "/oauth2/token/../../state",
        "/decide/../oauth2/token",
        "/state/../oauth2/token",
        "//oauth2/token",
        "/v2/?x=/../../",
        "/v2/hello-world/blobs/sha256:" + "0" * 64 + "/../../..",
        "/docker/registry/v2/",
    ],
)
def test_no_path_leads_around_the_gate(office: Client, cafe: Client, path: str) -> None:
    answer = cafe.curl(path)
    assert answer.status in (400, 403, 404, 405), answer
    assert "<html" not in answer.body.lower()
    inside = office.curl(path)
    assert inside.status in (301, 400, 401, 404, 405), inside
    assert {name for name in (*answer.headers, *inside.headers) if name.startswith("gate")} == set()
    assert '"generation"' not in inside.body


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "BREW"])
def test_no_method_leads_around_the_gate(cafe: Client, method: str) -> None:
    option = ("--head",) if method == "HEAD" else ("--request", method)
    answer = cafe.curl("/v2/hello-world/manifests/v1", *option)
    assert answer.status in (403, 405), answer
    assert "<html" not in answer.body.lower()


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Authorization", "Cookie", "X-Anything"])
def test_headers_of_10_kilobytes_are_refused_in_json(office: Client, cafe: Client, name: str) -> None:
    for client in (office, cafe):
        answer = client.curl("/v2/", "--http1.1", "--header", f"{name}: {'1' * 10_240}")
        assert (answer.status, answer.code) == (400, "UNSUPPORTED")


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Authorization", "Cookie", "X-Anything"])
def test_headers_of_10_kilobytes_change_no_verdict(office: Client, cafe: Client, name: str) -> None:
    """HTTP/2 has room for them."""
    long = ("--http2", "--header", f"{name}: {'1' * 10_240}")
    assert [client.curl("/v2/", *long).status for client in (office, cafe)] == [401, 403]


def test_a_long_forwarded_header_below_that_changes_nothing(office: Client, cafe: Client) -> None:
    chain = ", ".join([ALLOWED] * 500)
    assert [each.curl("/v2/", "--header", f"X-Forwarded-For: {chain}").status for each in (office, cafe)] == [401, 403]


def test_an_ipv6_client_is_known_by_its_own_address_and_no_rule_covers_it(lab: Lab, cafe: Client) -> None:
    there = ("--resolve", f"{HOST}:443:[{LOGIN6}]")
    answer = cafe.curl("/v2/", "-6", *there)
    assert answer.status == 403
    assert answer.message.startswith(said_to(CAFE6))
    open_to_all = ("--resolve", f"myregistry.azurecr.test:443:[{LOGIN6}]")
    assert cafe.curl("https://myregistry.azurecr.test/v2/", "-6", *open_to_all).status == 401


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("not.a.token", id="junk"),
        pytest.param("eyJhbGciOiJub25lIn0.eyJhdWQiOiJteWNvbnRhaW5lcnJlZ2lzdHJ5LmF6dXJlY3IudGVzdCJ9.", id="alg none"),
    ],
)
def test_a_token_that_nobody_signed_opens_nothing(office: Client, token: str) -> None:
    answer = office.curl("/v2/hello-world/manifests/v1", "--header", f"Authorization: Bearer {token}")
    assert answer.status == 401
