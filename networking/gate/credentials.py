"""Whose user name and password these are."""

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict

from registries.models import Account

KEPT_FOR = 120.0  # seconds
MOST_KEPT = 1000


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

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()

    def _digest(self, account: Account, password: str) -> bytes:
        text = f"{account.pk}\0{account.password}\0{password}"
        return hmac.digest(self._key, text.encode(), hashlib.sha256)


proven = Proven()


def account_of(username: str, password: str) -> Account | None:
    """The account, a person's or a service principal's, where the password is right and the account active. One query.
    A name that nobody has takes as long as a wrong password."""
    # PostgreSQL takes no NUL.
    account = Account.objects.filter(username=username).first() if username and "\0" not in username else None
    if account is None:
        Account().set_password(password)
        return None
    if not proven.knows(account, password):
        if not account.check_password(password):
            return None
        proven.keep(account, password)
    return account if account.is_active else None
