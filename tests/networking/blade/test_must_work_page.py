from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client

from networking.must_work import UPDATE_MUST_WORK, add_must_work_caller
from registries.models import Account, Change, Registry
from tests import make

URL = "/registries/mycontainerregistry/networking/must-work/"
TESTER = "/registries/mycontainerregistry/networking/tester/"
STORED = make.selected("16.17.18.0/24", "198.51.100.7")


@pytest.fixture
def registry(db: None) -> Registry:
    made = make.registry(policy=STORED)
    add_must_work_caller(made, name="Office", text="16.17.18.0/24", origin=make.BO)
    return made


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def kept(registry: Registry) -> list[tuple[str, str]]:
    return list(registry.must_work_callers.values_list("name", "range"))


def add(client: Client, name: str, text: str, query: str = "") -> Any:
    return client.post(URL + query, {"op": "add", "name": name, "range": text})


def office(registry: Registry) -> str:
    return str(registry.must_work_callers.get().pk)


def test_the_table_says_how_much_of_each_caller_gets_in_now(reader: Client, registry: Registry) -> None:
    for name, text in (("Branches", "198.51.100.0/28"), ("Old agent", "192.0.2.9"), ("Build server", "198.51.100.7")):
        add_must_work_caller(registry, name=name, text=text, origin=make.BO)
    answer = reader.get(TESTER)
    assert [(line.name, line.range, str(line.reach.extent), str(line.reach)) for line in answer.context["callers"]] == [
        ("Branches", "198.51.100.0/28", "Partly allowed", "1 of 16 addresses"),
        ("Build server", "198.51.100.7", "Allowed", "1 address"),
        ("Office", "16.17.18.0/24", "Allowed", "all 256 addresses"),
        ("Old agent", "192.0.2.9", "Denied", "1 address"),
    ]
    page = text_of(answer)
    for text in ("Branches", "198.51.100.0/28", "Partly allowed", "1 of 16 addresses", "all 256 addresses"):
        assert text in page


def test_a_registry_without_any_says_so(reader: Client) -> None:
    make.registry()
    assert "None yet." in text_of(reader.get(TESTER))


@pytest.mark.parametrize("role", ["Contributor", "Owner"])
def test_a_caller_is_added_with_one_change_record(
    as_role: Callable[[str], Client], registry: Registry, role: str
) -> None:
    client, before = as_role(role), Change.objects.count()
    answer = add(client, " Build server ", "198.51.100.7")
    assert (answer.status_code, answer["Location"]) == (303, f"{TESTER}#must-work")
    assert kept(registry) == [("Build server", "198.51.100.7"), ("Office", "16.17.18.0/24")]
    change = Change.objects.latest("pk")
    assert Change.objects.count() == before + 1
    assert (change.operation, change.door, change.address) == (UPDATE_MUST_WORK, "portal", "127.0.0.1")
    page = text_of(client.get(TESTER))
    assert "Must-work callers updated" in page
    assert "'Build server' is watched over from now on." in page


def test_a_caller_is_removed_with_one_change_record(contributor: Client, registry: Registry) -> None:
    before = Change.objects.count()
    answer = contributor.post(URL, {"op": "remove", "id": office(registry)})
    assert (answer.status_code, answer["Location"]) == (303, f"{TESTER}#must-work")
    assert (kept(registry), Change.objects.count()) == ([], before + 1)
    assert "Removed 'Office' (16.17.18.0/24)." in text_of(contributor.get(TESTER))


def test_what_was_asked_of_the_tester_is_still_asked_afterwards(contributor: Client, registry: Registry) -> None:
    query = "?ip=192.0.2.50&identity=anyone"
    assert add(contributor, "Build server", "9.9.9.9", query)["Location"] == f"{TESTER}{query}#must-work"
    page = text_of(contributor.get(TESTER + query))
    assert f'action="{URL}{query}"' in page
    refused = add(contributor, "", "9.9.9.9", query)
    assert refused.status_code == 422
    assert "Denied – 403 Forbidden." in text_of(refused)


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
def test_every_tier_may_name_its_callers(contributor: Client, sku: str) -> None:
    registry = make.registry(sku=sku)
    assert add(contributor, "Office", "9.9.9.9").status_code == 303
    assert kept(registry) == [("Office", "9.9.9.9")]


