"""Prints the blade against Django admin, with 100 rules. The goal: at most half its server time."""

from statistics import median

from benchmarks import scratch

GOAL = 0.5
PAIRS = {
    "Page (GET)": ("blade", "admin"),
    "Save (POST, redirect)": ("blade save", "admin save"),
    "Save and see the page again": ("blade save and see", "admin save and see"),
}


def main() -> None:
    with scratch.database() as (name, url), scratch.with_plain_admin(url) as portal:
        found = scratch.inside(portal, "against-admin", settings="benchmarks.plain_admin_settings")
    print(f"One registry with 100 rules, {name}, server time:   blade   Django admin   (goal: at most {GOAL:.2f})")
    for label, (blade, admin) in PAIRS.items():
        ours, theirs = median(found["took"][blade]), median(found["took"][admin])
        asked = f"{found['queries'][blade]} and {found['queries'][admin]} queries"
        print(f"  {label:<28} {ours:7.1f} ms {theirs:7.1f} ms  {ours / theirs:5.2f} {verdict(ours / theirs)}  {asked}")


def verdict(ratio: float) -> str:
    return "met    " if ratio <= GOAL else "not met"


if __name__ == "__main__":
    main()
