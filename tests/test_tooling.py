"""The locks and the sentences of the Makefile: what a person meets before anything of ours runs."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REAL = f'exec {sys.executable} "$@"'
PINNED = re.compile(
    r"^([a-z0-9-]+)(?:\[[a-z,-]+\])?==(\S+)( ; .+?)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)


def pins(lock: str) -> dict[str, tuple[str, str]]:
    """Version and hashes of each package the lock pins."""
    text = (ROOT / lock).read_text() + "\n"
    return {name: (version, hashes) for name, version, _, hashes in PINNED.findall(text)}


def wanted(*groups: str) -> set[str]:
    """What pyproject.toml names: "run" is what the program needs, any other its group of that name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = {"run": project["project"]["dependencies"], **project["dependency-groups"]}
    return {re.split(r"[^a-z0-9-]", text, maxsplit=1)[0] for group in groups for text in named[group]}


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt", "requirements-az.txt"])
def test_every_line_of_a_lock_is_a_pin_with_hashes(lock: str) -> None:
    rest = PINNED.sub("", (ROOT / lock).read_text() + "\n")
    assert [line for line in rest.splitlines() if line.strip() and not line.lstrip().startswith("#")] == []


@pytest.mark.parametrize(
    ("lock", "groups"),
    [
        pytest.param("requirements.txt", ("run",), id="run"),
        pytest.param("requirements-dev.txt", ("run", "dev"), id="dev"),
        pytest.param("requirements-az.txt", ("az",), id="az"),
    ],
)
def test_a_lock_holds_all_that_pyproject_names(lock: str, groups: tuple[str, ...]) -> None:
    assert wanted(*groups) - pins(lock).keys() == set()


def test_the_development_lock_holds_the_other_one_pin_for_pin() -> None:
    assert pins("requirements.txt").items() - pins("requirements-dev.txt").items() == set()


# The README


def test_the_readme_says_what_each_package_is_for() -> None:
    readme = (ROOT / "README.md").read_text()
    lists = readme.partition("What is used beyond ")[2].split("To develop:")
    before = {"django", "django-htmx", "pytest-django"}  # named in the sentence above the lists
    lines = ["".join(re.findall(r"^- (.+?) –", part, re.MULTILINE)) for part in lists]
    found = [{name.lower() for name in re.findall(r"\*\*([\w-]+)\*\*", line)} for line in lines]
    assert found == [wanted("run") - before, wanted("dev", "az") - before]
    locks = [path.name for path in ROOT.glob("requirements*.txt")]
    assert [name for name in locks if f"`{name}`" not in readme] == []


def test_the_readme_tells_of_every_command() -> None:
    told = (ROOT / "README.md").read_text().partition("\n## Commands\n")[2].partition("\n## ")[0]
    commands = {path.stem for path in ROOT.glob("*/management/commands/*.py")} - {"__init__"}
    assert set(re.findall(r"\*\*`manage\.py (\w+)", told)) == commands


class Shell:
    """`make` with our own python3.13, python3.12 and python3 first on the path, and an environment of its own."""

    def __init__(self, directory: Path) -> None:
        self.commands = directory / "commands"
        self.venv = directory / "venv"
        self.commands.mkdir()
        for name in ("python3.13", "python3.12", "python3"):
            self.command(name, "exit 127")

    def command(self, name: str, body: str, *, into: Path | None = None) -> None:
        path = (into or self.commands) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/usr/bin/env bash\n{body}\n")
        path.chmod(0o755)

    def make(self, *arguments: str) -> tuple[int, str]:
        """Exit status, and what stands on stderr before make's own last line."""
        done = subprocess.run(
            ["make", "--no-print-directory", *arguments, f"VENV={self.venv}"],
            cwd=ROOT,
            env={"PATH": f"{self.commands}:{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/")},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, "".join(line for line in done.stderr.splitlines(True) if not line.startswith("make: "))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    if shutil.which("make") is None:
        pytest.skip("make isn't installed.")
    return Shell(tmp_path)


def test_make_alone_says_what_there_is(shell: Shell) -> None:
    assert shell.make() == (0, "")


def test_no_python_at_all_is_one_sentence(shell: Shell) -> None:
    assert shell.make("run") == (
        2,
        "Portcullis needs Python 3.12 or newer: there is no working python3.13 or python3.12.\n",
    )


