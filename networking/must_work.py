"""The callers of a registry that must keep their access: kept by name, each change in its change record."""

import re
from dataclasses import dataclass
from typing import Any, Self

from django.db import transaction

from networking.access.addresses import AddressRange
from networking.access.analysis import reachable_from
from networking.access.policy import AccessPolicy, line_problem
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
    with transaction.atomic():
        registry = _locked(registry)
        callers = must_work_callers(registry)
        gone = next((caller for caller in callers if caller.pk == int(number)), None)
        if gone is not None:
            registry.must_work_callers.filter(pk=gone.pk).delete()
            _recorded(registry, callers, origin)
        return gone


def name_problem(name: str) -> Problem | None:
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
    return Registry.objects.select_for_update(of=("self",)).with_group().get(pk=registry.pk)


def _recorded(registry: Registry, before: list[MustWorkCaller], origin: Origin) -> Change:
    after = must_work_callers(registry)
    return Change.record(registry, UPDATE_MUST_WORK, origin, before=_record(before), after=_record(after))


def _record(callers: list[MustWorkCaller]) -> dict[str, Any]:
    return {"mustWorkCallers": [{"name": caller.name, "range": caller.range} for caller in callers]}


@dataclass(frozen=True, slots=True)
class Reach:
    """How many of a range's addresses get in."""

    allowed: int
    size: int

    @classmethod
    def of(cls, policy: AccessPolicy, wanted: AddressRange) -> Self:
        """Counted over the whole range, not asked address by address."""
        spans = reachable_from(policy)
        meet = (min(last, wanted.last) - max(first, wanted.first) + 1 for first, last in spans)
        return cls(sum(each for each in meet if each > 0), wanted.size)

    @property
    def verdict(self) -> str:
        if self.allowed == 0:
            return "Denied"
        return "Allowed" if self.allowed == self.size else "Partly"

    @property
    def counted(self) -> str:
        """'128 of 256 addresses'; empty for a single address, whose verdict says it all."""
        return "" if self.size == 1 else f"{self.allowed:,} of {self.size:,} addresses"
