from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from networking.access.policy import AccessPolicy, PublicAccess
from networking.models import EndpointSettings
from registries.models import Change, Registry
from tests import make

STORED = make.selected("16.17.18.0/24", "203.0.113.0/24", "198.51.100.7")
URL = "/registries/mycontainerregistry/networking/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry(policy=STORED)


def stored(registry: Registry) -> AccessPolicy:
    return EndpointSettings.of(registry).policy


def text_of(answer: Any) -> str:
    """The page as a person reads it, and its markup."""
    return unescape(answer.content.decode())


def form(*ranges: str, seen: AccessPolicy = STORED, **more: Any) -> dict[str, Any]:
    """What the page posts: by default the stored settings, unchanged, with the Save button."""
    ranges = ranges or tuple(str(rule) for rule in seen.rules)
    saved = {str(rule): "s-" + str(rule).replace(".", "_").replace("/", "-") for rule in seen.rules}
    data: dict[str, Any] = {
        "op": "save",
        "fingerprint": seen.fingerprint,
        "public_access": seen.public_access.value,
        "rid": [saved.get(text, f"n{at}") for at, text in enumerate(ranges)],
        "range": list(ranges),
        "name": [""] * len(ranges),
        "note": [""] * len(ranges),
        **({"trusted_services": "1"} if seen.trusted_services else {}),
        **more,
    }
    return {key: value for key, value in data.items() if value is not None}


def test_the_page_shows_the_choice_the_rules_and_who_gets_in(reader: Client, registry: Registry) -> None:
    page = text_of(reader.get(URL))
    assert "<title>mycontainerregistry | Networking – Portcullis</title>" in page
    for text in ("Selected networks", "16.17.18.0/24", "203.0.113.0/24", "198.51.100.7", "3 of 100 rules"):
        assert text in page
    assert "Allow trusted Microsoft services to access this container registry" in page
    assert "mycontainerregistry.azurecr.io" in page


HINT = "In network-first order the gate lets the networks of trusted services pass, without identity or role."


@pytest.mark.parametrize(
    ("services", "said"),
    [
        pytest.param([], f"{HINT} No service has networks here yet.", id="none"),
        pytest.param(["Scanner"], f"{HINT} 1 service has networks here.", id="one"),
        pytest.param(["Scanner", "Builder"], f"{HINT} 2 services have networks here.", id="two"),
    ],
)
def test_beside_the_exception_it_says_whose_networks_pass(
    reader: Client, registry: Registry, services: list[str], said: str
) -> None:
    for name in services:
        make.trusted_service(name, "203.0.113.0/28", "10.20.0.0/16")
    assert said in text_of(reader.get(URL))


@pytest.mark.parametrize(
    ("role", "is_staff", "offered"),
    [
        pytest.param("Owner", True, True, id="an Owner"),
        pytest.param("Owner", False, False, id="an Owner who may not open the administration"),
        pytest.param("Contributor", True, False, id="a Contributor"),
    ],
)
def test_whoever_keeps_the_trusted_services_is_led_to_them(
    client: Client, registry: Registry, role: str, is_staff: bool, offered: bool
) -> None:
    client.force_login(make.account(role, is_staff=is_staff))
    link = '<a href="/admin/networking/trustedservice/">'
    assert (link in text_of(client.get(URL))) is offered
    assert not offered or client.get("/admin/networking/trustedservice/").status_code == 200


def test_what_the_exception_moves_is_counted_for_the_draft(contributor: Client, registry: Registry) -> None:
    make.trusted_service("Image scanner", "9.9.9.0/28", "203.0.113.0/28", "10.20.0.0/16")
    without = {key: text for key, text in form().items() if key != "trusted_services"}
    answer = contributor.post(f"{URL}evaluate/", without)
    assert answer.context["shift"] == ["16 addresses lose access."]


def test_the_address_is_found_in_any_letter_case(reader: Client, registry: Registry) -> None:
    assert (
        reader.get(URL.upper().replace("REGISTRIES", "registries").replace("NETWORKING", "networking")).status_code
        == 200
    )


