"""`python -m deploy.lab.prepare`: what the lab adds to the demonstration registries. Answers in JSON.

A process of its own, because it sets up Django on the lab's database."""

import json
import os
import sys
from dataclasses import asdict, replace

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registries.settings")
django.setup()

from django.conf import settings  # noqa: E402

from deploy.lab.hosts import ENDPOINT_SUBNET, SUBNET, TRUSTED, VIRTUAL_NETWORK, Prepared  # noqa: E402
from networking.access.problems import Problem  # noqa: E402
from networking.arm.endpoint_body import EndpointBody, Link  # noqa: E402
from networking.arm.network_body import NetworkBody, SubnetBody  # noqa: E402
from networking.endpoint_addresses import hosts_of  # noqa: E402
from networking.models import EndpointSettings, PrivateEndpoint, Subnet, TrustedService  # noqa: E402
from networking.private_endpoints import put_endpoint  # noqa: E402
from networking.virtual_networks import put_network  # noqa: E402
from registries.authority import authority_path, certificate_for  # noqa: E402
from registries.demonstration import DEMONSTRATION_ACCOUNTS  # noqa: E402
from registries.models import Account, Origin, Registry  # noqa: E402
from registries.signing import certificate_path, sign  # noqa: E402

ORIGIN = Origin(account="make lab", door="command")
WITH_A_SUBNET_RULE = "contosobranches"
BEHIND_AN_ENDPOINT = "contosoarchive"
SCANNER = "Microsoft Defender for Cloud"
IMAGE = "hello-world"
PUSHES_WITHIN = 600  # seconds


def prepare() -> Prepared:
    registries = list(Registry.objects.with_group())
    subnet, endpoint = _subnet(), _endpoint()
    trusted = TrustedService.objects.get(name=SCANNER)
    trusted.networks = [TRUSTED]
    trusted.save_recorded(ORIGIN)
    regions = {region for each in registries for region in (each.location, *each.replica_regions)}
    logins = {each.name.lower(): each.login_server for each in registries}
    suffix = settings.LOGIN_SERVER_SUFFIX
    names = [f"*.{suffix}", f"*.blob.{suffix}", *(f"*.{region}.data.{suffix}" for region in sorted(regions))]
    certificate, certificate_key = certificate_for(names)
    return Prepared(
        logins=logins,
        data_hosts=tuple(f"{name}.{region}.data.{suffix}" for name in logins for region in sorted(regions)),
        blob_hosts=tuple(f"{name}.blob.{suffix}" for name in logins),
        subnet=subnet.resource_id,
        endpoint=endpoint.resource_id,
        endpoint_hosts=hosts_of(endpoint),
        push_tokens={name: _push_token(host) for name, host in logins.items()},
        authority=str(authority_path()),
        certificate=str(certificate),
        certificate_key=str(certificate_key),
        token_certificate=str(certificate_path()),
    )


def _subnet() -> Subnet:
    """With a service endpoint for registries, and a rule of one registry that names it."""
    registry = Registry.objects.with_group().named(WITH_A_SUBNET_RULE).get()
    body = NetworkBody(
        location=registry.location,
        prefixes=("10.1.0.0/16",),
        subnets=(SubnetBody("machines", (SUBNET,), ("Microsoft.ContainerRegistry",)),),
    )
    network = _done(put_network(registry.resource_group, "branches-vnet", body, ORIGIN)).stored
    subnet: Subnet = network.subnets.get()
    policy = EndpointSettings.of(registry).policy
    _done(
        EndpointSettings.store(
            registry,
            replace(policy, subnets=(*policy.subnets, subnet.resource_id)),
            seen=policy.fingerprint,
            origin=ORIGIN,
        )
    )
    return subnet


def _endpoint() -> PrivateEndpoint:
    registry = Registry.objects.with_group().named(BEHIND_AN_ENDPOINT).get()
    body = NetworkBody(
        location=registry.location,
        prefixes=(VIRTUAL_NETWORK,),
        subnets=(SubnetBody("endpoints", (ENDPOINT_SUBNET,)), SubnetBody("backends", ("10.2.1.0/24",))),
    )
    network = _done(put_network(registry.resource_group, "archive-vnet", body, ORIGIN)).stored
    subnet = network.subnets.get(name="endpoints")
    owner = next(each.username for each in DEMONSTRATION_ACCOUNTS if each.role == "Owner")
    endpoint: PrivateEndpoint = _done(
        put_endpoint(
            registry.resource_group,
            "archive-endpoint",
            EndpointBody(registry.location, subnet.resource_id, Link("archive", str(registry.resource_id))),
            ORIGIN,
            Account.objects.get(username=owner),
        )
    ).stored
    return endpoint


def _push_token(host: str) -> str:
    """Lets the lab push its image past the gate, straight to the registry."""
    access = [{"type": "repository", "name": IMAGE, "actions": ["pull", "push"]}]
    return sign({"sub": "lab", "access": access}, audience=host, lifetime=PUSHES_WITHIN)


def _done[Result](result: Result | Problem) -> Result:
    if isinstance(result, Problem):
        raise RuntimeError(str(result))
    return result


if __name__ == "__main__":
    json.dump(asdict(prepare()), sys.stdout)
