"""manage.py gate_log --socket PATH"""

import grp
import logging
import os
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from networking.request_log.lines import LONGEST
from networking.request_log.writing import Writer

logger = logging.getLogger("portcullis.requests")

LOOKS_UP_EVERY = 0.5  # seconds, for a signal to end
# Seconds that the thread which writes may keep us waiting. A socket holds few lines, ten where nobody has set more
# (net.unix.max_dgram_qlen, 512 with systemd), and a proxy drops the rest.
TURNS = 0.0002


class Command(BaseCommand):
    help = (
        "Reads from a Unix socket what proxies and gates of this machine tell, and writes it into the database: "
        "requests, and which changes each gate has taken. Ends with SIGTERM, after everything is written."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--socket", metavar="PATH", help="where the socket is made; left out, GATE_LOG_SOCKET")
        parser.add_argument("--group", help="whose members may write to it, like www-data; left out, the own group")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["socket"] or settings.GATE_LOG_SOCKET
        if not path:
            raise CommandError("Name a socket: --socket PATH, or the setting GATE_LOG_SOCKET.")
        ending = False

        def end(number: int, frame: FrameType | None) -> None:
            nonlocal ending
            ending = True

        sys.setswitchinterval(TURNS)
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        writer = Writer()
        with listening(Path(path), options["group"]) as ours:
            logger.info("reading %s", path)
            while not ending:
                with suppress(TimeoutError):
                    writer.take(ours.recv(LONGEST + 1))
            ours.setblocking(False)  # noqa: FBT003 - the standard library's own
            with suppress(BlockingIOError):
                while True:
                    writer.take(ours.recv(LONGEST + 1))
        writer.stop()


@contextmanager
def listening(path: Path, group: str | None = None) -> Iterator[socket.socket]:
    """The socket at that path, for its owner and a group. One that nobody reads any more is replaced; at the end it is
    removed. CommandError where it can't be made."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        _clear(path)
        before = os.umask(0o117)
        try:
            ours.bind(str(path))
            if group:
                os.chown(path, -1, grp.getgrnam(group).gr_gid)
        except KeyError:
            path.unlink()
            raise CommandError(f"There is no group '{group}' on this machine.") from None
        except OSError as error:
            raise CommandError(f"The socket {path} can't be made: {error.strerror or error}.") from None
        finally:
            os.umask(before)
        ours.settimeout(LOOKS_UP_EVERY)
        made = path.stat().st_ino
        try:
            yield ours
        finally:
            with suppress(OSError):
                if path.stat().st_ino == made:  # another one may have taken the place
                    path.unlink()


def _clear(path: Path) -> None:
    """Take away the socket of a process that ended without doing so."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise CommandError(f"{path} is no socket, so it stays as it is. Name another place.")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        except OSError as error:
            raise CommandError(f"The socket {path} can't be replaced: {error.strerror}.") from None
        else:
            raise CommandError(f"{path} is read by another process. End that one first.")