def test_a_save_stores_the_draft_with_one_change_record(contributor: Client, registry: Registry) -> None:
    before = Change.objects.count()
    answer = contributor.post(URL, form("16.17.18.0/24", "9.9.9.9"))
    assert (answer.status_code, answer["Location"]) == (303, URL)
    assert [str(rule) for rule in stored(registry).rules] == ["16.17.18.0/24", "9.9.9.9"]
    assert Change.objects.count() == before + 1
    change = Change.objects.latest("at")
    assert (change.operation, change.door, change.address) == ("Update networking", "portal", "127.0.0.1")
    assert "Saved to 'mycontainerregistry'." in text_of(contributor.get(URL))


@pytest.mark.parametrize("choice", list(PublicAccess), ids=str)
def test_each_choice_can_be_saved_and_keeps_the_rules(
    contributor: Client, registry: Registry, choice: PublicAccess
) -> None:
    contributor.post(URL, form(public_access=choice.value))
    assert stored(registry) == STORED.with_public_access(choice)


def test_the_trusted_services_exception_and_the_data_endpoint_are_saved(
    contributor: Client, registry: Registry
) -> None:
    contributor.post(URL, form(trusted_services=None, data_endpoint="1"))
    assert (stored(registry).trusted_services, stored(registry).data_endpoint) == (False, True)


def test_the_opt_in_of_tasks_is_saved_beside_the_exception(contributor: Client, registry: Registry) -> None:
    page = text_of(contributor.get(URL))
    assert "Allow ACR Tasks with a system-assigned identity to bypass network rules" in page
    contributor.post(URL, form(tasks_bypass="1"))
    assert stored(registry) == replace(STORED, tasks_bypass=True)
    changed = replace(STORED, tasks_bypass=True)
    assert 'name="tasks_bypass" value="1" checked' in text_of(contributor.get(URL))
    contributor.post(URL, form(seen=changed))
    assert stored(registry) == STORED


def test_the_opt_in_of_tasks_is_carried_along_by_a_page_that_does_not_show_it(
    contributor: Client, registry: Registry
) -> None:
    page = text_of(contributor.post(URL, form(op="paste", tasks_bypass="1")))
    assert '<input type="hidden" name="tasks_bypass" value="1">' in page


def test_a_name_and_a_note_are_saved_with_their_rule(contributor: Client, registry: Registry) -> None:
    contributor.post(URL, form(name=["Office", "", ""], note=["Main street", "", ""]))
    assert stored(registry).rules[0] == make.rule("16.17.18.0/24", name="Office", note="Main street")


def test_saving_what_is_stored_writes_nothing(contributor: Client, registry: Registry) -> None:
    before = Change.objects.count()
    assert contributor.post(URL, form()).status_code == 303
    assert Change.objects.count() == before


def test_with_htmx_a_save_answers_with_the_clean_blade_and_a_toast(contributor: Client, registry: Registry) -> None:
    answer = contributor.post(URL, form("9.9.9.9"), headers=HTMX)
    page = text_of(answer)
    assert answer.status_code == 200
    assert "<html" not in page
    assert 'id="blade-body"' in page
    assert "1 of 100 rules" in page
    assert "Networking updated" in page
    assert "HX-Request" in answer["Vary"]


def test_a_get_is_a_whole_page_with_htmx_too(contributor: Client, registry: Registry) -> None:
    answer = contributor.get(URL, headers=HTMX)
    assert "<html" in text_of(answer)
    assert "no-store" in answer["Cache-Control"]


