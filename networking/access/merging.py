"""Two people's changes to the same policy, put together."""

from collections.abc import Sequence
from dataclasses import replace

from networking.access.addresses import AddressRange
from networking.access.policy import AccessPolicy, Rule


def combine(base: AccessPolicy, theirs: AccessPolicy, mine: AccessPolicy) -> AccessPolicy:
    """Both sides' changes to `base`. A setting changed on one side takes that side, changed on both keeps mine.

    Ranges are those of base, with what either added and without what either removed; theirs come first. The list may
    pass the limit of a registry: a Save says so.
    """
    two_facts = ("public_network_access", "default_action")
    chosen = mine if _differs(base, mine, *two_facts) else theirs
    return AccessPolicy(
        public_network_access=chosen.public_network_access,
        default_action=chosen.default_action,
        rules=_rules(base.rules, theirs.rules, mine.rules),
        subnets=tuple(_members(base.subnets, theirs.subnets, mine.subnets)),
        trusted_services=_setting(base, theirs, mine, "trusted_services"),
        tasks_bypass=_setting(base, theirs, mine, "tasks_bypass"),
        data_endpoint=_setting(base, theirs, mine, "data_endpoint"),
    )


def _differs(one: AccessPolicy, other: AccessPolicy, *names: str) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in names)


def _setting(base: AccessPolicy, theirs: AccessPolicy, mine: AccessPolicy, name: str) -> bool:
    return bool(getattr(mine if _differs(base, mine, name) else theirs, name))


def _rules(base: Sequence[Rule], theirs: Sequence[Rule], mine: Sequence[Rule]) -> tuple[Rule, ...]:
    was, their, my = ({rule.range: rule for rule in rules} for rules in (base, theirs, mine))
    ranges: list[AddressRange] = _members(list(was), list(their), list(my))
    return tuple(_rule(each, was.get(each), their.get(each), my.get(each)) for each in ranges)


def _rule(each: AddressRange, was: Rule | None, their: Rule | None, my: Rule | None) -> Rule:
    """The name and the note, each from the side that changed it."""
    if my is None or their is None:
        kept = my or their
        return kept if kept is not None else Rule(each)
    if was is None:
        return my
    return replace(
        their,
        name=my.name if my.name != was.name else their.name,
        note=my.note if my.note != was.note else their.note,
    )


def _members[T](base: Sequence[T], theirs: Sequence[T], mine: Sequence[T]) -> list[T]:
    """Base with what either side added and without what either removed, in their order, then what only mine has."""
    kept = [each for each in theirs if each in mine or each not in base]
    return kept + [each for each in mine if each not in theirs and each not in base]
