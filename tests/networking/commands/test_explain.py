import io

import pytest
from django.core.management import CommandError, call_command

from networking.access.policy import AccessPolicy, DefaultAction
from tests import make

pytestmark = pytest.mark.django_db

OFFICE = AccessPolicy(default_action=DefaultAction.DENY, rules=(make.rule("16.17.18.0/24", name="Office"),))


def explained(registry: str, address: str) -> str:
    printed = io.StringIO()
    call_command("explain", registry, address, stdout=printed)
    return printed.getvalue()


@pytest.mark.parametrize(
    ("policy", "address", "sentence"),
    [
        pytest.param(
            OFFICE,
            "16.17.18.19",
            "Allowed: 16.17.18.19 may reach 'mycontainerregistry', because rule 1 of the firewall list "
            "(16.17.18.0/24, 'Office') covers it.",
            id="a-rule",
        ),
        pytest.param(
            OFFICE,
            " ::ffff:16.17.18.19 ",
            "Allowed: 16.17.18.19 may reach 'mycontainerregistry', because rule 1 of the firewall list "
            "(16.17.18.0/24, 'Office') covers it.",
            id="ipv4-inside-ipv6",
        ),
        pytest.param(
            OFFICE,
            "16.17.19.1",
            "Denied: 16.17.19.1 can't reach 'mycontainerregistry', because no address range covers it, "
            "and everyone else gets 403 Forbidden.",
            id="no-rule",
        ),
        pytest.param(
            OFFICE,
            "10.0.0.4",
            "Denied: 10.0.0.4 can't reach 'mycontainerregistry', because it is a private address, "
            "so no address range covers it, and everyone else gets 403 Forbidden.",
            id="a-private-address",
        ),
        pytest.param(
            make.disabled("16.17.18.0/24"),
            "16.17.18.19",
            "Denied: 16.17.18.19 can't reach 'mycontainerregistry', because public network access is disabled "
            "and address ranges are ignored.",
            id="disabled",
        ),
        pytest.param(
            None,
            "2001:db8::1",
            "Allowed: 2001:db8::1 may reach 'mycontainerregistry', because public network access is open to all "
            "networks; signing in is still required.",
            id="never-configured",
        ),
    ],
)
def test_an_answer_is_one_sentence_and_a_registry_is_found_in_any_letter_case(
    policy: AccessPolicy | None, address: str, sentence: str
) -> None:
    make.registry("mycontainerregistry", policy=policy)
    assert explained("MyContainerRegistry", address) == f"{sentence}\n"


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        pytest.param(
            OFFICE,
            "Allowed: 203.0.113.9 may reach 'mycontainerregistry', because it belongs to 'Image scanner', a trusted "
            "service, which is allowed to pass the firewall.",
            id="exception-on",
        ),
        pytest.param(
            make.selected("203.0.113.9", trusted_services=False),
            "Allowed: 203.0.113.9 may reach 'mycontainerregistry', because rule 1 of the firewall list (203.0.113.9) "
            "covers it.",
            id="a-rule",
        ),
        pytest.param(
            make.selected(trusted_services=False),
            "Denied: 203.0.113.9 can't reach 'mycontainerregistry', because it belongs to 'Image scanner', a trusted "
            "service that is not let past the firewall, no address range covers it, and everyone else gets 403 "
            "Forbidden.",
            id="exception-off",
        ),
    ],
)
def test_an_address_in_the_network_of_a_trusted_service_is_that_service(policy: AccessPolicy, sentence: str) -> None:
    make.trusted_service("Image scanner", "203.0.113.0/28")
    make.registry("mycontainerregistry", policy=policy)
    assert explained("mycontainerregistry", "203.0.113.9") == f"{sentence}\n"


def test_a_registry_that_does_not_exist_is_denied_with_exit_status_1() -> None:
    with pytest.raises(CommandError) as refused:
        explained("nowhere", "8.8.8.8")
    assert str(refused.value) == "Denied: 8.8.8.8 can't reach 'nowhere', because there is no registry of that name."
    assert refused.value.returncode == 1


@pytest.mark.parametrize("text", ["", "8.8.8", "8.8.8.0/24", "２.2.2.2", "example.org"])
def test_what_is_no_address_is_refused_with_exit_status_1(text: str) -> None:
    make.registry("mycontainerregistry")
    with pytest.raises(CommandError) as refused:
        explained("mycontainerregistry", text)
    assert str(refused.value) == f"'{text}' isn't an IP address. Ask about one, like 16.17.18.19."
    assert refused.value.returncode == 1
