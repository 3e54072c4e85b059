from dataclasses import replace
from ipaddress import ip_address

import pytest

from networking.access.policy import AccessPolicy
from networking.access.trusted import NO_NETWORKS, TrustedNetworks
from networking.blade.access_card import Check, Line, card, check, note_on_access
from networking.client_address import ClientAddress
from tests import make

HERE = ClientAddress(ip_address("203.0.113.24"))
SELECTED = make.selected("203.0.113.0/24")


def test_the_card_of_a_page_as_it_was_opened_says_what_is() -> None:
    assert card(SELECTED, SELECTED, HERE, NO_NETWORKS) == [
        Line("You (203.0.113.24)", "Allowed", "Matches 203.0.113.0/24 (rule 1)", key="you"),
        Line("Trusted services", "Allowed", "Through the firewall exception"),
        Line("Everyone else on the internet", "Denied", "403 Forbidden"),
    ]


def test_the_card_of_a_draft_says_what_was_where_it_changes() -> None:
    assert card(AccessPolicy(), make.disabled(trusted_services=False), HERE, NO_NETWORKS) == [
        Line("You (203.0.113.24)", "Denied", "Public network access is disabled", was="Allowed", key="you"),
        Line("Trusted services", "Denied", "The firewall exception is off", was="Allowed"),
        Line("Everyone else on the internet", "Denied", "403 Forbidden", was="Allowed"),
    ]


def test_with_all_networks_everybody_gets_in_after_signing_in() -> None:
    assert [(line.verdict, line.why) for line in card(AccessPolicy(), AccessPolicy(), HERE, NO_NETWORKS)] == [
        ("Allowed", "Any network is allowed"),
        ("Allowed", "Any network is allowed"),
        ("Allowed", "After sign-in"),
    ]


def test_an_unknown_own_address_is_neither_allowed_nor_denied() -> None:
    you = card(SELECTED, SELECTED, ClientAddress(None), NO_NETWORKS)[0]
    assert (you.who, you.verdict, you.denied) == ("You (address not known)", "Not known", False)


def test_the_exception_does_not_help_where_virtual_network_rules_exist() -> None:
    policy = replace(SELECTED, subnets=("/subscriptions/s/subnets/build",))
    line = card(policy, policy, HERE, NO_NETWORKS)[1]
    assert (line.verdict, line.why) == (
        "Denied",
        "The exception doesn't apply while virtual network rules exist",
    )


@pytest.mark.parametrize(
    ("saved", "draft", "expected"),
    [
        pytest.param(
            SELECTED,
            replace(SELECTED, tasks_bypass=True),
            Line("ACR Tasks", "Allowed", "Through the firewall exception", was="Denied"),
            id="ticked",
        ),
        pytest.param(
            make.disabled(tasks_bypass=True),
            make.disabled(),
            Line("ACR Tasks", "Denied", "The exception for ACR Tasks is off", was="Allowed"),
            id="unticked",
        ),
        pytest.param(
            make.selected(tasks_bypass=True, trusted_services=False),
            make.selected(tasks_bypass=True, trusted_services=False),
            Line("ACR Tasks", "Denied", "The firewall exception is off"),
            id="counts for nothing alone",
        ),
        pytest.param(
            make.selected(tasks_bypass=True, subnets=("/subscriptions/s/subnets/build",)),
            make.selected(tasks_bypass=True, subnets=("/subscriptions/s/subnets/build",)),
            Line("ACR Tasks", "Denied", "The exception doesn't apply while virtual network rules exist"),
            id="virtual network rules",
        ),
    ],
)
def test_tasks_are_on_the_card_where_their_opt_in_is_on(
    saved: AccessPolicy, draft: AccessPolicy, expected: Line
) -> None:
    assert card(saved, draft, HERE, NO_NETWORKS)[2] == expected


def test_a_named_rule_is_named_in_the_answer() -> None:
    policy = replace(SELECTED, rules=(make.rule("9.9.9.9"), make.rule("203.0.113.0/24", name="Office")))
    assert card(policy, policy, HERE, NO_NETWORKS)[0].why == "Matches 203.0.113.0/24 (rule 2, Office)"


SCANNERS = TrustedNetworks.of([("Image scanner", ["203.0.113.0/28", "203.0.113.24"])])
BELONGS = "Belongs to 'Image scanner', a trusted service."


