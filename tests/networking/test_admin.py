"""Networking in the admin: the blade's sentences, one change a registry, and nothing for who may not."""

from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from networking.access.addresses import AddressRange
from networking.access.policy import AccessPolicy, DefaultAction, PublicNetworkAccess
from networking.access.problems import Problem
from networking.models import EndpointSettings, FirewallRule, MustWorkCaller
from networking.must_work import add_must_work_caller
from registries.models import Account, Change, Origin, Registry
from tests import make

STORED = make.selected("16.17.18.0/24", "203.0.113.0/24", "198.51.100.7")
SETTINGS = "/admin/networking/endpointsettings/"
RULES = "/admin/networking/firewallrule/"
CALLERS = "/admin/networking/mustworkcaller/"
CHANGES = "/admin/registries/change/"


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry(policy=STORED)


@pytest.fixture
def staff(client: Client, db: None) -> Callable[[str], Client]:
    """A client of somebody who may open the admin: staff("Reader")."""

    def sign_in(role: str) -> Client:
        client.force_login(make.account(role, is_staff=True))
        return client

    return sign_in


@pytest.fixture
def contributor(staff: Callable[[str], Client]) -> Client:
    return staff("Contributor")


def stored(registry: Registry) -> AccessPolicy:
    return EndpointSettings.of(registry).policy


def ranges(registry: Registry) -> list[str]:
    return [str(rule) for rule in stored(registry).rules]


def page_of(registry: Registry) -> str:
    return f"{SETTINGS}{registry.pk}/change/"


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def filled_in(answer: Any) -> dict[str, Any]:
    """What a browser would post from the page, unchanged."""
    forms = [answer.context["adminform"].form]
    for inline in answer.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    values = {bound.html_name: bound.value() for form in forms for bound in form}
    return {
        name: "on" if value is True else value
        for name, value in values.items()
        if value is not None and value is not False
    }


def opened(client: Client, registry: Registry, **more: Any) -> dict[str, Any]:
    return filled_in(client.get(page_of(registry))) | more


def row(number: int, range_: str, name: str = "", note: str = "") -> dict[str, str]:
    return {f"rules-{number}-range": range_, f"rules-{number}-name": name, f"rules-{number}-note": note}


def errors_of(answer: Any) -> list[str]:
    """Every sentence that stands beside a field, a row or the whole form."""
    shown = [[each] if isinstance(each, str) else each for each in answer.context["errors"]]
    return [str(sentence) for sentences in shown for sentence in sentences]


# The settings page


def test_the_page_shows_the_settings_and_the_rules(contributor: Client, registry: Registry) -> None:
    page = opened(contributor, registry)
    assert (page["public_network_access"], page["default_action"]) == ("Enabled", "Deny")
    assert [page[f"rules-{number}-range"] for number in range(3)] == ranges(registry)
    assert page["seen"] == STORED.fingerprint


def test_several_rules_edited_inline_are_one_change(contributor: Client, registry: Registry) -> None:
    page = opened(contributor, registry, comment="New office") | {"rules-1-DELETE": "on", "anyway": "on"}
    page |= row(0, "16.17.18.0/24", "Office", "Main street") | row(3, " 192.0.2.10 ") | row(4, "192.0.2.32/27", "Build")
    before = Change.objects.count()
    answer = contributor.post(page_of(registry), page)
    assert (answer.status_code, answer["Location"]) == (302, SETTINGS)
    wanted = make.selected("16.17.18.0/24", "198.51.100.7", "192.0.2.10", "192.0.2.32/27").rules
    wanted = (
        make.rule("16.17.18.0/24", name="Office", note="Main street"),
        *wanted[1:3],
        make.rule("192.0.2.32/27", name="Build"),
    )
    assert stored(registry).rules == wanted
    assert Change.objects.count() == before + 1
    change = Change.objects.latest("pk")
    assert (change.operation, change.door, change.comment) == ("Update networking", "admin", "New office")
    assert (change.account, change.address) == (Account.objects.get(groups__name="Contributor").username, "127.0.0.1")
    assert (change.before, change.after) == (STORED.record(), stored(registry).record())
    registry.refresh_from_db()
    assert registry.rule_count == 4


def test_settings_and_rules_are_one_change(contributor: Client, registry: Registry) -> None:
    page = opened(contributor, registry, public_network_access="Disabled", data_endpoint="on", tasks_bypass="on")
    del page["trusted_services"]
    before = Change.objects.count()
    contributor.post(page_of(registry), page | row(3, "192.0.2.10"))
    assert stored(registry) == replace(
        make.disabled(*(str(rule) for rule in STORED.rules), "192.0.2.10"),
        trusted_services=False,
        tasks_bypass=True,
        data_endpoint=True,
    )
    assert Change.objects.count() == before + 1


