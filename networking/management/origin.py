"""Who stands behind what a command changes."""

import getpass

from registries.models import Origin


def command_origin() -> Origin:
    """The account of the operating system, marked so that nobody takes it for one of ours."""
    try:
        who = getpass.getuser()
    except (KeyError, ImportError, OSError):  # a container may run under a number that has no name
        who = "unknown"
    return Origin(account=f"{who[:100]} (command line)", door="command")
