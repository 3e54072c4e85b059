"""The blade beside Django admin's change page, for the same registry with 100 rules."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from benchmarks.filling import policy
from benchmarks.visitor import Visitor, another_name, queries, timed
from networking.access.policy import MAX_IP_RULES
from tests import make
from tests.servers.person import ATTRIBUTE

NAME = "hundredrules"
TIMES = 6
ROUNDS = 4

INPUT = re.compile(r"<(input|textarea)\b([^>]*)>(?:([^<]*)</textarea>)?")
SELECT = re.compile(r'<select name="([^"]*)".*?<option value="([^"]*)" selected>', re.DOTALL)


def samples() -> dict[str, Any]:
    """Milliseconds and queries. The two take turns, so that what else the machine does meets both."""
    registry = make.registry(NAME, policy=policy(MAX_IP_RULES))
    admin_page = f"/plain-admin/networking/endpointsettings/{registry.pk}/change/"
    visitor = Visitor()
    acts: dict[str, Callable[[], Callable[[], None]]] = {
        "blade": lambda: visitor.opens(f"/registries/{NAME}/networking/"),
        "admin": lambda: visitor.opens(admin_page),
        "blade save": lambda: visitor.saves(NAME),
        "admin save": lambda: admin_saves(visitor, admin_page),
        "blade save and see": lambda: visitor.saves(NAME, htmx=True),
        "admin save and see": lambda: then(admin_saves(visitor, admin_page), visitor.opens(admin_page)),
    }
    took: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(ROUNDS):
        for name, prepare in acts.items():
            took[name] += timed(prepare, TIMES)
    return {"took": took, "queries": {name: queries(prepare()) for name, prepare in acts.items()}}


def then(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def both() -> None:
        first()
        second()

    return both


def admin_saves(visitor: Visitor, path: str) -> Callable[[], None]:
    """The same change: the last rule named anew, everything else as the page has it."""
    data = admin_form(visitor.get(path))
    data[f"rules-{MAX_IP_RULES - 1}-name"] = another_name()
    data["_continue"] = "1"

    def save() -> None:
        status = visitor.client.post(path, data).status_code
        assert status == 302, f"{path} answers {status}"

    return save


def admin_form(page: str) -> dict[str, str]:
    """As a browser would send it."""
    form = page[page.index('id="endpointsettings_form"') :]
    data = dict(SELECT.findall(form))
    for tag, attributes, text in INPUT.findall(form):
        each = {name: unescape(value) for name, value in ATTRIBUTE.findall(attributes)}
        box = each.get("type") == "checkbox"
        if "name" not in each or each.get("type") == "submit" or (box and "checked" not in each):
            continue
        data[each["name"]] = unescape(text).strip() if tag == "textarea" else each.get("value", "on" if box else "")
    return data
