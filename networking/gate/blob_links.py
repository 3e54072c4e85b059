"""Links by which the front sends a client on to a data endpoint for a layer, and knows it again there. nginx reads a
layer where the registry keeps it; the front asks the registry, which wants to know of which repository."""

import re
import time
from urllib.parse import parse_qs, urlencode

from django.utils.crypto import constant_time_compare, salted_hmac

from networking.gate.scopes import is_repository

PATH = re.compile(r"/docker/registry/v2/blobs/sha256/([0-9a-f]{2})/(\1[0-9a-f]{62})/data", re.ASCII)
MOST_FIELDS = 20


def link(host: str, repository: str, digest: str, signed: str) -> str:
    """Path and query at the data endpoint `host`; `signed` is what a verdict says of it, and for how long."""
    hexadecimal = digest.partition(":")[2]
    (ends,) = parse_qs(signed)["se"]
    proof = urlencode({"repo": repository, "proof": _proof(host, repository, digest, ends)}, safe="/")
    return f"/docker/registry/v2/blobs/sha256/{hexadecimal[:2]}/{hexadecimal}/data?{signed}&{proof}"


def read(host: str, path: str, query: str) -> tuple[str, str] | None:
    """Repository and digest of a link that we made for that host and that still lives; None for anything else."""
    found = PATH.fullmatch(path)
    try:
        fields = parse_qs(query, max_num_fields=MOST_FIELDS)
        (repository,), (ends,), (proof,) = fields["repo"], fields["se"], fields["proof"]
        alive = ends.isascii() and ends.isdecimal() and int(ends) >= time.time()
    except (ValueError, KeyError):
        return None
    if found is None or not alive or not is_repository(repository):
        return None
    digest = f"sha256:{found[2]}"
    return (repository, digest) if constant_time_compare(proof, _proof(host, repository, digest, ends)) else None


def _proof(host: str, repository: str, digest: str, ends: str) -> str:
    said = f"{host} {repository} {digest} {ends}"
    return salted_hmac("networking.gate.blob_links", said, algorithm="sha256").hexdigest()
