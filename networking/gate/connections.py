"""The database outside of Django's own requests."""

from django.db import connections


def let_go() -> None:
    """Of connections that are broken or were long enough in use, as Django does at both ends of its own requests."""
    for each in connections.all(initialized_only=True):
        if not each.in_atomic_block:  # somebody else's
            each.close_if_unusable_or_obsolete()
