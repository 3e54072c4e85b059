"""The callers of a registry that must keep their access: kept by name, each change in its change record."""

import re
from collections.abc import Collection
from typing import Any

from django.db import transaction

from networking.access.addresses import AddressRange
from networking.access.policy import line_problem
from networking.access.problems import Code, Problem
from networking.models import MustWorkCaller
from registries.models import Change, Origin, Registry

UPDATE_MUST_WORK = "Update must-work callers"  # the operation of their change record
MAX_MUST_WORK_CALLERS = 50
MAX_NAME = 80

ROW_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


def must_work_callers(registry: Registry) -> list[MustWorkCaller]:
    """By name. One query."""
    return list(registry.must_work_callers.order_by("name", "pk"))


def add_must_work_caller(registry: Registry, *, name: str, text: str, origin: Origin) -> Change | Problem:
    """One caller more, or why not. Registry.DoesNotExist where the registry was deleted."""
    name = name.strip()
    wanted = AddressRange.parse(text)
    if problem := name_problem(name):
        return problem
    if isinstance(wanted, Problem):
        return wanted
    with transaction.atomic():
        registry = _locked(registry)
        callers = must_work_callers(registry)
        if problem := _refusal(wanted, callers):
            return problem
        registry.must_work_callers.create(name=name, range=str(wanted), added_by=origin.account)
        return _recorded(registry, callers, origin)


def remove_must_work_caller(registry: Registry, number: str, origin: Origin) -> MustWorkCaller | None:
    """The caller that was removed; None where this registry has none of that number, or no more.

    Registry.DoesNotExist where the registry was deleted."""
    if not ROW_NUMBER.fullmatch(number):
        return None
    gone = remove_must_work_callers(registry, {int(number)}, origin)
    return gone[0] if gone else None


def remove_must_work_callers(registry: Registry, numbers: Collection[int], origin: Origin) -> list[MustWorkCaller]:
    """Those of them that this registry had, removed as one change. Registry.DoesNotExist where it was deleted."""
    with transaction.atomic():
        registry = _locked(registry)
        callers = must_work_callers(registry)
        gone = [caller for caller in callers if caller.pk in numbers]
        if gone:
            registry.must_work_callers.filter(pk__in=[caller.pk for caller in gone]).delete()
            _recorded(registry, callers, origin)
        return gone


def name_problem(name: str) -> Problem | None:
    """Why it can't be the name of a caller; None where it can."""
    if not name:
        return Problem(Code.INVALID_RULE_TEXT, "Type a name, so that a warning can say who it is.")
    if problem := line_problem("name", name, MAX_NAME):
        return problem
    if not name.isprintable():
        return Problem(Code.INVALID_RULE_TEXT, "A name can't hold invisible characters. Type it anew.")
    return None


def _refusal(wanted: AddressRange, callers: list[MustWorkCaller]) -> Problem | None:
    same = next((caller for caller in callers if caller.range == str(wanted)), None)
    if same is not None:
        return Problem(Code.DUPLICATE_IP_RULE, f"{wanted} is listed already, as '{same.name}'.")
    if len(callers) >= MAX_MUST_WORK_CALLERS:
        return Problem(
            Code.QUOTA_EXCEEDED, f"A registry can have {MAX_MUST_WORK_CALLERS} must-work callers. Remove one first."
        )
    return None


def _locked(registry: Registry) -> Registry:
    """The lock of every change to a registry, which EndpointSettings.store takes too."""
    return Registry.objects.locked().get(pk=registry.pk)


def _recorded(registry: Registry, before: list[MustWorkCaller], origin: Origin) -> Change:
    after = must_work_callers(registry)
    return Change.record(registry, UPDATE_MUST_WORK, origin, before=_record(before), after=_record(after))


def _record(callers: list[MustWorkCaller]) -> dict[str, Any]:
    return {"mustWorkCallers": [{"name": caller.name, "range": caller.range} for caller in callers]}
