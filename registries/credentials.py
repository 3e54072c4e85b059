"""Whose user name and password these are: one answer for the sign-in page, the ARM API and the gate, and one rule on
how often and how many at once may ask. Each process counts for itself."""

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address, ip_network

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import Q

from registries.models import Account

# Who may sign in where: what `only` takes.
PEOPLE = Q(service_principal=False)
PROGRAMS = Q(service_principal=True)

KEPT_FOR = 120.0  # seconds
MOST_KEPT = 1000
MOST_WRONG = 10  # passwords for one name from one address, in so many seconds
WRONG_FOR = 60.0
WAITS = 2.0  # seconds until somebody's turn to be hashed
MOST_WAITING = 2  # threads: with one that hashes, of four that a server has, one is left for everything else


class BusyError(Exception):
    """Nobody looks at this password now. The text says why, `again_in` when to ask again, in seconds."""

    def __init__(self, message: str, again_in: float) -> None:
        super().__init__(message)
        self.again_in = int(again_in)

    @property
    def sentence(self) -> str:
        """The text as people read it."""
        text = str(self)
        return text[:1].upper() + text[1:]


class GuessedError(BusyError):
    """Too many wrong passwords; a right one is not looked at either."""


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

    def check(self, username: str, caller: str) -> None:
        """GuessedError where there are too many."""
        with self._lock:
            times = self._kept.get(_digest(username, caller))
            if times is not None and len(times) >= MOST_WRONG and time.monotonic() - times[0] < WRONG_FOR:
                raise GuessedError("too many wrong passwords for this name; try again in a minute.", WRONG_FOR)

    def add(self, username: str, caller: str) -> None:
        who = _digest(username, caller)
        with self._lock:
            times = self._kept.pop(who, None) or deque(maxlen=MOST_WRONG)
            times.append(time.monotonic())
            self._kept[who] = times
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)


class Turns:
    """One thread of this process hashes at a time, and few wait for it: a decision needs a thread and a core too.
    Who comes from outside has half of the places, so that they never keep out who is let in anyway."""

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self._places = threading.Semaphore(1 + most_waiting)
        self._outside = threading.Semaphore(max(1, (1 + most_waiting) // 2))
        self._one = threading.Lock()

    @contextmanager
    def taken(self, *, from_outside: bool = False, patient: bool = False) -> Iterator[None]:
        """BusyError where it takes too long. Who is `patient` waits for a place, too."""
        if not from_outside:
            with self._place(self._places, patient=patient), self._turn():
                yield
        else:
            with self._place(self._outside), self._place(self._places), self._turn():
                yield

    @contextmanager
    def _place(self, places: threading.Semaphore, *, patient: bool = False) -> Iterator[None]:
        if not (places.acquire(timeout=WAITS) if patient else places.acquire(blocking=False)):
            raise _busy()
        try:
            yield
        finally:
            places.release()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._one.acquire(timeout=WAITS):
            raise _busy()
        try:
            yield
        finally:
            self._one.release()


proven = Proven()
failures = Failures()
turns = Turns()


def account_of(
    username: str,
    password: str,
    *,
    caller: str = "",
    only: Q | None = None,
    renews: bool = False,
    patient: bool = False,
    from_outside: bool = False,
) -> Account | None:
    """The account where the password is right and the account active; BusyError where that is not looked at now.
    `caller` is the address of whoever asks. One query. A name that nobody has takes as long as a wrong password.

    `only`: who may sign in there. All others are nobody, by the same work and the same count. What was proven doesn't
    count there, because a quick answer would tell of somebody elsewhere. `renews` a hash that Django would make
    otherwise today, as its own sign-in does; the gate doesn't, because its database may be a replica. `patient`: where
    a whole class signs in at once, each waits for seconds instead of being sent away; a gate has decisions to make.
    """
    if not username:
        return None
    # Before what was proven: guesses at that would cost nothing.
    failures.check(username, caller)
    # What doesn't print is nobody's, and PostgreSQL takes no NUL.
    allowed = Account.objects.all() if only is None else Account.objects.filter(only)
    account = allowed.filter(username=username).first() if username.isprintable() else None
    if only is None and _was_proven(account, password):
        return account
    with turns.taken(from_outside=from_outside, patient=patient):
        failures.check(username, caller)  # those who were before us may have been wrong
        if only is None and _was_proven(account, password):  # or right
            return account
        is_right = _is_right(account, password, renews=renews)
        if not is_right:
            failures.add(username, caller)
    if account is None or not is_right:
        return None
    if only is None:
        proven.keep(account, password)
    return account


def _was_proven(account: Account | None, password: str) -> bool:
    return account is not None and account.is_active and proven.knows(account, password)


def _is_right(account: Account | None, password: str, *, renews: bool) -> bool:
    if account is None:
        make_password(password)
        return False
    is_right = account.check_password(password) if renews else check_password(password, account.password)
    return is_right and account.is_active


def _busy() -> BusyError:
    return BusyError("too many are signing in; try again in a moment.", 1)


def _digest(username: str, caller: str) -> bytes:
    return hashlib.sha256(f"{_network(caller)}\0{username}".encode()).digest()


def _network(caller: str) -> str:
    """Who asks, as far as wrong passwords are counted; of IPv6 anybody has a whole network."""
    try:
        address = ip_address(caller)
    except ValueError:  # not known
        return ""
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else str(address)