BAD_RANGES = [
    pytest.param("10.0.0.0/8", "10.0.0.0/8 is a private range (RFC 1918).", id="private"),
    pytest.param("172.0.0.0/8", "172.0.0.0/8 contains the private range 172.16.0.0/12", id="holds a private range"),
    pytest.param("192.168.1.1", "192.168.1.1 is inside the private range 192.168.0.0/16", id="inside a private range"),
    pytest.param("127.0.0.1", "127.0.0.1 is inside 127.0.0.0/8, a loopback range", id="loopback"),
    pytest.param("0.0.0.0/0", "0.0.0.0/0 is every address there is.", id="everything"),
    pytest.param("16.17.18.5/24", "Did you mean 16.17.18.0/24?", id="host bits"),
    pytest.param("1.2.3", "'1.2.3' isn't an IPv4 address or CIDR range.", id="three numbers"),
    pytest.param("1.2.3.4/33", "'1.2.3.4/33' isn't an IPv4", id="prefix 33"),
    pytest.param("1.2.3.4/0.0.0.255", "'1.2.3.4/0.0.0.255' isn't an IPv4", id="host mask"),
    pytest.param("::1", "IPv6 isn't supported in IP rules.", id="IPv6"),
    pytest.param("２.2.2.2", "'２.2.2.2' isn't an IPv4", id="full-width digits"),
    pytest.param("16.17.18.0/24", "Same as row 1. Delete one of them.", id="duplicate"),
]


@pytest.mark.parametrize(("text", "sentence"), BAD_RANGES)
@pytest.mark.parametrize("headers", [pytest.param({}, id="page"), pytest.param(HTMX, id="htmx")])
def test_a_bad_range_is_refused_with_one_sentence_and_nothing_typed_is_lost(
    contributor: Client, registry: Registry, headers: dict[str, str], text: str, sentence: str
) -> None:
    before = Change.objects.count()
    answer = contributor.post(URL, form("16.17.18.0/24", "9.9.9.9", text), headers=headers)
    page = text_of(answer)
    assert answer.status_code == 422
    assert sentence in page
    assert "1 entry needs attention. Nothing was saved." in page
    assert f'value="{text}"' in page
    assert 'value="9.9.9.9"' in page
    assert (stored(registry), Change.objects.count()) == (STORED, before)


def test_a_saved_row_that_was_emptied_is_refused(contributor: Client, registry: Registry) -> None:
    data = form()
    data["range"][1] = ""
    answer = contributor.post(URL, data)
    assert answer.status_code == 422
    assert "Row 2: This row is empty. Type an address range, or delete the row." in text_of(answer)
    assert stored(registry) == STORED


def test_the_hundred_and_first_rule_is_refused_and_all_of_them_stay_on_the_page(
    contributor: Client, registry: Registry
) -> None:
    ranges = [f"20.0.{n}.1" for n in range(101)]
    answer = contributor.post(URL, form(*ranges))
    page = text_of(answer)
    assert answer.status_code == 422
    assert "A registry can have 100 rules. Delete 1 to save." in page
    assert 'value="20.0.100.1"' in page
    assert stored(registry) == STORED


@pytest.mark.parametrize(
    "fingerprint",
    [
        pytest.param(AccessPolicy().fingerprint, id="of an older policy"),
        pytest.param("f" * 64, id="forged"),
        pytest.param("'; drop table", id="nonsense"),
        pytest.param(None, id="missing"),
    ],
)
def test_a_stale_save_is_refused_with_409_and_nothing_typed_is_lost(
    contributor: Client, registry: Registry, fingerprint: str | None
) -> None:
    before = Change.objects.count()
    answer = contributor.post(URL, form("16.17.18.0/24", "9.9.9.9", fingerprint=fingerprint))
    page = text_of(answer)
    assert answer.status_code == 409
    assert "bo@example.org changed these settings" in page
    assert "Nothing of yours was saved." in page
    assert 'value="9.9.9.9"' in page
    assert "<ins>9.9.9.9</ins>" in page
    assert f'name="fingerprint" value="{STORED.fingerprint}"' in page
    assert (stored(registry), Change.objects.count()) == (STORED, before)


def test_a_draft_after_a_conflict_can_be_saved_on_purpose(contributor: Client, registry: Registry) -> None:
    answer = contributor.post(URL, form("9.9.9.9", fingerprint="f" * 64))
    assert answer.status_code == 409
    assert contributor.post(URL, form("9.9.9.9")).status_code == 303
    assert [str(rule) for rule in stored(registry).rules] == ["9.9.9.9"]