def test_what_the_page_does_not_show_is_kept(contributor: Client, db: None) -> None:
    subnets = ("/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/one",)
    registry = make.registry(policy=replace(STORED, subnets=subnets))
    assert subnets[0] in text_of(contributor.get(page_of(registry)))
    contributor.post(page_of(registry), opened(contributor, registry) | row(3, "192.0.2.10"))
    assert stored(registry).subnets == subnets


def test_who_added_a_rule_stays_true(contributor: Client, registry: Registry) -> None:
    contributor.post(page_of(registry), opened(contributor, registry) | row(3, "192.0.2.10"))
    me = Account.objects.get(groups__name="Contributor").username
    assert list(FirewallRule.objects.values_list("range", "added_by")) == [
        *((text, "bo@example.org") for text in map(str, STORED.rules)),
        ("192.0.2.10", me),
    ]


def test_the_history_says_how_much_was_changed(contributor: Client, registry: Registry) -> None:
    page = opened(contributor, registry, anyway="on", public_network_access="Disabled") | {"rules-1-DELETE": "on"}
    contributor.post(page_of(registry), page | row(3, "192.0.2.10"))
    said = "1 range added; 1 range deleted; Public network access: Selected networks → Disabled"
    assert LogEntry.objects.get().get_change_message() == said
    assert said in text_of(contributor.get(f"{SETTINGS}{registry.pk}/history/"))


def test_saving_what_is_stored_writes_no_change(contributor: Client, registry: Registry) -> None:
    before = Change.objects.count()
    answer = contributor.post(page_of(registry), opened(contributor, registry), follow=True)
    assert Change.objects.count() == before
    assert "'mycontainerregistry' has these settings already." in text_of(answer)


def test_a_registry_that_nobody_changed_has_its_page_too(contributor: Client, db: None) -> None:
    registry = make.registry("plainregistry")
    assert not EndpointSettings.objects.exists()
    contributor.post(page_of(registry), opened(contributor, registry, default_action="Deny") | row(0, "127.0.0.1"))
    assert ranges(registry) == []
    page = opened(contributor, registry, default_action="Deny", anyway="on") | row(0, "192.0.2.10")
    assert contributor.post(page_of(registry), page).status_code == 302
    assert stored(registry) == make.selected("192.0.2.10")
    assert Change.objects.count() == 1


def test_settings_can_be_added_for_a_registry_that_has_none(contributor: Client, db: None) -> None:
    registry = make.registry("plainregistry")
    page = filled_in(contributor.get(f"{SETTINGS}add/")) | {"registry": " PlainRegistry ", "data_endpoint": "on"}
    answer = contributor.post(f"{SETTINGS}add/", page | row(0, "192.0.2.10"))
    assert (answer.status_code, answer["Location"]) == (302, SETTINGS)
    assert stored(registry) == AccessPolicy(rules=(make.rule("192.0.2.10"),), data_endpoint=True)
    assert Change.objects.count() == 1


def test_settings_are_not_added_twice(contributor: Client, registry: Registry) -> None:
    page = filled_in(contributor.get(f"{SETTINGS}add/")) | {"registry": " MyContainerRegistry ", "data_endpoint": "on"}
    answer = contributor.post(f"{SETTINGS}add/", page)
    assert errors_of(answer) == [
        "'mycontainerregistry' has settings already. Open them in the list to change them.",
    ]
    assert stored(registry) == STORED


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        pytest.param("", "Type the name of a registry.", id="none"),
        pytest.param("gone", "There is no registry named 'gone'. It may have been deleted.", id="one that is gone"),
        pytest.param("\0é", "There is no registry named '\0é'. It may have been deleted.", id="nonsense"),
    ],
)
def test_settings_need_a_registry(contributor: Client, db: None, chosen: str, sentence: str) -> None:
    page = filled_in(contributor.get(f"{SETTINGS}add/")) | {"registry": chosen, "data_endpoint": "on"}
    assert sentence in errors_of(contributor.post(f"{SETTINGS}add/", page))
    assert not EndpointSettings.objects.exists()


BAD_RANGES = [
    "10.0.0.0/8", "172.0.0.0/8", "192.168.1.1", "127.0.0.1", "0.0.0.0/0", "16.17.18.5/24", "1.2.3", "1.2.3.4/33",
    "1.2.3.4/0.0.0.255", "::1", "２.2.2.2", "100.64.0.1", "224.0.0.1", "x" * 300, "1.2.3.4\0",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_RANGES)
def test_a_bad_range_is_refused_in_the_words_of_the_blade(contributor: Client, registry: Registry, text: str) -> None:
    problem = AddressRange.parse(text)
    assert isinstance(problem, Problem)
    before = Change.objects.count()
    answer = contributor.post(page_of(registry), opened(contributor, registry) | row(3, text) | row(4, "192.0.2.10"))
    assert errors_of(answer) == [problem.message]
    assert (stored(registry), Change.objects.count()) == (STORED, before)
    blade = contributor.post(
        f"/registries/{registry.name}/networking/",
        {"op": "save", "fingerprint": STORED.fingerprint, "public_access": "selected", "rid": "n1", "range": text},
    )
    assert problem.message in text_of(blade)


