"""What this API can do, told by the table that does it."""

from typing import Any

from django.http import JsonResponse

from networking.arm.http import ArmRequest, answer
from networking.arm.openapi import document
from networking.arm.providers import provider_at
from networking.arm.routing import Route, route, routes

OPERATION: dict[str, Any] = {
    "type": "object",
    "required": ["name", "display"],
    "properties": {"name": {"type": "string"}, "display": {"type": "object"}},
}


@route(
    "GET",
    "/providers/{namespace}/operations",
    operation="Operations_List",
    summary="The operations of a provider",
    answers={
        200: {
            "type": "object",
            "required": ["value"],
            "properties": {"value": {"type": "array", "items": OPERATION}},
        }
    },
)
def operations(request: ArmRequest, namespace: str) -> JsonResponse:
    wanted = provider_at(namespace).namespace
    ours = {name: each for each in routes() if (name := each.action.format(namespace=wanted)).startswith(f"{wanted}/")}
    return answer({"value": [_spelled(name, ours[name], wanted) for name in sorted(ours)]})


def _spelled(name: str, of: Route, namespace: str) -> dict[str, Any]:
    resource = "/".join(name.split("/")[1:-1])
    display = {"provider": namespace, "resource": resource, "operation": of.summary, "description": f"{of.summary}."}
    return {"name": name, "isDataAction": False, "display": display, "origin": "user,system"}


@route(
    "GET",
    "/openapi.json",
    operation="Api_Describe",
    summary="This description",
    public=True,
)
def openapi(request: ArmRequest) -> JsonResponse:
    return answer(document())
