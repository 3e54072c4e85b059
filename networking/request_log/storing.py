"""Many lines at once into the database, and the old ones out of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from networking.models import AccessRequest, EndpointSettings, FirewallRule, GateReport
from networking.request_log.lines import Line, Report
from registries.models import Registry

TELLS_USE_EVERY = timedelta(minutes=1)  # of one rule
AT_ONCE = 5000  # rows to a deletion: nobody else waits long for it
MOST_DELETIONS = 20

type RuleKey = tuple[int, str]  # a registry and the range; empty for the registry's log itself
type LastUses = dict[RuleKey, datetime]


def store(said: Sequence[Line | Report], told: LastUses) -> int:
    """All or nothing; `told` are the uses of rules that were written before, and are written again when they are a
    minute old. Returns how many lines were about no registry of ours."""
    lines = [each for each in said if isinstance(each, Line)]
    registries = _registries({line.registry for line in lines})
    known = [(registries[line.registry], line) for line in lines if line.registry in registries]
    uses = _uses(known, told)
    with transaction.atomic():
        if settings.REQUESTS_KEPT:
            AccessRequest.objects.bulk_create(_row(registry, line) for registry, line in known)
        _write_uses(uses)
        for gate in _latest(each for each in said if isinstance(each, Report)):
            _write_reports(gate)
    told.update(uses)
    return len(lines) - len(known)


def trim() -> None:
    """What is too old, and what is beyond the number that is kept. That number is counted in ids, at no cost: where a
    registry took its requests along, fewer are kept for a while."""
    oldest = timezone.now() - timedelta(days=settings.REQUESTS_KEPT_DAYS)
    newest = AccessRequest.objects.aggregate(newest=Max("pk"))["newest"] or 0
    _delete(AccessRequest.objects.filter(pk__lte=newest - settings.REQUESTS_KEPT))
    _delete(AccessRequest.objects.filter(at__lt=oldest))
    GateReport.objects.filter(reported_at__lt=oldest).delete()


def _delete(requests: QuerySet[AccessRequest]) -> None:
    for _ in range(MOST_DELETIONS):
        gone, _ = AccessRequest.objects.filter(pk__in=requests.values("pk")[:AT_ONCE]).delete()
        if gone < AT_ONCE:
            return


def _registries(names: set[str]) -> dict[str, int]:
    if not names:
        return {}
    found = Registry.objects.alias(key=Lower("name")).filter(key__in=names)
    return {name.lower(): pk for name, pk in found.values_list("name", "pk")}


def _row(registry: int, line: Line) -> AccessRequest:
    return AccessRequest(
        registry_id=registry,
        at=line.at,
        address=line.address,
        forwarded=line.forwarded,
        method=line.method,
        host=line.host,
        path=line.path,
        repository=line.repository,
        status=line.status,
        allowed=line.allowed,
        reason=line.reason,
        rule=line.rule,
        agent=line.agent,
        correlation_id=line.correlation_id,
        subnet=line.subnet,
        host_kind=line.host_kind,
        endpoint=line.endpoint,
    )


def _uses(known: Iterable[tuple[int, Line]], told: LastUses) -> LastUses:
    """The last use of each rule, and the last line of each registry, where that is news."""
    uses: LastUses = {}
    for registry, line in known:
        for key in {(registry, line.rule), (registry, "")}:
            uses[key] = max(line.at, uses.get(key, line.at))
    return {key: at for key, at in uses.items() if key not in told or at - told[key] >= TELLS_USE_EVERY}


def _write_uses(uses: LastUses) -> None:
    if not uses:
        return
    # Settings before their rules, as a Save locks them.
    for row in EndpointSettings.objects.filter(pk__in={registry for registry, _ in uses}, logged_since=None):
        at = uses.get((row.pk, ""))
        EndpointSettings.objects.filter(pk=row.pk, logged_since=None).update(logged_since=at)
    # In the order of their ids: two that write at once must not wait for each other. Never back: lines may come late.
    rows = FirewallRule.objects.filter(
        settings__in={registry for registry, _ in uses}, range__in={text for _, text in uses}
    )
    used = []
    for rule in rows.only("pk", "settings", "range", "last_used_at").order_by("pk"):
        at = uses.get((rule.settings_id, rule.range))
        if at is not None and (rule.last_used_at is None or rule.last_used_at < at):
            rule.last_used_at = at
            used.append(rule)
    FirewallRule.objects.bulk_update(used, ["last_used_at"])


def _latest(reports: Iterable[Report]) -> list[list[Report]]:
    """Each gate's own, in order; of those that repeat a generation, the first and the last."""
    gates: dict[str, list[Report]] = {}
    for report in reports:
        said = gates.setdefault(report.gate, [])
        if len(said) > 1 and said[-1].generation == said[-2].generation == report.generation:
            said[-1] = report
        else:
            said.append(report)
    return list(gates.values())


def _write_reports(reports: Sequence[Report]) -> None:
    first, last = reports[0], reports[-1]
    row = GateReport.objects.select_for_update().filter(name=first.gate).first()
    if row is None:
        row = GateReport(name=first.gate, generation=first.generation, first_reported_at=first.at)
    for report in reports:
        if not row.steps or report.generation < row.generation:  # fewer changes than before: another database
            row.steps = [[report.generation, report.at.timestamp()]]
        elif report.generation > row.generation:
            row.steps = [*row.steps, [report.generation, report.at.timestamp()]][-GateReport.STEPS :]
        row.generation = report.generation
    row.reported_at = last.at
    row.save()