@pytest.mark.parametrize(
    ("rows", "sentences"),
    [
        pytest.param(row(3, "16.17.18.0/24"), ["Same as row 1. Delete one of them."], id="a duplicate"),
        pytest.param(row(3, "198.51.100.7/32"), ["Same as row 3. Delete one of them."], id="spelled otherwise"),
        pytest.param(row(1, ""), ["This row is empty. Type an address range, or delete the row."], id="emptied"),
        pytest.param(row(1, "  "), ["This row is empty. Type an address range, or delete the row."], id="blanks"),
        pytest.param(
            row(3, "", "Office"),
            ["Type an IP address or a CIDR range, like 16.17.18.19 or 16.17.18.0/24."],
            id="a name without a range",
        ),
        pytest.param(
            row(3, "192.0.2.10", "n" * 81), ["A name can have 80 characters; this one has 81."], id="a long name"
        ),
        pytest.param(
            row(3, "192.0.2.10", "", "n" * 401), ["A note can have 400 characters; this one has 401."], id="a long note"
        ),
        pytest.param(
            row(3, "192.0.2.10", "two\nlines"),
            ["A name can't hold line breaks or control characters. Type it on one line."],
            id="two lines",
        ),
        pytest.param(
            row(0, "10.0.0.1") | row(3, "192.168.0.1"),
            [
                str(AddressRange.parse("10.0.0.1")),
                str(AddressRange.parse("192.168.0.1")),
            ],
            id="two at once",
        ),
    ],
)
def test_bad_rows_change_nothing(
    contributor: Client, registry: Registry, rows: dict[str, str], sentences: list[str]
) -> None:
    before = Change.objects.count()
    answer = contributor.post(page_of(registry), opened(contributor, registry) | rows)
    assert errors_of(answer) == sentences
    assert (stored(registry), Change.objects.count()) == (STORED, before)
    posted = {name: value for name, value in rows.items() if value.strip()}
    assert posted.items() <= filled_in(answer).items()  # nothing typed is lost


def test_a_row_that_goes_takes_its_mistake_along(contributor: Client, registry: Registry) -> None:
    page = opened(contributor, registry, anyway="on") | row(0, "10.0.0.1") | {"rules-0-DELETE": "on"}
    contributor.post(page_of(registry), page | row(3, "10.0.0.2") | {"rules-3-DELETE": "on"})
    assert ranges(registry) == ["203.0.113.0/24", "198.51.100.7"]


def test_a_rule_can_move_from_one_row_to_another(contributor: Client, registry: Registry) -> None:
    """A range deleted in one row may stand in another: the list as a whole is what is judged."""
    page = opened(contributor, registry) | {"rules-0-DELETE": "on"} | row(3, "16.17.18.0/24", "Office")
    contributor.post(page_of(registry), page)
    assert ranges(registry) == ["203.0.113.0/24", "198.51.100.7", "16.17.18.0/24"]


def test_the_hundred_and_first_rule_is_refused(contributor: Client, db: None) -> None:
    registry = make.registry(policy=make.selected(*(f"16.17.{number}.0/24" for number in range(99))))
    page = opened(contributor, registry) | {"rules-TOTAL_FORMS": "101"}
    answer = contributor.post(page_of(registry), page | row(99, "9.9.9.9") | row(100, "9.9.9.10"))
    assert errors_of(answer) == ["A registry can have 100 rules. Delete 1 to save."]
    assert len(ranges(registry)) == 99
    contributor.post(page_of(registry), page | row(99, "9.9.9.9"))
    assert len(ranges(registry)) == 100


