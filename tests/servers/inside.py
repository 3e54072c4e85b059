"""What needs Django on a server's own database: run by `Portal.inside`, answers in JSON."""

import json
import os
import sys
from itertools import pairwise
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registries.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.auth.models import Group  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402

from networking.models import UPDATE, EndpointSettings  # noqa: E402
from registries.models import Account, Registry  # noqa: E402
from tests import make  # noqa: E402
from tests.servers.portal import THERE_FROM_THE_START  # noqa: E402


def prepare(registries: int, people: int) -> dict[str, Any]:
    """So many registries, and the sessions of so many people, who have signed in already."""
    names = [f"registry{number:03}" for number in range(registries)]
    for name in names:
        make.registry(name, policy=make.selected(THERE_FROM_THE_START))
    return {"registries": names, "sessions": [_session(number) for number in range(people)]}


def _session(number: int) -> str:
    account = Account(username=f"person{number:03}@example.org")
    account.set_unusable_password()
    account.save()
    account.groups.add(Group.objects.get(name="Contributor"))
    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def look() -> dict[str, Any]:
    """By registry: the ranges that are stored, how many saves are on record, and what is not whole."""
    return {
        registry.name: {
            "ranges": [str(rule.range) for rule in EndpointSettings.of(registry).policy.rules],
            "saves": registry.changes.filter(operation=UPDATE).count(),
            "faults": list(_faults(registry)),
        }
        for registry in Registry.objects.with_group()
    }


def _faults(registry: Registry) -> list[str]:
    """Where the rules, the settings row, the summary on Registry and the change records disagree."""
    row = EndpointSettings.of(registry)
    policy = row.policy
    changes = list(registry.changes.filter(operation=UPDATE).order_by("pk"))
    summary = (registry.public_access, registry.rule_count, registry.subnet_count, registry.data_endpoint)
    told = (policy.public_access.value, len(policy.rules), len(policy.subnets), policy.data_endpoint)
    places = list(row.rules.order_by("position").values_list("position", flat=True))
    faults = []
    if summary != told:
        faults.append(f"{registry}: the summary says {summary}, the policy is {told}")
    if changes[-1].after != policy.record():
        faults.append(f"{registry}: the last change record isn't the policy that is stored")
    if any(one.after != following.before for one, following in pairwise(changes)):
        faults.append(f"{registry}: a change record doesn't begin where the one before it ended")
    if places != list(range(len(places))):
        faults.append(f"{registry}: the places of the rules are {places}")
    return faults


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["prepare", registries, people]:
            answer = prepare(int(registries), int(people))
        case ["look"]:
            answer = look()
        case unknown:
            sys.exit(f"Unknown: {unknown}")
    json.dump(answer, sys.stdout)
