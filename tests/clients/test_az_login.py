"""`az acr login` and `az acr check-health` of the documents, with the login server on port 443: from an address that
the rules let in, and from one that they don't."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.clients import azure, secluded
from tests.clients.arm import REGISTRY
from tests.clients.azure import Az
from tests.clients.programs import eventually
from tests.clients.secluded import SecludedServer

pytestmark = pytest.mark.client

NOBODY = "00000000-0000-0000-0000-000000000000"  # the user name that goes with a refresh token
ALLOWED, REFUSED = "203.0.113.24", "192.0.2.77"  # of the demonstration: 203.0.113.0/24 is in the list
LOGIN = "Looks like you don't have access to registry '{host}'. To see configured firewall rules, run 'az acr show"
DOCKER = """\
#!/bin/sh
# Docker as far as az asks for it: what it is told to sign in with goes into a file.
case $1 in
  ps) ;;
  version) echo '{"Client": {"Version": "28.2.2", "GitCommit": "0000000", "Os": "linux", "Arch": "amd64"}}' ;;
  login) { printf '%s\\n' "$@"; cat; } >"$HOME/login" ;;
  *) echo "docker $1 isn't there" >&2; exit 1 ;;
esac
"""


@pytest.fixture(scope="module")
def server() -> Iterator[SecludedServer]:
    azure.needed()
    secluded.needed()
    with secluded.running() as started:
        yield started


@pytest.fixture(scope="module")
def signed_in(server: SecludedServer, tmp_path_factory: pytest.TempPathFactory) -> Az:
    return azure.signed_in(server, tmp_path_factory.mktemp("az"))


@pytest.fixture
def az(signed_in: Az, tmp_path: Path) -> Az:
    """With a Docker that writes down what it is told, in its home."""
    docker = tmp_path / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    return replace(signed_in, variables={"DOCKER_COMMAND": str(docker), "HOME": str(tmp_path)})


@pytest.fixture
def allowed(server: SecludedServer) -> None:
    server.simulate(ALLOWED)
    assert eventually(server.is_allowed)


@pytest.fixture
def refused(server: SecludedServer) -> None:
    server.simulate(REFUSED)
    assert eventually(lambda: server.curl(f"https://{server.login_server}/v2/")[0] == 403)


def uses(server: SecludedServer, refresh_token: str) -> list[Any]:
    """What the token is good for: an access token as docker asks for one, the registry with it, and without."""
    host = server.login_server
    asked = f"https://{host}/oauth2/token?service={host}&account={NOBODY}&client_id=docker&offline_token=true"
    status, body = server.curl(asked, "--user", f"{NOBODY}:{refresh_token}")
    assert status == 200, body
    bearer = f"Authorization: Bearer {json.loads(body)['access_token']}"
    return [server.curl(f"https://{host}/v2/", "--header", bearer)[0], server.curl(f"https://{host}/v2/")[0]]


def test_from_an_allowed_address_a_token_is_exposed_that_signs_in(
    az: Az, server: SecludedServer, allowed: None
) -> None:
    exposed = az.run(f"acr login --name {REGISTRY} --expose-token")
    token = exposed.pop("accessToken")
    assert exposed == {"loginServer": server.login_server, "username": NOBODY, "refreshToken": token}
    assert uses(server, token) == [200, 401]
    assert eventually(lambda: ("POST", "/oauth2/exchange", 200, True) in server.requests_from(ALLOWED))


def test_from_an_allowed_address_docker_is_signed_in(
    az: Az, server: SecludedServer, allowed: None, tmp_path: Path
) -> None:
    printed = az.tried(f"acr login --name {REGISTRY}")
    assert printed.code == 0, printed.err
    *told, token = (tmp_path / "login").read_text().splitlines()
    assert told == ["login", "--username", NOBODY, "--password-stdin", server.login_server]
    assert uses(server, token) == [200, 401]


def test_from_an_allowed_address_the_registry_is_healthy(az: Az, server: SecludedServer, allowed: None) -> None:
    printed = az.tried(f"acr check-health --name {REGISTRY} --ignore-errors --yes")
    host = server.login_server
    assert printed.code == 0, printed.err
    for line in (
        f"DNS lookup to {host} at IP 127.0.0.1 : OK",
        f"Challenge endpoint https://{host}/v2/ : OK",
        f"Fetch refresh token for registry '{host}' : OK",
        f"Fetch access token for registry '{host}' : OK",
    ):
        assert line in printed.err
    assert "CONNECTIVITY" not in printed.err


@pytest.mark.parametrize("how", [pytest.param("", id="docker"), pytest.param(" --expose-token", id="token")])
def test_from_a_refused_address_az_says_that_there_is_no_access(
    az: Az, server: SecludedServer, refused: None, tmp_path: Path, how: str
) -> None:
    printed = az.tried(f"acr login --name {REGISTRY}{how}")
    assert (printed.code, printed.out) == (1, "")
    assert LOGIN.format(host=server.login_server) in printed.err
    assert not (tmp_path / "login").exists()
    assert eventually(lambda: ("GET", "/v2/", 403, False) in server.requests_from(REFUSED))
    assert not any(allowed for *_, allowed in server.requests_from(REFUSED))


def test_from_a_refused_address_the_registry_is_forbidden(az: Az, server: SecludedServer, refused: None) -> None:
    printed = az.tried(f"acr check-health --name {REGISTRY} --ignore-errors --yes")
    host = server.login_server
    assert printed.code == 0, printed.err
    assert f"DNS lookup to {host} at IP 127.0.0.1 : OK" in printed.err
    assert LOGIN.format(host=host) in printed.err
    assert "CONNECTIVITY_FORBIDDEN_ERROR" in printed.err
    assert "Fetch refresh token" not in printed.err


def test_a_rule_that_az_adds_lets_the_next_login_in_and_removed_it_shuts_it_out(
    az: Az, server: SecludedServer, refused: None
) -> None:
    az.run(f"acr network-rule add --name {REGISTRY} --ip-address {REFUSED}")
    assert eventually(server.is_allowed)
    assert az.run(f"acr login --name {REGISTRY} --expose-token")["loginServer"] == server.login_server
    az.run(f"acr network-rule remove --name {REGISTRY} --ip-address {REFUSED}")
    assert eventually(lambda: not server.is_allowed())
    assert LOGIN.format(host=server.login_server) in az.tried(f"acr login --name {REGISTRY} --expose-token").err


def test_disabled_public_access_shuts_out_whom_a_rule_names(az: Az, server: SecludedServer, allowed: None) -> None:
    az.run("acr update --name myContainerRegistry --public-network-enabled false")
    try:
        assert eventually(lambda: not server.is_allowed())
        printed = az.tried(f"acr login --name {REGISTRY} --expose-token")
        assert printed.code == 1
        assert LOGIN.format(host=server.login_server) in printed.err
    finally:
        az.run("acr update --name myContainerRegistry --public-network-enabled true")
    assert eventually(server.is_allowed)
    assert az.run(f"acr login --name {REGISTRY} --expose-token")["username"] == NOBODY