@pytest.mark.parametrize(
    ("more", "sentences"),
    [
        pytest.param({"public_network_access": "Perhaps"}, ["Choose Enabled or Disabled."], id="a word for access"),
        pytest.param({"default_action": ""}, ["Choose Allow or Deny."], id="no default action"),
        pytest.param({"comment": "c" * 401}, ["A comment can have 400 characters; this one has 401."], id="comment"),
        pytest.param(
            {"comment": "a\0b"},
            ["A comment can't hold line breaks or control characters. Type it on one line."],
            id="a comment with a NUL",
        ),
    ],
)
def test_bad_settings_change_nothing(
    contributor: Client, registry: Registry, more: dict[str, str], sentences: list[str]
) -> None:
    before = Change.objects.count()
    answer = contributor.post(page_of(registry), opened(contributor, registry, **more) | row(3, "192.0.2.10"))
    assert errors_of(answer) == sentences
    assert (stored(registry), Change.objects.count()) == (STORED, before)


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
@pytest.mark.parametrize(
    ("more", "policy"),
    [
        pytest.param(
            {"public_network_access": "Disabled"},
            AccessPolicy(public_network_access=PublicNetworkAccess.DISABLED),
            id="Disabled",
        ),
        pytest.param({"default_action": "Deny"}, AccessPolicy(default_action=DefaultAction.DENY), id="Deny"),
        pytest.param(row(0, "192.0.2.10"), AccessPolicy(rules=(make.rule("192.0.2.10"),)), id="a rule"),
        pytest.param({"data_endpoint": "on"}, AccessPolicy(data_endpoint=True), id="data endpoint"),
    ],
)
def test_what_the_tier_does_not_have_is_refused(
    contributor: Client, db: None, sku: str, more: dict[str, str], policy: AccessPolicy
) -> None:
    registry = make.registry(sku=sku)
    answer = contributor.post(page_of(registry), opened(contributor, registry) | more)
    assert errors_of(answer) == [str(policy.problem_for_tier(sku))]
    assert (stored(registry), Change.objects.count()) == (AccessPolicy(), 0)


STALE = "bo@example.org changed these settings 0 minutes ago. Nothing of yours was saved."


def test_a_stale_page_is_refused_and_keeps_what_was_typed(contributor: Client, registry: Registry) -> None:
    page = opened(contributor, registry) | row(3, "192.0.2.10")
    theirs = make.selected("8.8.8.8")
    EndpointSettings.store(registry, theirs, seen=STORED.fingerprint, origin=make.BO)
    before = Change.objects.count()
    answer = contributor.post(page_of(registry), page)
    assert STALE in unescape(" ".join(errors_of(answer))).replace("\xa0", " ")
    assert (stored(registry), Change.objects.count()) == (theirs, before)
    assert filled_in(answer)["rules-3-range"] == "192.0.2.10"
    # Posted again, it is as stale as before.
    assert contributor.post(page_of(registry), page).status_code == 200
    assert stored(registry) == theirs


@pytest.mark.parametrize("seen", ["", "0" * 64, "nonsense", AccessPolicy().fingerprint])
def test_a_forged_fingerprint_is_refused(contributor: Client, registry: Registry, seen: str) -> None:
    answer = contributor.post(page_of(registry), opened(contributor, registry, seen=seen) | row(3, "192.0.2.10"))
    assert len(errors_of(answer)) == 1
    assert stored(registry) == STORED


def test_a_registry_deleted_meanwhile_is_told(contributor: Client, registry: Registry) -> None:
    page = opened(contributor, registry)
    registry.delete_recorded(make.BO)
    answer = contributor.post(page_of(registry), page, follow=True)
    assert answer.redirect_chain == [("/admin/", 302)]
    assert "doesn’t exist. Perhaps it was deleted?" in text_of(answer)


@pytest.mark.parametrize("number", ["999", "0", "-1", "x", "9" * 18, "9" * 30, "1 or 1", "１"])
def test_an_unknown_registry_has_no_page(contributor: Client, db: None, number: str) -> None:
    assert contributor.get(f"{SETTINGS}{number}/change/")["Location"] == "/admin/"


def test_a_form_without_its_rows_is_refused(contributor: Client, registry: Registry) -> None:
    page = {name: value for name, value in opened(contributor, registry).items() if "_FORMS" not in name}
    assert contributor.post(page_of(registry), page).status_code == 200
    assert stored(registry) == STORED


def test_a_caller_who_would_be_shut_out_is_named_first(contributor: Client, registry: Registry) -> None:
    add_must_work_caller(registry, name="Build agents", text="203.0.113.8/29", origin=make.BO)
    page = opened(contributor, registry) | {"rules-1-DELETE": "on"}
    answer = contributor.post(page_of(registry), page)
    assert errors_of(answer) == [
        "This would shut out Build agents (203.0.113.8/29). Nothing was saved. "
        "To save it all the same, tick Save anyway."
    ]
    assert stored(registry) == STORED
    contributor.post(page_of(registry), page | {"anyway": "on"})
    assert ranges(registry) == ["16.17.18.0/24", "198.51.100.7"]


def test_a_network_of_a_trusted_service_is_not_shut_out(contributor: Client, registry: Registry) -> None:
    make.trusted_service("Build farm", "203.0.113.0/28")
    add_must_work_caller(registry, name="Build agents", text="203.0.113.8/29", origin=make.BO)
    rule = FirewallRule.objects.get(range="203.0.113.0/24")
    asked = contributor.post(RULES, {"action": "delete_selected", "_selected_action": [rule.pk]})
    assert "shuts out" not in text_of(asked)
    contributor.post(page_of(registry), opened(contributor, registry) | {"rules-1-DELETE": "on"})
    assert ranges(registry) == ["16.17.18.0/24", "198.51.100.7"]


