"""Whom the connection tester can be asked about: each kind of caller, by the address of the page and by its form."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import given
from pytest_django import Settings

from networking.access.decision import Caller, ConnectionState, Identity, Reason, decide
from networking.access.path import Stage, Verdict
from networking.access.policy import AccessPolicy
from networking.access.trusted import TrustedNetworks
from networking.blade.answer import NextStep
from networking.blade.connection import Choices, Connection, Kind, Question
from networking.client_address import ClientAddress
from registries.models import Registry
from tests import make
from tests.networking.access.test_properties import ADDRESSES, NETWORKS, policies

URL = "/registries/mycontainerregistry/networking/tester/"
SUBNETS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/"
SUBNET, OTHER = f"{SUBNETS}build", f"{SUBNETS}other"
ENDPOINTS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/"
SCANNER = "203.0.113.9"
BELONGS = f"{SCANNER} belongs to 'Image scanner', a trusted service"
OFFICE = make.selected("16.17.18.0/24")
WITH_SUBNET = make.selected("16.17.18.0/24", subnets=(SUBNET,))


@pytest.fixture
def scanner(db: None) -> None:
    make.trusted_service("Image scanner", "203.0.113.0/28", "10.20.0.0/16")


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


# What is asked, what is decided and by which step, and the sentence.
ASKED = [
    pytest.param(
        OFFICE, {"ip": SCANNER}, Reason.TRUSTED_SERVICE, f"{BELONGS}, and the firewall exception lets it pass.", id="it"
    ),
    pytest.param(
        make.disabled(),
        {"ip": "10.20.30.40"},
        Reason.TRUSTED_SERVICE,
        "10.20.30.40 belongs to 'Image scanner', a trusted service, and the firewall exception lets it pass.",
        id="it, from a private network, disabled",
    ),
    pytest.param(
        make.selected("203.0.113.0/24"),
        {"ip": SCANNER},
        Reason.IP_RULE,
        "203.0.113.0/24 contains 203.0.113.9.",
        id="a rule wins over the exception",
    ),
    pytest.param(
        make.selected(trusted_services=False),
        {"ip": SCANNER},
        Reason.NO_RULE,
        f"{BELONGS}, but the firewall exception doesn't let it pass, and no address range matches.",
        id="it, exception off",
    ),
    pytest.param(
        WITH_SUBNET,
        {"ip": SCANNER},
        Reason.NO_RULE,
        f"{BELONGS}, but the firewall exception doesn't let it pass, and no address range matches.",
        id="it, beside virtual network rules",
    ),
    pytest.param(
        make.disabled(trusted_services=False),
        {"ip": SCANNER},
        Reason.PUBLIC_ACCESS_DISABLED,
        f"{BELONGS}, but the firewall exception is off and public network access is disabled.",
        id="it, disabled, exception off",
    ),
    pytest.param(
        OFFICE,
        {"ip": "", "service": "Image scanner"},
        Reason.TRUSTED_SERVICE,
        "The firewall exception lets 'Image scanner' pass.",
        id="a service by name",
    ),
    pytest.param(
        OFFICE,
        {"ip": "", "service": "Microsoft Defender for Cloud"},
        Reason.TRUSTED_SERVICE,
        "The firewall exception lets 'Microsoft Defender for Cloud' pass.",
        id="a service without networks",
    ),
    pytest.param(
        OFFICE,
        {"ip": "192.0.2.50", "service": "Image scanner"},
        Reason.TRUSTED_SERVICE,
        "The firewall exception lets it pass.",
        id="a service elsewhere than in its networks",
    ),
    pytest.param(
        OFFICE,
        {"ip": SCANNER, "service": "Machine Learning"},
        Reason.TRUSTED_SERVICE,
        f"{BELONGS}, and the firewall exception lets it pass.",
        id="a service in another one's network",
    ),
    pytest.param(
        make.selected(tasks_bypass=True),
        {"ip": "", "identity": "registry_task"},
        Reason.TRUSTED_SERVICE,
        "The firewall exception lets it pass.",
        id="a task",
    ),
    pytest.param(
        WITH_SUBNET,
        {"ip": "", "subnet": SUBNET.upper()},
        Reason.SUBNET_RULE,
        "A virtual network rule names the subnet 'BUILD'.",
        id="a listed subnet",
    ),
    pytest.param(
        WITH_SUBNET,
        {"ip": "16.17.18.19", "subnet": SUBNET},
        Reason.IP_RULE,
        "16.17.18.0/24 contains 16.17.18.19.",
        id="a listed address in a listed subnet",
    ),
    pytest.param(
        WITH_SUBNET,
        {"ip": "10.1.0.4", "subnet": OTHER},
        Reason.NO_RULE,
        "No virtual network rule names the subnet 'other', and no address range matches 10.1.0.4.",
        id="another subnet, with an address",
    ),
    pytest.param(
        OFFICE,
        {"ip": "", "subnet": SUBNET},
        Reason.NO_RULE,
        "No virtual network rule names the subnet 'build'.",
        id="a subnet where no rules are",
    ),
    pytest.param(
        WITH_SUBNET,
        {"ip": "", "subnet": SUBNET, "host": "aks"},
        Reason.SUBNET_RULE,
        "A virtual network rule names the subnet 'build'.",
        id="an AKS cluster in a listed subnet",
    ),
    pytest.param(
        WITH_SUBNET,
        {"ip": "", "subnet": SUBNET, "host": "other"},
        Reason.NO_RULE,
        "A service endpoint lets in virtual machines and AKS clusters only.",
        id="another service in a listed subnet",
    ),
    pytest.param(
        WITH_SUBNET,
        {"ip": "10.1.0.4", "subnet": OTHER, "host": "other"},
        Reason.NO_RULE,
        "No virtual network rule names the subnet 'other', and no address range matches 10.1.0.4.",
        id="another service in another subnet",
    ),
    pytest.param(
        make.disabled(subnets=(SUBNET,)),
        {"ip": "", "subnet": SUBNET},
        Reason.PUBLIC_ACCESS_DISABLED,
        "Public network access is disabled.",
        id="a listed subnet, disabled",
    ),
    pytest.param(
        make.disabled(),
        {"ip": "", "endpoint": "approved"},
        Reason.PRIVATE_ENDPOINT,
        "The private endpoint is approved, and no public rule binds it.",
        id="an approved private endpoint",
    ),
    pytest.param(
        OFFICE,
        {"ip": "10.0.0.4", "endpoint": "Pending"},
        Reason.NO_RULE,
        "The private endpoint is Pending, and no address range matches 10.0.0.4.",
        id="a pending private endpoint",
    ),
    pytest.param(
        OFFICE,
        {"ip": "", "endpoint": "Rejected"},
        Reason.UNKNOWN_ADDRESS,
        "The private endpoint is Rejected, and the caller's address isn't known.",
        id="a rejected private endpoint, no address",
    ),
    pytest.param(
        OFFICE,
        {"ip": "16.17.18.19", "endpoint": "Disconnected"},
        Reason.IP_RULE,
        "16.17.18.0/24 contains 16.17.18.19.",
        id="a disconnected private endpoint falls to public rules",
    ),
    pytest.param(
        AccessPolicy(), {"ip": SCANNER}, Reason.ALL_NETWORKS, "Any network may connect.", id="it, all networks"
    ),
]


@pytest.mark.parametrize(("policy", "query", "reason", "in_short"), ASKED)
def test_each_kind_of_caller_is_decided_and_told(
    reader: Client, scanner: None, policy: AccessPolicy, query: dict[str, str], reason: Reason, in_short: str
) -> None:
    make.registry(policy=policy)
    answer = reader.get(URL, query)
    told = answer.context["answer"]
    assert (answer.status_code, told.decision.reason, told.in_short) == (200, reason, in_short)
    assert in_short in text_of(answer)
    assert text_of(answer).count('class="decided"') == 1


def test_every_reason_can_be_reached(reader: Client) -> None:
    """The one of a name that no registry has on the page of that name, each other one of a registry that there is."""
    unknown = reader.get("/registries/nosuch/networking/tester/", {"ip": SCANNER})
    reached = {case.values[2] for case in ASKED} | {unknown.context["decision"].reason}
    assert reached == set(Reason)


def test_of_a_name_that_no_registry_has_the_first_step_decides(
    reader: Client, as_role: Callable[[str | None], Client]
) -> None:
    url = "/registries/nosuch/networking/tester/"
    answer = reader.get(url, {"ip": SCANNER})
    page = text_of(answer)
    assert answer.status_code == 404
    assert "There is no registry named 'nosuch'." in page
    assert "<code>unknown_registry</code>" in page
    assert '<span class="why">There is no registry of that name.</span>' in page
    assert [(step.stage, step.verdict) for step in answer.context["steps"]] == [(Stage.REGISTRY, Verdict.DENIED)]
    assert page.count('class="decided"') == 1
    assert as_role(None).get(url).status_code == 403


PROXY = "The registry sees the public address of the proxy, whichever machine is behind it."


def test_behind_a_proxy_the_proxys_address_is_asked_about(contributor: Client, db: None) -> None:
    make.registry(policy=OFFICE)
    for address, allowed in (("16.17.18.19", True), ("192.0.2.50", False)):
        answer = contributor.get(URL, {"ip": address, "behind": "proxy"})
        page, told = text_of(answer), answer.context["answer"]
        assert told.allowed is allowed
        assert f"{PROXY} The Docker client and the Docker daemon both have to use the proxy." in page
        assert 'href="/registries/mycontainerregistry/networking/troubleshoot/#case-4">How to set them</a>' in page
        assert ("Add 192.0.2.50 to the address ranges" in page) is not allowed
    assert PROXY not in text_of(contributor.get(URL, {"ip": "192.0.2.50"}))


def test_a_private_endpoint_is_asked_about_by_its_connection_or_its_id(reader: Client, db: None) -> None:
    registry = make.registry(policy=OFFICE)
    make.connection(registry, "mycontainerregistry.ab12", endpoint=f"{ENDPOINTS}office")
    make.connection(registry, "mycontainerregistry.cd34", "Pending", endpoint=f"{ENDPOINTS}branch")
    for asked, state in (
        ("MyContainerRegistry.AB12", ConnectionState.APPROVED),
        (f"{ENDPOINTS}OFFICE", ConnectionState.APPROVED),
        ("mycontainerregistry.cd34", ConnectionState.PENDING),
    ):
        answer = reader.get(URL, {"ip": "10.0.0.4", "endpoint": asked})
        assert answer.context["answer"].allowed is (state is ConnectionState.APPROVED)
        [chosen] = [option for option in answer.context["endpoints"] if option.chosen]
        assert chosen.label == f"{'office' if state is ConnectionState.APPROVED else 'branch'} ({state.value})"
        assert f'<option value="{chosen.value}" selected>' in text_of(answer)


def test_of_two_connections_of_one_endpoint_the_approved_one_is_a_way_in(reader: Client, db: None) -> None:
    registry = make.registry(policy=OFFICE)
    make.connection(registry, "first", "Rejected", endpoint=f"{ENDPOINTS}office")
    make.connection(registry, "second", "Approved", endpoint=f"{ENDPOINTS}office")
    assert reader.get(URL, {"ip": "", "endpoint": f"{ENDPOINTS}office"}).context["answer"].allowed


def test_a_private_endpoint_of_another_registry_carries_nothing_here(reader: Client, db: None) -> None:
    make.registry(policy=OFFICE)
    make.connection(make.registry("another"), "theirs", endpoint=f"{ENDPOINTS}theirs")
    answer = reader.get(URL, {"ip": "10.0.0.4", "endpoint": f"{ENDPOINTS}theirs"})
    page = text_of(answer)
    assert answer.context["answer"].allowed is False
    assert "This registry has no connection to that private endpoint, so it carries no traffic here." in page
    assert "The private endpoint is Disconnected, so it carries no traffic." in page
    assert f'<option value="{ENDPOINTS}theirs" selected>theirs (no connection here)</option>' in page


def test_subnets_services_and_connections_are_offered(reader: Client, scanner: None) -> None:
    make.connection(make.registry(policy=WITH_SUBNET), "office", "Pending")
    page = text_of(reader.get(URL))
    assert f'<datalist id="subnets"><option value="{SUBNET}"></option></datalist>' in page
    assert '<option value="office">office (Pending)</option>' in page
    assert '<option value="Rejected">Any in state Rejected</option>' in page
    assert '<option value="Image scanner">Image scanner (203.0.113.0/28, 10.20.0.0/16)</option>' in page
    assert '<option value="Machine Learning">Machine Learning (by its identity only)</option>' in page
    assert '<option value="address" selected>An address</option>' in page


# The form sends all of its fields, and says which of them count.
FORM = {"ip": "10.1.0.4", "subnet": SUBNET, "endpoint": "Approved", "service": "Image scanner", "target": ""}


@pytest.mark.parametrize(
    ("caller", "query"),
    [
        pytest.param("address", "ip=10.1.0.4", id="an address"),
        pytest.param("proxy", "ip=10.1.0.4&behind=proxy", id="an address behind a proxy"),
        pytest.param("subnet", f"ip=10.1.0.4&subnet={SUBNET.replace('/', '%2F')}", id="a subnet"),
        pytest.param("endpoint", "ip=10.1.0.4&endpoint=Approved", id="a private endpoint"),
        pytest.param("service", "ip=10.1.0.4&service=Image+scanner", id="a service"),
        pytest.param("task", "ip=10.1.0.4&identity=registry_task", id="a task"),
    ],
)
def test_the_form_leads_to_an_address_that_holds_only_what_counts(
    reader: Client, scanner: None, caller: str, query: str
) -> None:
    registry = make.registry(policy=WITH_SUBNET)
    answer = reader.get(URL, {**FORM, "target": registry.login_server, "caller": caller})
    assert (answer.status_code, answer["Location"]) == (302, f"{URL}?{query}")
    page = text_of(reader.get(answer["Location"]))
    assert f'<option value="{caller}" selected>' in page
    assert 'id="result-h"' in page


@pytest.mark.parametrize(
    ("form", "query"),
    [
        pytest.param({"caller": "service", "service": ""}, "ip=&identity=trusted_service", id="any service"),
        pytest.param({"caller": "subnet", "subnet": ""}, "ip=&subnet=", id="a subnet that wasn't named"),
        pytest.param(
            {"caller": "subnet", "subnet": "", "host": "virtual-machine"}, "ip=&subnet=", id="a virtual machine"
        ),
        pytest.param({"caller": "subnet", "subnet": "", "host": "aks"}, "ip=&subnet=&host=aks", id="an AKS cluster"),
        pytest.param({"caller": "task", "host": "aks"}, "ip=&identity=registry_task", id="a task in no cluster"),
        pytest.param({"caller": "endpoint"}, "ip=&endpoint=", id="an endpoint that wasn't sent"),
        pytest.param({"caller": "address", "mine": "1"}, "ip=127.0.0.1", id="use mine"),
        pytest.param(
            {"caller": "service", "service": "Image scanner", "mine": "1"},
            "ip=127.0.0.1&service=Image+scanner",
            id="use mine for a service",
        ),
    ],
)
def test_what_was_left_out_is_not_made_up(reader: Client, db: None, form: dict[str, str], query: str) -> None:
    make.registry(policy=OFFICE)
    answer = reader.get(URL, {"ip": "", **form})
    assert (answer.status_code, answer["Location"]) == (302, f"{URL}?{query}")


REFUSED = [
    pytest.param({"ip": "", "subnet": ""}, "subnet", "Name a subnet. Its resource id has a form like", id="no subnet"),
    pytest.param(
        {"ip": "", "subnet": "build"}, "subnet", "'build' isn't the resource id of a subnet.", id="a subnet's name"
    ),
    pytest.param({"ip": "", "behind": "proxy"}, "ip", "Type an IP address", id="a proxy without an address"),
    pytest.param({"ip": SCANNER, "behind": "x"}, "caller", "There is no such caller.", id="behind something else"),
    pytest.param({"ip": "", "subnet": SUBNET, "host": "phone"}, "host", "There is no such host.", id="a host"),
    pytest.param({"ip": "", "endpoint": ""}, "endpoint", "no private endpoint connection ''", id="no endpoint"),
    pytest.param(
        {"ip": "", "endpoint": "nosuch"}, "endpoint", "no private endpoint connection 'nosuch'", id="an endpoint"
    ),
    pytest.param(
        {"ip": "", "service": "Nobody"}, "service", "There is no trusted service 'Nobody'. Choose one", id="a service"
    ),
    pytest.param({"caller": "root", "ip": SCANNER}, "caller", "There is no such caller.", id="a caller"),
    pytest.param({"caller": "root", "mine": "1"}, "caller", "There is no such caller.", id="a caller, use mine"),
    pytest.param({"ip": "x", "subnet": SUBNET}, "ip", "'x' isn't an IP address.", id="a subnet at no address"),
    pytest.param({"ip": "", "service": "x" * 5000}, "service", f"'{'x' * 64}'.", id="flood"),
    pytest.param({"ip": "", "subnet": "\x00<b>"}, "subnet", "'\x00<b>' isn't the resource id", id="markup"),
]


@pytest.mark.parametrize(("query", "field", "sentence"), REFUSED)
def test_what_names_nobody_is_refused_where_it_was_typed(
    reader: Client, db: None, query: dict[str, str], field: str, sentence: str
) -> None:
    make.registry(policy=OFFICE)
    answer = reader.get(URL, query)
    assert answer.status_code == 422
    assert answer.context["refused"].field == field
    assert sentence in answer.context["refused"].message
    page = answer.content.decode()
    assert page.count('aria-invalid="true"') == 1
    assert f'id="{field}-error"' in page
    assert "<b>'" not in page
    assert 'id="result-h"' not in page


IN_FIRST = "Its identity lets it pass. A gate in network-first order sees only its address"
NOTES = [
    pytest.param(
        {"service": "Image scanner"}, f"{IN_FIRST}: there it passes from 203.0.113.0/28, 10.20.0.0/16.", id="networks"
    ),
    pytest.param({"service": "Machine Learning"}, f"{IN_FIRST}, and no networks are listed for it.", id="none"),
    pytest.param(
        {"identity": "trusted_service"},
        f"{IN_FIRST}: there it passes from the networks that are listed for it.",
        id="any",
    ),
    pytest.param({"identity": "registry_task"}, f"{IN_FIRST}, which shows no task.", id="task"),
    pytest.param({"ip": SCANNER, "service": "Image scanner"}, "", id="from its network"),
    pytest.param({"ip": SCANNER}, "", id="an address"),
    pytest.param({"ip": "16.17.18.19", "service": "Image scanner"}, "", id="a rule lets it in"),
]


@pytest.mark.parametrize(("query", "note"), NOTES)
def test_a_service_known_by_its_identity_is_told_what_a_gate_sees(
    reader: Client, scanner: None, settings: Settings, query: dict[str, str], note: str
) -> None:
    make.registry(policy=make.selected("16.17.18.0/24", tasks_bypass=True))
    query = {"ip": "", **query}
    settings.GATE_ORDER = "NETWORK-FIRST"
    assert reader.get(URL, query).context["answer"].note == note
    settings.GATE_ORDER = "CHALLENGE-FIRST"
    assert reader.get(URL, query).context["answer"].note == ""


NEXT_STEPS = [
    pytest.param(
        "Contributor",
        make.selected(trusted_services=False),
        {"ip": SCANNER},
        NextStep(
            "Tick the firewall exception for trusted Microsoft services. "
            "An address range lets this address alone pass.",
            add=SCANNER,
            networking=True,
        ),
        id="exception off",
    ),
    pytest.param(
        "Reader",
        make.selected(trusted_services=False),
        {"ip": SCANNER},
        NextStep("Tick the firewall exception for trusted Microsoft services.", networking=True),
        id="a Reader",
    ),
    pytest.param(
        "Contributor",
        make.disabled(trusted_services=False),
        {"ip": SCANNER},
        NextStep("Tick the firewall exception for trusted Microsoft services.", networking=True),
        id="disabled, where no range helps",
    ),
    pytest.param(
        "Contributor",
        make.selected(trusted_services=False),
        {"ip": "10.20.0.1"},
        NextStep("Tick the firewall exception for trusted Microsoft services.", networking=True),
        id="a private network, which no rule can name",
    ),
    pytest.param(
        "Contributor",
        WITH_SUBNET,
        {"ip": SCANNER},
        NextStep(
            "The exception and virtual network rules exclude each other. Remove those rules on the Networking page "
            "first. An address range lets this address alone pass.",
            add=SCANNER,
            networking=True,
        ),
        id="virtual network rules",
    ),
    pytest.param(
        "Contributor",
        WITH_SUBNET,
        {"ip": "", "subnet": OTHER},
        NextStep(
            "Add a virtual network rule for the subnet with az acr network-rule add, which no page here does, "
            "or connect through a private endpoint."
        ),
        id="a subnet",
    ),
    pytest.param(
        "Contributor",
        make.disabled(),
        {"ip": "10.0.0.4", "endpoint": "Pending"},
        NextStep("Only an approved connection carries traffic. Have it approved, and test again."),
        id="a private endpoint",
    ),
    pytest.param(
        "Contributor",
        make.disabled(),
        {"ip": "192.0.2.50", "endpoint": "Rejected"},
        NextStep("The connection was rejected. Have it approved after all, and test again."),
        id="a rejected one, where no range helps",
    ),
    pytest.param(
        "Contributor",
        OFFICE,
        {"ip": "192.0.2.50", "endpoint": "Disconnected"},
        NextStep(
            "A disconnected connection can't be approved, because its private endpoint was deleted. Remove it, create "
            "a private endpoint connection anew, and have that approved. "
            "An address range lets this address alone pass.",
            add="192.0.2.50",
        ),
        id="a disconnected one, from a public address",
    ),
    pytest.param(
        "Contributor",
        OFFICE,
        {"ip": "", "endpoint": f"{ENDPOINTS}theirs"},
        NextStep(
            "Create a private endpoint connection for this registry in that network, have it approved, and test again."
        ),
        id="one of another registry",
    ),
    pytest.param(
        "Reader",
        OFFICE,
        {"ip": "192.0.2.50", "endpoint": "Pending"},
        NextStep("Only an approved connection carries traffic. Have it approved, and test again."),
        id="a pending one, a Reader",
    ),
]


@pytest.mark.parametrize(("role", "policy", "query", "expected"), NEXT_STEPS)
def test_a_refusal_says_what_to_do(
    as_role: Callable[[str], Client],
    scanner: None,
    role: str,
    policy: AccessPolicy,
    query: dict[str, str],
    expected: NextStep,
) -> None:
    make.registry(policy=policy)
    answer = as_role(role).get(URL, query)
    assert answer.context["answer"].next == expected
    assert expected.text in text_of(answer)


@pytest.mark.parametrize(
    ("query", "printed", "own_log"),
    [
        pytest.param({"ip": "192.0.2.50"}, 3, False, id="an address"),
        pytest.param({"ip": SCANNER}, 3, False, id="an address of a service may be a docker client's"),
        pytest.param({"ip": "", "subnet": OTHER}, 2, False, id="no address, so no text that names one"),
        pytest.param({"ip": "", "endpoint": "Approved"}, 3, False, id="allowed without an address"),
        pytest.param({"ip": "", "service": "Image scanner"}, 0, True, id="a service"),
    ],
)
def test_clients_print_what_can_be_known(
    reader: Client, scanner: None, query: dict[str, str], printed: int, own_log: bool
) -> None:
    make.registry(policy=make.selected(trusted_services=False))
    answer = reader.get(URL, query)
    assert len(answer.context["answer"].prints) == printed
    assert ("A service reports a refusal in its own log" in text_of(answer)) is own_log
    assert "IP 'None'" not in text_of(answer)


def test_a_must_work_caller_in_a_trusted_network_gets_in(reader: Client, scanner: None) -> None:
    registry = make.registry(policy=make.disabled())
    registry.must_work_callers.create(name="Scanners", range="203.0.113.0/27")
    [line] = reader.get(URL).context["callers"]
    assert (line.reach.allowed, line.reach.size) == (16, 32)


def test_the_path_of_a_subnet_shows_the_stage_of_virtual_networks(reader: Client, db: None) -> None:
    make.registry(policy=OFFICE)
    steps = reader.get(URL, {"ip": "", "subnet": SUBNET}).context["answer"].steps
    assert [step.stage for step in steps if step.decided] == [Stage.VIRTUAL_NETWORKS]


# One answer with `decide`, whatever the policy and the caller.

CONNECTIONS = tuple(Connection(f"c{state}", f"{ENDPOINTS}{state}", state) for state in ConnectionState)


@given(policies(), ADDRESSES, NETWORKS)
def test_the_question_of_an_address_is_the_caller_that_a_gate_sees(
    policy: AccessPolicy, address: Any, trusted: TrustedNetworks
) -> None:
    if address is None or getattr(address, "ipv4_mapped", None):
        return
    choices = Choices({"host": "host"}, policy.subnets, CONNECTIONS, trusted)
    asked = Question(Kind.ADDRESS, str(address), "host", asked=True)
    caller = asked.caller(choices)
    assert caller == trusted.recognise(Caller(address))
    for state in ConnectionState:
        through = Question(Kind.ENDPOINT, str(address), "host", asked=True, endpoint=f"{ENDPOINTS}{state}")
        seen = through.caller(choices)
        assert seen == trusted.recognise(Caller(address, private_endpoint=state))
        assert isinstance(seen, Caller)
        assert decide(policy, seen).allowed or state is not ConnectionState.APPROVED


@pytest.mark.parametrize("identity", list(Identity))
def test_an_address_of_the_page_is_read_back(identity: Identity) -> None:
    registry = Registry(name="mycontainerregistry")
    nobody = ClientAddress(None)
    for named in ({}, {"subnet": SUBNET}, {"endpoint": "Approved"}, {"subnet": SUBNET, "endpoint": "Pending"}):
        query = QueryDict(mutable=True)
        query.update({"ip": "10.1.0.4", "identity": identity.value, **named})
        question = Question.read(query, registry, nobody)
        assert (question.subnet, question.endpoint) == (named.get("subnet"), named.get("endpoint"))
        assert question.identity is identity
        assert Question.read(QueryDict(question.query(registry)), registry, nobody) == question


def test_an_address_behind_a_proxy_is_read_back() -> None:
    registry, nobody = Registry(name="mycontainerregistry"), ClientAddress(None)
    question = Question.read(QueryDict("ip=10.1.0.4&behind=proxy"), registry, nobody)
    assert (question.kind, question.identity) == (Kind.PROXY, Identity.ANYONE)
    assert Question.read(QueryDict(question.query(registry)), registry, nobody) == question
