"""What a client can write into a request: none of it changes who is let in, and nothing of it comes back as HTML."""

import json
import sys
from collections import Counter

import pytest

from deploy.lab.hosts import CAFE6, LOGIN, LOGIN6
from deploy.lab.lab import Lab
from tests.clients.programs import MANIFEST, OWNER, REGISTRY, Answer, Client, host_of, said_to

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
    assert (answer.status, answer.code) == (404, "NAME_UNKNOWN"), answer
    assert answer.message == "there is no registry of this name."


@pytest.mark.parametrize("path", ["/", "/v2/", "/v2", "/oauth2/token", "/v2/hello-world/blobs/sha256:" + "0" * 64])
@pytest.mark.parametrize("host", ["nosuchregistry.azurecr.test", "nosuchregistry.blob.azurecr.test"])
def test_a_name_that_nothing_stands_behind_is_no_registry_on_any_path(
    office: Client, cafe: Client, host: str, path: str
) -> None:
    for client in (office, cafe):
        answer = client.curl(path, "--http1.1", "--header", f"Host: {host}")
        assert (answer.status, answer.code) == (404, "NAME_UNKNOWN"), answer
        assert answer.headers["content-type"] == "application/json; charset=utf-8"


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
        "/v2/hello-world/blobs/uploads",
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


def test_the_handshake_without_its_slash_is_the_handshake(office: Client, cafe: Client) -> None:
    for client, status, code in ((office, 401, "UNAUTHORIZED"), (cafe, 403, "DENIED")):
        answer = client.curl("/v2")
        assert (answer.status, answer.code) == (status, code), answer
    assert office.curl("/v2", *office.bearer()).status == 200


SENDS = """
import socket, ssl, sys
there = ssl.create_default_context(cafile=sys.argv[1]).wrap_socket(
    socket.create_connection((sys.argv[2], 443), 10), server_hostname=sys.argv[2])
there.sendall(sys.argv[3].encode())
while part := there.recv(65536):
    sys.stdout.buffer.write(part)
"""


@pytest.mark.parametrize(
    ("head", "status"),
    [
        pytest.param("GET /v2/ HTTP/1.1\r\nTransfer-Encoding: gzip", 501, id="an encoding nobody knows"),
        pytest.param("GET /v2/ HTTP/3.0", 505, id="a version nobody speaks"),
        pytest.param("GET /v2/ HTTP/x", 400, id="no version"),
        pytest.param("GET /v2/ HTTP/1.1\r\nContent-Length: x", 400, id="no length"),
        pytest.param("GET /v2/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2", 400, id="two lengths"),
        pytest.param("POST /v2/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", 400, id="smuggling"),
        pytest.param(f"GET /{'x' * 9_000} HTTP/1.1", 414, id="a long address"),
        pytest.param("CONNECT x:443 HTTP/1.1", 405, id="a tunnel"),
    ],
)
@pytest.mark.parametrize("host", [HOST, f"{REGISTRY}.blob.azurecr.test", "nosuchregistry.azurecr.test"])
def test_what_is_no_request_is_told_in_json(lab: Lab, cafe: Client, host: str, head: str, status: int) -> None:
    known = host if host.startswith(REGISTRY) else HOST  # what the machine can resolve
    text = f"{head}\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    ran = cafe.run(sys.executable, "-c", SENDS, str(lab.authority), known, text)
    top, _, body = ran.output.partition("\r\n\r\n" if "\r\n" in ran.output else "\n\n")
    assert top.split()[1] in (str(status), "400"), ran
    assert "content-type: application/json; charset=utf-8" in top.lower()
    assert json.loads(body)["errors"][0]["code"] == "UNSUPPORTED"


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "APPLICATION/X-WWW-FORM-URLENCODED; charset=utf-8",
        "\vapplication/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ],
)
@pytest.mark.parametrize("path", ["/v2/samples/mine/blobs/uploads/", "/v2/samples/mine/blobs/u%70loads/", "/v2//x"])
def test_a_form_starts_no_upload(office: Client, cafe: Client, kind: str, path: str) -> None:
    form = ("--header", f"Content-Type: {kind}", "--data", "mount=sha256:0&from=hello-world")
    for client, status, code in ((office, 415, "UNSUPPORTED"), (cafe, 403, "DENIED")):
        answer = client.curl(path, "--http1.1", *form)
        assert (answer.status, answer.code) == (status, code), answer


def test_no_form_mounts_what_a_token_does_not_grant(office: Client) -> None:
    """Distribution reads a form as it reads the query."""
    manifest = office.curl("/v2/hello-world/manifests/v1", *MANIFEST, *office.bearer())
    digest = json.loads(manifest.body)["layers"][0]["digest"]
    asked = f"service={HOST}&scope=repository:samples/mine:pull,push"
    signed_in = office.curl(f"/oauth2/token?{asked}", "--user", f"{OWNER.username}:{OWNER.password}")
    mine = ("--header", f"Authorization: Bearer {signed_in.access_token}")
    form = ("--data", f"mount={digest}&from=hello-world")
    assert office.curl("/v2/samples/mine/blobs/uploads/", *mine, *form).status == 415
    twice = ("--header", "Content-Type: text/plain", "--header", "Content-Type: application/x-www-form-urlencoded")
    assert office.curl("/v2/samples/mine/blobs/uploads/", "--http1.1", *mine, *form, *twice).status in (202, 400, 415)
    assert office.curl(f"/v2/samples/mine/blobs/{digest}", "--head", *mine).status == 404


def test_passwords_are_not_guessed_by_the_thousand(lab: Lab) -> None:
    ran = Client(lab, "branch").run(
        *("curl", "--silent", "--parallel", "--parallel-max", "60", "--max-time", "60"),
        *("--write-out", "\\n%{http_code} %{content_type} %header{retry-after}\\n"),
        f"https://{HOST}/oauth2/token?service={HOST}&x=[1-60]",
    )
    said = Counter(line for line in ran.output.splitlines() if line[:1].isdecimal())
    late = said["429 application/json; charset=utf-8 1"]
    assert said.keys() == {"401 application/json; charset=utf-8 ", "429 application/json; charset=utf-8 1"}, ran
    assert 20 <= late <= 40
    assert ran.output.count('"code":"TOOMANYREQUESTS"') == late


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
