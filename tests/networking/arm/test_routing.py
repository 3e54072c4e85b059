"""The way of a request through the table, before any view: path, version, token, method, permission, body."""

import json
import logging
from typing import Any

import pytest
from django.http import HttpResponse, JsonResponse
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as examining
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from networking.arm import routing
from networking.arm import urls as urls  # fills the table
from networking.arm.errors import ArmError
from networking.arm.http import ArmRequest, answer
from networking.arm.routing import Node, Route, route, routes
from registries.models import CHANGE, VIEW, Account
from tests import make
from tests.networking.arm.asking import GROUP, REGISTRIES, REGISTRY, SUBSCRIPTION, VERSION, Arm

pytestmark = pytest.mark.django_db
THING = f"{SUBSCRIPTION}/providers/Example.Things/things/one"


@pytest.fixture
def things(monkeypatch: pytest.MonkeyPatch, arm_server: None) -> list[dict[str, Any]]:
    """A table of one path beside the real one; what its views were called with."""
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(routing, "ROOT", Node())
    template = "/subscriptions/{subscription}/providers/Example.Things/things/{name}"

    @route("GET", template, operation="Things_Get", summary="One", permission=VIEW)
    def get(request: ArmRequest, **values: str) -> JsonResponse:
        seen.append(values)
        return answer(values)

    @route("PUT", template, operation="Things_Put", summary="Make one", permission=CHANGE, body={"type": "object"})
    def put(request: ArmRequest, **values: str) -> JsonResponse:
        seen.append({"json": request.json, **values})
        return answer(request.json)

    @route("DELETE", template, operation="Things_Delete", summary="One goes")
    def delete(request: ArmRequest, **values: str) -> HttpResponse:
        raise ArithmeticError("a secret of the inside")

    @route("POST", f"{template}/open", operation="Things_Open", summary="Open one")
    def opened(request: ArmRequest, **values: str) -> HttpResponse:
        raise ArmError(409, "Locked", "It is locked.", target="door")

    return seen


# The path


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(THING, id="as it is"),
        pytest.param(
            THING.replace("subscriptions", "SUBSCRIPTIONS").replace("Example.T", "eXAMPLE.t"), id="letter case"
        ),
        pytest.param(THING.replace("/things/", "//things///"), id="doubled slashes"),
        pytest.param(f"{THING}/", id="a slash at the end"),
    ],
)
def test_a_path_is_found_however_it_is_spelled(contributor: Arm, things: list[dict[str, Any]], path: str) -> None:
    assert contributor.get(path).status == 200
    assert things == [{"subscription": SUBSCRIPTION.split("/")[2], "name": "one"}]


def test_two_slashes_first_are_one(contributor: Arm, things: list[dict[str, Any]]) -> None:
    """As az asks where the address of the cloud was typed with a slash at its end."""
    client = Client(headers={"Authorization": contributor.authorization})
    assert client.get("/", {"api-version": "1"}, PATH_INFO=f"/{THING}").status_code == 200


def test_values_keep_their_letters_and_come_decoded(contributor: Arm, things: list[dict[str, Any]]) -> None:
    assert contributor.get(THING.replace("/one", "/M%C3%BCller%20A")).json["name"] == "Müller A"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        pytest.param("/", (404, "NotFound"), id="the root"),
        pytest.param("/favicon.ico", (404, "NotFound"), id="a file"),
        pytest.param("/admin/", (404, "NotFound"), id="the dashboard's admin"),
        pytest.param("/sign-in/", (404, "NotFound"), id="the dashboard's sign-in page"),
        pytest.param(f"{REGISTRY}/agentPools/x", (404, "InvalidResourceType"), id="a type that is not served"),
        pytest.param(
            f"{SUBSCRIPTION}/providers/Microsoft.Compute/disks", (404, "InvalidResourceType"), id="a namespace"
        ),
    ],
)
def test_an_unknown_path_is_refused_as_arm_does(contributor: Arm, path: str, error: tuple[int, str]) -> None:
    refused = contributor.get(path)
    assert refused.error[:2] == error
    assert refused.headers["x-ms-failure-cause"] == "gateway"
    assert "status" not in refused.json


def test_the_type_that_is_not_there_is_named(contributor: Arm) -> None:
    assert contributor.get(f"{REGISTRY}/agentPools/x").error == (
        404,
        "InvalidResourceType",
        "The resource type 'registries/agentPools' could not be found in the namespace 'Microsoft.ContainerRegistry' "
        f"for api version '{VERSION}'. Portcullis doesn't serve it; docs/az.md lists what it serves.",
    )