def test_you_are_named_where_you_would_be_shut_out(contributor: Client, db: None) -> None:
    registry = make.registry("plainregistry")
    answer = contributor.post(page_of(registry), opened(contributor, registry, default_action="Deny"))
    assert errors_of(answer) == [
        "This would shut out you (127.0.0.1). Nothing was saved. To save it all the same, tick Save anyway."
    ]


def test_what_is_worth_a_second_look_is_told_after_the_save(contributor: Client, registry: Registry) -> None:
    page = opened(contributor, registry) | row(3, "16.17.18.19")
    told = text_of(contributor.post(page_of(registry), page, follow=True))
    assert "16.17.18.19: Already covered by 16.17.18.0/24 (row 1). You can delete this row." in told


def test_settings_are_never_deleted_by_themselves(staff: Callable[[str], Client], registry: Registry) -> None:
    owner = staff("Owner")
    assert owner.post(f"{SETTINGS}{registry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in text_of(owner.get(SETTINGS))
    assert stored(registry) == STORED


def test_a_role_taken_away_meanwhile_saves_nothing(contributor: Client, registry: Registry) -> None:
    page = opened(contributor, registry) | row(3, "192.0.2.10")
    Account.objects.get(groups__name="Contributor").groups.set([Group.objects.get(name="Reader")])
    assert contributor.post(page_of(registry), page).status_code == 403
    assert stored(registry) == STORED


# Bulk


def test_rules_of_many_registries_go_with_one_change_each(contributor: Client, registry: Registry) -> None:
    other = make.registry("otherregistry", policy=make.selected("16.17.18.0/24", "9.9.9.9"))
    third = make.registry("thirdregistry", policy=make.selected("16.17.18.0/24"))
    chosen = FirewallRule.objects.exclude(settings=third.pk).filter(range__in=["16.17.18.0/24", "198.51.100.7"])
    posted = {"action": "delete_selected", "_selected_action": [rule.pk for rule in chosen]}
    assert "Delete multiple objects" in text_of(contributor.post(RULES, posted))
    before = Change.objects.count()
    answer = contributor.post(RULES, posted | {"post": "yes"}, follow=True)
    assert "Successfully deleted 3 firewall rules." in text_of(answer)
    assert [ranges(each) for each in (registry, other, third)] == [["203.0.113.0/24"], ["9.9.9.9"], ["16.17.18.0/24"]]
    changes = Change.objects.order_by("pk")[before:]
    assert [(change.registry, change.operation, change.door) for change in changes] == [
        (registry, "Update networking", "admin"),
        (other, "Update networking", "admin"),
    ]
    registry.refresh_from_db()
    assert registry.rule_count == 1
    assert LogEntry.objects.count() == 3


def test_before_rules_go_it_is_said_who_would_be_shut_out(contributor: Client, registry: Registry) -> None:
    add_must_work_caller(registry, name="Build agents", text="203.0.113.8/29", origin=make.BO)
    rule = FirewallRule.objects.get(range="203.0.113.0/24")
    said = "'mycontainerregistry': this shuts out Build agents (203.0.113.8/29)."
    posted = {"action": "delete_selected", "_selected_action": [rule.pk]}
    assert said in text_of(contributor.post(RULES, posted))
    assert said in text_of(contributor.get(f"{RULES}{rule.pk}/delete/"))
    assert stored(registry) == STORED


def test_a_single_rule_goes_with_one_change(contributor: Client, registry: Registry) -> None:
    rule = FirewallRule.objects.get(range="203.0.113.0/24")
    before = Change.objects.count()
    contributor.post(f"{RULES}{rule.pk}/delete/", {"post": "yes"})
    assert ranges(registry) == ["16.17.18.0/24", "198.51.100.7"]
    assert (Change.objects.count(), Change.objects.latest("pk").door) == (before + 1, "admin")


def test_a_rule_is_not_added_or_edited_by_itself(staff: Callable[[str], Client], registry: Registry) -> None:
    owner, rule = staff("Owner"), FirewallRule.objects.first()
    assert rule is not None
    assert owner.post(f"{RULES}add/", {"range": "9.9.9.9"}).status_code == 403
    assert owner.post(f"{RULES}{rule.pk}/change/", {"range": "9.9.9.9"}).status_code == 403
    assert f'href="{page_of(registry)}"' in text_of(owner.get(RULES))
    assert stored(registry) == STORED


def add_range(client: Client, chosen: list[int], **fields: str) -> Any:
    posted = {"action": "add_range", "_selected_action": chosen}
    return client.post(SETTINGS, posted | ({"apply": "1"} | fields if fields else {}), follow=True)


def test_a_range_is_added_to_many_registries_with_one_change_each(contributor: Client, registry: Registry) -> None:
    other = make.registry("otherregistry", policy=make.selected("9.9.9.9"))
    chosen = [registry.pk, other.pk]
    assert "Add the range" in text_of(add_range(contributor, chosen))
    before = Change.objects.count()
    answer = add_range(contributor, chosen, range=" 192.0.2.10/32", name="Office", note="", comment="Moved")
    assert "Added 192.0.2.10 to 2 registries." in text_of(answer)
    for each in (registry, other):
        assert stored(each).rules[-1] == make.rule("192.0.2.10", name="Office")
    changes = Change.objects.order_by("pk")[before:]
    assert {(change.registry, change.door, change.comment) for change in changes} == {
        (registry, "admin", "Moved"),
        (other, "admin", "Moved"),
    }
    assert len(changes) == 2


def test_a_registry_that_has_it_or_cannot_hold_it_stays_as_it_is(contributor: Client, registry: Registry) -> None:
    full = make.registry("fullregistry", policy=make.selected(*(f"16.17.{number}.0/24" for number in range(100))))
    standard = make.registry("standardregistry", sku="Standard", policy=AccessPolicy(trusted_services=False))
    has_it = make.registry("otherregistry", policy=make.selected("192.0.2.10"))
    before = Change.objects.count()
    answer = text_of(
        add_range(contributor, [each.pk for each in (registry, full, standard, has_it)], range="192.0.2.10")
    )
    assert "Added 192.0.2.10 to 1 registry." in answer
    assert "'fullregistry': A registry can have 100 rules. Delete 1 to save." in answer
    assert "'standardregistry': The requested feature virtual network rule is not supported" in answer
    assert (Change.objects.count(), ranges(has_it)) == (before + 1, ["192.0.2.10"])


@pytest.mark.parametrize("text", [*BAD_RANGES, ""])
def test_a_bad_range_is_added_to_nobody(contributor: Client, registry: Registry, text: str) -> None:
    before = Change.objects.count()
    answer = add_range(contributor, [registry.pk], range=text, name="Office")
    assert (answer.status_code, Change.objects.count(), stored(registry)) == (422, before, STORED)
    assert [str(sentence) for errors in answer.context["errors"] for sentence in errors] == [
        str(AddressRange.parse(text))
    ]
    assert 'value="Office"' in text_of(answer)


# Must-work callers


def call(client: Client, registry: Registry | None, name: str, text: str) -> Any:
    return client.post(
        f"{CALLERS}add/", {"registry": registry.name if registry else "", "name": name, "range": text}, follow=True
    )


def test_a_must_work_caller_is_kept_with_one_change(contributor: Client, registry: Registry) -> None:
    before = Change.objects.count()
    answer = call(contributor, registry, " Build agents ", "203.0.113.8/29")
    assert answer.redirect_chain == [(CALLERS, 302)]
    caller = MustWorkCaller.objects.get()
    assert (caller.registry, caller.name, caller.range) == (registry, "Build agents", "203.0.113.8/29")
    change = Change.objects.latest("pk")
    assert (Change.objects.count(), change.operation, change.door) == (
        before + 1,
        "Update must-work callers",
        "admin",
    )
    assert LogEntry.objects.get().object_id == str(caller.pk)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        pytest.param("", "9.9.9.9", "Type a name, so that a warning can say who it is.", id="no name"),
        pytest.param("n" * 81, "9.9.9.9", "A name can have 80 characters; this one has 81.", id="long name"),
        pytest.param("Office", "203.0.113.8/29", "203.0.113.8/29 is listed already, as 'Agents'.", id="twice"),
        *(pytest.param("Office", text, str(AddressRange.parse(text)), id=text[:20]) for text in [*BAD_RANGES, ""]),
    ],
)
def test_a_bad_must_work_caller_is_refused_in_the_words_of_its_page(
    contributor: Client, registry: Registry, name: str, text: str, sentence: str
) -> None:
    add_must_work_caller(registry, name="Agents", text="203.0.113.8/29", origin=make.BO)
    before = Change.objects.count()
    answer = call(contributor, registry, name, text)
    assert errors_of(answer) == [sentence]
    assert (Change.objects.count(), MustWorkCaller.objects.count()) == (before, 1)