def test_discard_shows_the_saved_settings(contributor: Client, registry: Registry) -> None:
    answer = contributor.post(URL, form("9.9.9.9", op="discard"), headers=HTMX)
    page = text_of(answer)
    assert "Changes discarded" in page
    assert "3 of 100 rules" in page
    assert contributor.post(URL, form("9.9.9.9", op="discard")).status_code == 303
    assert stored(registry) == STORED


@pytest.mark.parametrize(
    ("op", "shown"),
    [
        pytest.param("draft", ["16.17.18.0/24", "203.0.113.0/24", "198.51.100.7", "9.9.9.9"], id="draft"),
        pytest.param("remove:n3", ["16.17.18.0/24", "203.0.113.0/24", "198.51.100.7"], id="remove a new row"),
        pytest.param("fix:n3:8.8.8.8", ["16.17.18.0/24", "203.0.113.0/24", "198.51.100.7", "8.8.8.8"], id="fix"),
        pytest.param("nonsense:n3", ["16.17.18.0/24", "203.0.113.0/24", "198.51.100.7", "9.9.9.9"], id="nonsense"),
        pytest.param("", ["16.17.18.0/24", "203.0.113.0/24", "198.51.100.7", "9.9.9.9"], id="no button"),
    ],
)
def test_the_buttons_of_the_list_edit_the_draft_and_write_nothing(
    contributor: Client, registry: Registry, op: str, shown: list[str]
) -> None:
    before = Change.objects.count()
    answer = contributor.post(URL, form("16.17.18.0/24", "203.0.113.0/24", "198.51.100.7", "9.9.9.9", op=op))
    assert answer.status_code == 200
    assert [row.text for row in answer.context["draft"].rows] == shown
    assert (stored(registry), Change.objects.count()) == (STORED, before)


def test_a_deleted_row_is_marked_and_restored(contributor: Client, registry: Registry) -> None:
    answer = contributor.post(URL, form(op="remove:s-203_0_113_0-24"))
    page = text_of(answer)
    assert "Undo delete of 203.0.113.0/24" in page
    assert "2 of 100 rules" in page
    answer = contributor.post(URL, form("16.17.18.0/24", "198.51.100.7", op="restore:s-203_0_113_0-24"))
    assert [row.text for row in answer.context["draft"].rows] == ["16.17.18.0/24", "203.0.113.0/24", "198.51.100.7"]


def test_paste_without_scripts_is_a_page_that_carries_the_draft(contributor: Client, registry: Registry) -> None:
    page = text_of(contributor.post(URL, form("9.9.9.9", op="paste", public_access="disabled")))
    assert '<input type="hidden" name="range" value="9.9.9.9">' in page
    assert '<input type="hidden" name="public_access" value="disabled">' in page
    answer = contributor.post(URL, form("9.9.9.9", op="bulk", bulk="8.8.8.8\n10.0.0.1\n9.9.9.9"))
    assert [row.text for row in answer.context["draft"].rows] == ["9.9.9.9", "8.8.8.8", "10.0.0.1"]
    assert "2 ranges added, 1 skipped." in text_of(answer)


@pytest.mark.parametrize(
    ("was", "ticked", "ranges"),
    [
        pytest.param(False, True, ["9.9.9.9", "203.0.113.77"], id="ticked"),
        pytest.param(False, False, ["9.9.9.9"], id="left alone"),
        pytest.param(True, True, ["9.9.9.9"], id="still ticked, the row deleted by hand"),
    ],
)
def test_the_client_ip_box_adds_a_row(
    contributor: Client, registry: Registry, was: bool, ticked: bool, ranges: list[str]
) -> None:
    boxes: dict[str, Any] = {
        "client_listed": "203.0.113.77" if was else None,
        "add_client": "203.0.113.77" if ticked else None,
    }
    contributor.post(URL, form("9.9.9.9", op="save-anyway", **boxes), REMOTE_ADDR="203.0.113.77")
    assert [str(rule) for rule in stored(registry).rules] == ranges


