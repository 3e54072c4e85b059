"""Refusals as ARM spells them: one envelope for every status, and never a page."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, JsonResponse

from networking.access.problems import Problem

JSON = "application/json; charset=utf-8"


class ArmError(Exception):
    """A refusal on its way to the client. Raise it anywhere below `dispatch`.

    `gateway`: ARM itself answers, not the resource provider; then the envelope lacks ACR's `"status": "Failed"` and a
    header says so (acr-facts 10)."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        gateway: bool = False,
        headers: Mapping[str, str] | None = None,
        target: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.gateway = gateway
        self.headers = dict(headers or {})
        self.target = target

    def response(self, *, of_registries: bool = False) -> JsonResponse:
        """`of_registries`: the path is one of Microsoft.ContainerRegistry."""
        error = {"code": self.code, "message": self.message} | ({"target": self.target} if self.target else {})
        body: dict[str, Any] = {"error": error}
        headers = dict(self.headers)
        if self.gateway:
            headers["x-ms-failure-cause"] = "gateway"
        elif of_registries:
            body["status"] = "Failed"
        return JsonResponse(body, status=self.status, content_type=JSON, headers=headers)


def problem(refused: Problem, *, target: str = "") -> ArmError:
    """The core's refusal, in its own words."""
    return ArmError(400, refused.code.value, refused.message, target=target)


def invalid_content(why: str) -> ArmError:
    """The body is not what can be read; `why` is one sentence."""
    message = f"The request content was invalid and could not be deserialized: {why}"
    return ArmError(400, "InvalidRequestContent", message, gateway=True)


def subscription_not_found(text: str) -> ArmError:
    return ArmError(404, "SubscriptionNotFound", f"The subscription '{text[:90]}' could not be found.", gateway=True)


def group_not_found(name: str) -> ArmError:
    message = f"Resource group '{name[:90]}' could not be found."
    return ArmError(404, "ResourceGroupNotFound", message, gateway=True)


def resource_not_found(kind: str, name: str, group: str) -> ArmError:
    """`kind` is the full type, like Microsoft.ContainerRegistry/registries; `name` has all the names it needs, like
    myregistry or myregistry/westeurope. The type of a child keeps its place: registries/myregistry/replications/…"""
    namespace, *types = kind.split("/")
    names = name.split("/")
    path = "/".join(part for pair in zip(types, names, strict=False) for part in pair)
    message = (
        f"The Resource '{namespace}/{path[:200]}' under resource group '{group[:90]}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return ArmError(404, "ResourceNotFound", message, gateway=True)


# What Django calls where the request never came to `dispatch`, like a host name that is not ours.


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    return ArmError(400, "BadRequest", "The request can't be read; nothing was changed.", gateway=True).response()


def forbidden(request: HttpRequest, exception: Exception) -> JsonResponse:
    return ArmError(403, "Forbidden", "The request is refused; nothing was changed.", gateway=True).response()


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    return ArmError(404, "NotFound", "There is nothing at this address.", gateway=True).response()


def server_error(request: HttpRequest) -> JsonResponse:
    return internal().response()


def internal() -> ArmError:
    message = "The server failed to answer; nothing was half saved. Its log has the reason under the request's id."
    return ArmError(500, "InternalServerError", message)
