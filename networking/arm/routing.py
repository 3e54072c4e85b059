"""The table of the ARM API, and the way of a request through it.

A view registers itself with `@route`; `/openapi.json` is made of the same table. In this order, and the first
that fails answers: the api-version, the token, the path, the method, the permission, the body. Beneath /adfs and
wherever else nobody has a token yet, a path that leads nowhere is refused before it is asked for either.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from networking.arm import tokens
from networking.arm.bodies import parsed, read_to_the_end
from networking.arm.errors import ArmError, bad_request, internal
from networking.arm.http import ArmRequest, request_id
from networking.arm.kept_answers import Place

logger = logging.getLogger("portcullis.arm")

Schema = Mapping[str, Any]
OBJECT: Schema = {"type": "object"}
VERSION = re.compile(r"[0-9A-Za-z.-]{1,40}", re.ASCII)
REGISTRIES = "microsoft.containerregistry"
# What `az login --tenant contoso.com` prints: it asks here for the id of that name.
NO_TENANT = "There is nothing at this path. The --tenant of az login is a GUID; manage.py connect prints it."
ACTIONS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}


class View(Protocol):
    def __call__(self, request: ArmRequest, /, **values: str) -> HttpResponseBase: ...


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `body` and `form` are JSON schemas of what it takes, `answers` those of what it gives by status
    (None: no body; without any, it always refuses), `query` those of its parameters besides api-version. `headers` are
    those that each answer of a status has and not every answer. `public` needs neither a token nor a version. An answer
    is `kept` where only the database and the address make it."""

    method: str
    template: str
    view: Callable[..., HttpResponseBase]
    operation: str
    summary: str
    permission: str | None
    body: Schema | None
    form: Schema | None
    answers: Mapping[int, Schema | None]
    query: Mapping[str, Schema]
    headers: Mapping[int, tuple[str, ...]]
    public: bool
    kept: bool

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(self.template.strip("/").split("/"))

    @property
    def names(self) -> list[str]:
        """What the values of its path are called, in order."""
        return [each.strip("{}") for each in self.segments if each.startswith("{")]

    def named(self, values: tuple[str, ...]) -> dict[str, str]:
        return dict(zip(self.names, values, strict=True))

    @property
    def action(self) -> str:
        """What ARM calls it, like Microsoft.ContainerRegistry/registries/write. A namespace that the path names stands
        in it as {namespace}."""
        segments = self.segments
        if "providers" in segments[:-1]:
            namespace, *rest = segments[segments.index("providers") + 1 :]
        else:
            namespace, rest = "Microsoft.Resources", list(segments)
        return "/".join([namespace, *(each for each in rest if not each.startswith("{")), ACTIONS[self.method]])


@dataclass
class Node:
    """A place in the tree of paths: what may follow, by literal in lower case or by any value."""

    literals: dict[str, "Node"] = field(default_factory=dict)
    value: "Node | None" = None
    routes: dict[str, Route] = field(default_factory=dict)

    def find(self, segments: list[str], at: int = 0) -> "tuple[Node, tuple[str, ...]] | None":
        """The place of a path and its values in order; a literal goes before a value."""
        if at == len(segments):
            return (self, ()) if self.routes else None
        literal = self.literals.get(segments[at].lower())
        if literal is not None and (found := literal.find(segments, at + 1)) is not None:
            return found
        if self.value is not None and (found := self.value.find(segments, at + 1)) is not None:
            node, values = found
            return node, (segments[at], *values)
        return None


ROOT = Node()


def route[V: Callable[..., HttpResponseBase]](
    method: str,
    template: str,
    *,
    operation: str,
    summary: str,
    permission: str | None = None,
    body: Schema | None = None,
    form: Schema | None = None,
    answers: Mapping[int, Schema | None] | None = None,
    query: Mapping[str, Schema] | None = None,
    headers: Mapping[int, tuple[str, ...]] | None = None,
    public: bool = False,
    kept: bool = False,
) -> Callable[[V], V]:
    """Register a view. `operation` is the id of the operation in OpenAPI, like Registries_Get."""

    def register(view: V) -> V:
        made = Route(
            method=method,
            template=template,
            view=view,
            operation=operation,
            summary=summary,
            permission=permission,
            body=body,
            form=form,
            answers={200: OBJECT} if answers is None else answers,
            query=query or {},
            headers=headers or {},
            public=public,
            kept=kept,
        )
        node = ROOT
        for segment in made.segments:
            if segment.startswith("{"):
                node.value = node.value or Node()
                node = node.value
            else:
                node = node.literals.setdefault(segment.lower(), Node())
        if method in node.routes:
            raise ValueError(f"{method} {template} has a view already: {node.routes[method].operation}")
        node.routes[method] = made
        return view

    return register


def routes(node: Node = ROOT) -> Iterator[Route]:
    """Every route of the table."""
    yield from node.routes.values()
    for literal in node.literals.values():
        yield from routes(literal)
    if node.value is not None:
        yield from routes(node.value)


