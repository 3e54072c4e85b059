"""The service tags of the client firewall rules, as far as the last import has them."""

from dataclasses import dataclass

from networking.access.endpoints import Cloud, TagNeed
from networking.exchange.tag_rules import TagRule
from networking.models import ServiceTagImport
from networking.tags.storing import names_of, prefixes_of
from registries.regions import display_name

type Found = dict[str, tuple[str, tuple[str, ...]]]  # as `prefixes_of` answers


@dataclass(frozen=True, slots=True)
class KnownTags:
    """Each tag that is needed. `source` says which import the prefixes are of; `without` is why there are none, as a
    clause, whether anybody asked for them or not."""

    rules: tuple[TagRule, ...] = ()
    source: str = ""
    without: str = ""


def known_tags(
    needed: tuple[TagNeed, ...], cloud: Cloud | None, last: ServiceTagImport | None, *, prefixes: bool
) -> KnownTags:
    """One query, where there is an import of this cloud. Those of another one have other addresses by the same
    names, so nothing of them is taken."""
    if not needed or cloud is None:
        return KnownTags()
    spelled = tuple(TagRule(_spelled(need), need.reason) for need in needed)
    if last is None:
        return KnownTags(spelled, without="no file of service tags is imported")
    if last.cloud.lower() != cloud.service_tags.lower():
        of = f"the imported file of service tags is that of the cloud {last.cloud}"
        return KnownTags(spelled, without=f"{of}, and this registry is in {cloud.service_tags}")
    # A region may have no tag of its own in the file; then the one of all regions has its addresses.
    keys = [key for need in needed for key in dict.fromkeys((need.key, need.name.lower()))]
    found: Found = prefixes_of(keys) if prefixes else {key: (name, ()) for key, name in names_of(keys).items()}
    rules = tuple(_rule(need, found) for need in needed)
    if not found or (prefixes and not any(rule.prefixes for rule in rules)):
        names = ", ".join(rule.name for rule in spelled)
        without = f"the imported file, {last.cloud} {last.change_number}, has nothing for the service tags {names}"
        return KnownTags(rules, without=without)
    return KnownTags(rules, source=_source(last) if prefixes else "")


def _rule(need: TagNeed, found: Found) -> TagRule:
    known = found.get(need.key) or found.get(need.name.lower())
    if known is None:
        return TagRule(_spelled(need), need.reason, missing=True)
    name, prefixes = known
    return TagRule(name, need.reason, prefixes)


def _spelled(need: TagNeed) -> str:
    """As files of service tags spell it, for all that is known without one."""
    return f"{need.name}.{display_name(need.region).replace(' ', '')}" if need.region else need.name


def _source(last: ServiceTagImport) -> str:
    when = f", imported {last.ended_at:%-d %b %Y}" if last.ended_at else ""
    return f"From service tags {last.cloud} {last.change_number}{when}."
