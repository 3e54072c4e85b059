"""How long each page takes the server, and with how many queries, in a database of any size."""

import random
from collections.abc import Callable
from typing import Any

from benchmarks.visitor import Visitor, queries, timed
from registries.listing import LINES
from registries.models import Registry

TIMES = 8


def samples() -> dict[str, Any]:
    """Milliseconds and queries by page. The registry is another one each time."""
    visitor = Visitor()
    names = list(Registry.objects.order_by("name").values_list("name", flat=True))
    pages = len(names) // LINES
    chosen = random.Random()

    def listed(query: str) -> Callable[[], Callable[[], None]]:
        return lambda: visitor.opens(f"/registries/{query}")

    acts: dict[str, Callable[[], Callable[[], None]]] = {
        "list": listed(""),
        "overview": lambda: visitor.opens(f"/registries/{chosen.choice(names)}/"),
        "blade": lambda: visitor.opens(f"/registries/{chosen.choice(names)}/networking/"),
        "evaluate": lambda: visitor.evaluates(chosen.choice(names)),
        "save": lambda: visitor.saves(chosen.choice(names)),
        **{f"list by {sort}": listed(f"?sort={sort}") for sort in ("access", "rules", "tier", "location", "-changed")},
        "list by group": listed("?sort=group"),
        "list, tier Premium": listed("?tier=Premium"),
        "list, middle page": listed(f"?page={pages // 2}"),
        "list, last page": listed(f"?page={pages}"),
        "search, one name": lambda: visitor.opens(f"/registries/?q={chosen.choice(names)}"),
        "search, many names": listed("?q=shop"),
        "search, nothing": listed("?q=nothing"),
    }
    return {
        "took": {name: timed(prepare, TIMES) for name, prepare in acts.items()},
        "queries": {name: queries(prepare()) for name, prepare in acts.items()},
    }
