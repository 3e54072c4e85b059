"""A client of the ARM API in tests: a token, a version, JSON in and out."""

import json
from dataclasses import dataclass
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.test import Client
from django.test.client import ClientHandler

from networking.arm.front import Front
from tests.make import SUBSCRIPTION_ID

VERSION = "2026-09-01-preview"
SUBSCRIPTION = f"/subscriptions/{SUBSCRIPTION_ID}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/myResourceGroup"
REGISTRIES = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries"
REGISTRY = f"{REGISTRIES}/mycontainerregistry"
COMMAND = "acr update"


@dataclass(frozen=True)
class Answer:
    """What came back; `json` is None where there is no body."""

    status: int
    json: Any
    headers: dict[str, str]

    @property
    def error(self) -> tuple[int, str, str]:
        """Status, code and message of a refusal."""
        return self.status, self.json["error"]["code"], self.json["error"]["message"]


class FrontHandler(ClientHandler):
    """As the server has it: the front first, and Django behind it."""

    def __call__(self, environ: dict[str, Any]) -> Any:
        made: list[Any] = []

        def django(environ: dict[str, Any], start_response: object) -> list[bytes]:
            made.append(super(FrontHandler, self).__call__(environ))
            return []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
            made.append(HttpResponse(status=int(status.split()[0]), headers=dict(headers)))

        body = b"".join(Front(django)(environ, start_response))
        (response,) = made
        if body:
            response.content, response.wsgi_request = body, WSGIRequest(environ)
        return response


@dataclass(frozen=True)
class Arm:
    """`authorization` is the header of that name, empty for none."""

    authorization: str

    def ask(self, method: str, path: str, body: Any = None, *, version: str = VERSION, **headers: str) -> Answer:
        if "api-version" not in path:
            path += f"{'&' if '?' in path else '?'}api-version={version}"
        given = {"CommandName": COMMAND, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.authorization:
            given["Authorization"] = self.authorization
        # A test client raises what a view raised; as a server, it answers with it.
        client = Client(raise_request_exception=False)
        client.handler = FrontHandler()
        data = body if isinstance(body, (str, bytes)) else "" if body is None else json.dumps(body)
        response = client.generic(method, path, data, content_type="application/json", headers=given)
        parsed = json.loads(response.content) if response.content else None
        return Answer(response.status_code, parsed, dict(response.headers))

    def get(self, path: str, **more: Any) -> Answer:
        return self.ask("GET", path, **more)

    def put(self, path: str, body: Any, **more: Any) -> Answer:
        return self.ask("PUT", path, body, **more)

    def patch(self, path: str, body: Any, **more: Any) -> Answer:
        return self.ask("PATCH", path, body, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self.ask("POST", path, body, **more)

    def delete(self, path: str, **more: Any) -> Answer:
        return self.ask("DELETE", path, **more)
