"""The ARM API described in OpenAPI 3.1, made of the table that serves it."""

from typing import Any

from django.conf import settings

from networking.arm.routing import Route, Schema, routes

PATH_VALUE: dict[str, Any] = {"type": "string", "pattern": "^[^/]{1,260}$"}
PATH_VALUES = {"subscription": {"type": "string", "format": "uuid"}}
ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "minLength": 1},
                "message": {"type": "string", "minLength": 1},
                "target": {"type": "string"},
            },
        },
        "status": {"const": "Failed"},
    },
}
CONDITIONS = {
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "The ETag that the resource must have, or * where it must be there; else the answer is 412.",
        "schema": {"type": "string"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "* where nothing may be there yet, or an ETag that the resource must not have; else the answer "
        "is 412.",
        "schema": {"type": "string"},
    },
}
HEADERS: dict[str, Any] = {
    "ETag": {
        "description": "Changes whenever the resource does.",
        "required": True,
        "schema": {"type": "string", "pattern": '^(W/)?"[^"]+"$'},
    },
    "Retry-After": {
        "description": "After how many seconds to ask again.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    "Azure-AsyncOperation": {
        "description": "Where the status of what was begun is.",
        "required": True,
        "schema": {"type": "string", "format": "uri"},
    },
    "Location": {
        "description": "Where the result of what was begun is.",
        "required": True,
        "schema": {"type": "string", "format": "uri"},
    },
}
REFUSED: Schema = {"$ref": "#/components/schemas/Error"}
MEANINGS = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No content",
    400: "Bad request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    412: "Precondition failed",
    413: "Too large",
    415: "Unsupported media type",
    429: "Too many requests",
}


def document() -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for each in sorted(routes(), key=lambda one: (one.template.lower(), one.method)):
        paths.setdefault(each.template, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Portcullis, the ARM API",
            "version": "1",
            "description": "What Azure Resource Manager answers of container registries and the networks around them. "
            "Any api-version is served.",
        },
        "servers": [{"url": settings.ARM_URL}],
        "paths": paths,
        "security": [{"bearer": []}],
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": {"Error": ERROR},
            "headers": HEADERS,
            "parameters": {
                "ApiVersion": {
                    "name": "api-version",
                    "in": "query",
                    "required": True,
                    "schema": {"type": "string", "pattern": "^[0-9A-Za-z.-]{1,40}$"},
                    "example": "2026-09-01-preview",
                },
                **CONDITIONS,
            },
        },
    }


def _operation(of: Route) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": PATH_VALUES.get(name, PATH_VALUE)} for name in of.names
    ]
    parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in of.query.items()]
    answers = _answers(of)
    if 412 in answers:
        parameters += [{"$ref": f"#/components/parameters/{name}"} for name in CONDITIONS]
    described: dict[str, Any] = {
        "operationId": of.operation,
        "summary": of.summary,
        "tags": [of.operation.partition("_")[0]],
        "parameters": parameters if of.public else [*parameters, {"$ref": "#/components/parameters/ApiVersion"}],
        "responses": {
            str(status): _answer(status, schema, of.headers.get(status, ()))
            for status, schema in sorted(answers.items())
        },
    }
    if of.body is not None:
        described["requestBody"] = _takes("application/json", of.body)
    elif of.form is not None:
        described["requestBody"] = _takes("application/x-www-form-urlencoded", of.form)
    if of.public:
        described["security"] = []
    return described


def _answers(of: Route) -> dict[int, Schema | None]:
    """What the view answers, and every refusal it can meet before or beneath it. A body is never sent after HEAD."""
    if of.method == "HEAD":
        return {**dict.fromkeys(_refusals(of)), **of.answers}
    answers: dict[int, Schema | None] = {**dict.fromkeys(_refusals(of), REFUSED), **of.answers}
    # A view may have refusals of its own shape; `dispatch` still answers before it.
    own = {status: schema for status, schema in of.answers.items() if status >= 400 and schema is not None}
    return answers | {status: {"anyOf": [REFUSED, schema]} for status, schema in own.items()}


def _refusals(of: Route) -> list[int]:
    """By what the way of a request asks for (see `routing`). 405 is of methods that aren't described."""
    changes = of.method in ("PUT", "PATCH", "DELETE", "POST")
    return [
        400,
        *([] if of.public else [401]),
        *([403] if of.permission else []),
        *([404] if of.names else []),
        *([409] if changes and not of.public else []),
        *([412] if changes and of.method != "POST" else []),
        *([413, 415] if of.body is not None else [413] if of.form is not None else []),
    ]


def _takes(media: str, schema: Schema) -> dict[str, Any]:
    return {"required": True, "content": {media: {"schema": schema}}}


def _answer(status: int, schema: Schema | None, headers: tuple[str, ...]) -> dict[str, Any]:
    described: dict[str, Any] = {"description": MEANINGS.get(status, str(status))}
    if headers:
        described["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
    if schema is not None:
        described["content"] = {"application/json": {"schema": schema}}
    return described
