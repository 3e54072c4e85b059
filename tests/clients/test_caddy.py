"""deploy/gate/Caddyfile: the same answers from Caddy, in front of the lab's registries."""

import os
import shutil
import signal
from collections.abc import Iterator

import pytest

from deploy.lab.hosts import LOGIN
from deploy.lab.lab import ROOT, Lab
from deploy.lab.processes import Programs
from tests.clients.programs import OWNER, REGISTRY, Answer, Client, eventually, host_of, said_to

pytestmark = pytest.mark.client

PORT = 8444
URL = f"https://{host_of(REGISTRY)}:{PORT}"


@pytest.fixture(scope="module")
def caddy(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    if shutil.which("caddy") is None:
        if os.environ.get("CI"):
            pytest.fail("Caddy isn't installed.")
        pytest.skip("Caddy isn't installed.")
    directory = tmp_path_factory.mktemp("caddy")
    text = (ROOT / "deploy" / "gate" / "Caddyfile").read_text()
    for there, here in (
        ("https://contoso.azurecr.example.org {", f"{URL} {{\n\ttls {lab.site.certificate} {lab.site.certificate_key}"),
        ("127.0.0.1:9000", f"unix/{lab.directory / 'gate.sock'}"),
        ("127.0.0.1:5000", lab.site.registries[REGISTRY]),
        ("{\n\tservers {", "{\n\tadmin off\n\tauto_https disable_redirects\n\tservers {"),
    ):
        assert there in text
        text = text.replace(there, here)
    (directory / "Caddyfile").write_text(text)
    programs = Programs(ROOT, directory)
    environment = lab.environment | {"HOME": str(directory), "XDG_DATA_HOME": str(directory)}
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(directory / "Caddyfile")]
    try:
        programs.start("caddy", command, environment, namespace=lab.networks.server, ready=lambda: answers(lab))
        yield
    finally:
        programs.stop()


def answers(lab: Lab) -> bool:
    return ask(Client(lab, "office"), "/v2/").status == 401


def ask(client: Client, path: str, *options: str) -> Answer:
    return client.curl(f"{URL}{path}", "--resolve", f"{host_of(REGISTRY)}:{PORT}:{LOGIN}", *options)


@pytest.mark.usefixtures("caddy")
@pytest.mark.parametrize("path", ["/v2/", "/oauth2/token", "/oauth2/exchange", "/anything"])
def test_caddy_refuses_as_nginx_does(office: Client, cafe: Client, path: str) -> None:
    answer = ask(cafe, path)
    assert (answer.status, answer.code) == (403, "DENIED")
    assert answer.message.startswith(said_to(cafe.address))
    assert {name for name in answer.headers if name.startswith("gate")} == set()
    assert ask(office, path).status in (400, 401, 404, 405)


@pytest.mark.usefixtures("caddy")
@pytest.mark.parametrize(
    "name", ["Gatecaller", "Gate_caller", "Gate-Caller", "X-Forwarded-For", "X_Forwarded_For", "Gatehost", "Gatekey"]
)
def test_no_header_of_a_client_says_who_it_is_to_caddy_either(lab: Lab, cafe: Client, name: str) -> None:
    value = lab.settings["GATE_KEY"] if name == "Gatekey" else "203.0.113.10"
    assert ask(cafe, "/v2/", "--header", f"{name}: {value}").status == 403


@pytest.mark.usefixtures("caddy")
def test_a_subnet_that_a_client_names_is_not_passed_on_by_caddy(lab: Lab, cafe: Client) -> None:
    forged = (f"Gatesubnet: {lab.prepared.subnet}", f"Gateendpoint: {lab.prepared.endpoint}")
    assert [ask(cafe, "/v2/", "--header", each).status for each in forged] == [403, 403]


@pytest.mark.usefixtures("caddy")
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "Multipart/Form-Data; boundary=x"])
def test_a_form_starts_no_upload_through_caddy(office: Client, cafe: Client, kind: str) -> None:
    form = ("--header", f"Content-Type: {kind}", "--data", "mount=sha256:0&from=hello-world")
    for client, status, code in ((office, 415, "UNSUPPORTED"), (cafe, 403, "DENIED")):
        answer = ask(client, "/v2/samples/mine/blobs/uploads/", *form)
        assert (answer.status, answer.code) == (status, code), answer
    twice = ("--header", "Content-Type: text/plain", *form)
    assert ask(office, "/v2/samples/mine/blobs/uploads/", "--http1.1", *twice).status == 415


@pytest.mark.usefixtures("caddy")
def test_the_handshake_without_its_slash_is_the_handshake_through_caddy(office: Client, cafe: Client) -> None:
    assert [ask(each, "/v2").status for each in (office, cafe)] == [401, 403]


@pytest.mark.usefixtures("caddy")
def test_images_are_pushed_through_caddy(office: Client) -> None:
    token = ask(office, f"/oauth2/token?service={host_of(REGISTRY)}&scope=repository:caddy:pull,push", *signed_in())
    bearer = ("--header", f"Authorization: Bearer {token.access_token}")
    begun = ask(office, "/v2/caddy/blobs/uploads/", "--request", "POST", *bearer)
    assert begun.status == 202, begun


@pytest.mark.usefixtures("caddy")
def test_a_token_is_given_and_taken_through_caddy(office: Client) -> None:
    token = ask(office, f"/oauth2/token?service={host_of(REGISTRY)}&scope=repository:hello-world:pull", *signed_in())
    assert token.status == 200, token
    asked = ask(office, "/v2/hello-world/tags/list", "--header", f"Authorization: Bearer {token.access_token}")
    assert asked.status == 200


@pytest.mark.usefixtures("caddy")
def test_a_gate_that_is_gone_lets_nobody_through_caddy(lab: Lab, office: Client) -> None:
    lab.gate.signal(signal.SIGKILL)
    try:
        assert eventually(lambda: ask(office, "/v2/").status == 503)
        assert ask(office, "/v2/").code == "UNAVAILABLE"
    finally:
        lab.gate.kill()
        lab.start_gate()
    assert eventually(lambda: ask(office, "/v2/").status == 401)


def signed_in() -> tuple[str, str]:
    return "--user", f"{OWNER.username}:{OWNER.password}"
