from collections import Counter
from typing import Any

import pytest
import schemathesis
from django.test import Client

from networking.arm import views as views  # registers them all
from networking.arm.openapi import document
from networking.arm.routing import routes
from tests.networking.arm.asking import Arm
from tests.networking.arm.world import furnished

REGISTRY = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ContainerRegistry/registries/{name}"
)
GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
ERROR = {"$ref": "#/components/schemas/Error"}


def operation(path: str, method: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["paths"][path][method]
    return found


def schema_of(answer: dict[str, Any]) -> Any:
    return answer.get("content", {}).get("application/json", {}).get("schema")


def test_it_is_served_as_json_to_anybody(arm_server: None) -> None:
    response = Client().get("/openapi.json")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.json() == document()


def test_it_is_openapi() -> None:
    schemathesis.openapi.from_dict(document()).validate()


def test_it_has_every_route_once_and_no_other() -> None:
    described = {
        (method.upper(), path): each["operationId"]
        for path, methods in document()["paths"].items()
        for method, each in methods.items()
    }
    assert described == {(each.method, each.template): each.operation for each in routes()}
    assert [name for name, times in Counter(described.values()).items() if times > 1] == []


@pytest.mark.parametrize("path", sorted(document()["paths"]))
def test_each_value_of_a_path_is_described(path: str) -> None:
    wanted = [part.strip("{}") for part in path.split("/") if part.startswith("{")]
    for each in document()["paths"][path].values():
        in_path = [parameter for parameter in each["parameters"] if parameter.get("in") == "path"]
        assert [parameter["name"] for parameter in in_path] == wanted
        assert all(parameter["required"] for parameter in in_path)


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        pytest.param("get", "/metadata/endpoints", "200 400", id="before signing in"),
        pytest.param("post", "/adfs/oauth2/token", "200 400 401 413 429", id="a form"),
        pytest.param("get", "/tenants", "200 400 401", id="whoever signed in"),
        pytest.param("get", REGISTRY, "200 400 401 403 404", id="looking"),
        pytest.param("put", REGISTRY, "200 201 400 401 403 404 409 412 413 415", id="writing"),
        pytest.param("delete", REGISTRY, "200 204 400 401 403 404 409 412", id="deleting"),
        pytest.param("post", f"{REGISTRY}/listCredentials", "400 401 403 404 409", id="what always refuses"),
        pytest.param("head", GROUP, "204 400 401 403 404", id="asking whether it is there"),
    ],
)
def test_an_operation_names_every_answer_it_can_give(method: str, path: str, statuses: str) -> None:
    assert " ".join(operation(path, method)["responses"]) == statuses


def test_a_refusal_has_the_one_shape() -> None:
    answers = operation(REGISTRY, "patch")["responses"]
    refused = {status: schema_of(answer) for status, answer in answers.items() if status >= "400"}
    assert refused == dict.fromkeys(("400", "401", "403", "404", "409", "412", "413", "415"), ERROR)


def test_a_view_with_refusals_of_its_own_has_both() -> None:
    either = schema_of(operation("/adfs/oauth2/token", "post")["responses"]["401"])["anyOf"]
    assert either[0] == ERROR
    assert "error_description" in either[1]["properties"]


def test_what_has_no_body_has_no_schema() -> None:
    asked = operation(GROUP, "head")["responses"]
    assert {status: schema_of(answer) for status, answer in asked.items()} == dict.fromkeys(asked)
    assert schema_of(operation(REGISTRY, "delete")["responses"]["204"]) is None


def test_conditions_are_asked_for_wherever_one_can_fail() -> None:
    conditions = [{"$ref": f"#/components/parameters/{name}"} for name in ("IfMatch", "IfNoneMatch")]
    for path, methods in document()["paths"].items():
        for method, each in methods.items():
            found = [parameter for parameter in each["parameters"] if parameter in conditions]
            assert found == (conditions if "412" in each["responses"] else []), (method, path)


@pytest.mark.parametrize("condition", [{"If_Match": '"stale"'}, {"If_None_Match": "*"}])
def test_conditions_are_honoured_wherever_they_are_asked_for(arm_server: None, condition: dict[str, str]) -> None:
    world = furnished()
    there = {name: values[0] for name, values in world.paths.items()}
    bodies = {"ResourceGroups_CreateOrUpdate": [{"location": "eastus"}], **world.whole}
    arm = Arm(world.authorizations[0])
    named = [each for each in routes() if "412" in operation(each.template, each.method.lower())["responses"]]
    answers = {
        each.operation: arm.ask(
            each.method, each.template.format(**there), bodies.get(each.operation, [{}])[0], **condition
        ).status
        for each in named
    }
    assert answers == dict.fromkeys(answers, 412)
    assert {each.operation.partition("_")[0] for each in named} == {
        "PrivateEndpointConnections",
        "PrivateEndpoints",
        "Registries",
        "Replications",
        "ResourceGroups",
        "Subnets",
        "VirtualNetworks",
    }


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        pytest.param("get", REGISTRY, {"200": ["ETag"]}, id="one of them"),
        pytest.param("put", REGISTRY, {"200": ["ETag"], "201": ["ETag"]}, id="writing"),
        pytest.param("delete", REGISTRY, {}, id="deleting"),
        pytest.param("get", "/subscriptions", {}, id="a list"),
        pytest.param(
            "put",
            f"{REGISTRY}/replications/{{replication}}",
            {"200": ["ETag"], "201": ["Azure-AsyncOperation", "Retry-After", "ETag"]},
            id="what takes its time",
        ),
        pytest.param(
            "delete",
            f"{REGISTRY}/privateEndpointConnections/{{connection}}",
            {"202": ["Location", "Retry-After"]},
            id="a removal that takes its time",
        ),
        pytest.param("post", "/adfs/oauth2/token", {"429": ["Retry-After"]}, id="a pause"),
    ],
)
def test_the_headers_of_an_answer_are_described(method: str, path: str, headers: dict[str, list[str]]) -> None:
    """That they are those which are sent, the fuzz tests hold."""
    answers = operation(path, method)["responses"]
    assert {status: list(answer["headers"]) for status, answer in answers.items() if "headers" in answer} == headers


def test_a_version_and_a_token_are_asked_for_except_before_signing_in() -> None:
    version = {"$ref": "#/components/parameters/ApiVersion"}
    for path, methods in document()["paths"].items():
        public = {each.operation for each in routes() if each.public}
        for each in methods.values():
            is_public = each["operationId"] in public
            assert (version in each["parameters"], each.get("security")) == (
                not is_public,
                [] if is_public else None,
            ), path


def test_what_it_says_of_a_version_is_what_is_asked(reader: Arm) -> None:
    described = document()["components"]["parameters"]["ApiVersion"]
    refused = reader.get("/subscriptions?api-version=")
    shown = reader.get("/subscriptions", version=described["example"])
    assert (described["required"], refused.status, shown.status) == (True, 400, 200)
