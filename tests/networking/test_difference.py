"""What a change did, in words."""

from dataclasses import replace
from typing import Any

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from networking.access.policy import AccessPolicy, DefaultAction, PublicAccess, PublicNetworkAccess
from networking.access.trusted import NO_NETWORKS, TrustedNetworks
from networking.difference import Kind, Line, Shifted, Told, tell, tell_policies
from networking.models import UPDATE, EndpointSettings
from registries.models import Change
from tests import make

OFFICE = make.selected("203.0.113.0/24")
NOBODY = "No public IPv4 address gains or loses access"
EVERYONE = "3,702,390,784 addresses"  # all of IPv4 less what no rule may name


def added(what: str, words: str = "added to address ranges") -> Line:
    return Line(Kind.ADDED, what, words)


def removed(what: str, words: str = "removed from address ranges") -> Line:
    return Line(Kind.REMOVED, what, words)


def changed(what: str, before: str, after: str) -> Line:
    return Line(Kind.CHANGED, what, before=before, after=after)


@pytest.mark.parametrize(
    ("before", "after", "lines", "shifted"),
    [
        pytest.param(
            OFFICE,
            make.selected("203.0.113.0/24", "198.51.100.0/24"),
            (added("198.51.100.0/24"),),
            (Shifted(Kind.ADDED, "256 addresses gain access", ("198.51.100.0/24",)),),
            id="a range added",
        ),
        pytest.param(
            make.selected("203.0.113.0/24", "198.51.100.7"),
            OFFICE,
            (removed("198.51.100.7"),),
            (Shifted(Kind.REMOVED, "1 address loses access", ("198.51.100.7",)),),
            id="one address removed",
        ),
        pytest.param(
            make.selected("198.51.100.0/25"),
            make.selected("198.51.100.1", "198.51.100.128/25"),
            (added("198.51.100.1"), added("198.51.100.128/25"), removed("198.51.100.0/25")),
            (
                Shifted(Kind.ADDED, "128 addresses gain access", ("198.51.100.128/25",)),
                Shifted(Kind.REMOVED, "127 addresses lose access", ("198.51.100.0", "198.51.100.2 to 198.51.100.127")),
            ),
            id="some gain and some lose",
        ),
        pytest.param(
            make.selected("203.0.113.0/24"),
            make.selected("203.0.113.0/24", "203.0.113.9"),
            (added("203.0.113.9"),),
            (),
            id="a range inside another changes nobody's access",
        ),
        pytest.param(
            make.selected(),
            make.selected("16.0.0.1", "16.0.0.3", "16.0.0.5", "16.0.0.7"),
            tuple(added(f"16.0.0.{last}") for last in (1, 3, 5, 7)),
            (Shifted(Kind.ADDED, "4 addresses gain access", ("16.0.0.1", "16.0.0.3", "16.0.0.5"), more=1),),
            id="the first spans are spelled, the rest is counted",
        ),
        pytest.param(
            AccessPolicy(),
            make.selected("203.0.113.0/24"),
            (changed("Public network access", "All networks", "Selected networks"), added("203.0.113.0/24")),
            (Shifted(Kind.REMOVED, "Everyone else on the internet (3,702,390,528 addresses) loses access"),),
            id="all networks to selected networks",
        ),
        pytest.param(
            make.disabled(),
            AccessPolicy(),
            (
                changed("Public network access", "Disabled", "All networks"),
                changed("Default action", "Deny", "Allow"),
            ),
            (Shifted(Kind.ADDED, f"Everyone on the internet ({EVERYONE}) gains access"),),
            id="disabled to all networks",
        ),
        pytest.param(
            AccessPolicy(),
            AccessPolicy().with_public_access(PublicAccess.DISABLED),
            (
                changed("Public network access", "All networks", "Disabled"),
                changed("Default action", "Allow", "Deny"),
            ),
            (Shifted(Kind.REMOVED, f"Everyone on the internet ({EVERYONE}) loses access"),),
            id="all networks to disabled",
        ),
        pytest.param(
            OFFICE,
            replace(OFFICE, tasks_bypass=True, data_endpoint=True),
            (
                changed("Tasks with a managed identity", "Not allowed", "Allowed"),
                changed("Dedicated data endpoint", "Off", "On"),
            ),
            (),
            id="settings",
        ),
        pytest.param(
            AccessPolicy(public_network_access=PublicNetworkAccess.DISABLED),
            AccessPolicy(public_network_access=PublicNetworkAccess.DISABLED, default_action=DefaultAction.DENY),
            (changed("Default action", "Allow", "Deny"),),
            (),
            id="the default action behind disabled",
        ),
        pytest.param(
            OFFICE,
            replace(OFFICE, rules=(make.rule("203.0.113.0/24", name="Office", note="Main street"),)),
            (
                changed("Name of 203.0.113.0/24", "none", "Office"),
                changed("Note of 203.0.113.0/24", "none", "Main street"),
            ),
            (),
            id="a name and a note",
        ),
        pytest.param(
            make.selected("203.0.113.0/24", "198.51.100.7"),
            make.selected("198.51.100.7", "203.0.113.0/24"),
            (Line(Kind.CHANGED, "Address ranges", "put in another order"),),
            (),
            id="another order",
        ),
        pytest.param(
            make.selected(subnets=("/one", "/two")),
            make.selected(subnets=("/two", "/three")),
            (added("/three", "added to virtual network rules"), removed("/one", "removed from virtual network rules")),
            (),
            id="virtual network rules",
        ),
        pytest.param(
            make.selected(subnets=("/one", "/two")),
            make.selected(subnets=("/two", "/one")),
            (Line(Kind.CHANGED, "Virtual network rules", "put in another order"),),
            (),
            id="virtual network rules in another order",
        ),
    ],
)
def test_what_lies_between_two_policies(
    before: AccessPolicy, after: AccessPolicy, lines: tuple[Line, ...], shifted: tuple[Shifted, ...]
) -> None:
    assert tell_policies(before, after) == Told(UPDATE, lines, shifted, note="" if shifted else NOBODY)


