"""The form as `Person` reads it: what the figures and the crash tests send must be what a browser sends."""

import pytest
from django.test import Client

from tests import make
from tests.servers.person import Form

PATH = "/registries/mycontainerregistry/networking/"


@pytest.fixture
def form(contributor: Client) -> Form:
    make.registry(policy=make.selected("198.51.100.7", "203.0.113.0/24"))
    return Form.read(PATH, contributor.get(PATH).content.decode())


def test_the_form_holds_what_a_browser_would_send(form: Form) -> None:
    sent = dict(form.fields)
    assert (sent["public_access"], sent["trusted_services"], len(sent["fingerprint"])) == ("selected", "1", 64)
    assert "add_client" not in sent
    assert [value for name, value in form.fields if name == "range"] == ["198.51.100.7", "203.0.113.0/24", ""]
    assert form.ranges == ["198.51.100.7", "203.0.113.0/24"]


def test_a_range_goes_into_the_empty_row(form: Form) -> None:
    assert form.with_range("192.0.2.1").ranges == ["198.51.100.7", "203.0.113.0/24", "192.0.2.1"]


def test_a_row_goes_with_its_name_and_note(form: Form) -> None:
    fewer = form.without_range("198.51.100.7")
    assert fewer.ranges == ["203.0.113.0/24"]
    assert len(fewer.fields) == len(form.fields) - 4


def test_saving_the_form_stores_it(form: Form, contributor: Client) -> None:
    data: dict[str, list[str]] = {"op": ["save"]}
    for name, value in form.with_range("192.0.2.1").fields:
        data.setdefault(name, []).append(value)
    assert contributor.post(PATH, data).status_code == 303
    assert Form.read(PATH, contributor.get(PATH).content.decode()).ranges[-1] == "192.0.2.1"
