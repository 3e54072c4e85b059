"""What a gate reads is what was stored: nothing of a policy is forgotten on the way."""

from dataclasses import fields

import pytest

from networking.access.policy import AccessPolicy, DefaultAction, PublicNetworkAccess
from networking.gate.reading import rows
from networking.models import EndpointSettings
from tests import make

pytestmark = pytest.mark.django_db

SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/a"
# Names and notes of rules stay at home: no gate needs them.
FAR_FROM_THE_DEFAULT = AccessPolicy(
    public_network_access=PublicNetworkAccess.DISABLED,
    default_action=DefaultAction.DENY,
    rules=(make.rule("203.0.113.0/24"), make.rule("16.17.18.19")),
    subnets=(SUBNET,),
    trusted_services=False,
    tasks_bypass=True,
    data_endpoint=True,
)


def test_no_field_of_a_policy_is_left_at_its_default() -> None:
    """A new field has to be told here first, and is then asked for below."""
    default = AccessPolicy()
    same = [
        field.name
        for field in fields(AccessPolicy)
        if getattr(FAR_FROM_THE_DEFAULT, field.name) == getattr(default, field.name)
    ]
    assert same == []


def test_a_gate_reads_the_policy_that_the_pages_load() -> None:
    registry = make.registry(policy=FAR_FROM_THE_DEFAULT)
    loaded = EndpointSettings.of(registry).policy
    assert loaded == FAR_FROM_THE_DEFAULT
    assert [row.policy() for row in rows()] == [loaded]
