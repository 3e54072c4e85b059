"""One signed-in person whose requests go through the real middleware, and how long each takes the server."""

import time
from collections.abc import Callable
from dataclasses import replace
from secrets import token_hex

from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registries.models import Account
from tests.servers.person import Form

WARM_UP = 1


class Visitor:
    """An administrator, since the admin lets in nobody else; an Owner, as the blade shows it."""

    def __init__(self) -> None:
        account, _ = Account.objects.get_or_create(
            username="figures@example.org", defaults={"is_staff": True, "is_superuser": True}
        )
        account.groups.add(Group.objects.get(name="Owner"))
        self.client = Client(headers={"host": "localhost", "accept-encoding": "gzip"})
        self.client.force_login(account)

    def get(self, path: str) -> str:
        answer = self.client.get(path, headers={"accept-encoding": "identity"})
        assert answer.status_code == 200, f"{path} answers {answer.status_code}"
        return answer.content.decode()

    def opens(self, path: str) -> Callable[[], None]:
        return lambda: self._expect(200, self.client.get(path).status_code, path)

    def evaluates(self, registry: str) -> Callable[[], None]:
        """As the page asks after somebody typed one more address."""
        form = self.form(registry)
        data = fields(form.with_range("203.0.113.77"))
        path = f"{form.path}evaluate/"
        return lambda: self._expect(200, self.client.post(path, data, headers={"HX-Request": "true"}).status_code, path)

    def saves(self, registry: str, *, htmx: bool = False) -> Callable[[], None]:
        """One rule named anew. With htmx the answer is the page, without it a redirect to the page."""
        form = self.form(registry)
        at = max(place for place, (name, value) in enumerate(form.fields) if name == "range" and value) + 1
        changed = replace(form, fields=(*form.fields[:at], ("name", another_name()), *form.fields[at + 1 :]))
        data = {**fields(changed), "op": ["save"]}
        headers = {"HX-Request": "true"} if htmx else {}
        wanted = 200 if htmx else 303
        return lambda: self._expect(wanted, self.client.post(form.path, data, headers=headers).status_code, form.path)

    def form(self, registry: str) -> Form:
        path = f"/registries/{registry}/networking/"
        return Form.read(path, self.get(path))

    def _expect(self, wanted: int, status: int, path: str) -> None:
        assert status == wanted, f"{path} answers {status}"


def another_name() -> str:
    """Of a rule, and never twice: what is stored already is no Save."""
    return f"Save {token_hex(6)}"


def fields(form: Form) -> dict[str, list[str]]:
    data: dict[str, list[str]] = {}
    for name, value in form.fields:
        data.setdefault(name, []).append(value)
    return data


def timed(prepare: Callable[[], Callable[[], None]], times: int) -> list[float]:
    """Milliseconds. Preparing is not among them, nor is the first time."""
    took = []
    for _ in range(times + WARM_UP):
        act = prepare()
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
    return took[WARM_UP:]


def queries(act: Callable[[], None]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)
