"""What is measured within the server's process, with the real middleware: run by `scratch.inside`, answers in JSON."""

import json
import sys
from typing import Any

import django

django.setup()

from benchmarks import against_admin, arm_answers, filling, pages, snapshots, tag_lookups  # noqa: E402


def answer(arguments: list[str]) -> Any:
    match arguments:
        case ["fill", count]:
            return filling.fill(int(count))
        case ["pages"]:
            return pages.samples()
        case ["snapshot"]:
            return snapshots.samples()
        case ["gated", name, client]:
            return snapshots.gated(name, client)
        case ["flips", name, client, times]:
            return snapshots.flips(name, client, int(times))
        case ["arm-asked"]:
            return arm_answers.prepared()
        case ["arm-pages"]:
            return arm_answers.pages()
        case ["service_tags", *addresses]:
            return tag_lookups.samples(*addresses)
        case ["against-admin"]:
            return against_admin.samples()
        case _:
            raise SystemExit(f"Unknown: {arguments}")


if __name__ == "__main__":
    json.dump(answer(sys.argv[1:]), sys.stdout)
