"""GATE_ORDER=CHALLENGE-FIRST, today's Azure: everybody may ask who they are, and only then the network has its say. A
trusted service is known here by its account, too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.lab.lab import Lab
from registries.models import TRUSTED_GROUP
from tests.clients.blade import Blade
from tests.clients.programs import REGISTRY, Client, eventually, host_of, said_to
from tests.clients.test_requests import lines

pytestmark = pytest.mark.client

SERVICE = ("scanning-service", "a long secret of a service")
MAKES_THE_SERVICE = f"""
from django.contrib.auth.models import Group
from registries.models import Account
account = Account.objects.create_user({SERVICE[0]!r}, password={SERVICE[1]!r})
account.groups.set([Group.objects.get(name="Reader"), Group.objects.get_or_create(name={TRUSTED_GROUP!r})[0]])
"""


@pytest.fixture(scope="module", autouse=True)
def challenge_first(lab: Lab) -> Iterator[None]:
    lab.manage("shell", "-c", MAKES_THE_SERVICE)
    lab.reconfigure(GATE_ORDER="CHALLENGE-FIRST", GATE_REASON_HEADER="true")
    yield
    lab.reconfigure(GATE_ORDER="NETWORK-FIRST", GATE_REASON_HEADER="false")


def test_everybody_is_asked_who_they_are(office: Client, cafe: Client) -> None:
    for client in (office, cafe):
        answer = client.curl("/v2/hello-world/manifests/v1")
        assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
        assert answer.headers["www-authenticate"] == (
            f'Bearer realm="https://{host_of(REGISTRY)}/oauth2/token",service="{host_of(REGISTRY)}",'
            'scope="repository:hello-world:pull"'
        )


def test_outside_there_is_no_token(cafe: Client) -> None:
    for answer in (cafe.token(), cafe.token(who=("ada@example.org", "wrong"))):
        assert (answer.status, answer.code) == (403, "DENIED")
        assert answer.message.startswith(said_to(cafe.address))


def test_a_token_from_inside_is_worth_nothing_outside(office: Client, cafe: Client) -> None:
    token = office.bearer()
    asked = [each.curl("/v2/hello-world/tags/list", *token).status for each in (office, cafe, office)]
    assert asked == [200, 403, 200]


def test_where_the_setting_says_so_the_reason_is_shown(office: Client, cafe: Client) -> None:
    answer = cafe.curl("/v2/hello-world/tags/list", *office.bearer())
    assert (answer.status, answer.headers["gatereason"]) == (403, "no_rule")
    assert answer.headers["gatetester"].endswith(f"/registries/{REGISTRY}/networking/tester/?ip={cafe.address}")


def test_a_refusal_at_sign_in_tells_its_reason_and_stands_on_the_requests_page(blade: Blade, cafe: Client) -> None:
    """The gate's answer itself is the only one that knows: no sub-request was made."""
    answer = cafe.curl("/oauth2/token", "--user-agent", "refused at sign-in")
    assert (answer.status, answer.headers["gatereason"]) == (403, "no_rule")
    assert "/networking/tester/" in answer.headers["gatetester"]
    assert {"gaterule", "gateregistry", "gatelayer", "gatedatahost", "gategeneration"} & answer.headers.keys() == set()
    assert eventually(lambda: len(lines(blade, "refused at sign-in")) == 1)
    (line,) = lines(blade, "refused at sign-in")
    for part in ("No address range matches", answer.message.rpartition(" ")[2]):
        assert part in line, line


def test_whoever_is_let_in_pushes_and_pulls(office: Client, cafe: Client, image: Path, tmp_path: Path) -> None:
    assert office.skopeo_push(image, "samples/challenged:v1").worked
    assert office.skopeo_pull(tmp_path / "copy", "samples/challenged:v1").worked
    assert not cafe.skopeo_pull(tmp_path / "outside", "samples/challenged:v1").worked


def test_the_account_of_a_trusted_service_passes_from_anywhere_while_the_exception_is_on(
    blade: Blade, cafe: Client, tmp_path: Path
) -> None:
    """With its layers, whose host never sees who it is."""
    account = ":".join(SERVICE)
    pulled = cafe.skopeo_pull(tmp_path / "copy", who=account)
    assert pulled.worked, pulled
    blade.tick("trusted_services", on=False)
    try:
        assert eventually(lambda: cafe.token(who=SERVICE).status == 403)
        assert not cafe.skopeo_pull(tmp_path / "refused", who=account).worked
    finally:
        blade.tick("trusted_services", on=True)
    assert eventually(lambda: cafe.token(who=SERVICE).status == 200)


def test_a_token_that_was_let_in_does_not_answer_for_another(office: Client, cafe: Client) -> None:
    """The decision that was kept is that of one token."""
    trusted = cafe.token(who=SERVICE)
    assert trusted.status == 200
    token = ("--header", f"Authorization: Bearer {trusted.access_token}")
    asked = [cafe.curl("/v2/hello-world/tags/list", *options).status for options in (token, office.bearer(), (), token)]
    assert asked == [200, 403, 401, 200]
