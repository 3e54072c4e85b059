"""kill -9 of a real server in the middle of 200 saves, on SQLite and PostgreSQL. Exit status 1 where a save is lost."""

import sys

from tests.servers import crash, postgres


def main() -> int:
    whole = True
    for name, run in {"SQLite": crash.on_sqlite, "PostgreSQL": crash.on_postgres}.items():
        if run is crash.on_postgres and postgres.programs() is None:
            print("PostgreSQL isn't installed.", file=sys.stderr)
            continue
        print(f"kill -9 within {crash.SAVES} saves by {crash.PEOPLE} people to {crash.REGISTRIES} registries, {name}:")
        for found in run():
            print(f"  {found}")
            whole = whole and not found.missing and not found.faults
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