def test_the_exception_moves_the_networks_of_trusted_services() -> None:
    without = replace(OFFICE, trusted_services=False)
    scanners = TrustedNetworks.of([("Image scanner", ["198.51.100.0/28"])])
    lines = (changed("Trusted services", "Allowed", "Not allowed"),)
    lost = Shifted(Kind.REMOVED, "16 addresses lose access", ("198.51.100.0/28",))
    assert tell_policies(OFFICE, without, scanners) == Told(UPDATE, lines, (lost,))
    assert tell_policies(OFFICE, without, NO_NETWORKS) == Told(UPDATE, lines, note=NOBODY)


def test_which_networks_services_had_in_the_past_is_not_claimed() -> None:
    told = tell_policies(OFFICE, replace(OFFICE, trusted_services=False))
    assert (told.shifted, told.note) == ((), f"{NOBODY}, except in the networks of trusted services")
    beside = replace(OFFICE, subnets=("/subnets/a",))
    assert tell_policies(beside, replace(beside, trusted_services=False)).note == NOBODY


def test_whoever_a_trusted_network_lets_in_is_not_everyone() -> None:
    scanners = TrustedNetworks.of([("Image scanner", ["198.51.100.0/28"])])
    (lost,) = tell_policies(AccessPolicy(), make.disabled(), scanners).shifted
    assert lost.who == "Everyone else on the internet (3,702,390,768 addresses) loses access"


def test_two_equal_policies_have_nothing_to_tell() -> None:
    told = tell_policies(OFFICE, OFFICE)
    assert told == Told(UPDATE)
    assert not told
    assert str(told) == ""


def test_a_rule_is_named_where_it_has_a_name() -> None:
    named = replace(OFFICE, rules=(*OFFICE.rules, make.rule("9.9.9.9", name="CI runner")))
    assert tell_policies(OFFICE, named).lines == (added("9.9.9.9 (CI runner)"),)


def change(operation: str, before: Any, after: Any) -> Change:
    return Change(operation=operation, before=before, after=after)


REGISTRY = {
    "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso",
    "sku": "Premium",
    "location": "northeurope",
    "tags": {"team": "blue"},
}


def callers(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"mustWorkCallers": [{"name": name, "range": text} for name, text in pairs]}


@pytest.mark.parametrize(
    ("told", "text"),
    [
        pytest.param(
            change("Create registry", None, REGISTRY),
            f"Resource ID: {REGISTRY['id']}; Tier: Premium; Location: North Europe; Tag team: blue",
            id="create",
        ),
        pytest.param(
            change("Delete registry", REGISTRY, None),
            f"Resource ID: {REGISTRY['id']}; Tier: Premium; Location: North Europe; Tag team: blue",
            id="delete",
        ),
        pytest.param(
            change("Change tier", {"sku": "Standard"}, {"sku": "Premium"}), "Tier: Standard → Premium", id="tier"
        ),
        pytest.param(
            change("Update tags", {"tags": {"a": "1", "b": "2", "c": ""}}, {"tags": {"a": "1", "b": "3", "d": "4"}}),
            "Tag b: 2 → 3; Tag d: none → 4; Tag c: (empty) → none",
            id="tags",
        ),
        pytest.param(
            change(
                "Update must-work callers",
                callers(("Build", "9.9.9.9"), ("Office", "203.0.113.0/24")),
                callers(("Build farm", "9.9.9.9"), ("Home", "198.51.100.7")),
            ),
            "Must-work caller 9.9.9.9: Build → Build farm; Must-work caller 198.51.100.7: none → Home; "
            "Must-work caller 203.0.113.0/24: Office → none",
            id="must-work callers",
        ),
        pytest.param(
            change(UPDATE, AccessPolicy().record(), make.selected("9.9.9.9", "9.9.9.11").record()),
            "Public network access: All networks → Selected networks; 9.9.9.9 added to address ranges; "
            "9.9.9.11 added to address ranges; "
            "Everyone else on the internet (3,702,390,782 addresses) loses access",
            id="networking",
        ),
        pytest.param(
            change(UPDATE, make.selected().record(), make.selected("9.9.9.9", "9.9.9.11").record()),
            "9.9.9.9 added to address ranges; 9.9.9.11 added to address ranges; "
            "2 addresses gain access: 9.9.9.9 and 9.9.9.11",
            id="spans",
        ),
        pytest.param(
            change(UPDATE, OFFICE.record(), replace(OFFICE, data_endpoint=True).record()),
            f"Dedicated data endpoint: Off → On; {NOBODY}",
            id="nobody's access",
        ),
    ],
)
def test_a_change_in_one_line_of_text(told: Change, text: str) -> None:
    assert str(tell(told)) == text


