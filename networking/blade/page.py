"""Everything the blade's template is given: values only, worked out once."""

from typing import Any

from networking.access.decision import ConnectionState
from networking.access.endpoints import Switch
from networking.access.policy import MAX_IP_RULES, MAX_RULE_NAME, MAX_RULE_NOTE, PublicAccess
from networking.blade.access_card import card, check, note_on_access, private_endpoints_line
from networking.blade.client_hosts import hosts_of
from networking.blade.connection_lines import states_at
from networking.blade.http import BladeRequest
from networking.blade.subnet_rules import SubnetRules
from networking.difference import tell_policies
from networking.forms import MAX_COMMENT, Draft
from networking.rows import JudgedRow, Row
from registries.models import CHANGE, Registry


def blade_context(request: BladeRequest, registry: Registry, draft: Draft, *, failed: bool = False) -> dict[str, Any]:
    """`failed` asks for the summary of what stopped a Save; a page that was only edited says it row by row."""
    may_change = request.user.may(CHANGE, registry)
    client, trusted = request.client_address, request.trusted_networks
    offered = client.offered
    listed = next((judged for judged in draft.judged if judged.range is not None and judged.range == offered), None)
    cover = next((judged for judged in draft.judged if judged.range and offered and judged.range.covers(offered)), None)
    kind, note = note_on_access(draft.policy)
    connected = states_at(registry)
    return {
        "registry": registry,
        "page": "Networking",
        "draft": draft,
        "fingerprint": draft.stored.fingerprint,
        "baseline": Draft.of(draft.stored).baseline,
        "limit": MAX_IP_RULES,
        "max_name": MAX_RULE_NAME,
        "max_note": MAX_RULE_NOTE,
        "is_full": draft.count >= MAX_IP_RULES,
        "blank_row": _blank_row(draft),
        "template_row": JudgedRow(0, Row("__", "")),
        "choices": _choices(draft, editable=may_change and registry.is_premium),
        "may_change": may_change,
        "readonly": not (may_change and registry.is_premium),
        "client": client,
        "client_listed": listed is not None,
        "client_cover": cover.range if cover and not listed else None,
        "problems": draft.problems if failed else (),
        "trusted": trusted,
        "may_name_services": request.user.is_staff and request.user.may("networking.change_trustedservice"),
        "access": [*card(draft.stored, draft.policy, client, trusted), private_endpoints_line(connected)],
        # A draft that would turn them off was made before the approval: there the box can be ticked again.
        "data_endpoint_locked": draft.data_endpoint and ConnectionState.APPROVED in connected,
        "subnet_rules": SubnetRules.of(draft, connected),
        "data_switch": Switch.of(hosts_of(registry)),
        "shift": [f"{each.who}." for each in tell_policies(draft.stored, draft.policy, trusted).shifted],
        "max_comment": MAX_COMMENT,
        "checked": check(request.POST.get("probe", ""), draft.stored, draft.policy, trusted),
        "note_kind": kind,
        "note": note,
    }


def _choices(draft: Draft, *, editable: bool) -> list[dict[str, Any]]:
    return [
        {
            "value": choice.value,
            "label": choice.label,
            "checked": choice is draft.choice,
            "saved": choice is draft.stored.public_access,
            # The one choice a tier without network rules has stays readable as chosen.
            "disabled": not editable and choice is not draft.choice,
        }
        for choice in PublicAccess
    ]


def _blank_row(draft: Draft) -> JudgedRow:
    """The empty line at the end of the list, with an id no other row has."""
    taken = {row.rid for row in draft.all_rows}
    number = len(taken)
    while f"b{number}" in taken:
        number += 1
    return JudgedRow(len(draft.all_rows) + 1, Row(f"b{number}", ""))
