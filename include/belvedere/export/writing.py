"""A signed zip written while it is sent: nothing is kept but the piece under way, however large the files are."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import ObjectChanged
from belvedere.export.manifest import MANIFEST_NAME, SIGNATURE_NAME, FileEntry, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from belvedere.export.signing import ExportKey

README_NAME = "README.txt"
README = b"""This is one artifact of a Belvedere gallery, taken out with everything that is known of it.

  rendering/     what the gallery shows of it
  source/        the artifact itself, where it was asked for
  manifest.json  where it comes from, what rendered it, and the SHA-256 of every file here
  manifest.sig   the gallery's signature under manifest.json (Ed25519, base64)

Verify that nothing was changed:

  python -m belvedere.export verify THIS.zip --key PUBLIC_KEY

The public key is shown by the gallery under /belvedere/api/export/key: take it from there, not from this zip.

Files that the manifest calls "active", and the source, are as their makers wrote them: open them with the care
that any file from a stranger deserves.
"""
# Deflating a large file costs a core for minutes, and most large files are packed already.
MOST_DEFLATED = 64 * 1024**2
PACKED = ("image/png", "image/jpeg", "image/webp", "image/gif", "application/zip", "application/gzip")
ZIP64_ABOVE = 2**31 - 1
EARLIEST_YEAR = 1980


@dataclass(frozen=True, slots=True)
class Part:
    """A file to be put in: ``read`` yields its bytes, of which there are ``size``."""

    path: str
    role: str
    media_type: str
    size: int
    read: Callable[[], Iterator[bytes]]
    active: bool = False


class _Outlet(io.RawIOBase):
    """What the zip is written into: taken away piece by piece, never sought in."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._held += piece
        return len(piece)

    def taken(self) -> bytes:
        """Return what was written since the last call."""
        piece = bytes(self._held)
        self._held.clear()
        return piece


def write_export(
    parts: Sequence[Part], about: Mapping[str, Any], key: ExportKey, *, at: datetime, by: str
) -> Iterator[bytes]:
    """Yield the zip. Where it breaks off it has no table of contents, so that half an export never passes for one.

    Raises:
        ObjectChanged: a file has another size than it had when the export began.
        BelvedereError: whatever reading a part raises.
    """
    outlet = _Outlet()
    files: list[FileEntry] = []
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as zipped:
        for part in (_readme(), *parts):
            hashed, size = hashlib.sha256(), 0
            with zipped.open(_info(part, at), "w", force_zip64=part.size > ZIP64_ABOVE) as file:
                for piece in part.read():
                    size += len(piece)
                    if size > part.size:
                        break
                    hashed.update(piece)
                    file.write(piece)
                    if held := outlet.taken():
                        yield held
            if size != part.size:
                raise ObjectChanged(f"{part.path} was replaced while it was exported: export it again")
            files.append(FileEntry(part.path, part.role, part.media_type, size, hashed.hexdigest(), part.active))
        manifest = write_manifest(about, files, at=at, by=by, key=key.public)
        zipped.writestr(_named(MANIFEST_NAME, at), manifest)
        zipped.writestr(_named(SIGNATURE_NAME, at), base64.b64encode(key.sign(manifest)) + b"\n")
    yield outlet.taken()


def _readme() -> Part:
    return Part(README_NAME, "readme", "text/plain", len(README), lambda: iter([README]))


def _info(part: Part, at: datetime) -> zipfile.ZipInfo:
    info = _named(part.path, at)
    if part.size > MOST_DEFLATED or part.media_type in PACKED:
        info.compress_type = zipfile.ZIP_STORED
    return info


def _named(path: str, at: datetime) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, (max(at.year, EARLIEST_YEAR), *at.timetuple()[1:6]))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info
