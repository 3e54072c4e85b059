"""`python -m deploy.lab [--port 8000]`: starts the lab, says what to try, and takes all of it away when it ends."""

import argparse
import fcntl
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from deploy.lab.lab import Lab, missing
from registries.demonstration import DEMONSTRATION_ACCOUNTS

PREFIX = "portcullis"
DIRECTORY = Path("/run/portcullis-lab")

TRY = """
The console: http://localhost:{port}/  Sign in as {owner}, password {password}.
What each part says: {directory}/logs/

The hosts, each in a network namespace. Nothing of it leads out of this machine.

  portcullis-office   203.0.113.10   in the list of mycontainerregistry: 203.0.113.0/24
  portcullis-home     198.51.100.7   in the same list, alone
  portcullis-cafe     192.0.2.77     in no list of mycontainerregistry
  portcullis-scanner  192.0.2.130    of Microsoft Defender for Cloud, a trusted service
  portcullis-vm       10.1.0.10      in a subnet with a service endpoint, which contosobranches names
  portcullis-backend  10.2.1.10      reaches contosoarchive through a private endpoint, though it is disabled
  portcullis-branch   203.0.113.20   its own firewall knows login servers and blob hosts, no dedicated data endpoint

Try, in another terminal, as root:

  ip netns exec portcullis-office skopeo inspect --creds {owner}:{password} \\
      docker://mycontainerregistry.{suffix}/hello-world:v1
  ip netns exec portcullis-cafe curl https://mycontainerregistry.{suffix}/v2/
  ip netns exec portcullis-vm skopeo inspect --creds {owner}:{password} \\
      docker://contosobranches.{suffix}/hello-world:v1
  ip netns exec portcullis-backend skopeo inspect --creds {owner}:{password} \\
      docker://contosoarchive.{suffix}/hello-world:v1

Then open http://localhost:{port}/registries/mycontainerregistry/networking/, add 192.0.2.77, save, and ask from
portcullis-cafe again. Delete 198.51.100.7 and ask from portcullis-home. Turn the exception for trusted services off and
ask from portcullis-scanner. Pull from portcullis-branch, `skopeo copy … dir:/tmp/copy`, with the dedicated data
endpoint on and off.

Ctrl+C stops the lab and takes all of this away.
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make lab")
    parser.add_argument("--port", type=int, default=8000, help="of the console")
    asked = parser.parse_args()
    if why := _in_the_way():
        print(why, file=sys.stderr)
        return 1
    lock = os.open(f"{DIRECTORY}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("A lab is running already on this machine; stop it first.", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    shutil.rmtree(DIRECTORY, ignore_errors=True)  # of a run that was killed
    DIRECTORY.mkdir()
    lab = Lab(PREFIX, DIRECTORY, asked.port)
    try:
        return _run(lab)
    except KeyboardInterrupt:
        return 0
    except RuntimeError as error:
        print(f"The lab can't run: {error}", file=sys.stderr)
        return 1
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl+C must not leave half of it behind
        print("\nStopping the lab.", flush=True)
        lab.stop()
        shutil.rmtree(DIRECTORY, ignore_errors=True)
        Path(f"{DIRECTORY}.lock").unlink(missing_ok=True)


def _run(lab: Lab) -> int:
    lab.start(print)
    owner = next(each for each in DEMONSTRATION_ACCOUNTS if each.role == "Owner")
    said = {"owner": owner.username, "password": owner.password, "suffix": lab.site.suffix}
    print(TRY.format(port=lab.port, directory=lab.directory, **said), flush=True)
    while (ended := lab.ended()) is None:
        time.sleep(0.5)
    print(f"{ended.name} has ended:\n{ended.log.read_text(errors='replace')[-2000:]}", file=sys.stderr)
    return 1


def _in_the_way() -> str:
    """Why there can be no lab here; empty where there can."""
    if sys.platform != "linux":
        return "The lab needs Linux: it makes network namespaces. Elsewhere, make run shows both verdicts too."
    if os.geteuid() != 0:
        return "The lab makes network namespaces, which only root may: sudo make lab."
    if packages := missing():
        return f"Something is missing: apt install {' '.join(packages)}."
    return ""


def _interrupt(*signal_and_frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
