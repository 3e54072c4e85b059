"""What a request to a registry needs, what a token may say, what a role grants. Pure, but for the account it asks."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, unquote

from registries.models import CHANGE, DELETE, VIEW, Account, Registry

# As Distribution spells a repository: parts of lower case letters and digits, joined by one or two signs.
PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
REPOSITORY = re.compile(rf"{PART}(?:/{PART})*", re.ASCII)
DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}", re.ASCII)
TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
UPLOAD = re.compile(r"[\w.=-]+", re.ASCII)
MEDIA_TYPE = re.compile(r"([\w.+-]+/[\w.+-]+)(?:;[ -~]*)?", re.ASCII)
FORM = "application/x-www-form-urlencoded"
LONGEST_REPOSITORY = 255
MOST_SCOPES = 50
MOST_FIELDS = 50


class Action(StrEnum):
    """Of a repository, as Azure names them; the catalog's own is called `*`."""

    PULL = "pull"
    PUSH = "push"
    DELETE = "delete"
    METADATA_READ = "metadata_read"
    METADATA_WRITE = "metadata_write"
    EVERY = "*"


@dataclass(frozen=True, slots=True)
class Scope:
    """`repository:samples/a:pull,push`: what may be done with one thing."""

    kind: str
    name: str
    actions: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}:{','.join(self.actions)}"


CATALOG = Scope("registry", "catalog", (Action.EVERY,))


def needed(method: str, path: str, query: str = "") -> tuple[Scope, ...] | None:
    """What a token must grant for a request, as Distribution asks for it; nothing for `/v2/` itself, which takes any
    token. None where the path is no part of the registry's API: the same that a registry would answer with 404."""
    base, found, rest = path.partition("/v2/")
    if path == "/v2" or (not base and found and not rest):
        return ()
    if base or not found:
        return None
    if rest == "_catalog":
        return (CATALOG,)
    parts = rest.split("/")
    repository = _repository(parts)
    if repository is None:
        return None
    match method:
        case "GET" | "HEAD":
            actions: tuple[str, ...] = (Action.PULL,)
        case "DELETE":
            actions = (Action.DELETE,)
        case _:
            actions = (Action.PULL, Action.PUSH)
    scopes = [Scope("repository", repository, actions)]
    if method == "POST":
        # A blob that is mounted from another repository is read there.
        scopes += [Scope("repository", each, (Action.PULL,)) for each in _mounted_from(query)]
    return tuple(scopes)


def scope_of(method: str, uri: str) -> str:
    """What a challenge asks for in its `scope`; empty where any token will do, or none."""
    path, _, query = uri.partition("?")
    return " ".join(map(str, needed(method, unquote(path), query) or ()))


def _repository(parts: list[str]) -> str | None:
    """The repository in a path, by what stands behind it."""
    match parts:
        case [*name, "tags", "list"]:
            pass
        case [*name, "manifests", reference] if TAG.fullmatch(reference) or DIGEST.fullmatch(reference):
            pass
        case [*name, "blobs" | "referrers", digest] if DIGEST.fullmatch(digest):
            pass
        case [*name, "blobs", "uploads", upload] if not upload or UPLOAD.fullmatch(upload):
            pass
        case _:
            return None
    text = "/".join(name)
    return text if is_repository(text) else None


def is_repository(text: str) -> bool:
    return len(text) <= LONGEST_REPOSITORY and REPOSITORY.fullmatch(text) is not None


def blob_of(path: str) -> tuple[str, str] | None:
    """Repository and digest, where the path is a blob's."""
    match path.removeprefix("/v2/").split("/"):
        case [*name, "blobs", digest] if DIGEST.fullmatch(digest):
            return "/".join(name), digest
    return None


def _mounted_from(query: str) -> list[str]:
    """Every `from`, whichever of them the registry would take; one that is no repository names nothing."""
    try:
        fields = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return ["?"]  # no token ever grants it
    return [text if is_repository(text) else "?" for name, text in fields if name.lower() == "from" and text]


def is_no_form(content_type: str) -> bool:
    """Nobody reads parameters in a body of this Content-Type; empty where there is none. What can't be read may be a
    form to others."""
    if not content_type:
        return True
    found = MEDIA_TYPE.fullmatch(content_type)
    return found is not None and found[1].lower() != FORM and not found[1].lower().startswith("multipart/")


def parsed(texts: Iterable[str]) -> tuple[Scope, ...]:
    """The scopes of a token request: given several times, or several in one text. ValueError says what is wrong."""
    scopes = [_scope(text) for each in texts for text in each.split(" ") if text]
    if len(scopes) > MOST_SCOPES:
        raise ValueError(f"scope names {len(scopes)} things; a token takes {MOST_SCOPES}.")
    return tuple(scopes)


def _scope(text: str) -> Scope:
    kind, _, rest = text.partition(":")
    name, _, actions = rest.rpartition(":")
    if not (kind and name and actions):
        raise ValueError("scope must look like repository:samples/hello-world:pull,push.")
    return Scope(kind, name, tuple(dict.fromkeys(action for action in actions.split(",") if action)))


def granted(asked: Iterable[Scope], account: Account, registry: Registry) -> tuple[Scope, ...]:
    """Of what was asked, what the account's role gives; what it gives nothing of is left out, as Azure leaves it."""
    allowed = _allowed(account, registry)
    found = []
    for scope in asked:
        if scope.kind == "repository" and is_repository(scope.name):
            actions = allowed if Action.EVERY in scope.actions else [a for a in scope.actions if a in allowed]
        elif (scope.kind, scope.name) == ("registry", "catalog") and Action.PULL in allowed:
            actions = [a for a in scope.actions if a == Action.EVERY]
        else:
            actions = []
        if actions:
            found.append(Scope(scope.kind, scope.name, tuple(map(str, actions))))
    return tuple(found)


def _allowed(account: Account, registry: Registry) -> list[str]:
    """The one place that says what a role may do with images."""
    allowed: list[str] = []
    if account.may(VIEW, registry):
        allowed += [Action.PULL, Action.METADATA_READ]
    if account.may(CHANGE, registry):
        allowed += [Action.PUSH, Action.METADATA_WRITE]
    if account.may(DELETE, registry):
        allowed += [Action.DELETE]
    return allowed


def covers(has: Iterable[Scope], wanted: Iterable[Scope]) -> bool:
    """Every action that is wanted is among what there is."""
    have = {(scope.kind, scope.name, action) for scope in has for action in scope.actions}
    return all((scope.kind, scope.name, action) in have for scope in wanted for action in scope.actions)
