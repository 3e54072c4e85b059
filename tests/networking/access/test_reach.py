from ipaddress import IPv4Address

import pytest
from hypothesis import given

from networking.access.addresses import AddressRange
from networking.access.decision import Caller, decide
from networking.access.policy import AccessPolicy
from networking.access.reach import Extent, Reach
from networking.access.trusted import TrustedNetworks
from tests.make import disabled, rule, selected
from tests.networking.access.test_properties import NETWORKS, policies, small_ranges


@pytest.mark.parametrize(
    ("policy", "asked", "extent", "spelled"),
    [
        pytest.param(AccessPolicy(), "9.9.9.0/24", Extent.WHOLE, "all 256 addresses", id="all networks"),
        pytest.param(disabled("9.9.9.9"), "9.9.9.9", Extent.NOTHING, "1 address", id="disabled"),
        pytest.param(selected("9.9.9.9"), "9.9.9.9", Extent.WHOLE, "1 address", id="one address"),
        pytest.param(selected("9.9.9.0/25"), "9.9.9.0/24", Extent.PART, "128 of 256 addresses", id="half"),
        pytest.param(
            selected("9.9.9.0/25", "9.9.9.64/26"), "9.9.9.0/24", Extent.PART, "128 of 256 addresses", id="once"
        ),
        pytest.param(selected("9.9.9.0/25", "9.9.9.128/25"), "9.9.9.0/24", Extent.WHOLE, "all 256 addresses", id="two"),
        pytest.param(selected("9.0.0.0/8"), "9.9.0.0/16", Extent.WHOLE, "all 65,536 addresses", id="inside"),
        pytest.param(
            selected("9.9.8.0/24", "9.9.10.0/24"), "9.9.9.0/24", Extent.NOTHING, "none of 256 addresses", id="near"
        ),
    ],
)
def test_a_range_gets_in_whole_in_part_or_not_at_all(
    policy: AccessPolicy, asked: str, extent: Extent, spelled: str
) -> None:
    reach = Reach.of(policy, rule(asked).range)
    assert (reach.extent, str(reach)) == (extent, spelled)


@given(policies(), small_ranges(), NETWORKS)
def test_the_count_is_that_of_asking_each_address(
    policy: AccessPolicy, asked: AddressRange, trusted: TrustedNetworks
) -> None:
    each = (trusted.recognise(Caller(address=IPv4Address(number))) for number in range(asked.first, asked.last + 1))
    assert Reach.of(policy, asked, trusted).allowed == sum(decide(policy, caller).allowed for caller in each)