def test_the_side_that_is_missing_says_whether_a_thing_came_or_went() -> None:
    assert {line.kind for line in tell(change("Create registry", None, REGISTRY)).lines} == {Kind.ADDED}
    assert {line.kind for line in tell(change("Delete registry", REGISTRY, None)).lines} == {Kind.REMOVED}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(None, None, id="nothing"),
        pytest.param({}, {}, id="empty"),
        pytest.param([], "text", id="not objects"),
        pytest.param({"publicNetworkAccess": "Perhaps"}, OFFICE.record(), id="an unknown word"),
        pytest.param({**OFFICE.record(), "more": 1}, OFFICE.record(), id="a word nobody reads"),
        pytest.param(
            OFFICE.record(),
            {**OFFICE.record(), "networkRuleSet": {**OFFICE.record()["networkRuleSet"], "virtualNetworkRules": 5}},
            id="a number for a list",
        ),
        pytest.param(
            OFFICE.record(),
            {
                **OFFICE.record(),
                "networkRuleSet": {**OFFICE.record()["networkRuleSet"], "virtualNetworkRules": [{"id": 5}]},
            },
            id="a number for an id",
        ),
        pytest.param({"tags": [1], "sku": 4, "mustWorkCallers": [1, {"name": "x"}]}, {"tags": "x"}, id="wrong types"),
    ],
)
@pytest.mark.parametrize("operation", [UPDATE, "Update tags", "Update must-work callers", "Turn to gold"])
def test_an_unknown_record_shows_the_operation_only(operation: str, before: Any, after: Any) -> None:
    assert tell(change(operation, before, after)) == Told(operation)


leaf = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.sampled_from(["Enabled", "Deny", "9.9.9.9"])
words = st.sampled_from([*OFFICE.record(), *OFFICE.record()["networkRuleSet"], "value", "name", "note", "id", "tags"])
json_values = st.recursive(
    leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=5), max_leaves=12
)


@given(operation=st.sampled_from([UPDATE, "Update tags", "Update must-work callers"]), key=words, value=json_values)
def test_no_record_stops_the_page(operation: str, key: str, value: Any) -> None:
    record = OFFICE.record()
    tell(change(operation, value, record))
    (record if key in record else record["networkRuleSet"])[key] = value
    str(tell(change(operation, record, OFFICE.record())))


@pytest.mark.django_db
def test_a_stored_change_tells_what_store_did() -> None:
    registry = make.registry(policy=OFFICE)
    after = make.selected("203.0.113.0/24", "9.9.9.9")
    stored = EndpointSettings.store(registry, after, seen=OFFICE.fingerprint, origin=make.BO)
    assert isinstance(stored, Change)
    assert tell(Change.objects.get(pk=stored.pk)) == tell_policies(OFFICE, after)


def test_the_page_says_in_words_what_its_signs_show() -> None:
    told = tell_policies(make.selected("203.0.113.0/24"), make.selected("9.9.9.9", trusted_services=False))
    html = " ".join(render_to_string("networking/parts/difference.html", {"told": told}).split())
    for part in (
        'Trusted services: <span class="sr">was </span><del>Allowed</del> <span aria-hidden="true">→</span> '
        '<span class="sr">and is </span><ins>Not allowed</ins>',
        '<li class="added"><span class="sign" aria-hidden="true">+</span><span> <b>9.9.9.9</b> added to address ranges',
        '<li class="removed"><span class="sign" aria-hidden="true">−</span><span> <b>203.0.113.0/24</b> removed from',
        "<b>1 address gains access</b>: 9.9.9.9",
        "<b>256 addresses lose access</b>: 203.0.113.0/24",
    ):
        assert part in html


def test_a_rule_name_is_shown_as_text() -> None:
    named = replace(OFFICE, rules=(make.rule("203.0.113.0/24", name="<script>"),))
    html = render_to_string("networking/parts/difference.html", {"told": tell_policies(OFFICE, named)})
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
