from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from networking.access.policy import AccessPolicy, PublicAccess
from networking.models import EndpointSettings, MustWorkCaller
from registries.models import Account, Change, Registry
from tests import make
from tests.networking.blade.test_public_access import HTMX, STORED, URL, form, stored, text_of

STATE = URL + "state/"
YOU: dict[str, Any] = {"REMOTE_ADDR": "203.0.113.77"}


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry(policy=STORED)


def must_work(registry: Registry, name: str, text: str) -> None:
    MustWorkCaller.objects.create(registry=registry, name=name, range=text)


# Lock-out


def test_a_save_that_shuts_you_out_asks_first_and_writes_nothing(contributor: Client, registry: Registry) -> None:
    answer = contributor.post(URL, form("9.9.9.9"), **YOU)
    page = text_of(answer)
    assert answer.status_code == 200
    assert "You'll lose public access from this address" in page
    assert "203.0.113.77" in page
    assert '<input type="hidden" name="range" value="9.9.9.9">' in page
    assert stored(registry) == STORED


def test_with_htmx_the_warning_is_a_dialog_over_the_page(contributor: Client, registry: Registry) -> None:
    answer = contributor.post(URL, form("9.9.9.9"), headers=HTMX, **YOU)
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#dialog-slot", "innerHTML")
    assert text_of(answer).startswith("<dialog")
    assert stored(registry) == STORED


def test_save_anyway_saves(contributor: Client, registry: Registry) -> None:
    assert contributor.post(URL, form("9.9.9.9", op="save-anyway"), **YOU).status_code == 303
    assert [str(rule) for rule in stored(registry).rules] == ["9.9.9.9"]


def test_the_lost_addresses_are_added_with_the_names_of_who_must_work(contributor: Client, registry: Registry) -> None:
    must_work(registry, "Build agent", "198.51.100.7")
    assert contributor.post(URL, form("9.9.9.9", op="save-with-lost"), **YOU).status_code == 303
    assert stored(registry).rules == (
        make.rule("9.9.9.9"),
        make.rule("203.0.113.77"),
        make.rule("198.51.100.7", name="Build agent"),
    )


def test_whoever_must_work_is_named_with_how_much_is_lost(contributor: Client, registry: Registry) -> None:
    must_work(registry, "Office", "203.0.113.0/24")
    page = text_of(contributor.post(URL, form("16.17.18.0/24", "203.0.113.0/25", "198.51.100.7"), **YOU))
    assert "Callers that must work will lose access" in page
    assert "Office<br>203.0.113.0/24" in page
    assert "for 128 of 256 addresses" in page


def test_a_save_that_takes_nobodys_access_asks_nothing(contributor: Client, registry: Registry) -> None:
    must_work(registry, "Somebody never let in", "8.8.8.8")
    assert contributor.post(URL, form("203.0.113.0/24"), **YOU).status_code == 303


def test_whoever_stands_in_a_trusted_network_keeps_access_while_the_exception_is_on(
    contributor: Client, registry: Registry
) -> None:
    make.trusted_service("Build farm", "203.0.113.64/26", "198.51.100.0/28")
    must_work(registry, "Build agent", "198.51.100.7")
    answer = contributor.post(URL, form("9.9.9.9", trusted_services="1"), **YOU)
    assert answer.status_code == 303
    assert stored(registry) == make.selected("9.9.9.9")


def test_without_the_exception_whoever_stands_in_a_trusted_network_is_shut_out(
    contributor: Client, registry: Registry
) -> None:
    make.trusted_service("Build farm", "203.0.113.64/26", "198.51.100.0/28")
    must_work(registry, "Build agent", "198.51.100.7")
    seen = make.selected("9.9.9.9")
    edited_by_bo(registry, seen)
    without = {key: text for key, text in form("9.9.9.9", seen=seen).items() if key != "trusted_services"}
    page = text_of(contributor.post(URL, without, **YOU))
    assert "203.0.113.77" in page
    assert "Build agent<br>198.51.100.7" in page
    assert stored(registry) == seen


@pytest.mark.parametrize("remote", ["", "nonsense"])
def test_where_your_address_is_not_known_a_first_restriction_asks(contributor: Client, remote: str) -> None:
    registry = make.registry()
    answer = contributor.post(URL, form("9.9.9.9", seen=AccessPolicy(), public_access="selected"), REMOTE_ADDR=remote)
    page = text_of(answer)
    assert "You may lose public access" in page
    assert "Add the lost addresses" not in page
    assert stored(registry) == AccessPolicy()


def test_disabling_offers_to_disable_and_no_address(contributor: Client, registry: Registry) -> None:
    page = text_of(contributor.post(URL, form(public_access="disabled"), **YOU))
    assert "Saving closes the public endpoint" in page
    assert "Disable public access" in page
    assert "Add the lost addresses" not in page


