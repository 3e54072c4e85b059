"""If-Match and If-None-Match, which ACR itself lacks: for those who send them, nobody's change is lost."""

from django.http import HttpRequest

from networking.arm.errors import ArmError

ETAG = ("ETag",)  # the headers of every answer that shows one resource


def has_conditions(request: HttpRequest) -> bool:
    return "If-Match" in request.headers or "If-None-Match" in request.headers


def require_conditions(request: HttpRequest, etag: str | None) -> None:
    """ArmError 412 where the resource isn't as the request expects it. `etag` is None where there is no resource."""
    wanted, unwanted = request.headers.get("If-Match"), request.headers.get("If-None-Match")
    if wanted is not None and not _names(wanted, etag):
        raise _failed("If-Match", "it changed since, or is gone. Read it again, then send your change")
    if unwanted is not None and request.method not in ("GET", "HEAD") and _names(unwanted, etag):
        raise _failed("If-None-Match", "it is there already")


def _names(header: str, etag: str | None) -> bool:
    """One of the tags of a header is this resource's; * is that of any that is there."""
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return etag is not None and ("*" in tags or etag in tags)


def _failed(header: str, why: str) -> ArmError:
    return ArmError(412, "PreconditionFailed", f"The resource is not as {header} expects it: {why}.")
