"""A small image, made here and now: one layer with one file, as an OCI layout that skopeo reads."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

GREETING = """Hello from Portcullis!
You were let through: the Networking page of this registry allows the address you came from.
"""


def make_image(layout: Path, *, text: str = GREETING, padding: int = 0) -> str:
    """Writes the layout and returns the layer's digest. `padding` makes the layer so many bytes larger."""
    (layout / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    tar = _tar({"hello.txt": text.encode(), **({"padding": _noise(padding)} if padding else {})})
    layer = gzip.compress(tar, mtime=0)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["cat", "/hello.txt"]},
        "rootfs": {"type": "layers", "diff_ids": [_digest(tar)]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "make lab"}],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": _blob(layout, _json(config), "application/vnd.oci.image.config.v1+json"),
        "layers": [_blob(layout, layer, "application/vnd.oci.image.layer.v1.tar+gzip")],
    }
    described = _blob(layout, _json(manifest), str(manifest["mediaType"]))
    index = {"schemaVersion": 2, "manifests": [described]}
    (layout / "index.json").write_bytes(_json(index))
    (layout / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))
    return _digest(layer)


def _blob(layout: Path, content: bytes, media_type: str) -> dict[str, Any]:
    digest = _digest(content)
    (layout / "blobs" / "sha256" / digest.removeprefix("sha256:")).write_bytes(content)
    return {"mediaType": media_type, "digest": digest, "size": len(content)}


def _tar(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _noise(size: int) -> bytes:
    """The same each time, and nothing that gzip makes smaller."""
    blocks = (hashlib.sha256(str(number).encode()).digest() for number in range(size // 32 + 1))
    return b"".join(blocks)[:size]


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