def test_a_must_work_caller_needs_a_registry(contributor: Client, db: None) -> None:
    assert errors_of(call(contributor, None, "Office", "9.9.9.9")) == ["Type the name of a registry."]


def test_must_work_callers_go_with_one_change_a_registry(contributor: Client, registry: Registry) -> None:
    other = make.registry("otherregistry")
    for place, text in ((registry, "9.9.9.9"), (registry, "9.9.9.10"), (other, "9.9.9.9")):
        add_must_work_caller(place, name="Office", text=text, origin=make.BO)
    kept = add_must_work_caller(other, name="Kept", text="8.8.8.8", origin=make.BO)
    assert isinstance(kept, Change)
    before = Change.objects.count()
    chosen = [caller.pk for caller in MustWorkCaller.objects.filter(name="Office")]
    contributor.post(CALLERS, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})
    assert [caller.name for caller in MustWorkCaller.objects.all()] == ["Kept"]
    assert Change.objects.count() == before + 2
    one = MustWorkCaller.objects.get()
    contributor.post(f"{CALLERS}{one.pk}/delete/", {"post": "yes"})
    assert (MustWorkCaller.objects.count(), Change.objects.count()) == (0, before + 3)


# Changes


def test_a_change_shows_what_was_and_what_became(staff: Callable[[str], Client], registry: Registry) -> None:
    change = Change.objects.latest("pk")
    page = text_of(staff("Reader").get(f"{CHANGES}{change.pk}/change/"))
    assert "Update networking" in page
    assert '"value": "203.0.113.0/24"' in page
    assert '"defaultAction": "Allow"' in page


