"""Whose user name and password these are."""

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import check_password, make_password

from registries.models import Account

KEPT_FOR = 120.0  # seconds
MOST_KEPT = 1000
MOST_WRONG = 10  # passwords for one name from one address, in so many seconds
WRONG_FOR = 60.0
WAITS = 2.0  # seconds until somebody's turn to be hashed
MOST_WAITING = 2  # threads: with one that hashes, of four that a console has, one is left for everything else


class BusyError(Exception):
    """Nobody looks at this password now. The text says why, `again_in` when to ask again, in seconds."""

    def __init__(self, message: str, again_in: float) -> None:
        super().__init__(message)
        self.again_in = int(again_in)


class Proven:
    """Passwords that were right a moment ago. Checking one costs a third of a second of hashing by design, and docker
    shows it with every pull. What is kept is a digest under a key of this process, of the password together with the
    hash in the account's row: another password there, and it is worth nothing."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._kept: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def knows(self, account: Account, password: str) -> bool:
        with self._lock:
            ends = self._kept.get(self._digest(account, password))
        return ends is not None and time.monotonic() < ends

    def keep(self, account: Account, password: str) -> None:
        digest = self._digest(account, password)
        with self._lock:
            self._kept.pop(digest, None)
            self._kept[digest] = time.monotonic() + KEPT_FOR
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def _digest(self, account: Account, password: str) -> bytes:
        text = f"{account.pk}\0{account.password}\0{password}"
        return hmac.digest(self._key, text.encode(), hashlib.sha256)


class Failures:
    """Wrong passwords of the last minute, by name and address, so that nobody guesses at speed. Because hashing takes
    turns, a minute has fewer of them than are kept: nobody is forgotten by making up names."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def are_too_many(self, username: str, caller: str) -> bool:
        with self._lock:
            times = self._kept.get(_digest(username, caller))
            return times is not None and len(times) >= MOST_WRONG and time.monotonic() - times[0] < WRONG_FOR

    def add(self, username: str, caller: str) -> None:
        who = _digest(username, caller)
        with self._lock:
            times = self._kept.pop(who, None) or deque(maxlen=MOST_WRONG)
            times.append(time.monotonic())
            self._kept[who] = times
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)


class Turns:
    """One thread of this process hashes at a time, and few wait for it: a decision needs a thread and a core too."""

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self._places = threading.Semaphore(1 + most_waiting)
        self._one = threading.Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """BusyError where it takes too long."""
        busy = BusyError("too many are signing in; try again in a moment.", 1)
        if not self._places.acquire(blocking=False):
            raise busy
        try:
            if not self._one.acquire(timeout=WAITS):
                raise busy
            try:
                yield
            finally:
                self._one.release()
        finally:
            self._places.release()


proven = Proven()
failures = Failures()
turns = Turns()


def account_of(
    username: str, password: str, *, caller: str = "", only: Callable[[Account], bool] | None = None
) -> Account | None:
    """The account, a person's or a service principal's, where the password is right and the account active; BusyError
    where that is not looked at now. One query. A name that nobody has takes as long as a wrong password.

    `only` is for whoever asks from where nobody else may come in: an account that it isn't true of is nobody, without
    a look at its password. What was proven doesn't count there, because a quick answer would tell of somebody inside.
    """
    if not username:
        return None
    # PostgreSQL takes no NUL.
    account = Account.objects.filter(username=username).first() if "\0" not in username else None
    if only is not None and (account is None or not only(account)):
        return None
    # Before what was proven: guesses at that would cost nothing.
    if failures.are_too_many(username, caller):
        raise BusyError("too many wrong passwords for this name; try again in a minute.", WRONG_FOR)
    if only is None and _was_proven(account, password):
        return account
    with turns.taken():
        if only is None and _was_proven(account, password):  # by somebody who was before us
            return account
        right = _is_right(account, password)
    if account is None or not right:
        failures.add(username, caller)
        return None
    if only is None:
        proven.keep(account, password)
    return account


def _was_proven(account: Account | None, password: str) -> bool:
    return account is not None and account.is_active and proven.knows(account, password)


def _is_right(account: Account | None, password: str) -> bool:
    """Without renewing a hash that Django would make otherwise today: the database may be a replica."""
    if account is None:
        make_password(password)
        return False
    return check_password(password, account.password) and account.is_active


def _digest(username: str, caller: str) -> bytes:
    return hashlib.sha256(f"{caller}\0{username}".encode()).digest()