@pytest.mark.parametrize(
    ("name", "text", "field", "sentence"),
    [
        pytest.param("", "9.9.9.9", "name", "Type a name, so that a warning can say who it is.", id="no name"),
        pytest.param("n" * 81, "9.9.9.9", "name", "A name can have 80 characters; this one has 81.", id="long name"),
        pytest.param(
            "a\nb",
            "9.9.9.9",
            "name",
            "A name can't hold line breaks or control characters. Type it on one line.",
            id="two lines",
        ),
        pytest.param(
            "Agent",
            "example.org",
            "range",
            "'example.org' isn't an IPv4 address or CIDR range. Try a form like 16.17.18.19 or 16.17.18.0/24.",
            id="no address",
        ),
        pytest.param(
            "Agent",
            "16.17.18.5/24",
            "range",
            "'16.17.18.5/24' isn't the start of a range. Did you mean 16.17.18.0/24?",
            id="host bits",
        ),
        pytest.param(
            "Agent",
            "16.17.18.0/24",
            "range",
            "16.17.18.0/24 is listed already, as 'Office'.",
            id="duplicate",
        ),
    ],
)
def test_bad_input_is_refused_with_one_sentence_and_nothing_typed_is_lost(
    contributor: Client, registry: Registry, name: str, text: str, field: str, sentence: str
) -> None:
    before = Change.objects.count()
    answer = add(contributor, name, text)
    page = text_of(answer)
    assert answer.status_code == 422
    assert "<title>mycontainerregistry | Connection tester – Portcullis</title>" in page
    assert page.count(sentence) == 1
    assert f'id="caller-{field}-error"' in page
    assert page.count('aria-invalid="true"') == 1
    assert f'name="name" value="{name}"' in page
    assert f'name="range" value="{text}"' in page
    assert (kept(registry), Change.objects.count()) == ([("Office", "16.17.18.0/24")], before)


def test_the_fifty_first_caller_is_refused_above_the_form(contributor: Client, registry: Registry) -> None:
    for number in range(49):
        registry.must_work_callers.create(name=f"Caller {number}", range=f"20.0.{number}.1")
    answer = add(contributor, "One too many", "9.9.9.9")
    page = text_of(answer)
    assert answer.status_code == 422
    assert "A registry can have 50 must-work callers. Remove one first." in page
    assert 'value="One too many"' in page
    assert len(kept(registry)) == 50


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"op": "empty"}, id="an unknown word"),
        pytest.param({"op": "add:1", "name": "Agent", "range": "9.9.9.9"}, id="nonsense"),
    ],
)
def test_a_button_that_is_not_there_changes_nothing(
    contributor: Client, registry: Registry, data: dict[str, str]
) -> None:
    before = Change.objects.count()
    answer = contributor.post(URL, data)
    assert answer.status_code == 422
    assert "Choose Add or Remove; nothing was changed." in text_of(answer)
    assert (kept(registry), Change.objects.count()) == ([("Office", "16.17.18.0/24")], before)


@pytest.mark.parametrize("number", ["", "0", "x", "9" * 40])
def test_removing_what_is_gone_already_changes_nothing(contributor: Client, registry: Registry, number: str) -> None:
    before = Change.objects.count()
    assert contributor.post(URL, {"op": "remove", "id": number}).status_code == 303
    assert "That caller was removed already." in text_of(contributor.get(TESTER))
    assert (kept(registry), Change.objects.count()) == ([("Office", "16.17.18.0/24")], before)


def test_a_reader_sees_the_callers_and_can_not_change_them(reader: Client, registry: Registry) -> None:
    page = text_of(reader.get(TESTER))
    assert "Office" in page
    assert "Adding and removing them needs the Contributor or Owner role." in page
    assert URL not in page
    assert add(reader, "Agent", "9.9.9.9").status_code == 403
    assert reader.post(URL, {"op": "remove", "id": office(registry)}).status_code == 403
    assert kept(registry) == [("Office", "16.17.18.0/24")]


def test_a_role_taken_away_between_page_and_button_is_refused(contributor: Client, registry: Registry) -> None:
    contributor.get(TESTER)
    Account.objects.get(username__startswith="contributor").groups.clear()
    answer = add(contributor, "Agent", "9.9.9.9")
    assert answer.status_code == 403
    assert "Changing a registry needs the Contributor or Owner role." in text_of(answer)
    assert kept(registry) == [("Office", "16.17.18.0/24")]


def test_a_registry_deleted_meanwhile_is_not_found_with_a_sentence(
    contributor: Client, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("networking.blade.tester.registry_or_404", lambda name: registry)
    Registry.objects.filter(pk=registry.pk).delete()
    answer = add(contributor, "Agent", "9.9.9.9")
    assert answer.status_code == 404
    assert "'mycontainerregistry' was deleted meanwhile." in text_of(answer)


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_other_methods_are_refused(contributor: Client, registry: Registry, method: str) -> None:
    assert getattr(contributor, method)(URL).status_code == 405


def test_whoever_has_not_signed_in_is_sent_to_sign_in(client: Client, registry: Registry) -> None:
    answer = add(client, "Agent", "9.9.9.9")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=")
    assert kept(registry) == [("Office", "16.17.18.0/24")]


def test_an_unknown_registry_is_not_found_with_a_sentence(contributor: Client) -> None:
    answer = contributor.post("/registries/nosuch/networking/must-work/", {"op": "add"})
    assert answer.status_code == 404
    assert "There is no registry named 'nosuch'." in text_of(answer)


def test_a_form_without_its_token_is_refused(registry: Registry) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make.account("Contributor"))
    assert add(client, "Agent", "9.9.9.9").status_code == 403
    assert kept(registry) == [("Office", "16.17.18.0/24")]
