"""The operations that a client polls. Each is a change record: done when it was written, and told for as long as it is
kept. The names are ARM's: the kind of resource and a GUID."""

from urllib.parse import urlencode
from uuid import UUID

from networking.arm.errors import ArmError
from networking.arm.http import absolute
from registries.models import Change
from registries.resource_id import PROVIDER

RETRY_HEADERS = ("Retry-After",)
STATUS_HEADERS = ("Azure-AsyncOperation", *RETRY_HEADERS)
RESULT_HEADERS = ("Location", *RETRY_HEADERS)
RETRY = {"Retry-After": "1"}  # without it az sleeps for 30 seconds (az-cli 7.1)


def name_of(kind: str, change: Change) -> str:
    return f"{kind}-{UUID(int=change.pk)}"


def require_operation(kind: str, name: str, *, within: str) -> Change:
    """The change of that name at a resource id that begins with `within`; ArmError 404 where there is none."""
    change = None
    try:
        given, _, guid = name.partition("-")
        number = UUID(guid).int if given.lower() == kind.lower() else 0
    except ValueError:
        number = 0
    if 0 < number < 2**63:
        change = Change.objects.filter(pk=number).first()
    if change is None or not f"{change.resource_id}/".lower().startswith(f"{within}/".lower()):
        raise ArmError(404, "ResourceNotFound", f"The resource {name[:100]} could not be found.")
    return change


def status_header(resource_id: str, kind: str, change: Change, version: str) -> dict[str, str]:
    """Of an answer 201 to a PUT: where its status is."""
    where = absolute(f"{resource_id}/operationStatuses/{name_of(kind, change)}?{urlencode({'api-version': version})}")
    return {"Azure-AsyncOperation": where, **RETRY}


def result_header(subscription: object, location: str, kind: str, change: Change, version: str) -> dict[str, str]:
    """Of an answer 202 to a DELETE: where its result is."""
    path = f"/subscriptions/{subscription}/providers/{PROVIDER}/locations/{location}/operationResults"
    where = absolute(f"{path}/{name_of(kind, change)}?{urlencode({'api-version': version})}")
    return {"Location": where, **RETRY}