@pytest.mark.parametrize(
    ("policy", "verdict", "why"),
    [
        pytest.param(make.selected(), "Allowed", f"{BELONGS} Through the firewall exception", id="selected networks"),
        pytest.param(make.disabled(), "Allowed", f"{BELONGS} Through the firewall exception", id="disabled"),
        pytest.param(SELECTED, "Allowed", "Matches 203.0.113.0/24 (rule 1)", id="a rule comes first"),
        pytest.param(AccessPolicy(), "Allowed", "Any network is allowed", id="all networks"),
        pytest.param(
            make.selected(trusted_services=False), "Denied", f"{BELONGS} The firewall exception is off", id="off"
        ),
        pytest.param(
            make.selected(subnets=("/subnets/build",)),
            "Denied",
            f"{BELONGS} The exception doesn't apply while virtual network rules exist",
            id="virtual network rules",
        ),
    ],
)
def test_an_address_of_a_trusted_service_is_judged_as_that_service(
    policy: AccessPolicy, verdict: str, why: str
) -> None:
    assert card(policy, policy, HERE, SCANNERS)[0] == Line("You (203.0.113.24)", verdict, why, key="you")
    assert check("203.0.113.9", policy, policy, SCANNERS) == Check(
        "203.0.113.9", lines=(Line("Saved settings", verdict, why),)
    )


@pytest.mark.parametrize(
    ("address", "verdict", "why"),
    [
        pytest.param("203.0.113.9", "Allowed", "Matches 203.0.113.0/24 (rule 1)", id="covered"),
        pytest.param("::ffff:203.0.113.9", "Allowed", "Matches 203.0.113.0/24 (rule 1)", id="IPv4 spelled as IPv6"),
        pytest.param("192.0.2.1", "Denied", "No address range matches", id="not covered"),
        pytest.param("10.0.0.1", "Denied", "No address range matches", id="private"),
        pytest.param("2001:db8::1", "Denied", "No address range matches", id="IPv6"),
    ],
)
def test_any_address_can_be_asked_about(address: str, verdict: str, why: str) -> None:
    assert check(address, SELECTED, SELECTED, NO_NETWORKS) == Check(
        address, lines=(Line("Saved settings", verdict, why),)
    )


def test_a_draft_is_answered_for_beside_what_is_saved() -> None:
    assert check("203.0.113.9", SELECTED, make.disabled(), NO_NETWORKS) == Check(
        "203.0.113.9",
        lines=(
            Line("Saved settings", "Allowed", "Matches 203.0.113.0/24 (rule 1)"),
            Line("After saving", "Denied", "Public network access is disabled"),
        ),
    )


def test_nothing_asked_is_nothing_answered() -> None:
    assert check("  ", SELECTED, SELECTED, NO_NETWORKS) is None


@pytest.mark.parametrize("text", ["example.org", "203.0.113.0/24", "1.2.3", "9" * 5_000])
def test_what_is_no_address_is_refused_with_a_sentence(text: str) -> None:
    checked = check(text, SELECTED, SELECTED, NO_NETWORKS)
    assert checked is not None
    assert checked.problem == f"'{text[:64]}' isn't an IP address. Try a form like 198.51.100.7."


@pytest.mark.parametrize(
    ("policy", "note"),
    [
        pytest.param(AccessPolicy(), ("", ""), id="all networks"),
        pytest.param(SELECTED, ("", ""), id="selected networks with a rule"),
        pytest.param(make.disabled(), ("", ""), id="disabled without rules"),
        pytest.param(
            replace(AccessPolicy(), rules=SELECTED.rules),
            ("info", "1 address range is kept, and decide again when you choose Selected networks."),
            id="all networks, rules kept",
        ),
        pytest.param(
            make.disabled("9.9.9.9", "8.8.8.8"),
            ("info", "2 address ranges are kept but ignored while public network access is disabled."),
            id="disabled, rules kept",
        ),
        pytest.param(
            make.selected(),
            ("warn", "No address ranges yet. Only trusted services can reach the public endpoint."),
            id="selected networks, no rule",
        ),
        pytest.param(
            make.selected(subnets=("/subnets/build",)),
            (
                "warn",
                "No address ranges yet. Only the subnets of the virtual network rules can reach the public endpoint.",
            ),
            id="selected networks, subnets only",
        ),
    ],
)
def test_states_that_no_choice_shows_are_put_into_words(policy: AccessPolicy, note: tuple[str, str]) -> None:
    assert note_on_access(policy) == note
