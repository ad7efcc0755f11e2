"""Is an export what a gallery gave out? Nothing of it is believed before it is checked, nothing is unpacked to disk."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.errors import PermanentError
from belvedere.export.manifest import (
    MANIFEST_NAME,
    MOST_MANIFEST_BYTES,
    SIGNATURE_NAME,
    Manifest,
    ManifestRefused,
    read_manifest,
)
from belvedere.export.signing import KeyRefused, PublicKey

if TYPE_CHECKING:
    from pathlib import Path

    from belvedere.export.manifest import FileEntry

PIECE = 1024 * 1024
MOST_SIGNATURE_BYTES = 1024
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


class ExportRefused(PermanentError):
    """An export is damaged, was changed, or was signed by somebody else."""

    code = "export_refused"


@dataclass(frozen=True, slots=True)
class Verified:
    """An intact export, and by whose key it says it was signed; ``pinned``: that key was known beforehand."""

    manifest: Manifest
    key: PublicKey
    pinned: bool


def verify(path: Path, key: PublicKey | None = None) -> Verified:
    """Check a zip against its manifest, and the manifest against its signature.

    Raises:
        ExportRefused: saying what is wrong with it.
    """
    try:
        with zipfile.ZipFile(path) as zipped:
            return _verified(zipped, key)
    except (ManifestRefused, KeyRefused) as error:
        raise ExportRefused(error.message) from error
    except UNREADABLE as error:
        raise ExportRefused(f"the zip cannot be read to its end: {error}") from error


def _verified(zipped: zipfile.ZipFile, key: PublicKey | None) -> Verified:
    names = _names(zipped)
    said = _small(zipped, MANIFEST_NAME, MOST_MANIFEST_BYTES)
    manifest = read_manifest(said)
    signer = PublicKey.from_text(manifest.public_key)
    if key is not None and key != signer:
        raise ExportRefused(f"it was signed by another key ({signer.fingerprint}) than yours ({key.fingerprint})")
    if not signer.signed(said, _signature(zipped)):
        raise ExportRefused("the signature does not fit: the manifest was changed after it was signed")
    listed = {file.path for file in manifest.files}
    if extra := sorted(names - listed):
        raise ExportRefused(f"the zip holds {extra[0]!r}, which the manifest does not name")
    if missing := sorted(listed - names):
        raise ExportRefused(f"{missing[0]!r} is missing")
    for file in manifest.files:
        _check(zipped, file)
    return Verified(manifest, signer, key is not None)


def _names(zipped: zipfile.ZipFile) -> set[str]:
    """Return the names of the signed files of a zip that holds nothing an unpacker could see differently."""
    members = zipped.infolist()
    if zipped.comment or min((member.header_offset for member in members), default=0):
        raise ExportRefused("the zip holds something before or beside its files")
    if any(member.compress_type not in PACKINGS for member in members):
        raise ExportRefused("the zip is packed in a way that no gallery packs")
    names = {member.filename for member in members}
    if len(names) < len(members):
        raise ExportRefused("the zip holds two files of one name")
    for needed in (MANIFEST_NAME, SIGNATURE_NAME):
        if needed not in names:
            raise ExportRefused(f"the zip holds no {needed}")
    return names - {MANIFEST_NAME, SIGNATURE_NAME}


def _signature(zipped: zipfile.ZipFile) -> bytes:
    try:
        return base64.b64decode(_small(zipped, SIGNATURE_NAME, MOST_SIGNATURE_BYTES).strip(), validate=True)
    except (binascii.Error, ValueError):
        raise ExportRefused("the signature is not base64") from None


def _small(zipped: zipfile.ZipFile, name: str, most: int) -> bytes:
    with zipped.open(name) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ExportRefused(f"{name} is larger than {most:,} bytes")
    return content


def _check(zipped: zipfile.ZipFile, file: FileEntry) -> None:
    """Hash a file, of which never more is unpacked than the manifest says there is."""
    hashed, size = hashlib.sha256(), 0
    with zipped.open(file.path) as opened:
        while size <= file.size and (piece := opened.read(min(PIECE, file.size + 1 - size))):
            hashed.update(piece)
            size += len(piece)
    if size != file.size or hashed.hexdigest() != file.sha256:
        raise ExportRefused(f"{file.path!r} is not the file that was signed")
