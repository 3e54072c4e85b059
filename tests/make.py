"""Factories as functions: each makes the smallest thing a test can be about."""

import io
import itertools
import uuid
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from networking.access.addresses import AddressRange
from networking.access.decision import ALLOWING
from networking.access.policy import AccessPolicy, DefaultAction, PublicNetworkAccess, Rule
from networking.access.problems import Problem
from networking.arm.endpoint_body import EndpointBody, Link
from networking.arm.network_body import NetworkBody, SubnetBody
from networking.models import (
    AccessRequest,
    EndpointSettings,
    GateReport,
    PrivateEndpoint,
    PrivateEndpointConnection,
    ServiceTagImport,
    Subnet,
    TrustedService,
    VirtualNetwork,
)
from networking.private_endpoints import put_endpoint
from networking.tags.storing import import_tags
from networking.virtual_networks import put_network
from registries.models import Account, Change, Origin, Registry, ResourceGroup, Subscription
from tests.service_tags_file import written

SUBSCRIPTION_ID = uuid.UUID("00000000-0000-0000-0000-000000000001")
PASSWORD = "correct horse battery staple"
BO = Origin(account="bo@example.org", door="portal", address="198.51.100.7")

numbers = itertools.count(1)


def account(role: str | None = "Contributor", *, username: str | None = None, **more: Any) -> Account:
    """An account with one role; None for an account without any."""
    made = Account.objects.create_user(
        username or f"{role or 'nobody'}{next(numbers)}@example.org".lower(), password=PASSWORD, **more
    )
    if role:
        made.groups.add(Group.objects.get(name=role))
    return made


def subscription() -> Subscription:
    made, _ = Subscription.objects.get_or_create(
        subscription_id=SUBSCRIPTION_ID, defaults={"display_name": "Example subscription"}
    )
    return made


def resource_group(name: str = "myResourceGroup") -> ResourceGroup:
    group, _ = ResourceGroup.objects.get_or_create(
        subscription=subscription(), name=name, defaults={"location": "eastus"}
    )
    return group


def registry(
    name: str = "mycontainerregistry",
    *,
    sku: str = "Premium",
    policy: AccessPolicy | None = None,
    group: ResourceGroup | None = None,
    location: str = "eastus",
    **more: Any,
) -> Registry:
    """A registry; with a policy, stored as every door stores it."""
    made = Registry.objects.create(
        resource_group=group or resource_group(), name=name, sku=sku, location=location, **more
    )
    if policy is not None:
        stored = EndpointSettings.store(made, policy, seen=AccessPolicy().fingerprint, origin=BO)
        assert isinstance(stored, Change) or policy == AccessPolicy()
        made.refresh_from_db()
    return made


def rule(text: str, *, name: str = "", note: str = "") -> Rule:
    parsed = AddressRange.parse(text)
    assert isinstance(parsed, AddressRange), parsed
    return Rule(parsed, name, note)


def selected(*ranges: str, **more: Any) -> AccessPolicy:
    """Selected networks with these ranges."""
    return AccessPolicy(default_action=DefaultAction.DENY, rules=tuple(rule(text) for text in ranges), **more)


def disabled(*ranges: str, **more: Any) -> AccessPolicy:
    return AccessPolicy(
        public_network_access=PublicNetworkAccess.DISABLED,
        default_action=DefaultAction.DENY,
        rules=tuple(rule(text) for text in ranges),
        **more,
    )


def trusted_service(name: str = "Image scanner", *networks: str) -> TrustedService:
    """A service that passes the firewall where the exception is on; without networks, known by its identity only."""
    made = TrustedService(name=name, networks=list(networks))
    made.save_recorded(BO)
    return made


def connection(
    registry: Registry, name: str, state: str = "Approved", *, endpoint: str = ""
) -> PrivateEndpointConnection:
    """A private endpoint connection; its private endpoint has the same name unless another ARM id is given."""
    group = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/myResourceGroup"
    return PrivateEndpointConnection.objects.create(
        registry=registry,
        name=name,
        private_endpoint=endpoint or f"{group}/providers/Microsoft.Network/privateEndpoints/{name}",
        state=state,
    )


def virtual_network(
    name: str = "myVnet", *subnets: str, group: ResourceGroup | None = None, location: str = "eastus"
) -> VirtualNetwork:
    """10.0.0.0/16, with these subnets of 256 addresses each, in that order; without any, one named mySubnet."""
    bodies = [SubnetBody(each, (f"10.0.{number}.0/24",)) for number, each in enumerate(subnets or ("mySubnet",))]
    body = NetworkBody(location, ("10.0.0.0/16",), subnets=tuple(bodies))
    put = put_network(group or resource_group(), name, body, BO)
    assert not isinstance(put, Problem), put
    _forget(put.stored.resource_id)
    return put.stored


def private_endpoint(
    registry: Registry,
    name: str = "myEndpoint",
    *,
    subnet: Subnet | None = None,
    group: ResourceGroup | None = None,
    manual: bool = False,
    **more: Any,
) -> PrivateEndpoint:
    """An endpoint with its connection, approved at once unless `manual`."""
    subnet = subnet or Subnet.objects.order_by("pk").first() or virtual_network().subnets.get()
    body = EndpointBody(
        location=subnet.virtual_network.location,
        subnet=subnet.resource_id,
        link=Link(f"{name}Connection", str(registry.resource_id), manual, more.pop("message", "")),
        **more,
    )
    put = put_endpoint(group or resource_group(), name, body, BO, account("Contributor"))
    assert not isinstance(put, Problem), put
    _forget(put.stored.resource_id)
    return put.stored


def _forget(place: str) -> None:
    """The record of what a test begins with: it counts the changes that it makes itself."""
    Change.objects.filter(resource_id=place).delete()


def gate(name: str = "gate1", generation: int = 1, *, at: datetime | None = None, **more: Any) -> GateReport:
    """A gate that has just reported, and took its generation at that moment."""
    at = at or timezone.now()
    more = {"steps": [[generation, at.timestamp()]], "first_reported_at": at, "reported_at": at} | more
    return GateReport.objects.create(name=name, generation=generation, **more)


def access_request(
    registry: Registry, address: str = "192.0.2.50", reason: str = "no_rule", **more: Any
) -> AccessRequest:
    """One that was refused because no rule names its address."""
    allowed = reason in ALLOWING
    more = {"method": "GET", "path": "/v2/", "status": 200 if allowed else 403, "allowed": allowed} | more
    return AccessRequest.objects.create(registry=registry, address=address, reason=reason, **more)


def service_tags(
    content: dict[str, Any], *, name: str = "ServiceTags_Public.json", by: str = BO.account
) -> ServiceTagImport:
    """An import of a file that is in order; tests.service_tags_file makes its content."""
    data = written(content)
    done = import_tags(io.BytesIO(data), name=name, size=len(data), by=by)
    assert isinstance(done, ServiceTagImport), done
    return done
