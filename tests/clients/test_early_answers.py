"""Answers that are made before a body is read reach who sends it, over HTTP/2 as well."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.arm import ArmServer, path_of

pytestmark = pytest.mark.client
TIMES = 5
SMALL, LARGE = 43, 200_000


@pytest.fixture(autouse=True)
def curl() -> None:
    if shutil.which("curl") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("curl isn't installed.")


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize(
    ("method", "role", "path", "size", "expected"),
    [
        pytest.param("PATCH", "Reader", path_of(), SMALL, (403, "AuthorizationFailed"), id="no permission"),
        pytest.param("PATCH", "Reader", path_of(), LARGE, (403, "AuthorizationFailed"), id="no permission, large"),
        pytest.param("PATCH", "", path_of(), LARGE, (401, "AuthenticationFailed"), id="no token"),
        pytest.param("POST", "Owner", path_of(), SMALL, (405, "MethodNotAllowed"), id="another method"),
        pytest.param("PUT", "Owner", f"{path_of()}/nothing/x", SMALL, (404, "InvalidResourceType"), id="unknown"),
        pytest.param("PATCH", "Owner", path_of(), 10_000_000, (413, "RequestContentTooLarge"), id="too large"),
    ],
)
def test_every_refusal_arrives(
    server: ArmServer,
    tmp_path: Path,
    version: str,
    method: str,
    role: str,
    path: str,
    size: int,
    expected: tuple[int, str],
) -> None:
    body, answer = tmp_path / "body", tmp_path / "answer"
    body.write_text(json.dumps({"tags": {"a": "x" * (size - len('{"tags": {"a": ""}}'))}}))
    token = ["--header", f"Authorization: Bearer {server.token(role)}"] if role else []
    command = ["curl", "--silent", "--show-error", version, "--cacert", str(server.authority), "--request", method]
    command += [*token, "--header", "Content-Type: application/json", "--data-binary", f"@{body}"]
    command += ["--header", "Expect:", "--output", str(answer), "--write-out", "%{http_code}"]
    seen = []
    for _ in range(TIMES):
        done = subprocess.run(  # noqa: PLW1510 - told below, with what it said
            [*command, f"{server.arm_url}{path}?api-version=2025-11-01"], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        seen.append((int(done.stdout), json.loads(answer.read_text())["error"]["code"]))
    assert seen == [expected] * TIMES
