"""`python -m deploy.gate SITE.toml --environment FILE --to DIRECTORY`: the files of the gate, filled in."""

import argparse
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

from deploy.gate.rendering import File, Listener, Site, render

FROM_ENVIRONMENT = ("LOGIN_SERVER_SUFFIX", "GATE_KEY", "GATE_ORDER", "GATE_GRACE", "GATE_REASON_HEADER")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.gate", description="Fills in the gate's configuration.")
    parser.add_argument("site", type=Path, metavar="SITE.toml", help="registries, certificate, listeners")
    parser.add_argument("--environment", type=Path, required=True, help="the file with Portcullis's own settings")
    parser.add_argument("--to", type=Path, required=True, metavar="DIRECTORY", help="where nginx will read them")
    parser.add_argument("--as", type=Path, dest="seen", metavar="DIRECTORY", help="its name there, where it differs")
    asked = parser.parse_args()
    try:
        directory = asked.to.absolute()
        settings = environment(asked.environment.read_text())
        files = render(site(tomllib.loads(asked.site.read_text()), settings), asked.seen or directory)
        for name, file in files.items():
            write(directory / name, file)
    except (OSError, ValueError, TypeError) as error:
        print(f"Nothing was made: {error}", file=sys.stderr)
        return 1
    print(f"Made {', '.join(files)} in {directory}.")
    return 0


def environment(text: str) -> dict[str, str]:
    """The settings that the gate's configuration shares with Portcullis, from a file as systemd reads it."""
    found = dict.fromkeys(FROM_ENVIRONMENT, "")
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and name in found:
            found[name] = value.strip().strip("\"'")
    return found


def site(described: dict[str, Any], settings: dict[str, str]) -> Site:
    """ValueError or TypeError where the description has a word too many or too few."""
    for kind in ("subnets", "endpoints"):
        described[kind] = tuple(Listener(**each) for each in described.get(kind, ()))
    if "listen" in described:
        described["listen"] = tuple(described["listen"])
    order = settings["GATE_ORDER"].upper() or "NETWORK-FIRST"
    if order not in ("NETWORK-FIRST", "CHALLENGE-FIRST"):
        raise ValueError(f"GATE_ORDER is '{order}'; it must be NETWORK-FIRST or CHALLENGE-FIRST.")
    return Site(
        suffix=settings["LOGIN_SERVER_SUFFIX"],
        key=settings["GATE_KEY"],
        challenge_first=order == "CHALLENGE-FIRST",
        grace=int(settings["GATE_GRACE"] or 0),
        reason_header=settings["GATE_REASON_HEADER"].lower() in ("1", "true", "yes", "on"),
        **described,
    )


def write(path: Path, file: File) -> None:
    """In one step, and never readable by others for a moment where it holds a secret."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(file.text)
    draft.chmod(0o600 if file.secret else 0o644)
    draft.rename(path)


if __name__ == "__main__":
    sys.exit(main())
