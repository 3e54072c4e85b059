"""Callers whom no address range lets in: trusted services, subnets with a service endpoint, private endpoints."""

from pathlib import Path

import pytest

from deploy.lab.hosts import SUBNET_LISTENER
from deploy.lab.lab import Lab
from tests.clients.blade import Blade
from tests.clients.programs import Client, eventually, host_of, said_to

pytestmark = pytest.mark.client

BRANCHES, ARCHIVE = "contosobranches", "contosoarchive"


@pytest.fixture
def scanner(lab: Lab) -> Client:
    """192.0.2.130, of Microsoft Defender for Cloud."""
    return Client(lab, "scanner")


@pytest.fixture
def vm(lab: Lab) -> Client:
    """In the subnet that a rule of contosobranches names."""
    return Client(lab, "vm")


@pytest.fixture
def backend(lab: Lab) -> Client:
    """Where the private endpoint of contosoarchive is."""
    return Client(lab, "backend")


def handshake(client: Client, registry: str, *, at: str = "") -> int:
    """The status of /v2/: 401 asks who it is, so the network has let it through. `at` is where it looks for the
    registry, against all that names say."""
    there = ("--resolve", f"{host_of(registry)}:443:{at}") if at else ()
    return client.curl(f"https://{host_of(registry)}/v2/", *there).status


def test_a_trusted_service_passes_with_the_exception_on_and_not_with_it_off(
    blade: Blade, scanner: Client, cafe: Client, tmp_path: Path
) -> None:
    assert scanner.skopeo_pull(tmp_path / "copy").worked
    assert cafe.curl("/v2/").status == 403
    blade.tick("trusted_services", on=False)
    try:
        assert eventually(lambda: scanner.curl("/v2/").status == 403)
        assert scanner.curl("/v2/").message.startswith(said_to(scanner.address))
    finally:
        blade.tick("trusted_services", on=True)
    assert eventually(lambda: scanner.curl("/v2/").status == 401)


def test_a_trusted_service_passes_where_public_access_is_disabled(
    blade: Blade, scanner: Client, office: Client
) -> None:
    blade.choose("disabled")
    try:
        assert eventually(lambda: office.curl("/v2/").status == 403)
        assert scanner.curl("/v2/").status == 401
    finally:
        blade.choose("selected")
    assert eventually(lambda: office.curl("/v2/").status == 401)


def test_a_subnet_with_a_service_endpoint_is_let_in_by_its_rule(vm: Client, cafe: Client, tmp_path: Path) -> None:
    assert vm.skopeo_pull(tmp_path / "copy", registry=BRANCHES).worked
    assert handshake(cafe, BRANCHES) == 403


def test_a_subnet_that_no_rule_names_is_refused(vm: Client) -> None:
    answer = vm.curl("/v2/")
    assert answer.status == 403
    assert answer.message.startswith(said_to(vm.address))


def test_who_finds_the_address_of_a_subnet_is_not_taken_for_it(cafe: Client) -> None:
    assert handshake(cafe, BRANCHES, at=SUBNET_LISTENER) == 403


def test_a_private_endpoint_leads_to_its_registry_though_it_is_disabled(
    backend: Client, office: Client, cafe: Client, tmp_path: Path
) -> None:
    pulled = backend.skopeo_pull(tmp_path / "copy", registry=ARCHIVE)
    assert pulled.worked, pulled
    assert [handshake(each, ARCHIVE) for each in (office, cafe)] == [403, 403]


def test_a_private_endpoint_leads_to_no_other_registry(lab: Lab, backend: Client) -> None:
    at = lab.prepared.endpoint_hosts[host_of(ARCHIVE)]
    assert [handshake(backend, name, at=at) for name in (BRANCHES, "mycontainerregistry")] == [403, 403]
    assert handshake(backend, "myregistry", at=at) == 401  # open to everybody, from there too


def test_who_finds_the_address_of_a_private_endpoint_is_not_taken_for_its_network(
    lab: Lab, office: Client, vm: Client
) -> None:
    at = lab.prepared.endpoint_hosts[host_of(ARCHIVE)]
    assert [handshake(each, ARCHIVE, at=at) for each in (office, vm)] == [403, 403]
