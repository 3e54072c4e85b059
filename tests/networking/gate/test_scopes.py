"""What a request needs, what a token may say, what a role grants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking.gate.scopes import (
    CATALOG,
    Scope,
    blob_of,
    covers,
    granted,
    is_repository,
    needed,
    parsed,
    scope_of,
)
from tests import make

DIGEST = "sha256:" + "ab" * 32
UPLOAD = "0f1a9c1e-7d52-4b6e-8f24-5a6f0c6b1d2e"


def repository(name: str, *actions: str) -> Scope:
    return Scope("repository", name, actions)


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        pytest.param("GET", "/v2/", (), id="the base takes any token"),
        pytest.param("GET", "/v2", (), id="the base without its slash"),
        pytest.param("GET", "/v2/_catalog", (CATALOG,), id="catalog"),
        pytest.param("GET", "/v2/a/tags/list", (repository("a", "pull"),), id="tags"),
        pytest.param("HEAD", "/v2/samples/a/manifests/v1", (repository("samples/a", "pull"),), id="manifest by tag"),
        pytest.param("GET", f"/v2/a/manifests/{DIGEST}", (repository("a", "pull"),), id="manifest by digest"),
        pytest.param("PUT", "/v2/a/manifests/v1", (repository("a", "pull", "push"),), id="manifest put"),
        pytest.param("DELETE", f"/v2/a/manifests/{DIGEST}", (repository("a", "delete"),), id="manifest deleted"),
        pytest.param("GET", f"/v2/a/blobs/{DIGEST}", (repository("a", "pull"),), id="blob"),
        pytest.param("GET", f"/v2/a/referrers/{DIGEST}", (repository("a", "pull"),), id="referrers"),
        pytest.param("POST", "/v2/a/blobs/uploads/", (repository("a", "pull", "push"),), id="upload begun"),
        pytest.param("PATCH", f"/v2/a/blobs/uploads/{UPLOAD}", (repository("a", "pull", "push"),), id="upload goes on"),
        pytest.param("GET", f"/v2/a/blobs/uploads/{UPLOAD}", (repository("a", "pull"),), id="how far an upload is"),
        pytest.param("BREW", "/v2/a/tags/list", (repository("a", "pull", "push"),), id="an unknown method needs most"),
        pytest.param(
            "GET", "/v2/a/manifests/b/manifests/c", (repository("a/manifests/b", "pull"),), id="the last word counts"
        ),
        pytest.param("GET", "/v2/tags/list/tags/list", (repository("tags/list", "pull"),), id="a repository tags/list"),
    ],
)
def test_a_request_needs_what_distribution_asks_for_it(method: str, path: str, scopes: tuple[Scope, ...]) -> None:
    assert needed(method, path) == scopes


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/v1/",
        "/x/v2/",
        "/v2/a",
        "/v2//",
        "/v2/a/tags/list/",
        "/v2/tags/list",
        "/v2//tags/list",
        "/v2/_catalog/",
        "/v2/A/tags/list",
        "/v2/a/../b/tags/list",
        "/v2/a/./tags/list",
        "/v2/a//b/tags/list",
        "/v2/a/manifests/",
        "/v2/a/manifests/.x",
        "/v2/a/manifests/v 1",
        "/v2/a/manifests/v1\n",
        "/v2/a/blobs/uploads",
        "/v2/a/blobs/nodigest",
        "/v2/a/blobs/uploads/x/y",
        "/v2/ä/tags/list",
        f"/v2/{'a' * 256}/tags/list",
        f"/V2/a/blobs/{DIGEST}",
    ],
)
def test_a_path_that_is_no_part_of_the_registry_api_is_known_as_such(path: str) -> None:
    assert needed("GET", path) is None


@pytest.mark.parametrize(
    ("query", "more"),
    [
        pytest.param(f"mount={DIGEST}&from=b/c", (repository("b/c", "pull"),), id="one"),
        pytest.param("from=b&from=c", (repository("b", "pull"), repository("c", "pull")), id="whichever is taken"),
        pytest.param("from=b%2Fc", (repository("b/c", "pull"),), id="encoded"),
        pytest.param("FROM=b", (repository("b", "pull"),), id="in capitals"),
        pytest.param("from=", (), id="none"),
        pytest.param("from=../b", (repository("?", "pull"),), id="no repository at all"),
        pytest.param("&".join(["a=b"] * 60), (repository("?", "pull"),), id="more fields than anybody sends"),
    ],
)
def test_a_mounted_blob_is_read_where_it_comes_from(query: str, more: tuple[Scope, ...]) -> None:
    assert needed("POST", "/v2/a/blobs/uploads/", query) == (repository("a", "pull", "push"), *more)


@pytest.mark.parametrize(
    ("uri", "scope"),
    [
        pytest.param("/v2/", "", id="the base"),
        pytest.param("/v2/_catalog?n=5", "registry:catalog:*", id="catalog"),
        pytest.param("/v2/a/b/tags/list?n=5", "repository:a/b:pull", id="a query"),
        pytest.param(f"/v2/a/blobs/{DIGEST.replace(':', '%3A')}", "repository:a:pull", id="as a proxy passes it on"),
        pytest.param("/index.html", "", id="elsewhere"),
    ],
)
def test_a_challenge_names_the_scope(uri: str, scope: str) -> None:
    assert scope_of("GET", uri) == scope


def test_a_challenge_for_a_mount_names_both() -> None:
    uri = f"/v2/a/blobs/uploads/?mount={DIGEST}&from=b"
    assert scope_of("POST", uri) == "repository:a:pull,push repository:b:pull"


@given(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]),
    st.text("abv2/._-:%?=&\n ", max_size=40).map(lambda text: "/v2/" + text),
)
def test_no_path_passes_without_a_scope_but_the_base(method: str, uri: str) -> None:
    path, _, query = uri.partition("?")
    scopes = needed(method, path, query)
    assert scopes is None or scopes or path == "/v2/"
    assert all(each == CATALOG or is_repository(each.name) or each.name == "?" for each in scopes or ())


@given(st.from_regex(r"\A[a-z0-9]{1,5}([._/-][a-z0-9]{1,5}){0,4}\Z"))
def test_every_repository_is_found_again_in_its_paths(name: str) -> None:
    assert needed("GET", f"/v2/{name}/tags/list") == (repository(name, "pull"),)
    assert blob_of(f"/v2/{name}/blobs/{DIGEST}") == (name, DIGEST)


@pytest.mark.parametrize("path", ["/v2/", f"/v2/a/manifests/{DIGEST}", "/v2/a/blobs/uploads/", "/v2/a/blobs/x"])
def test_other_paths_are_no_blobs(path: str) -> None:
    assert blob_of(path) is None


# Scopes as clients ask for them


@pytest.mark.parametrize(
    ("texts", "scopes"),
    [
        pytest.param([], (), id="none"),
        pytest.param([""], (), id="an empty one"),
        pytest.param(["repository:a/b:pull,push"], (repository("a/b", "pull", "push"),), id="one"),
        pytest.param(
            ["repository:a:pull", "repository:b:pull"], (repository("a", "pull"), repository("b", "pull")), id="twice"
        ),
        pytest.param(
            ["repository:a:pull repository:b:pull"], (repository("a", "pull"), repository("b", "pull")), id="in one"
        ),
        pytest.param(["registry:catalog:*"], (CATALOG,), id="catalog"),
        pytest.param(["registry:None:*"], (Scope("registry", "None", ("*",)),), id="as az acr check-health asks"),
        pytest.param(["repository:a:pull,pull,"], (repository("a", "pull"),), id="an action twice, and a comma"),
        pytest.param(["repository:host:5000/a:pull"], (repository("host:5000/a", "pull"),), id="a colon in the name"),
    ],
)
def test_scopes_are_read_as_clients_write_them(texts: list[str], scopes: tuple[Scope, ...]) -> None:
    assert parsed(texts) == scopes


@pytest.mark.parametrize("text", ["repository", "repository:a", "repository::pull", ":a:pull", "repository:a:"])
def test_what_is_no_scope_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^scope must look like repository:samples/hello-world:pull,push\.$"):
        parsed([text])


def test_there_is_an_end_to_scopes() -> None:
    with pytest.raises(ValueError, match=r"^scope names 51 things; a token takes 50\.$"):
        parsed(["repository:a:pull " * 51])


# What roles grant

READ = ("pull", "metadata_read")
WRITTEN = (*READ, "push", "metadata_write")


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        pytest.param(None, (), id="nobody"),
        pytest.param("Reader", READ, id="Reader"),
        pytest.param("Contributor", WRITTEN, id="Contributor"),
        pytest.param("Owner", (*WRITTEN, "delete"), id="Owner"),
    ],
)
def test_a_role_grants_its_actions(db: None, role: str | None, actions: tuple[str, ...]) -> None:
    account, registry = make.account(role), make.registry()
    everything = (repository("a", "*"),)
    assert granted(everything, account, registry) == ((repository("a", *actions),) if actions else ())
    asked = repository("a", "pull", "push", "delete", "fly")
    given_of_it = tuple(action for action in asked.actions if action in actions)
    assert granted([asked], account, registry) == ((repository("a", *given_of_it),) if given_of_it else ())
    assert granted([CATALOG], account, registry) == ((CATALOG,) if "pull" in actions else ())


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(Scope("registry", "None", ("*",)), id="nothing of that name"),
        pytest.param(Scope("registry", "catalog", ("pull",)), id="an action the catalog hasn't got"),
        pytest.param(Scope("repository(plugin)", "a", ("pull",)), id="a class of repositories"),
        pytest.param(repository("A", "pull"), id="what can't be a repository"),
        pytest.param(repository("?", "pull"), id="the stand-in for what can't be read"),
        pytest.param(repository("*", "pull"), id="all of them"),
    ],
)
def test_an_owner_is_granted_nothing_else(db: None, asked: Scope) -> None:
    assert granted([asked], make.account("Owner"), make.registry()) == ()


@pytest.mark.parametrize(
    ("has", "wanted", "enough"),
    [
        pytest.param([], [], True, id="nothing for nothing"),
        pytest.param([repository("a", "pull", "push")], [repository("a", "push")], True, id="more than enough"),
        pytest.param(
            [repository("a", "pull"), repository("a", "push")], [repository("a", "pull", "push")], True, id="in two"
        ),
        pytest.param([repository("a", "pull")], [repository("a", "pull", "push")], False, id="half of it"),
        pytest.param([repository("a", "pull")], [repository("b", "pull")], False, id="another repository"),
        pytest.param([Scope("registry", "a", ("pull",))], [repository("a", "pull")], False, id="another kind"),
        pytest.param([CATALOG], [CATALOG], True, id="catalog"),
    ],
)
def test_a_token_covers_what_it_grants(has: list[Scope], wanted: list[Scope], enough: bool) -> None:
    assert covers(has, wanted) is enough
