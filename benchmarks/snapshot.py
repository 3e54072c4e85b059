"""Prints what a gate's snapshot of 100,000 registries with 20 rules each takes to load, to keep, and to keep true."""

from typing import Any

from benchmarks import scratch
from tests.servers import postgres
from tests.servers.portal import installed

COUNT = 100_000
LOADS_WITHIN, FITS_IN, REFRESHES_WITHIN = 30.0, 1536.0, 5.0  # seconds, MiB, milliseconds


def main() -> None:
    if postgres.programs() is not None:
        with postgres.running() as server:
            measure("PostgreSQL", server.create_database("many"))
    measure(scratch.SQLITE, "")


def measure(database: str, url: str) -> None:
    with installed(url) as portal:
        scratch.inside(portal, "fill", str(COUNT))
        found: dict[str, Any] = scratch.inside(portal, "snapshot")
    print(f"{database}, a gate's snapshot of {COUNT:,} registries with 20 rules each:")
    tell("loaded in", found["load"], "s", LOADS_WITHIN)
    tell("the process holds", found["memory"], "MiB", FITS_IN)
    tell("refreshed after one change, median of 20", found["refresh"], "ms", REFRESHES_WITHIN)
    print(f"  looked, nothing changed             {found['look']:8.2f} ms")
    print(f"  a registry's first question         {found['first'] * 1000:8.0f} µs, and then {found['next']:.2f} µs")


def tell(what: str, took: float, unit: str, goal: float) -> None:
    print(f"  {what:<42} {took:8.2f} {unit} (goal {goal:g} {unit}: {'met' if took <= goal else 'not met'})")


if __name__ == "__main__":
    main()
