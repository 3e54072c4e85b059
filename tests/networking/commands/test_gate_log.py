"""The socket of manage.py gate_log. That the command reads and writes is tested in tests/servers, where it runs."""

import os
import socket
import stat
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from networking.management.commands.gate_log import listening
from networking.request_log.lines import LONGEST


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gate_log"


def stale(path: Path) -> None:
    """What a process leaves behind that is killed."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        ours.bind(str(path))


def test_the_socket_is_for_its_owner_and_a_group_and_goes_at_the_end(path: Path) -> None:
    before = os.umask(0o022)
    os.umask(before)
    with listening(path):
        assert stat.filemode(path.stat().st_mode) == "srw-rw----"
    assert not path.exists()
    assert os.umask(before) == before


def test_a_group_can_be_named(path: Path) -> None:
    own = os.getgid()
    name = next(line.split(":")[0] for line in Path("/etc/group").read_text().splitlines() if f":{own}:" in line)
    with listening(path, name):
        assert path.stat().st_gid == own


def test_what_is_sent_arrives_whole_up_to_the_longest_line(path: Path) -> None:
    with listening(path) as ours, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as proxy:
        for size in (1, LONGEST):
            proxy.sendto(b"x" * size, str(path))
            assert len(ours.recv(LONGEST + 1)) == size


def test_the_socket_of_a_process_that_was_killed_is_replaced(path: Path) -> None:
    stale(path)
    with listening(path):
        assert path.is_socket()


def test_the_socket_of_a_process_that_lives_is_left_alone(path: Path) -> None:
    with listening(path):
        with pytest.raises(CommandError, match=r"is read by another process\. End that one first\."), listening(path):
            pass
        assert path.is_socket()


def test_a_socket_that_took_the_place_stays(path: Path) -> None:
    with listening(path):
        path.rename(path.with_name("moved"))
        stale(path)
    assert path.is_socket()


@pytest.mark.parametrize("end", [SystemExit, KeyboardInterrupt, RuntimeError])
def test_whatever_ends_it_the_socket_goes(path: Path, end: type[BaseException]) -> None:
    with pytest.raises(end), listening(path):
        raise end
    assert not path.exists()


def test_a_file_is_never_replaced(path: Path) -> None:
    path.write_text("mine")
    with pytest.raises(CommandError, match="is no socket, so it stays as it is"), listening(path):
        pass
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        pytest.param("nosuch/socket", "No such file or directory", id="no directory"),
        pytest.param("x" * 200, "path too long", id="longer than a socket's name can be"),
    ],
)
def test_a_place_where_no_socket_can_be_is_named(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=f"can't be made: .*{sentence}"), listening(tmp_path / name):
        pass


def test_a_group_that_is_not_there_leaves_nothing_behind(path: Path) -> None:
    with pytest.raises(CommandError, match="There is no group 'nosuchgroup'"), listening(path, "nosuchgroup"):
        pass
    assert not path.exists()


def test_without_a_socket_there_is_nothing_to_read(settings: Settings) -> None:
    settings.GATE_LOG_SOCKET = ""
    with pytest.raises(CommandError, match="Name a socket: --socket PATH, or the setting GATE_LOG_SOCKET"):
        call_command("gate_log")