def test_lost_addresses_that_no_longer_fit_are_an_error_and_nothing_is_lost(
    contributor: Client, registry: Registry
) -> None:
    ranges = [f"20.0.{n}.1" for n in range(100)]
    answer = contributor.post(URL, form(*ranges, op="save-with-lost"), **YOU)
    assert answer.status_code == 422
    assert "A registry can have 100 rules. Delete 1 to save." in text_of(answer)
    assert stored(registry) == STORED


# Conflict


def edited_by_bo(registry: Registry, policy: AccessPolicy, door: str = "portal") -> None:
    seen = stored(registry).fingerprint
    origin = replace(make.BO, door=door)
    assert isinstance(EndpointSettings.store(registry, policy, seen=seen, origin=origin), Change)


def test_a_stale_save_compares_three_sides(contributor: Client, registry: Registry) -> None:
    edited_by_bo(registry, replace(make.selected(*map(str, STORED.rules), "192.0.2.64/26"), trusted_services=False))
    answer = contributor.post(URL, form(*map(str, STORED.rules), "192.0.2.10"))
    page = text_of(answer)
    assert answer.status_code == 409
    assert "When you opened the page" in page
    assert "<ins>192.0.2.64/26</ins>" in page
    assert "<ins>192.0.2.10</ins>" in page
    assert "Combine both" in page
    assert f'name="base" value="{STORED.fingerprint}"' in page


def test_combining_drafts_both_sides_and_writes_nothing(contributor: Client, registry: Registry) -> None:
    theirs = replace(make.selected(*map(str, STORED.rules), "192.0.2.64/26"), trusted_services=False)
    edited_by_bo(registry, theirs)
    answer = contributor.post(
        URL, form(*map(str, STORED.rules), "192.0.2.10", op="combine-both", base=STORED.fingerprint)
    )
    draft = answer.context["draft"]
    assert [row.text for row in draft.rows] == [*map(str, STORED.rules), "192.0.2.64/26", "192.0.2.10"]
    assert (draft.trusted_services, draft.changes, stored(registry)) == (False, 1, theirs)


@pytest.mark.parametrize("base", ["f" * 64, "", "<script>"])
def test_a_comparison_whose_base_is_gone_shows_two_sides_and_combines_nothing(
    contributor: Client, registry: Registry, base: str
) -> None:
    answer = contributor.post(URL, form("9.9.9.9", fingerprint=base))
    page = text_of(answer)
    assert answer.status_code == 409
    assert "can't be combined" in page
    assert "When you opened the page" not in page
    assert "Combine both" not in page
    answer = contributor.post(URL, form("9.9.9.9", op="combine-both", base=base))
    assert [row.text for row in answer.context["draft"].rows] == ["9.9.9.9"]


def test_the_base_may_be_the_default_policy_of_a_new_registry(contributor: Client, db: None) -> None:
    registry = make.registry()
    edited_by_bo(registry, AccessPolicy(data_endpoint=True))
    answer = contributor.post(URL, form(seen=AccessPolicy(), public_access="selected"))
    assert "When you opened the page" in text_of(answer)


@pytest.mark.parametrize("op", ["save", "draft", "remove:s-9_9_9_9", "check"])
def test_a_page_that_was_drafted_upon_keeps_the_state_it_was_opened_with(
    contributor: Client, registry: Registry, op: str
) -> None:
    edited_by_bo(registry, make.selected(*map(str, STORED.rules), "192.0.2.64/26"))
    page = text_of(contributor.post(URL, form("nonsense", op=op)))
    assert f'name="fingerprint" value="{STORED.fingerprint}"' in page
    assert contributor.post(URL, form("16.17.18.0/24", fingerprint=STORED.fingerprint)).status_code == 409


def test_the_way_back_from_discard_keeps_the_state_the_draft_began_with(
    contributor: Client, registry: Registry
) -> None:
    edited_by_bo(registry, make.selected("9.9.9.9"))
    page = text_of(contributor.post(URL, form("8.8.8.8", op="discard"), headers=HTMX))
    toast = page[page.index("toast-act") :]
    assert f'name="fingerprint" value="{STORED.fingerprint}"' in toast
    assert f'name="fingerprint" value="{make.selected("9.9.9.9").fingerprint}"' in page[: page.index("toast-act")]


def test_saving_what_somebody_saved_already_is_no_conflict(contributor: Client, registry: Registry) -> None:
    edited_by_bo(registry, make.selected("203.0.113.0/24"))
    answer = contributor.post(URL, form("203.0.113.0/24"))
    assert answer.status_code == 303
    assert "has these settings already" in text_of(contributor.get(URL))


def test_a_tier_lowered_while_somebody_edits_loses_nothing_typed(contributor: Client, db: None) -> None:
    registry = make.registry()
    registry.change_tier("Basic", make.BO)
    answer = contributor.post(URL, form("9.9.9.9", seen=AccessPolicy(), public_access="selected"))
    assert answer.status_code == 422
    assert 'value="9.9.9.9"' in text_of(answer)


def test_a_row_with_an_error_is_told_before_the_conflict(contributor: Client, registry: Registry) -> None:
    edited_by_bo(registry, make.selected("9.9.9.9"))
    assert contributor.post(URL, form("nonsense", fingerprint=STORED.fingerprint)).status_code == 422


