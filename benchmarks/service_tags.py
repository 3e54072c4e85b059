"""Prints how long a file of service tags of real size takes to import and to search, and the memory of it."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import scratch
from benchmarks.snapshot import tell
from tests.browser.server import ROOT
from tests.servers import postgres
from tests.servers.portal import Portal, installed
from tests.service_tags_file import real_size, written

WITHIN, FITS_IN = 20.0, 300.0  # seconds, MiB
LOOKED_UP = ("13.64.0.5", "2603:1000:4::7", "192.0.2.1")


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "ServiceTags_Public.json"
        content = real_size()
        path.write_bytes(written(content, indent=12))
        tags = content["values"]
        prefixes = sum(len(tag["properties"]["addressPrefixes"]) for tag in tags)
        print(f"{path.stat().st_size / 1e6:.1f} MB, {len(tags):,} tags, {prefixes:,} prefixes")
        if postgres.programs() is not None:
            with postgres.running() as server:
                measure("PostgreSQL", server.create_database("tags"), path)
        measure(scratch.SQLITE, "", path)


def measure(database: str, url: str, path: Path) -> None:
    with installed(url) as portal:
        first, memory = imported(portal, path)
        again, _ = imported(portal, path)
        found: dict[str, Any] = scratch.inside(portal, "service_tags", *LOOKED_UP)
    print(f"{database}, manage.py import_service_tags:")
    tell("imported, the start of the process included", first, "s", WITHIN)
    tell("imported again, with the difference", again, "s", WITHIN)
    tell("the process held", memory, "MiB", FITS_IN)
    print(f"  which tag holds this address?              {found['address']:8.1f} ms, median")
    print(f"  a name, and its prefixes                   {found['name']:8.1f} ms, median")


def imported(portal: Portal, path: Path) -> tuple[float, float]:
    """Seconds, and the most memory that the process had, in MiB."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "import_service_tags", str(path)],
        cwd=ROOT,
        env=portal.environment,
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - started
    if status:
        raise RuntimeError("The import failed.")
    process.returncode = 0
    return took, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
