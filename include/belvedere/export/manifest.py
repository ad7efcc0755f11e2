"""What an export says of itself: whose artifact, from where, made by what, and the hash of every file in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from belvedere.export.signing import PublicKey

FORMAT = "belvedere-export/1"
MANIFEST_NAME = "manifest.json"
SIGNATURE_NAME = "manifest.sig"
MOST_MANIFEST_BYTES = 32 * 1024**2
HASH_LETTERS = 64


class ManifestRefused(PermanentError):
    """A manifest does not say what it must."""

    code = "manifest_refused"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of an export. ``active``: it holds a user's own HTML, whose scripts a browser would run."""

    path: str
    role: str
    media_type: str
    size: int
    sha256: str
    active: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything an export says: ``about`` is the artifact as the gallery's API tells it."""

    exported_at: str
    exported_by: str
    about: Mapping[str, Any]
    files: tuple[FileEntry, ...]
    public_key: str


def write_manifest(
    about: Mapping[str, Any], files: Sequence[FileEntry], *, at: datetime, by: str, key: PublicKey
) -> bytes:
    """Return the manifest as it lies in the zip: these very bytes are signed."""
    document = {
        "format": FORMAT,
        "exported_at": at.isoformat(),
        "exported_by": by,
        "artifact": dict(about),
        "files": [asdict(file) for file in files],
        "signature": {"algorithm": "Ed25519", "public_key": key.text, "file": SIGNATURE_NAME},
    }
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False).encode() + b"\n"


def read_manifest(content: bytes) -> Manifest:
    """Read a manifest that anybody may have written.

    Raises:
        ManifestRefused: saying which part is not as it must be.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise ManifestRefused("the manifest is not JSON") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ManifestRefused(f"the manifest is not of the format {FORMAT}")
    files = tuple(_entry(each) for each in _of(document, "files", list))
    if len({file.path for file in files}) < len(files):
        raise ManifestRefused("the manifest names a file twice")
    return Manifest(
        exported_at=_of(document, "exported_at", str),
        exported_by=_of(document, "exported_by", str),
        about=_of(document, "artifact", dict),
        files=files,
        public_key=_of(_of(document, "signature", dict), "public_key", str),
    )


def _entry(said: Any) -> FileEntry:
    if not isinstance(said, dict):
        raise ManifestRefused("the manifest's list of files holds something else")
    size, digest = _of(said, "size", int), _of(said, "sha256", str)
    if isinstance(size, bool) or size < 0:
        raise ManifestRefused("the manifest's size of a file is no number of bytes")
    if len(digest) != HASH_LETTERS or not set(digest) <= set("0123456789abcdef"):
        raise ManifestRefused("the manifest's hash of a file is no SHA-256")
    names = {name: _of(said, name, str) for name in ("path", "role", "media_type")}
    return FileEntry(**names, size=size, sha256=digest, active=said.get("active") is True)


def _of(document: Mapping[str, Any], name: str, kind: type) -> Any:
    value = document.get(name)
    if not isinstance(value, kind):
        raise ManifestRefused(f"the manifest's {name!r} is missing or of another type")
    return value
