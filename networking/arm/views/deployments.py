"""Template deployments, which Portcullis doesn't serve. One question about them is refused as ARM refuses a template,
because az breaks off with a trace at any other refusal of it: `az deployment group what-if`. Its body is not read: az
sends the template as it is in its file, which needn't be JSON."""

from typing import Any

from django.http import JsonResponse

from networking.arm.http import ArmRequest, answer, group_at, subscription_at
from networking.arm.routing import not_served, route
from registries.models import VIEW

DEPLOYMENT = "providers/Microsoft.Resources/deployments/{deployment}"
WHAT_IF: dict[str, Any] = {
    "type": "object",
    "required": ["status", "error"],
    "properties": {
        "status": {"const": "Failed"},
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        },
    },
}


@route(
    "POST",
    f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/{DEPLOYMENT}/whatIf",
    operation="Deployments_WhatIf",
    summary="What a template would change, which is not known here",
    permission=VIEW,
    answers={200: WHAT_IF},
)
def what_if(request: ArmRequest, subscription: str, group: str, deployment: str) -> JsonResponse:
    group_at(subscription, group)
    return _refused()


@route(
    "POST",
    f"/subscriptions/{{subscription}}/{DEPLOYMENT}/whatIf",
    operation="Deployments_WhatIfAtSubscriptionScope",
    summary="What a template of a subscription would change, which is not known here",
    permission=VIEW,
    answers={200: WHAT_IF},
)
def what_if_of_subscription(request: ArmRequest, subscription: str, deployment: str) -> JsonResponse:
    subscription_at(subscription)
    return _refused()


def _refused() -> JsonResponse:
    """200, as for a template that can't be deployed: the question itself was answered."""
    return answer({"status": "Failed", "error": {"code": "InvalidResourceType", "message": not_served("deployments")}})