def test_the_client_ip_box_means_the_address_it_showed(contributor: Client, registry: Registry) -> None:
    contributor.post(URL, form("9.9.9.9", op="save-anyway", add_client="203.0.113.77"), REMOTE_ADDR="198.51.100.200")
    assert [str(rule) for rule in stored(registry).rules] == ["9.9.9.9", "203.0.113.77"]


def test_with_scripts_the_list_has_followed_the_client_ip_box_already(contributor: Client, registry: Registry) -> None:
    data = form("9.9.9.9", "203.0.113.77/32", op="save-anyway", client_listed="203.0.113.77")
    contributor.post(URL, data, REMOTE_ADDR="203.0.113.77", headers=HTMX)
    assert [str(rule) for rule in stored(registry).rules] == ["9.9.9.9", "203.0.113.77"]


@pytest.mark.parametrize("text", ["30.30.30.30\u200b", "\ufeff30.30.30.30", "\xa030.30.30.30 "])
def test_characters_nobody_sees_are_no_part_of_an_address(contributor: Client, registry: Registry, text: str) -> None:
    contributor.post(URL, form("16.17.18.0/24", text, op="save-anyway"))
    assert [str(rule) for rule in stored(registry).rules] == ["16.17.18.0/24", "30.30.30.30"]


def test_a_mistake_in_a_name_leads_to_the_name(contributor: Client, registry: Registry) -> None:
    page = text_of(contributor.post(URL, form(name=["x" * 81, "", ""])))
    assert '<a href="#name-s-16_17_18_0-24">' in page
    assert '<details class="more" open>' in page
    assert 'id="rng-s-16_17_18_0-24" name="range" value="16.17.18.0/24"' in page
    assert page.count('aria-invalid="true"') == 1


def test_unticking_the_client_ip_box_takes_the_row_away(contributor: Client, registry: Registry) -> None:
    contributor.post(
        URL, form("9.9.9.9", "203.0.113.77", op="save-anyway", client_listed="203.0.113.77"), REMOTE_ADDR="203.0.113.77"
    )
    assert [str(rule) for rule in stored(registry).rules] == ["9.9.9.9"]


@pytest.mark.parametrize(
    ("remote", "label", "sentence"),
    [
        pytest.param("203.0.113.77", "('203.0.113.77')", "already allowed by 203.0.113.0/24", id="covered"),
        pytest.param("10.0.0.5", "('10.0.0.5')", "10.0.0.5 is a private address, so it can", id="private"),
        pytest.param("2001:db8::7", "('2001:db8::7')", "2001:db8::7 is an IPv6 address", id="IPv6"),
        pytest.param("", "(not known)", "Your address is not known", id="unknown"),
    ],
)
def test_the_client_ip_hint_says_which_address_and_why_it_is_not_offered(
    contributor: Client, registry: Registry, remote: str, label: str, sentence: str
) -> None:
    page = text_of(contributor.get(URL, REMOTE_ADDR=remote))
    assert f"Add your client IP address {label}" in page
    assert sentence in page
    box = page[page.index('id="add-client"') :].partition(">")[0]
    assert ("disabled" in box) is (remote != "203.0.113.77")


@pytest.mark.parametrize(
    ("policy", "note"),
    [
        pytest.param(make.disabled("9.9.9.9"), "1 address range is kept but ignored", id="disabled, rules kept"),
        pytest.param(make.selected(), "Only trusted services can reach the public endpoint.", id="selected, no rule"),
        pytest.param(
            make.selected(trusted_services=False), "Nobody can reach the public endpoint.", id="nobody at all"
        ),
    ],
)
def test_a_state_that_no_radio_button_shows_is_named(reader: Client, policy: AccessPolicy, note: str) -> None:
    make.registry(policy=policy)
    assert note in text_of(reader.get(URL))


