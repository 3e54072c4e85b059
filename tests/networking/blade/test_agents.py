"""Pipelines and clusters: callers without a fixed address (document 002)."""

from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from networking.access.policy import AccessPolicy
from networking.blade.agents import Case
from networking.models import EndpointSettings, MustWorkCaller
from networking.must_work import MAX_MUST_WORK_CALLERS
from registries.models import Change, Registry
from tests import make

URL = "/registries/mycontainerregistry/pipelines-and-clusters/"
STORED = make.selected("16.17.18.0/24")


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry(policy=STORED)


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def typed(**more: str) -> dict[str, str]:
    return {"case": "agent", "name": "Pipeline agent", "range": "198.51.100.7", "op": "must-work", **more}


def test_the_page_says_what_to_do_for_each_caller(contributor: Client, registry: Registry) -> None:
    answer = contributor.get(URL)
    page = text_of(answer)
    assert answer.status_code == 200
    assert "<title>mycontainerregistry | Pipelines and clusters – Portcullis</title>" in page
    for heading in (
        "Microsoft-hosted pipeline agents",
        "Self-hosted pipeline agents",
        "AKS behind a Basic load balancer",
        "AKS behind a Standard load balancer",
        "Behind an HTTPS proxy",
    ):
        assert heading in page
    for text in ("addresses keep changing", "az network public-ip create", "--load-balancer-outbound-ips"):
        assert text in page
    assert "The egress address of a cluster is assigned at random." in page
    assert page.count("Add as rule</button>") == page.count("Add as must-work caller</button>") == len(Case)
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        pytest.param(AccessPolicy(), "accepts all networks, so none of this is needed yet.", id="all"),
        pytest.param(make.disabled(), "is disabled, so no rule lets anybody in.", id="disabled"),
    ],
)
def test_where_no_rule_counts_the_page_says_so(reader: Client, policy: AccessPolicy, said: str) -> None:
    make.registry(policy=policy)
    page = text_of(reader.get(URL))
    assert said in page


@pytest.mark.parametrize("case", list(Case), ids=str)
def test_an_address_is_led_into_the_draft_of_networking(contributor: Client, registry: Registry, case: Case) -> None:
    answer = contributor.post(URL, typed(case=case.value, range=" 198.51.100.0/28 ", op="rule"))
    location = "/registries/mycontainerregistry/networking/?add=198.51.100.0%2F28"
    assert (answer.status_code, answer["Location"]) == (303, location)
    assert 'value="198.51.100.0/28"' in text_of(contributor.get(location))
    assert EndpointSettings.of(registry).policy == STORED


@pytest.mark.parametrize("case", list(Case), ids=str)
def test_an_address_becomes_a_must_work_caller_with_its_change(
    contributor: Client, registry: Registry, case: Case
) -> None:
    answer = contributor.post(URL, typed(case=case.value, name=case.name_of_caller))
    location = "/registries/mycontainerregistry/networking/tester/#must-work"
    assert (answer.status_code, answer["Location"]) == (303, location)
    caller = MustWorkCaller.objects.get()
    assert (caller.name, caller.range) == (case.name_of_caller, "198.51.100.7")
    assert Change.objects.latest("at").operation == "Update must-work callers"
    assert f"'{case.name_of_caller}' is watched over from now on." in text_of(contributor.get(answer["Location"]))


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        pytest.param({"range": "10.0.0.5"}, "range", "10.0.0.5 is inside the private range", id="private"),
        pytest.param({"range": "", "op": "rule"}, "range", "Type an IP address or a CIDR range", id="nothing"),
        pytest.param({"range": "2001:db8::1", "op": "rule"}, "range", "IPv6 isn't supported", id="IPv6"),
        pytest.param({"name": ""}, "name", "Type a name", id="no name"),
        pytest.param({"name": "x" * 81}, "name", "80", id="a long name"),
    ],
)
def test_bad_input_is_refused_beside_its_field_and_stays_typed(
    contributor: Client, registry: Registry, changes: dict[str, str], field: str, sentence: str
) -> None:
    sent = typed(case="aks-basic", **changes)
    answer = contributor.post(URL, sent)
    page = text_of(answer)
    assert answer.status_code == 422
    form = answer.context["forms"]["aks_basic"]
    assert (form.field, form.range, form.name) == (field, sent["range"], sent["name"])
    assert sentence in form.problem.message
    assert f'id="{field}-aks-basic-error"' in page
    assert page.count('aria-invalid="true"') == 1
    assert not MustWorkCaller.objects.exists()


