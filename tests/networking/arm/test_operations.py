"""What the API says that it can do."""

import re

import pytest
from django.test import Client

from networking.arm import urls as urls  # fills the table
from networking.arm.routing import routes
from tests.networking.arm.asking import Arm

pytestmark = pytest.mark.django_db


def test_the_operations_of_a_provider_are_those_of_the_table(nobody: Arm) -> None:
    listed = nobody.get("/providers/microsoft.containerregistry/operations").json["value"]
    names = [each["name"] for each in listed]
    assert names == sorted(names)
    assert {
        "Microsoft.ContainerRegistry/checkNameAvailability/action",
        "Microsoft.ContainerRegistry/register/action",
        "Microsoft.ContainerRegistry/registries/delete",
        "Microsoft.ContainerRegistry/registries/read",
        "Microsoft.ContainerRegistry/registries/write",
        "Microsoft.ContainerRegistry/registries/replications/write",
    } <= set(names)
    assert all(name.startswith("Microsoft.ContainerRegistry/") for name in names)
    assert listed[names.index("Microsoft.ContainerRegistry/registries/delete")]["display"] == {
        "provider": "Microsoft.ContainerRegistry",
        "resource": "registries",
        "operation": "Delete a registry",
        "description": "Delete a registry.",
    }


def test_an_unknown_provider_has_none(nobody: Arm) -> None:
    assert nobody.get("/providers/Microsoft.Compute/operations").error[:2] == (404, "InvalidResourceNamespace")


def test_the_description_has_every_route_of_the_table(client: Client, arm_server: None) -> None:
    told = client.get("/openapi.json")
    described = told.json()
    assert (told.status_code, described["openapi"]) == (200, "3.1.0")
    found = {(path, method) for path, each in described["paths"].items() for method in each}
    assert found == {(each.template, each.method.lower()) for each in routes()}


def test_each_operation_says_what_it_takes_and_answers(client: Client, arm_server: None) -> None:
    described = client.get("/openapi.json").json()
    for path, methods in described["paths"].items():
        for operation in methods.values():
            names = [each["name"] for each in operation["parameters"] if each.get("in") == "path"]
            assert names == re.findall(r"{(\w+)}", path)
            assert operation["summary"]
            assert "401" in operation["responses"] or operation["security"] == []
            assert all(int(status) < 500 for status in operation["responses"])
    put = described["paths"]["/subscriptions/{subscription}/resourceGroups/{group}"]["put"]
    assert put["requestBody"]["content"].keys() == {"application/json"}
    assert {"$ref": "#/components/parameters/ApiVersion"} in put["parameters"]


def test_what_needs_no_token_says_so(client: Client, arm_server: None) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    free = {path for path, each in paths.items() if any(one.get("security") == [] for one in each.values())}
    assert free == {each.template for each in routes() if each.public}
    token = paths["/adfs/oauth2/token"]["post"]
    assert token["requestBody"]["content"].keys() == {"application/x-www-form-urlencoded"}
