"""Links to layers on the data endpoints, good for a while and for one host. nginx checks their signature itself, with
its secure_link, so the recipe is nginx's; what a link says of whoever it was made for, the gate checks."""

import hashlib
import hmac
import re
import time
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, unquote

from django.conf import settings

from networking.gate.scopes import blob_of

LIFETIME = 20 * 60  # seconds, as Azure's (acr-facts 5.4)
SHA256 = re.compile(r"sha256:([0-9a-f]{64})", re.ASCII)
MOST_FIELDS = 20


def link(uri: str, host: str, *, trusted: bool) -> str:
    """The query of the link that a request for a layer is sent on with; empty where it asks for something else.
    `trusted` where an identity was let in, who fetches the layer without showing it again."""
    blob = blob_of(unquote(uri.partition("?")[0]))
    digest = SHA256.fullmatch(blob[1]) if blob else None
    if digest is None or not host:
        return ""
    path = f"/docker/registry/v2/blobs/sha256/{digest[1][:2]}/{digest[1]}/data"
    ends = str(int(time.time()) + LIFETIME)
    signed = f"sig={_signature(host, path, ends)}&se={ends}"
    return f"{signed}&by={_voucher(host, path, ends)}" if trusted else signed


def vouched(uri: str, host: str) -> bool:
    """The link was made for a trusted identity, for this host and path, and still lives."""
    path, _, query = uri.partition("?")
    try:
        fields = parse_qs(query, max_num_fields=MOST_FIELDS)
        (by,), (ends,) = fields["by"], fields["se"]
        alive = ends.isascii() and ends.isdecimal() and int(ends) >= time.time()
    except (ValueError, KeyError):
        return False
    return alive and hmac.compare_digest(by.encode(), _voucher(host, path, ends).encode())


def _signature(host: str, path: str, ends: str) -> str:
    """As `secure_link_md5 "$secure_link_expires $host$uri KEY"` spells it in deploy/gate."""
    key = hashlib.sha256(f"layers {_key()}".encode()).hexdigest()
    return _spelled(hashlib.md5(f"{ends} {host}{path} {key}".encode(), usedforsecurity=False).digest())


def _voucher(host: str, path: str, ends: str) -> str:
    said = f"trusted {host} {path} {ends}"
    return _spelled(hmac.digest(_key().encode(), said.encode(), hashlib.sha256))


def _key() -> str:
    """Without a proxy nobody else needs to know it."""
    return str(settings.GATE_KEY or settings.SECRET_KEY)


def _spelled(digest: bytes) -> str:
    return urlsafe_b64encode(digest).decode().rstrip("=")