def test_a_full_list_of_must_work_callers_is_refused(contributor: Client, registry: Registry) -> None:
    for number in range(MAX_MUST_WORK_CALLERS):
        registry.must_work_callers.create(name=f"caller {number}", range=f"20.0.0.{number}")
    answer = contributor.post(URL, typed())
    assert answer.status_code == 422
    assert "A registry can have 50 must-work callers. Remove one first." in text_of(answer)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param(
            {"case": "moon"}, "There is no such case. Choose one of the page; nothing was changed.", id="case"
        ),
        pytest.param({"op": "ignore"}, "Choose what to add it as; nothing was changed.", id="op"),
    ],
)
def test_nonsense_changes_nothing(
    contributor: Client, registry: Registry, changes: dict[str, str], sentence: str
) -> None:
    answer = contributor.post(URL, typed(**changes))
    assert (answer.status_code, answer.context["refused"]) == (422, sentence)
    assert not MustWorkCaller.objects.exists()


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
def test_a_tier_without_rules_offers_none_and_keeps_what_was_typed(contributor: Client, sku: str) -> None:
    make.registry(sku=sku)
    page = text_of(contributor.get(URL))
    assert f"IP rules need the Premium tier; 'mycontainerregistry' is {sku}." in page
    assert 'href="/registries/mycontainerregistry/tier/"' in page
    assert "Add as rule</button>" not in page
    answer = contributor.post(URL, typed(op="rule"))
    form = answer.context["forms"]["agent"]
    assert (answer.status_code, form.range, form.field) == (422, "198.51.100.7", "")
    assert form.problem.message.endswith(f"is {sku}. Change the tier first.")
    assert 'value="198.51.100.7"' in text_of(answer)
    assert contributor.post(URL, typed()).status_code == 303


@pytest.mark.parametrize("op", ["rule", "must-work"])
def test_adding_needs_a_role_that_may(reader: Client, registry: Registry, op: str) -> None:
    page = text_of(reader.get(URL))
    assert "Adding rules and must-work callers needs the Contributor or Owner role." in page
    assert "Add as rule</button>" not in page
    assert reader.post(URL, typed(op=op)).status_code == 403
    assert not MustWorkCaller.objects.exists()


def test_a_registry_deleted_meanwhile_is_not_found(
    contributor: Client, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: object, **more: object) -> None:
        raise Registry.DoesNotExist

    monkeypatch.setattr("networking.blade.agents.add_must_work_caller", gone)
    assert contributor.post(URL, typed()).status_code == 404


def test_the_page_needs_a_role(as_role: Any, registry: Registry) -> None:
    assert as_role(None).get(URL).status_code == 403


def test_the_page_needs_a_login(client: Client, registry: Registry) -> None:
    assert client.post(URL, typed())["Location"] == f"/sign-in/?next={URL}"


def test_an_unknown_registry_is_not_found(reader: Client) -> None:
    assert reader.get("/registries/nosuchregistry/pipelines-and-clusters/").status_code == 404


def test_the_page_takes_no_put(contributor: Client, registry: Registry) -> None:
    assert contributor.put(URL).status_code == 405


def test_the_number_of_queries_does_not_grow(
    contributor: Client, registry: Registry, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(9):
        contributor.get(URL)
    for number in range(30):
        registry.must_work_callers.create(name=f"caller {number}", range=f"20.0.0.{number}")
    with django_assert_num_queries(9):
        contributor.get(URL)