def test_a_record_is_shown_as_text_only(staff: Callable[[str], Client], registry: Registry) -> None:
    rules = (make.rule("9.9.9.9", name="<script>alert(1)</script>"),)
    EndpointSettings.store(registry, replace(STORED, rules=rules), seen=STORED.fingerprint, origin=make.BO)
    answer = staff("Reader").get(f"{CHANGES}{Change.objects.latest('pk').pk}/change/")
    assert b"<script>alert(1)" not in answer.content
    assert "<script>alert(1)</script>" in text_of(answer)


@pytest.mark.parametrize("role", ["Reader", "Contributor", "Owner", "superuser"])
def test_nobody_adds_changes_or_deletes_a_change(client: Client, registry: Registry, role: str) -> None:
    is_super = role == "superuser"
    client.force_login(make.account(None if is_super else role, is_staff=True, is_superuser=is_super))
    change = Change.objects.latest("pk")
    everything = list(Change.objects.values())
    assert client.get(CHANGES).status_code == 200
    assert client.get(f"{CHANGES}add/").status_code == 403
    assert client.post(f"{CHANGES}{change.pk}/change/", {"comment": "x"}).status_code == 403
    assert client.post(f"{CHANGES}{change.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(CHANGES, {"action": "delete_selected", "_selected_action": [change.pk], "post": "yes"})
    assert list(Change.objects.values()) == everything


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        pytest.param("", 2, id="all"),
        pytest.param("?door=portal", 1, id="door"),
        pytest.param("?door=admin", 1, id="another door"),
        pytest.param("?account=bo@example.org", 1, id="account"),
        pytest.param("?operation=Update+networking", 2, id="operation"),
        pytest.param("?operation=Nonsense", 0, id="an operation that never was"),
        pytest.param("?q=mycontainer", 2, id="search by registry"),
        pytest.param("?q=203.0.113.99", 0, id="search for nothing"),
        pytest.param("?at__gte=2999-01-01+00:00:00%2B00:00", 0, id="date"),
    ],
)
def test_changes_are_searched_and_filtered(contributor: Client, registry: Registry, asked: str, count: int) -> None:
    contributor.post(page_of(registry), opened(contributor, registry) | row(3, "192.0.2.10"))
    assert contributor.get(CHANGES + asked).context["cl"].result_count == count


def test_a_door_has_the_name_that_the_activity_log_gives_it(contributor: Client, registry: Registry) -> None:
    Change.record(registry, "Update tags", Origin(account="bo@example.org", door="arm"), before=None, after=None)
    change = Change.objects.latest("pk")
    page = text_of(contributor.get(CHANGES))
    assert '<td class="field-door_">ARM API</td>' in page
    assert ">ARM API</a>" in page  # in the filter
    assert contributor.get(f"{CHANGES}?door=arm").context["cl"].result_count == 1
    assert "ARM API" in text_of(contributor.get(f"{CHANGES}{change.pk}/change/"))


# Lists, and who sees what


@pytest.mark.parametrize(
    ("address", "count"),
    [
        pytest.param(f"{SETTINGS}?q=mycontainer", 1, id="settings by name"),
        pytest.param(f"{SETTINGS}?public_access=disabled", 1, id="settings by access"),
        pytest.param(f"{SETTINGS}?public_access=nonsense", 2, id="settings by nonsense"),
        pytest.param(f"{SETTINGS}?registry__sku=Premium", 2, id="settings by tier"),
        pytest.param(f"{RULES}?q=203.0.113", 1, id="rules by range"),
        pytest.param(f"{RULES}?q=Office", 1, id="rules by name"),
        pytest.param(f"{RULES}?q=otherregistry", 1, id="rules by registry"),
        pytest.param(f"{RULES}?public_access=selected", 3, id="rules by access"),
        pytest.param(f"{RULES}?settings__registry__location=eastus", 4, id="rules by location"),
        pytest.param(f"{CALLERS}?q=agents", 1, id="callers by name"),
        pytest.param(f"{CALLERS}?public_access=all", 0, id="callers by access"),
    ],
)
def test_lists_are_searched_and_filtered(
    staff: Callable[[str], Client], registry: Registry, address: str, count: int
) -> None:
    rules = (make.rule("9.9.9.9", name="Office"),)
    make.registry("otherregistry", policy=replace(make.disabled(), rules=rules))
    add_must_work_caller(registry, name="Build agents", text="203.0.113.8/29", origin=make.BO)
    assert staff("Reader").get(address).context["cl"].result_count == count


