"""The virtual network rules in the Public access tab: shown, warned of, and removed as a part of the draft."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from networking.access.policy import AccessPolicy, PublicAccess
from networking.blade.subnet_rules import ELSEWHERE, GONE, LOST, SubnetRule, SubnetRules
from networking.forms import Draft
from networking.models import EndpointSettings, Subnet
from registries.models import Change, Registry
from registries.resource_id import PROVIDER
from tests import make
from tests.networking.blade.test_public_access import HTMX, URL, form, stored, text_of

pytestmark = pytest.mark.django_db

VNET = "/resourceGroups/myResourceGroup/providers/Microsoft.Network/virtualNetworks/myVnet/subnets/"
OURS = f"/subscriptions/{make.SUBSCRIPTION_ID}{VNET}"
KEPT, TAKEN = f"{OURS}kept", f"{OURS}taken"
FOREIGN = f"/subscriptions/00000000-0000-0000-0000-00000000ffff{VNET}a"
POLICY = make.selected("203.0.113.0/24", subnets=(KEPT, TAKEN))
YOU: dict[str, Any] = {"REMOTE_ADDR": "203.0.113.77"}


@pytest.fixture
def registry(db: None) -> Registry:
    make.virtual_network("myVnet", "kept", "taken")
    Subnet.objects.update(service_endpoints=[PROVIDER])
    return make.registry(policy=POLICY)


def rules(answer: Any) -> SubnetRules:
    found: SubnetRules = answer.context["subnet_rules"]
    return found


def test_the_tab_shows_what_azures_portal_hides(reader: Client, registry: Registry) -> None:
    answer = reader.get(URL)
    page = text_of(answer)
    place = (make.SUBSCRIPTION_ID, "myResourceGroup", "myVnet")
    assert rules(answer).rules == (
        SubnetRule(KEPT, "kept", "myVnet", "myResourceGroup", removed=False, wrong="", place=place),
        SubnetRule(TAKEN, "taken", "myVnet", "myResourceGroup", removed=False, wrong="", place=place),
    )
    for text in (
        "Azure's own portal doesn't show these rules.",
        'We recommend <a href="/registries/mycontainerregistry/networking/private/">private endpoints</a> instead',
        "aren't developed further",
        "Only virtual machines and AKS clusters in such a subnet are let in.",
        "Not in the clouds of the US Government and of China.",
        'href="/help/#service-endpoints"',
    ):
        assert text in page
    assert 'name="remove_subnet"' not in page  # a Reader changes nothing


def test_without_rules_there_is_no_such_section(contributor: Client) -> None:
    make.registry(policy=make.selected("203.0.113.0/24"))
    page = text_of(contributor.get(URL))
    assert 'id="se-h"' not in page
    assert 'id="subnet-notes"' not in text_of(
        contributor.post(f"{URL}evaluate/", form(seen=make.selected("203.0.113.0/24")))
    )


@pytest.mark.parametrize(
    ("subnet", "services", "wrong"),
    [
        pytest.param(KEPT, [PROVIDER.lower()], "", id="as it should be"),
        pytest.param(KEPT.upper(), [PROVIDER], "", id="in another letter case"),
        pytest.param(KEPT, ["Microsoft.Storage"], LOST, id="lost its service endpoint"),
        pytest.param(f"{OURS}gone", [PROVIDER], GONE, id="deleted"),
        pytest.param(FOREIGN, [PROVIDER], ELSEWHERE, id="in a subscription that isn't kept here"),
        pytest.param("/subscriptions/x/subnets/a", [PROVIDER], ELSEWHERE, id="hardly an id"),
        pytest.param(f"/subscriptions/{'-' * 36}{VNET}a", [PROVIDER], ELSEWHERE, id="no number of a subscription"),
    ],
)
def test_a_rule_that_lets_nobody_in_says_why(reader: Client, subnet: str, services: list[str], wrong: str) -> None:
    make.virtual_network("myVnet", "kept")
    Subnet.objects.update(service_endpoints=services)
    make.registry(policy=make.selected(subnets=(subnet,)))
    answer = reader.get(URL)
    (rule,) = rules(answer).rules
    assert rule.wrong == wrong
    assert (rule.place is None) == (wrong in (GONE, ELSEWHERE))
    if wrong:
        assert wrong in text_of(answer)


@pytest.mark.parametrize(
    ("policy", "kind", "sentence"),
    [
        pytest.param(POLICY, "warn", "the firewall exception lets no trusted service pass in Selected", id="selected"),
        pytest.param(
            POLICY.with_public_access(PublicAccess.DISABLED), "info", "Disabled cuts these subnets off too.", id="off"
        ),
        pytest.param(
            POLICY.with_public_access(PublicAccess.ALL_NETWORKS), "info", "These rules decide nothing", id="all"
        ),
    ],
)
def test_each_choice_says_what_the_rules_are_worth(policy: AccessPolicy, kind: str, sentence: str) -> None:
    ((said, text),) = SubnetRules.of(Draft.of(policy), {}).notes
    assert (said, sentence in text) == (kind, True)


def test_without_the_exception_there_is_nothing_to_say() -> None:
    assert SubnetRules.of(Draft.of(replace(POLICY, trusted_services=False)), {}).notes == ()


@pytest.mark.parametrize(
    ("state", "warned"), [("Approved", True), ("Pending", True), ("Rejected", False), ("Disconnected", False)]
)
def test_a_private_endpoint_beside_them_is_warned_of(
    reader: Client, registry: Registry, state: str, *, warned: bool
) -> None:
    make.connection(registry, "office", state)
    assert ("Azure doesn't support both on one registry" in text_of(reader.get(URL))) is warned


def test_a_rule_is_removed_with_save_and_recorded(contributor: Client, registry: Registry) -> None:
    page = text_of(contributor.get(URL))
    assert f'<input type="checkbox" name="remove_subnet" value="{TAKEN}">' in page
    answer = contributor.post(URL, form(seen=POLICY, remove_subnet=[TAKEN]), **YOU)
    assert answer.status_code == 303
    assert stored(registry) == replace(POLICY, subnets=(KEPT,))
    change = Change.objects.latest("pk")
    assert change.after is not None
    assert change.after["networkRuleSet"]["virtualNetworkRules"] == [{"id": KEPT}]
    log = text_of(contributor.get("/registries/mycontainerregistry/activity/"))
    assert f"<b>{TAKEN}</b> removed from virtual network rules" in log


def test_a_form_that_says_nothing_of_the_rules_keeps_them(contributor: Client, registry: Registry) -> None:
    contributor.post(URL, form("203.0.113.0/25", seen=POLICY), **YOU)
    assert stored(registry).subnets == (KEPT, TAKEN)


@pytest.mark.parametrize("named", [KEPT.upper(), f"{OURS}another", "", "<script>"])
def test_no_rule_comes_or_goes_by_a_name_that_is_none_of_them(
    contributor: Client, registry: Registry, named: str
) -> None:
    contributor.post(URL, form(seen=POLICY, remove_subnet=[named]), **YOU)
    assert stored(registry) == POLICY


def test_the_draft_keeps_it_through_every_button(contributor: Client, registry: Registry) -> None:
    """As without scripts, where each button brings the page back."""
    answer = contributor.post(URL, form(seen=POLICY, op="remove:s-203_0_113_0-24", remove_subnet=[TAKEN]))
    assert [rule.removed for rule in rules(answer).rules] == [False, True]
    page = text_of(answer)
    assert f'name="remove_subnet" value="{TAKEN}" checked' in page
    assert "2 unsaved changes" in page
    paste = text_of(contributor.post(URL, form(seen=POLICY, op="paste", remove_subnet=[TAKEN])))
    assert f'<input type="hidden" name="remove_subnet" value="{TAKEN}">' in paste
    asked = text_of(contributor.post(URL, form("9.9.9.9", seen=POLICY, remove_subnet=[TAKEN]), **YOU))
    assert f'<input type="hidden" name="remove_subnet" value="{TAKEN}">' in asked  # the question of the lock-out
    assert stored(registry) == POLICY


def test_discard_carries_it_along_for_undo(contributor: Client, registry: Registry) -> None:
    answer = contributor.post(URL, form(seen=POLICY, op="discard", remove_subnet=[TAKEN]), headers=HTMX)
    assert f'<input type="hidden" name="remove_subnet" value="{TAKEN}">' in text_of(answer)
    assert [rule.removed for rule in rules(answer).rules] == [False, False]


def test_what_is_said_follows_the_draft_while_it_is_edited(contributor: Client, registry: Registry) -> None:
    """The piece for the page, out of band, with no checkbox in it."""
    data = form(seen=POLICY, public_access="disabled", remove_subnet=[TAKEN])
    page = text_of(contributor.post(f"{URL}evaluate/", data))
    assert '<div id="subnet-notes" hx-swap-oob="true">' in page
    assert "Disabled cuts these subnets off too." in page
    assert "remove_subnet" not in page
    page = text_of(contributor.post(f"{URL}evaluate/", form(seen=POLICY, remove_subnet=[KEPT, TAKEN])))
    assert '<div id="subnet-notes" hx-swap-oob="true"></div>' in page


def test_a_reader_removes_nothing(reader: Client, registry: Registry) -> None:
    assert reader.post(URL, form(seen=POLICY, remove_subnet=[TAKEN])).status_code == 403
    assert stored(registry) == POLICY


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
def test_they_need_the_premium_tier_and_the_page_leads_there(contributor: Client, sku: str) -> None:
    made, wanted = make.registry(sku=sku), AccessPolicy(subnets=(KEPT,))
    refused = EndpointSettings.store(made, wanted, seen=AccessPolicy().fingerprint, origin=make.BO)
    assert (refused, stored(made)) == (wanted.problem_for_tier(sku), AccessPolicy())
    page = text_of(contributor.get(URL))
    assert f"need the Premium tier; 'mycontainerregistry' is {sku}" in page
    assert "/registries/mycontainerregistry/tier/" in page


# Two people


def edited_by_bo(registry: Registry, policy: AccessPolicy) -> None:
    seen = stored(registry).fingerprint
    assert isinstance(EndpointSettings.store(registry, policy, seen=seen, origin=make.BO), Change)


def test_a_conflict_compares_the_rules_and_carries_the_removal(contributor: Client, registry: Registry) -> None:
    added = f"{OURS}added"
    edited_by_bo(registry, replace(POLICY, subnets=(KEPT, TAKEN, added)))
    answer = contributor.post(URL, form(seen=POLICY, remove_subnet=[TAKEN]), **YOU)
    page = text_of(answer)
    assert answer.status_code == 409
    assert "Virtual network rules" in page
    assert f'<input type="hidden" name="remove_subnet" value="{TAKEN}">' in page
    data = form(seen=POLICY, op="combine-both", base=POLICY.fingerprint, remove_subnet=[TAKEN])
    draft = contributor.post(URL, data).context["draft"]
    assert (draft.policy.subnets, draft.removed_subnets, draft.changes) == ((KEPT, added), (TAKEN,), 1)


def test_what_somebody_else_removed_stays_removed(contributor: Client, registry: Registry) -> None:
    edited_by_bo(registry, replace(POLICY, subnets=(TAKEN,)))
    data = form("9.9.9.9", seen=POLICY, op="combine-both", base=POLICY.fingerprint, remove_subnet=[TAKEN])
    draft = contributor.post(URL, data).context["draft"]
    assert (draft.policy.subnets, draft.stored.subnets) == ((), (TAKEN,))


# How much it costs


def test_a_hundred_rules_take_the_same_queries_as_one(
    contributor: Client, registry: Registry, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    many = tuple(f"{OURS}s{number}" for number in range(98))
    with django_assert_num_queries(14):
        contributor.get(URL)
    edited_by_bo(registry, replace(POLICY, subnets=(KEPT, TAKEN, *many)))
    with django_assert_num_queries(14):
        contributor.get(URL)