@pytest.mark.parametrize("rest", ["", "/main", "/main/validate", "/main/operations"])
def test_template_deployments_are_called_what_they_are(contributor: Arm, rest: str) -> None:
    refused = contributor.get(f"{GROUP}/providers/Microsoft.Resources/deployments{rest}")
    assert refused.error[:2] == (404, "InvalidResourceType")
    assert refused.error[2].endswith(
        ". Portcullis doesn't serve template deployments; docs/az.md lists what it serves."
    )


@pytest.mark.parametrize("path", ["/subscriptions/%00", "/subscriptions?a=%00", "/subscriptions?%0a=b", "/a%7f"])
def test_what_does_not_print_is_refused(contributor: Arm, path: str) -> None:
    assert contributor.get(path).error[:2] == (400, "InvalidRequestUri")


def test_a_host_that_is_not_ours_is_refused(contributor: Arm) -> None:
    assert contributor.get("/subscriptions", Host="evil.example.org").error[:2] == (400, "BadRequest")


# Before signing in


@pytest.mark.parametrize("path", ["/adfs/contoso.com/v2.0/.well-known/openid-configuration", "//ADFS/x"])
def test_a_tenant_by_its_name_is_told_what_a_tenant_is(path: str, arm_server: None) -> None:
    """As `az login --tenant contoso.com` asks: without a version or a token."""
    refused = Client().get("/", PATH_INFO=path)
    assert (refused.status_code, refused.json()["error"]) == (
        404,
        {
            "code": "NotFound",
            "message": "There is nothing at this path. The --tenant of az login is a GUID; manage.py connect prints "
            "it.",
        },
    )


@pytest.mark.parametrize(
    ("path", "error"),
    [
        pytest.param("/metadata/none", (404, "NotFound"), id="the machine's metadata"),
        pytest.param("/msi", (404, "NotFound"), id="a managed identity"),
        pytest.param("/providers", (400, "MissingApiVersionParameter"), id="beside what needs a token"),
        pytest.param("/none", (400, "MissingApiVersionParameter"), id="nowhere"),
        pytest.param("/", (400, "MissingApiVersionParameter"), id="the root"),
    ],
)
def test_where_no_token_is_needed_no_version_is_asked_for(arm_server: None, path: str, error: tuple[int, str]) -> None:
    refused = Client().get(path)
    assert (refused.status_code, refused.json()["error"]["code"]) == error


# The version


def test_a_version_is_required(contributor: Arm) -> None:
    client = Client(headers={"Authorization": contributor.authorization})
    refused = client.get(REGISTRY)
    assert (refused.status_code, refused.json()) == (
        400,
        {
            "error": {
                "code": "MissingApiVersionParameter",
                "message": "The api-version query parameter (?api-version=) is required for all requests.",
            }
        },
    )


@pytest.mark.parametrize("version", ["2017-03-01", "2099-12-31-preview", "yesterday"])
def test_any_version_is_served_and_named(contributor: Arm, version: str) -> None:
    make.resource_group()
    listed = contributor.get(REGISTRIES, version=version)
    assert (listed.status, listed.headers["api-supported-versions"]) == (200, version)


@pytest.mark.parametrize("version", ["2026 09", "é", "x" * 41, "2026-09-01%0d"])
def test_a_version_that_is_none_is_refused(contributor: Arm, version: str) -> None:
    assert contributor.get("/subscriptions", version=version).error[0] == 400


# The token and the permission


