"""`python -m benchmarks [PART …]`: every figure of docs/performance.md, each by a process of its own."""

import subprocess
import sys

PARTS = ("decide", "admin", "size", "editing", "crash", "page_weight", "snapshot", "gate", "arm", "service_tags")


def main() -> int:
    wanted = sys.argv[1:] or PARTS
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        print(f"There is no part {', '.join(unknown)}; there are {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    failed = []
    for place, name in enumerate(wanted):
        print("\n" * (place > 0), end="", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"Not as it must be: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