def test_an_older_python_is_named(shell: Shell) -> None:
    shell.command("python3", "echo 3.11.2; exit 1")
    assert shell.make("run") == (
        2,
        "Portcullis needs Python 3.12 or newer: there is no working python3.13 or python3.12, and python3 is 3.11.2.\n",
    )


@pytest.mark.parametrize("name", ["python3.12", "python3"])
def test_a_command_that_fails_is_passed_over_for_the_next(shell: Shell, name: str) -> None:
    """Python is found, so the next thing in the way is told: the port."""
    shell.command(name, REAL)
    assert shell.make("run", "PORT=http") == (2, "PORT is 'http'; it must be a number from 1 to 65535.\n")


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_a_port_that_cannot_be_is_one_sentence(shell: Shell, port: str) -> None:
    shell.command("python3", REAL)
    assert shell.make("run", f"PORT={port}") == (2, f"PORT is '{port}'; it must be a number from 1 to 65535.\n")


def test_a_busy_port_is_one_sentence(shell: Shell) -> None:
    shell.command("python3", REAL)
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert shell.make("run", f"PORT={port}") == (
            2,
            f"Port {port} can't be used (address already in use): stop what uses it, "
            "or choose another with make run PORT=8001.\n",
        )
    assert not shell.venv.exists()


def test_the_second_port_is_asked_too(shell: Shell) -> None:
    shell.command("python3", REAL)
    with socket.socket() as busy, socket.socket() as free:
        for each in (busy, free):
            each.bind(("127.0.0.1", 0))
        busy.listen()
        taken, other = busy.getsockname()[1], free.getsockname()[1]
        free.close()
        assert shell.make("run", f"PORT={other}", f"ARM_PORT={taken}") == (
            2,
            f"Port {taken} can't be used (address already in use): stop what uses it, "
            "or choose another with make run ARM_PORT=8444.\n",
        )
        assert shell.make("run", f"PORT={other}", f"ARM_PORT={other}") == (
            2,
            f"Port {other} is chosen twice; choose another with make run ARM_PORT=8444.\n",
        )
        assert shell.make("run", f"PORT={other}", "ARM_PORT=tls") == (
            2,
            "ARM_PORT is 'tls'; it must be a number from 1 to 65535.\n",
        )
    assert not shell.venv.exists()


def test_a_missing_venv_module_is_one_sentence(shell: Shell) -> None:
    shell.command("python3", f'[[ "$*" != *ensurepip* ]] || exit 1\n{REAL}')
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert shell.make("test") == (
        2,
        f"Python's venv module is missing: on Debian and Ubuntu, 'apt install python{version}-venv' brings it.\n",
    )


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        pytest.param(
            "ERROR: Could not find a version that satisfies the requirement asgiref==3.13.0 (from versions: none)",
            "The packages can't be fetched: there is no way to the package index (details in {venv}/install.log).\n",
            id="no network",
        ),
        pytest.param(
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES",
            "The packages can't be installed: ERROR: THESE PACKAGES DO NOT MATCH THE HASHES "
            "(details in {venv}/install.log).\n",
            id="wrong hash",
        ),
    ],
)
def test_an_install_that_fails_is_one_sentence(shell: Shell, said: str, sentence: str) -> None:
    pip_fails = f'case "$*" in *" install "*) echo "{said}"; exit 1;; esac'
    shell.command("python", f"{pip_fails}\n{REAL}", into=shell.venv / "bin")
    assert shell.make("test") == (2, sentence.format(venv=shell.venv))
    assert not list(shell.venv.glob("requirements*.txt"))


def test_an_unchanged_lock_is_not_installed_again(shell: Shell) -> None:
    """pip fails here, with a sentence; manage.py fails without one."""
    shell.command(
        "python",
        f'[[ "$*" != *pip* ]] || exit 1\n[[ "$*" != "manage.py "* ]] || exit 7\n{REAL}',
        into=shell.venv / "bin",
    )
    for lock in ("requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / lock, shell.venv / lock)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert shell.make("run", f"PORT={port}") == (2, "")


def test_a_test_with_transactions_of_its_own_puts_back_what_migrations_made() -> None:
    """Without, the roles are gone for the next one of the same process, whichever that is."""
    marks = [
        (path.name, each)
        for path in (ROOT / "tests").rglob("test_*.py")
        for each in re.findall(r"django_db\([^)]*transaction=True[^)]*\)", path.read_text())
    ]
    assert marks
    assert [each for each in marks if "serialized_rollback=True" not in each[1]] == []
