"""The other files of deploy/: what is written in them must be there."""

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parent.parent.parent / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


def compose() -> list[str] | None:
    """The command that reads a compose file."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    plugin = ["docker", "compose"]
    if (
        shutil.which("docker")
        and subprocess.run([*plugin, "version"], capture_output=True, check=False).returncode == 0
    ):
        return plugin
    return None


def test_docker_compose_reads_the_compose_file(tmp_path: Path) -> None:
    command = compose()
    if command is None:
        if os.environ.get("CI"):
            pytest.fail("docker-compose isn't installed.")
        pytest.skip("docker-compose isn't installed.")
    for name in ("compose.yaml", "portcullis.env"):
        shutil.copy(DEPLOY / name, tmp_path)
    read: list[str | Path] = [*command, "--file", tmp_path / "compose.yaml", "config", "--quiet"]
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        read, env=environment | {"POSTGRES_PASSWORD": "x"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    without = subprocess.run(read, env=environment, capture_output=True, text=True, check=False)
    assert without.returncode != 0
    assert "Set it in .env" in without.stderr


def test_what_the_image_copies_is_there() -> None:
    copied = re.findall(r"^COPY (\S+) ", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert [name for name in copied if not (DEPLOY.parent / name).exists()] == []


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_what_there_is_and_keeps_the_state_to_itself(path: Path) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(path.read_text().replace("\\\n", " "))
    service = unit["Service"]
    if "@" in path.name:
        assert service["ExecStart"] == "/usr/bin/docker-registry serve /etc/portcullis/%i.yml"
        assert (service["User"], service["StateDirectory"]) == ("docker-registry", "registries/%i")
        return
    started = service["ExecStart"].split()[-1] if "granian" in service["ExecStart"] else "manage.py"
    module = started.partition(":")[0].replace(".", "/") + ".py" if ":" in started else started
    assert (DEPLOY.parent / module).is_file()
    assert (service["User"], service["StateDirectoryMode"], service["NoNewPrivileges"]) == ("portcullis", "0700", "yes")
    assert service["EnvironmentFile"] == "/etc/portcullis.env"


def test_the_key_is_made_before_a_registry_needs_its_certificate() -> None:
    """Distribution ends where its rootcertbundle isn't there, and the first token would be too late."""
    makes_it = "manage.py token_certificate"
    assert makes_it in (DEPLOY / "portcullis.service").read_text()
    assert makes_it in (DEPLOY / "compose.yaml").read_text()
    mounted = "./made/token-certificate.pem:/etc/portcullis/token-certificate.pem:ro"
    registry = (DEPLOY / "compose.yaml").read_text().partition("image: registry")[2].partition("nginx:")[0]
    assert mounted in registry
    assert "data:" not in registry


def test_the_units_of_the_gate_are_named_in_the_readme() -> None:
    readme = (DEPLOY / "README.md").read_text()
    assert [path.name for path in UNITS if path.stem not in readme] == []