def test_without_a_token_nothing_is_told(arm_server: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        refused = Arm("").get(REGISTRY)
    assert refused.error == (
        401,
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing.",
    )
    assert refused.headers["WWW-Authenticate"].startswith('Bearer authorization_uri="https://localhost:8443/adfs", ')


@pytest.mark.parametrize("path", ["/subscriptions", REGISTRY, "/nowhere", f"{REGISTRY}/listUsages"])
def test_without_a_token_every_path_answers_alike(arm_server: None, path: str) -> None:
    assert Arm("").get(path).error[:2] == (401, "AuthenticationFailed")


def test_a_reader_changes_nothing_and_reads_in_arms_words_why(
    reader: Arm, things: list[dict[str, Any]], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):  # the account, with its permissions
        refused = reader.put(THING, {})
    account = Account.objects.get(username="reader@example.org")
    assert refused.error == (
        403,
        "AuthorizationFailed",
        f"The client 'reader@example.org' with object id '{account.object_id}' does not have authorization to perform "
        f"action 'Example.Things/things/write' over scope '{THING}' or the scope is invalid. "
        "If access was recently granted, please refresh your credentials.",
    )
    assert things == []


def test_the_permission_comes_before_the_body(reader: Arm, things: list[dict[str, Any]]) -> None:
    assert reader.put(THING, "{broken").status == 403


def test_a_namespace_of_the_path_stands_in_the_refusal(reader: Arm) -> None:
    make.resource_group()
    refused = reader.post(f"{SUBSCRIPTION}/providers/Microsoft.Network/register")
    assert "perform action 'Microsoft.Network/register/action' over scope" in refused.error[2]


# The method


def test_another_method_is_refused_with_those_there_are(contributor: Arm, things: list[dict[str, Any]]) -> None:
    refused = contributor.patch(THING, {})
    assert refused.error[:2] == (405, "MethodNotAllowed")
    assert refused.headers["Allow"] == "DELETE, GET, HEAD, PUT"


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND", "BREW"])
def test_no_other_word_is_a_method(contributor: Arm, things: list[dict[str, Any]], method: str) -> None:
    assert contributor.ask(method, THING).error[:2] == (405, "MethodNotAllowed")


def test_head_is_get_without_its_body(contributor: Arm, things: list[dict[str, Any]]) -> None:
    told = contributor.ask("HEAD", THING)
    assert (told.status, told.json) == (200, None)


# The body


def test_the_body_comes_parsed(contributor: Arm, things: list[dict[str, Any]]) -> None:
    body = {"properties": {"a": [1, 2.5, None, True, "é"]}}
    assert contributor.put(THING, body).json == body


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param("", "it is empty, and an object is wanted.", id="nothing"),
        pytest.param(" \n", "it is empty, and an object is wanted.", id="blanks"),
        pytest.param('{"a": ', "it isn't JSON, Expecting value at line 1, column 7.", id="half"),
        pytest.param("{'a': 1}", "it isn't JSON, ", id="Python"),
        pytest.param("null", "an object is wanted.", id="null"),
        pytest.param("[]", "an object is wanted.", id="a list"),
        pytest.param('"text"', "an object is wanted.", id="a text"),
        pytest.param("7", "an object is wanted.", id="a number"),
        pytest.param('{"a": NaN}', "NaN is no number of JSON.", id="NaN"),
        pytest.param('{"a": -Infinity}', "-Infinity is no number of JSON.", id="infinity"),
        pytest.param('{"a": 1e999}', "a number in it is too large.", id="beyond a float"),
        pytest.param('{"a": ' + "9" * 5000 + "}", "it holds a number too long or brackets too deep.", id="digits"),
        pytest.param('{"a": "\\u0000"}', "a text in it holds a character that can't be stored.", id="NUL"),
        pytest.param('{"\\ud800": 1}', "a text in it holds a character that can't be stored.", id="half a pair"),
        pytest.param('{"a": ' + "[" * 40 + "]" * 40 + "}", "its brackets are deeper than 32.", id="deep"),
        pytest.param('{"a":' * 100_000, "it ", id="deeper"),
        pytest.param(b'{"a": "\xff"}', "it isn't UTF-8 text.", id="Latin-1"),
    ],
)
def test_a_bad_body_is_refused_with_one_sentence(
    contributor: Arm, things: list[dict[str, Any]], body: str | bytes, says: str
) -> None:
    status, code, message = contributor.put(THING, body).error
    assert (status, code) == (400, "InvalidRequestContent")
    assert message.startswith(f"The request content was invalid and could not be deserialized: {says}")
    assert things == []


def test_a_large_body_is_refused(contributor: Arm, things: list[dict[str, Any]]) -> None:
    refused = contributor.put(THING, {"a": "x" * 10 * 1024 * 1024})
    assert refused.error == (
        413,
        "RequestContentTooLarge",
        "The request content is larger than 1,048,576 bytes; nothing was changed.",
    )
    assert things == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_another_media_type_is_refused(contributor: Arm, things: list[dict[str, Any]], kind: str) -> None:
    client = Client(headers={"Authorization": contributor.authorization})
    refused = client.generic("PUT", f"{THING}?api-version=1", "{}", content_type=kind)
    assert (refused.status_code, refused.json()["error"]["code"]) == (415, "UnsupportedMediaType")
    assert things == []


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/merge-patch+json", "text/json"])
def test_every_name_of_json_is_taken(contributor: Arm, things: list[dict[str, Any]], kind: str) -> None:
    client = Client(headers={"Authorization": contributor.authorization})
    assert client.generic("PUT", f"{THING}?api-version=1", '\ufeff{"a": 1}', content_type=kind).json() == {"a": 1}


# What goes wrong inside


def test_a_refusal_of_a_view_is_an_envelope(contributor: Arm, things: list[dict[str, Any]]) -> None:
    refused = contributor.post(f"{THING}/open")
    assert (refused.status, refused.json) == (
        409,
        {"error": {"code": "Locked", "message": "It is locked.", "target": "door"}},
    )
    assert "x-ms-failure-cause" not in refused.headers