@pytest.mark.parametrize("address", [SETTINGS, RULES, CALLERS, CHANGES])
def test_a_list_costs_the_same_however_long(
    staff: Callable[[str], Client],
    registry: Registry,
    django_assert_num_queries: DjangoAssertNumQueries,
    address: str,
) -> None:
    reader = staff("Reader")
    add_must_work_caller(registry, name="Office", text="9.9.9.9", origin=make.BO)
    with CaptureQueriesContext(connection) as few:
        reader.get(address)
    for number in range(10):
        other = make.registry(f"registry{number}", policy=make.selected("9.9.9.9", f"16.17.{number}.0/24"))
        add_must_work_caller(other, name="Office", text="9.9.9.9", origin=make.BO)
    with django_assert_num_queries(len(few)):
        reader.get(address)


def test_the_settings_page_costs_the_same_however_many_rules(
    contributor: Client, registry: Registry, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    hundred = make.registry("hundred", policy=make.selected(*(f"16.17.{number}.0/24" for number in range(100))))
    for each in (registry, hundred):
        with django_assert_num_queries(8):
            contributor.get(page_of(each))


MAY_OPEN = {
    f"{SETTINGS}add/": ["Contributor", "Owner"],
    f"{CALLERS}add/": ["Contributor", "Owner"],
    SETTINGS: ["Reader", "Contributor", "Owner"],
    RULES: ["Reader", "Contributor", "Owner"],
    CALLERS: ["Reader", "Contributor", "Owner"],
    CHANGES: ["Reader", "Contributor", "Owner"],
}


@pytest.mark.parametrize("role", ["Reader", "Contributor", "Owner", None])
@pytest.mark.parametrize("address", MAY_OPEN)
def test_a_role_opens_what_is_its_own(client: Client, registry: Registry, role: str | None, address: str) -> None:
    client.force_login(make.account(role, is_staff=True))
    assert client.get(address).status_code == (200 if role in MAY_OPEN[address] else 403)


def test_a_reader_looks_and_changes_nothing(staff: Callable[[str], Client], registry: Registry) -> None:
    reader = staff("Reader")
    answer = reader.get(page_of(registry))
    assert "203.0.113.0/24" in text_of(answer)
    assert 'name="_save"' not in text_of(answer)
    assert "Comment" not in text_of(answer)
    assert "add_range" not in text_of(reader.get(SETTINGS))
    assert "delete_selected" not in text_of(reader.get(RULES))
    rule = FirewallRule.objects.first()
    assert rule is not None
    tried = [
        reader.post(page_of(registry), {"seen": STORED.fingerprint}),
        reader.post(f"{RULES}{rule.pk}/delete/", {"post": "yes"}),
        reader.post(f"{CALLERS}add/", {"registry": registry.name, "name": "x", "range": "9.9.9.9"}),
    ]
    assert [answer.status_code for answer in tried] == [403, 403, 403]
    reader.post(RULES, {"action": "delete_selected", "_selected_action": [rule.pk], "post": "yes"})
    add_range(reader, [registry.pk], range="9.9.9.9")
    assert (stored(registry), MustWorkCaller.objects.count()) == (STORED, 0)


def test_a_permission_of_the_admin_alone_writes_nothing(client: Client, registry: Registry) -> None:
    """Every write asks Account.may as the blade does, whatever a group of one's own allows in the admin."""
    account = make.account("Reader", is_staff=True)
    account.user_permissions.set(Permission.objects.filter(content_type__app_label="networking"))
    client.force_login(account)
    rule = FirewallRule.objects.first()
    assert rule is not None
    tried = [
        client.post(page_of(registry), opened(client, registry) | row(3, "192.0.2.10")),
        client.post(f"{RULES}{rule.pk}/delete/", {"post": "yes"}),
        call(client, registry, "Office", "9.9.9.9"),
        add_range(client, [registry.pk], range="9.9.9.9"),
    ]
    assert [answer.status_code for answer in tried] == [403] * 4
    assert (stored(registry), MustWorkCaller.objects.count(), LogEntry.objects.count()) == (STORED, 0, 0)