@pytest.mark.parametrize("role", ["Reader", "Contributor"])
def test_check_another_address_answers_for_what_is_saved_and_what_is_drafted(
    as_role: Callable[[str], Client], registry: Registry, role: str
) -> None:
    page = text_of(as_role(role).post(URL, form("9.9.9.9", op="check", probe="16.17.18.19")))
    assert "Matches 16.17.18.0/24 (rule 1)" in page
    assert ("After saving: 16.17.18.19" in page) is (role == "Contributor")


def test_check_another_address_refuses_what_is_no_address(reader: Client, registry: Registry) -> None:
    page = text_of(reader.post(URL, form(op="check", probe="example.org")))
    assert "'example.org' isn't an IP address. Try a form like 198.51.100.7." in page


def test_a_reader_sees_the_fields_disabled_and_can_not_save(reader: Client, registry: Registry) -> None:
    page = text_of(reader.get(URL))
    assert "Changing them needs the Owner or Contributor role." in page
    assert 'value="save"' not in page
    assert reader.post(URL, form("9.9.9.9")).status_code == 403
    assert stored(registry) == STORED


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
def test_a_tier_without_network_rules_is_read_only_with_the_reason(contributor: Client, sku: str) -> None:
    registry = make.registry(sku=sku)
    page = text_of(contributor.get(URL))
    assert f"need the Premium tier; 'mycontainerregistry' is {sku}" in page
    assert "/registries/mycontainerregistry/tier/" in page
    assert 'value="save"' not in page
    answer = contributor.post(URL, form("9.9.9.9", seen=AccessPolicy()))
    assert answer.status_code == 422
    assert "need the Premium tier. Change the tier first." in text_of(answer)
    assert stored(registry) == AccessPolicy()


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(contributor: Client, registry: Registry, method: str) -> None:
    assert getattr(contributor, method)(URL).status_code == 405


@pytest.mark.parametrize("method", ["get", "post"])
def test_whoever_has_not_signed_in_is_sent_to_sign_in(client: Client, registry: Registry, method: str) -> None:
    answer = getattr(client, method)(URL)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=")


def test_an_account_without_a_role_is_refused(as_role: Callable[[str | None], Client], registry: Registry) -> None:
    answer = as_role(None).get(URL)
    assert answer.status_code == 403
    assert "needs the Reader, Contributor or Owner role" in text_of(answer)


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_registry_is_not_found_with_a_sentence(contributor: Client, method: str) -> None:
    answer = getattr(contributor, method)("/registries/nosuch/networking/")
    assert answer.status_code == 404
    assert "There is no registry named 'nosuch'." in text_of(answer)


def test_a_form_of_two_megabytes_is_refused_with_413(contributor: Client, registry: Registry) -> None:
    answer = contributor.post(URL, form(bulk="9" * 2_000_000))
    assert answer.status_code == 413
    assert "nothing was saved" in text_of(answer)
    assert stored(registry) == STORED


def test_ten_thousand_posted_rows_are_refused_with_413(contributor: Client, registry: Registry) -> None:
    answer = contributor.post(URL, form(*["9.9.9.9"] * 10_000))
    assert answer.status_code == 413
    assert stored(registry) == STORED


def test_a_form_without_its_token_is_refused_with_a_sentence(registry: Registry) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make.account("Contributor"))
    answer = client.post(URL, form("9.9.9.9"))
    assert answer.status_code == 403
    assert "without its security token, so nothing was saved" in text_of(answer)
    assert stored(registry) == STORED


def test_the_number_of_queries_does_not_depend_on_the_number_of_rules(
    contributor: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make.registry("fewrules", policy=make.selected("9.9.9.9"))
    make.registry("manyrules", policy=make.selected(*[f"20.0.{n}.1" for n in range(100)]))
    for name in ("fewrules", "manyrules"):
        # Session, account, two for permissions, registry, settings, rules, trusted services, gates, bell and its badge.
        with django_assert_num_queries(12):
            contributor.get(f"/registries/{name}/networking/")