def test_the_provider_of_registries_says_failed_beside_it(contributor: Arm) -> None:
    make.registry()
    refused = contributor.patch(REGISTRY, {"properties": {"publicNetworkAccess": "Sometimes"}})
    assert (refused.status, refused.json["status"]) == (400, "Failed")


def test_a_failure_is_an_envelope_without_a_trace_and_a_line_in_the_log(
    contributor: Arm, things: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        failed = contributor.delete(THING)
    assert failed.error[:2] == (500, "InternalServerError")
    assert "secret" not in json.dumps(failed.json)
    [line] = [each for each in caplog.records if each.name == "portcullis.arm"]
    assert failed.headers["x-ms-request-id"] in line.getMessage()
    assert line.exc_info is not None


# Headers


def test_every_answer_has_its_ids_and_is_not_kept(contributor: Arm) -> None:
    told = contributor.get("/subscriptions")
    assert told.headers["x-ms-correlation-request-id"] == told.headers["x-ms-request-id"]
    assert {name: told.headers[name] for name in ("Cache-Control", "Pragma", "Expires", "Content-Type")} == {
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Expires": "-1",
        "Content-Type": "application/json; charset=utf-8",
    }
    assert "Set-Cookie" not in told.headers


def test_ids_of_the_client_come_back(contributor: Arm) -> None:
    told = contributor.get(
        "/nowhere",
        x_ms_correlation_request_id="11111111-1111-1111-1111-111111111111",
        x_ms_client_request_id="mine-1",
        x_ms_return_client_request_id="true",
    )
    assert told.headers["x-ms-correlation-request-id"] == "11111111-1111-1111-1111-111111111111"
    assert told.headers["x-ms-client-request-id"] == "mine-1"
    assert "x-ms-client-request-id" not in contributor.get("/nowhere", x_ms_client_request_id="mine").headers


@pytest.mark.parametrize("text", ["a b", "<b>", "é", "x" * 129])
def test_an_id_that_is_none_does_not_come_back(contributor: Arm, text: str) -> None:
    told = contributor.get("/subscriptions", x_ms_correlation_request_id=text)
    assert told.headers["x-ms-correlation-request-id"] == told.headers["x-ms-request-id"]


# The table


def test_two_views_of_one_operation_are_a_mistake(things: list[dict[str, Any]]) -> None:
    again = route("GET", "/subscriptions/{any}/providers/EXAMPLE.things/things/{name}", operation="B", summary="b")
    with pytest.raises(ValueError, match="has a view already: Things_Get"):
        again(lambda request, **values: HttpResponse())


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [each.operation for each in routes()]
    assert len(names) == len(set(names)) > 30


def test_every_route_asks_for_a_permission_or_says_why_not() -> None:
    """What may be asked without one: who signs in, and lists that show nobody's resources."""
    open_to_all = {each.operation for each in routes() if each.permission is None}
    assert open_to_all == {
        "Api_Describe",
        "Authority_Authorize",
        "Authority_Configuration",
        "Authority_DeviceCode",
        "Authority_DevicePage",
        "Authority_Token",
        "Cloud_Endpoints",
        "Identity_AppServiceToken",
        "Identity_InstanceToken",
        "Operations_List",
        "Subscriptions_List",
        "Tenants_List",
    }


def test_what_writes_asks_for_more_than_looking() -> None:
    writing = [each for each in routes() if each.method in ("PUT", "PATCH", "DELETE") and not each.public]
    assert [each.operation for each in writing if each.permission == VIEW] == []


def path_of(each: Route) -> str:
    return each.template.format(**dict.fromkeys(each.names, "00000000-0000-0000-0000-000000000001"))


def test_no_role_gets_403_wherever_a_permission_is_asked(nobody: Arm) -> None:
    asked = [each for each in routes() if each.permission is not None]
    answers = {each.operation: nobody.ask(each.method, path_of(each)).status for each in asked}
    assert answers == dict.fromkeys(answers, 403)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "POST", "DELETE"])
def test_no_path_and_method_make_a_fault(owner: Arm, method: str) -> None:
    answers = {each.template: owner.ask(method, path_of(each), {}).status for each in routes()}
    assert {path: status for path, status in answers.items() if status >= 500} == {}


@examining(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(path=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_no_path_makes_a_page_or_a_fault(contributor: Arm, path: str) -> None:
    told = contributor.ask("GET", f"/{path.replace('?', '%3F').replace('#', '%23')}")
    assert told.status < 500
    assert told.json is not None


def test_debug_shows_no_page_either(settings: Settings, contributor: Arm) -> None:
    settings.DEBUG = True
    assert contributor.get("/nowhere").error[:2] == (404, "NotFound")
    assert contributor.get("/subscriptions", Host="evil.example.org").error[:2] == (400, "BadRequest")
