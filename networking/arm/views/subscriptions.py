"""Subscriptions and tenants, which az asks for when it signs in; providers and regions."""

from typing import Any

from django.http import JsonResponse

from networking.arm.http import ArmRequest, answer, origin, subscription_at
from networking.arm.providers import PROVIDERS, provider_at, register, unregister
from networking.arm.routing import route
from registries import regions, signing
from registries.models import CHANGE, VIEW, Subscription

TEXT: dict[str, Any] = {"type": "string"}


def _object(needed: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(needed), "properties": needed}


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return _object({"value": {"type": "array", "items": of}})


SUBSCRIPTION = _object({"id": TEXT, "subscriptionId": TEXT, "displayName": TEXT, "state": TEXT, "tenantId": TEXT})
TENANT = _object({"id": TEXT, "tenantId": TEXT, "displayName": TEXT, "defaultDomain": TEXT})
TYPES = {"type": "array", "items": _object({"resourceType": TEXT, "apiVersions": {"type": "array", "items": TEXT}})}
PROVIDER = _object(
    {
        "id": TEXT,
        "namespace": TEXT,
        "registrationState": {"enum": ["Registered", "NotRegistered", "Unregistered"]},
        "resourceTypes": TYPES,
    }
)
LOCATION = _object({"id": TEXT, "name": TEXT, "displayName": TEXT, "regionalDisplayName": TEXT, "type": TEXT})
ONE = "/subscriptions/{subscription}"


@route(
    "GET",
    "/subscriptions",
    operation="Subscriptions_List",
    summary="The subscriptions that the caller may see",
    answers={200: _list(SUBSCRIPTION)},
)
def subscriptions(request: ArmRequest) -> JsonResponse:
    """An account without a role signs in and sees none, as on Azure."""
    seen = Subscription.objects.order_by("display_name", "pk") if request.account.may(VIEW) else ()
    return answer({"value": [_spelled(each) for each in seen]})


@route(
    "GET",
    ONE,
    operation="Subscriptions_Get",
    summary="One subscription",
    permission=VIEW,
    answers={200: SUBSCRIPTION},
)
def one_subscription(request: ArmRequest, subscription: str) -> JsonResponse:
    return answer(_spelled(subscription_at(subscription)))


def _spelled(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription.subscription_id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": str(subscription.subscription_id),
        "tenantId": signing.tenant_id(),
        "displayName": subscription.display_name,
        "state": "Enabled",
    }


@route("GET", "/tenants", operation="Tenants_List", summary="The tenant", answers={200: _list(TENANT)})
def tenants(request: ArmRequest) -> JsonResponse:
    tenant = signing.tenant_id()
    said = {"id": f"/tenants/{tenant}", "tenantId": tenant, "displayName": "Portcullis", "defaultDomain": "localhost"}
    return answer({"value": [said | {"tenantCategory": "Home"}]})


@route(
    "GET",
    f"{ONE}/locations",
    operation="Subscriptions_ListLocations",
    summary="The regions",
    permission=VIEW,
    answers={200: _list(LOCATION)},
)
def locations(request: ArmRequest, subscription: str) -> JsonResponse:
    place = f"/subscriptions/{subscription_at(subscription).subscription_id}/locations"
    return answer(
        {
            "value": [
                {
                    "id": f"{place}/{name}",
                    "name": name,
                    "type": "Region",
                    "displayName": shown,
                    "regionalDisplayName": shown,
                    "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
                }
                for name, shown in regions.DISPLAY_NAMES.items()
            ]
        }
    )


@route(
    "GET",
    f"{ONE}/providers",
    operation="Providers_List",
    summary="The resource providers",
    permission=VIEW,
    answers={200: _list(PROVIDER)},
)
def providers(request: ArmRequest, subscription: str) -> JsonResponse:
    found = subscription_at(subscription)
    return answer({"value": [each.spelled(found) for each in PROVIDERS]})


@route(
    "GET",
    f"{ONE}/providers/{{namespace}}",
    operation="Providers_Get",
    summary="One resource provider, with its types and their versions",
    permission=VIEW,
    answers={200: PROVIDER},
)
def one_provider(request: ArmRequest, subscription: str, namespace: str) -> JsonResponse:
    return answer(provider_at(namespace).spelled(subscription_at(subscription)))


@route(
    "POST",
    f"{ONE}/providers/{{namespace}}/register",
    operation="Providers_Register",
    summary="Register the subscription to use a provider, at once",
    permission=CHANGE,
    answers={200: PROVIDER},
)
def register_provider(request: ArmRequest, subscription: str, namespace: str) -> JsonResponse:
    provider = provider_at(namespace)
    return answer(provider.spelled(register(provider, subscription_at(subscription), origin(request))))


@route(
    "POST",
    f"{ONE}/providers/{{namespace}}/unregister",
    operation="Providers_Unregister",
    summary="Take that back, where the subscription has no resource of the provider",
    permission=CHANGE,
    answers={200: PROVIDER},
)
def unregister_provider(request: ArmRequest, subscription: str, namespace: str) -> JsonResponse:
    """Unregistered for a provider that never was registered too: az would wait for the word."""
    provider = provider_at(namespace)
    said = provider.spelled(unregister(provider, subscription_at(subscription), origin(request)))
    return answer(said | {"registrationState": "Unregistered"})
