"""Virtual networks, and the private endpoints that stand in them."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from networking.access.decision import ConnectionState
from registries.models import NamedQuerySet, Registry, ResourceGroup


class VirtualNetwork(models.Model):
    """ARM `Microsoft.Network/virtualNetworks`."""

    resource_group = models.ForeignKey(ResourceGroup, models.CASCADE, related_name="virtual_networks")
    name = models.CharField(max_length=80)
    location = models.CharField(max_length=40)
    address_prefixes = models.JSONField(default=list)
    tags = models.JSONField(default=dict, blank=True)
    kept_aside = models.JSONField(default=dict, blank=True)  # ARM properties that Portcullis has no use for

    objects = NamedQuerySet["VirtualNetwork"].as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("resource_group", Lower("name"), name="virtual_network_name_unique"),
            models.CheckConstraint(condition=~models.Q(name=""), name="virtual_network_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def resource_id(self) -> str:
        return _in_group(self.resource_group, "virtualNetworks", self.name)


class Subnet(models.Model):
    """ARM `virtualNetworks/subnets`. `service_endpoints` are the names of the services it vouches for itself to."""

    virtual_network = models.ForeignKey(VirtualNetwork, models.CASCADE, related_name="subnets")
    name = models.CharField(max_length=80)
    address_prefixes = models.JSONField(default=list)
    service_endpoints = models.JSONField(default=list, blank=True)
    kept_aside = models.JSONField(default=dict, blank=True)

    objects = NamedQuerySet["Subnet"].as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("virtual_network", Lower("name"), name="subnet_name_unique"),
            models.CheckConstraint(condition=~models.Q(name=""), name="subnet_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def resource_id(self) -> str:
        return f"{self.virtual_network.resource_id}/subnets/{self.name}"

    def vouches_to(self, service: str) -> bool:
        """It has the service endpoint of that resource provider, like Microsoft.ContainerRegistry."""
        return service.lower() in (each.lower() for each in self.service_endpoints)


class PrivateEndpoint(models.Model):
    """ARM `Microsoft.Network/privateEndpoints`: addresses in a subnet that lead to one registry. `service` is the
    resource id of that registry as text, because the registry may be deleted while its endpoints stay."""

    resource_group = models.ForeignKey(ResourceGroup, models.CASCADE, related_name="private_endpoints")
    name = models.CharField(max_length=80)
    location = models.CharField(max_length=40)
    # Restricted, not protected: a resource group takes both with it when it goes.
    subnet = models.ForeignKey(Subnet, models.RESTRICT, related_name="private_endpoints")
    service = models.CharField(max_length=400)
    connection_name = models.CharField(max_length=80)
    manual = models.BooleanField(default=False)  # asked for approval by hand, whoever made it
    request_message = models.CharField(max_length=140, blank=True)
    # Its network is linked to a private DNS zone that holds its records; without, names lead to the public endpoint.
    private_dns = models.BooleanField(default=False)
    # By member of the registry's private link resource: registry, registry_data_eastus.
    addresses = models.JSONField(default=dict, blank=True)
    tags = models.JSONField(default=dict, blank=True)
    kept_aside = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = NamedQuerySet["PrivateEndpoint"].as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("resource_group", Lower("name"), name="private_endpoint_name_unique"),
            models.CheckConstraint(condition=~models.Q(name=""), name="private_endpoint_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def resource_id(self) -> str:
        return _in_group(self.resource_group, "privateEndpoints", self.name)


class PrivateEndpointConnection(models.Model):
    """ARM `registries/privateEndpointConnections`: what a registry knows of a private endpoint. `private_endpoint` is
    its resource id as text, because the endpoint may be deleted, or stand in a subscription we don't know."""

    registry = models.ForeignKey(Registry, models.CASCADE, related_name="private_endpoint_connections")
    name = models.CharField(max_length=120)
    private_endpoint = models.CharField(max_length=400, db_index=True)
    state = models.CharField(max_length=12, default=ConnectionState.PENDING.value)
    description = models.CharField(max_length=400, blank=True)
    kept_aside = models.JSONField(default=dict, blank=True)  # ARM properties that Portcullis has no use for, by path
    created_at = models.DateTimeField(default=timezone.now)

    objects = NamedQuerySet["PrivateEndpointConnection"].as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint("registry", Lower("name"), name="connection_name_unique"),
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in ConnectionState]), name="connection_state_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def of(cls, registry: Registry) -> "list[PrivateEndpointConnection]":
        """All of a registry, in their own order. One query, as it stands here: each answer of the ARM API asks it."""
        query = "SELECT * FROM networking_privateendpointconnection WHERE registry_id = %s ORDER BY name"
        return list(cls.objects.raw(query, [registry.pk]))


def _in_group(group: ResourceGroup, kind: str, name: str) -> str:
    subscription = group.subscription.subscription_id
    return f"/subscriptions/{subscription}/resourceGroups/{group.name}/providers/Microsoft.Network/{kind}/{name}"
