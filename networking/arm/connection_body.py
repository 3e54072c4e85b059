"""The body of a PUT of a private endpoint connection, read into values."""

from dataclasses import dataclass, field
from typing import Any

from networking.access.decision import ConnectionState
from networking.access.problems import Problem
from networking.arm.body import Refused, a_text, a_word, an_object
from networking.arm.document import ENVELOPE, path_of, spelled
from networking.arm.registry_body import READ_ONLY_BESIDE, too_much

ENDPOINT = "properties.privateEndpoint"  # the paths under which their unknown words are kept
STATE = "properties.privateLinkServiceConnectionState"
STATES = {state.value: state for state in ConnectionState}
# No answer has `actionsRequired` (acr-facts 1.2), though az sends it.
OF_A_STATE = ("status", "description", "actionsRequired")
OF_A_CONNECTION = ("privateEndpoint", "privateLinkServiceConnectionState", "provisioningState")


@dataclass(frozen=True, slots=True)
class AskedConnection:
    """What a body asks for. `description` is None where it says none; `kept` holds by path what Portcullis has no use
    for."""

    state: ConnectionState
    description: str | None
    kept: dict[str, Any] = field(default_factory=dict)


def read(body: object) -> AskedConnection | Problem:
    """ARM reads names in any letter case, so we do. Which private endpoint it is of is not the body's to say."""
    try:
        asked = _read(spelled(an_object(body, "body"), ENVELOPE | {"properties"}, ""))
    except Refused as refused:
        return refused.problem
    return too_much(asked.kept) or asked


def _read(body: dict[str, Any]) -> AskedConnection:
    said = spelled(an_object(body.get("properties"), "properties"), OF_A_CONNECTION, "properties.")
    state = spelled(an_object(said.get("privateLinkServiceConnectionState"), STATE), OF_A_STATE, f"{STATE}.")
    endpoint = said.get("privateEndpoint")
    endpoint = {} if endpoint is None else spelled(an_object(endpoint, ENDPOINT), ("id",), f"{ENDPOINT}.")
    described = state.get("description")
    unused = {
        **{path_of(name): body[name] for name in body.keys() - READ_ONLY_BESIDE - {"properties"}},
        **{path_of(name, "properties."): said[name] for name in said.keys() - set(OF_A_CONNECTION)},
        **{path_of(name, f"{ENDPOINT}."): endpoint[name] for name in endpoint.keys() - {"id"}},
        **{path_of(name, f"{STATE}."): state[name] for name in state.keys() - set(OF_A_STATE)},
    }
    return AskedConnection(
        state=a_word(state.get("status"), f"{STATE}.status", STATES),
        description=None if described is None else a_text(described, f"{STATE}.description"),
        kept={path: unused[path] for path in sorted(unused) if unused[path] is not None},
    )