@csrf_exempt
def dispatch(request: ArmRequest) -> HttpResponseBase:
    """The one view of the ARM server."""
    # Doubled slashes go first: az itself sends them (az-cli 7, `resource show`).
    segments = [segment for segment in request.path_info.split("/") if segment]
    of_registries = REGISTRIES in (segment.lower() for segment in segments)
    request.api_version, request.place = "", None
    response: HttpResponseBase
    try:
        response = _answered(request, segments)
    except ArmError as refused:
        response = refused.response(of_registries=of_registries)
    except RequestDataTooBig:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        message = f"The request content is larger than {most:,} bytes; nothing was changed."
        response = ArmError(413, "RequestContentTooLarge", message, gateway=True).response()
    except (BadRequest, SuspiciousOperation, UnreadablePostError) as unreadable:
        response = bad_request(request, unreadable)
    except Exception:  # whatever it is, the client gets an envelope and the log the trace
        logger.exception("%s %s failed, request %s", request.method, request.path_info, request_id(request))
        response = internal().response(of_registries=of_registries)
    read_to_the_end(request)
    if of_registries and request.api_version:
        response.headers.setdefault("api-supported-versions", request.api_version)
    if request.place is not None and response.status_code == 200:
        request.place.keep(response, tokens.ends(_authorization(request)))
    return response


def _answered(request: ArmRequest, segments: list[str]) -> HttpResponseBase:
    request.get_host()  # DisallowedHost, a SuspiciousOperation, where it is not ours
    _check_text(request)
    node, values = ROOT.find(segments) or (Node(), ())
    method = request.method or ""
    chosen = node.routes.get(method) or (node.routes.get("GET") if method == "HEAD" else None)
    if not (chosen.public if chosen else not node.routes and _is_before_signing_in(segments)):
        request.api_version = _version(request)
        if chosen is not None and chosen.kept and method == "GET":
            request.place = Place.of(request.META)
        request.account = tokens.identify(_authorization(request))
    if not node.routes:
        raise _unknown(segments, request.api_version)
    if chosen is None:
        raise _not_allowed(request, node)
    if chosen.permission is not None and not request.account.may(chosen.permission):
        raise forbidden(request, chosen.action.format(**chosen.named(values)))
    request.json = parsed(request) if chosen.body is not None else None
    response = chosen.view(request, **chosen.named(values))
    if request.method == "HEAD" and isinstance(response, HttpResponse):
        response.content = b""
    return response


def _authorization(request: HttpRequest) -> str:
    return request.headers.get("Authorization", "")


def _check_text(request: HttpRequest) -> None:
    """No database takes a NUL, and no name of ours has another character that doesn't print."""
    values = [request.path_info, *(text for pair in request.GET.lists() for text in (pair[0], *pair[1]))]
    if not all(value.isprintable() for value in values):
        message = "The request URI holds a character that doesn't print; encode names as UTF-8."
        raise ArmError(400, "InvalidRequestUri", message, gateway=True)


def _version(request: HttpRequest) -> str:
    """Any version is served, known or not: each az has its own."""
    version = request.GET.get("api-version", "")
    if not version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise ArmError(400, "MissingApiVersionParameter", message, gateway=True)
    if not VERSION.fullmatch(version):
        message = f"The api-version '{version[:40]}' is invalid; it is a date, like 2026-09-01-preview."
        raise ArmError(400, "InvalidApiVersionParameter", message, gateway=True)
    return version


def _is_before_signing_in(segments: list[str]) -> bool:
    """A path beside those that need no token. Who asks there has none yet, and names no version."""
    first = ROOT.literals.get(segments[0].lower()) if segments else None
    return first is not None and all(each.public for each in routes(first))


def _unknown(segments: list[str], version: str) -> ArmError:
    lowered = [segment.lower() for segment in segments]
    if lowered[:1] == ["adfs"]:
        return ArmError(404, "NotFound", NO_TENANT, gateway=True)
    if "providers" in lowered and len(segments) > lowered.index("providers") + 2:
        namespace, *rest = segments[lowered.index("providers") + 1 :]
        kinds = "/".join(rest[::2])[:200]
        message = (
            f"The resource type '{kinds}' could not be found in the namespace '{namespace[:90]}' "
            f"for api version '{version[:40]}'. {not_served(kinds)}"
        )
        return ArmError(404, "InvalidResourceType", message, gateway=True)
    return ArmError(404, "NotFound", "There is no resource at this path; /openapi.json lists what is.", gateway=True)


def not_served(kinds: str) -> str:
    """`kinds`: a type of resource without its namespace."""
    what = "template deployments" if kinds.lower().split("/")[0] == "deployments" else "it"
    return f"Portcullis doesn't serve {what}; docs/az.md lists what it serves."


def _not_allowed(request: HttpRequest, node: Node) -> ArmError:
    allowed = ", ".join(sorted({*node.routes} | ({"HEAD"} if "GET" in node.routes else set())))
    message = f"The HTTP method '{(request.method or '')[:20]}' is not supported here; {allowed} is."
    return ArmError(405, "MethodNotAllowed", message, gateway=True, headers={"Allow": allowed})


def forbidden(request: ArmRequest, action: str) -> ArmError:
    """`action` as ARM spells it, like Microsoft.Network/virtualNetworks/delete."""
    account, scope = request.account, re.sub(r"/{2,}", "/", request.path_info)[:400]
    message = (
        f"The client '{account.username}' with object id '{account.object_id}' does not have authorization to "
        f"perform action '{action[:200]}' over scope '{scope}' or the scope is invalid. "
        "If access was recently granted, please refresh your credentials."
    )
    return ArmError(403, "AuthorizationFailed", message, gateway=True)