# Comment, draft from elsewhere, discard


def test_a_comment_is_kept_with_the_change(contributor: Client, registry: Registry) -> None:
    contributor.post(URL, form("203.0.113.0/24", comment="  Ticket 4711 "))
    assert Change.objects.latest("at").comment == "Ticket 4711"


@pytest.mark.parametrize(
    ("comment", "sentence"),
    [
        pytest.param("x" * 401, "A comment can have 400 characters; this one has 401.", id="too long"),
        pytest.param("a\x00b", "A comment can't hold line breaks or control characters.", id="NUL"),
    ],
)
def test_a_comment_that_can_not_be_kept_is_refused(
    contributor: Client, registry: Registry, comment: str, sentence: str
) -> None:
    answer = contributor.post(URL, form("203.0.113.0/24", comment=comment))
    assert (answer.status_code, stored(registry)) == (422, STORED)
    assert sentence in text_of(answer)


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        pytest.param("?add=192.0.2.50", 4, id="an address"),
        pytest.param("?add=10.0.0.1", 3, id="one that can't be a rule"),
        pytest.param("?add=16.17.18.0/24", 3, id="one that is there"),
        pytest.param("?add=%22%3E%3Cscript%3E", 3, id="markup"),
    ],
)
def test_an_address_to_add_is_drafted(contributor: Client, registry: Registry, query: str, rows: int) -> None:
    answer = contributor.get(URL + query)
    assert len(answer.context["draft"].rows) == rows
    assert stored(registry) == STORED


def test_a_reader_is_drafted_nothing(reader: Client, registry: Registry) -> None:
    assert not reader.get(URL + "?add=192.0.2.50").context["draft"].is_dirty


def test_discard_offers_the_dropped_draft_for_undo(contributor: Client, registry: Registry) -> None:
    page = text_of(contributor.post(URL, form("9.9.9.9", op="discard", comment="Why"), headers=HTMX))
    assert '<input type="hidden" name="range" value="9.9.9.9">' in page
    assert '<input type="hidden" name="comment" value="Why">' in page


# Changed elsewhere


def test_a_page_that_shows_what_is_saved_is_told_nothing(reader: Client, registry: Registry) -> None:
    answer = reader.get(STATE, {"fingerprint": STORED.fingerprint})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("door", "words"), [("portal", "portal"), ("admin", "admin"), ("arm", "ARM API"), ("command", "command line")]
)
def test_a_page_that_shows_something_else_is_told_who_changed_it(
    reader: Client, registry: Registry, door: str, words: str
) -> None:
    edited_by_bo(registry, make.selected("9.9.9.9"), door)
    answer = reader.get(STATE, {"fingerprint": STORED.fingerprint})
    assert answer.status_code == 286
    assert f"bo@example.org changed these settings just now, through the {words}." in text_of(answer)


def test_a_page_of_a_deleted_registry_is_told_once(reader: Client, registry: Registry) -> None:
    registry.delete_recorded(make.BO)
    answer = reader.get(STATE, {"fingerprint": STORED.fingerprint})
    assert answer.status_code == 286
    assert "This registry was deleted." in text_of(answer)


def test_the_state_is_for_those_who_may_look(as_role: Callable[[str | None], Client], registry: Registry) -> None:
    client = as_role(None)
    assert client.get(STATE).status_code == 403
    assert client.post(STATE).status_code == 405


@pytest.mark.parametrize(
    ("method", "url"), [("post", URL), ("post", URL + "evaluate/"), ("get", STATE)], ids=["save", "evaluate", "state"]
)
def test_whoever_was_signed_out_gets_401_for_a_part_of_a_page(
    client: Client, registry: Registry, method: str, url: str
) -> None:
    answer = getattr(client, method)(url, headers=HTMX)
    assert (answer.status_code, answer.content) == (
        401,
        b"You are signed out. Sign in in another tab, then try again.",
    )


def test_a_role_taken_away_between_page_and_save_stores_nothing(contributor: Client, registry: Registry) -> None:
    data: dict[str, Any] = form("9.9.9.9")
    Account.objects.get(username__startswith="contributor").groups.clear()
    assert contributor.post(URL, data, headers=HTMX).status_code == 403
    assert stored(registry) == STORED


def test_a_registry_deleted_while_somebody_edits_it_is_not_found(contributor: Client, registry: Registry) -> None:
    registry.delete_recorded(make.BO)
    answer = contributor.post(URL, form("9.9.9.9"), headers=HTMX)
    assert answer.status_code == 404
    assert "It may have been deleted." in text_of(answer)


def test_a_choice_that_only_they_changed_is_not_undone_by_keeping_a_range_of_mine(
    contributor: Client, registry: Registry
) -> None:
    edited_by_bo(registry, STORED.with_public_access(PublicAccess.DISABLED))
    answer = contributor.post(URL, form("16.17.18.0/24", op="combine-both", base=STORED.fingerprint))
    assert answer.context["draft"].choice is PublicAccess.DISABLED
