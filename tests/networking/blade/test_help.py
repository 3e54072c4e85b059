"""What the articles only say, and no setting can do: it stands in Networking help, and where it is needed."""

from html import unescape

import pytest
from django.test import Client

from tests import make

pytestmark = pytest.mark.django_db

HELP = "/help/"
BLADE = "/registries/mycontainerregistry/networking/"


def text_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return " ".join(unescape(answer.content.decode()).split())


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("A new registry accepts connections from hosts on any network.", id="the default"),
        pytest.param(
            "<code>az acr update --default-action Deny</code>: that is <b>Selected networks</b> with no rule.",
            id="two meanings of disable",
        ),
        pytest.param("open a “what is my IP address” page on it", id="what is my IP address"),
        pytest.param("<dt>Image scanning</dt><dd>Leave trusted services allowed.</dd>", id="image scanning"),
        pytest.param(
            "the firewall exception lets nobody pass in Selected networks. That includes image scanning.",
            id="image scanning with a service endpoint",
        ),
        pytest.param("None is planned for service endpoints of registries. They are a preview", id="preview"),
        pytest.param("It doesn't show these rules.", id="not in the portal"),
        pytest.param("Azure US Government and Azure China don't have them.", id="clouds"),
        pytest.param("No other service, such as Container Instances, comes in by such a rule.", id="hosts"),
        pytest.param("<code>privatelink.<suffix></code>", id="private DNS of any cloud"),
        pytest.param("<code><registry>.<region>.data.<suffix></code>", id="data endpoints of any cloud"),
    ],
)
def test_help_says(reader: Client, said: str) -> None:
    assert said in text_of(reader, HELP)


def test_help_and_the_blade_say_that_a_change_takes_a_few_minutes_in_azure(reader: Client) -> None:
    make.registry()
    assert "In Azure a saved change takes a few minutes to apply everywhere." in text_of(reader, HELP)
    assert "In Azure a change takes a few minutes." in text_of(reader, BLADE)


def test_signing_in_comes_first(client: Client) -> None:
    assert client.get(HELP)["Location"] == f"/sign-in/?next={HELP}"


def test_help_is_read_only(reader: Client) -> None:
    assert reader.post(HELP).status_code == 405
