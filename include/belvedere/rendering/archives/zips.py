"""Reading zip archives by their directory, which is believed only where it agrees with itself.

Entries that overlap (the bombs of D. Fifield, "A better zip bomb", 2019) are not read. A zip whose directory is
missing, as after a broken upload, is walked from its beginning.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO, cast

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.archives.decompression import DAMAGE, check_expansion, explained, spill
from belvedere.rendering.archives.listing import Contents, Form, Member, marked, name_problem, shown_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from belvedere.model.rendering import Limits

LARGEST_DIRECTORY = 16 * 1024**2
END_RECORD, END_BYTES, COMMENT_BYTES = b"PK\5\6", 22, 65536
LOCAL_HEADER, LOCAL_BYTES = b"PK\3\4", 30
ENCRYPTED, SIZES_FOLLOW = 0x1, 0x8
WALKED_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, struct.error, *DAMAGE)


def list_zip(path: Path, limits: Limits) -> Contents:
    """Return what a zip archive holds; of one that was cut, the entries that came whole.

    Raises:
        MalformedArtifact: nothing of it can be read.
        LimitExceeded: its directory is enormous.
    """
    try:
        with _opened(path) as archive:
            return _listed(archive, limits)
    except MalformedArtifact as error:
        members = _walked(path, limits)
        if not members:
            raise
        reason = error.message.rstrip(".")
        warning = f"The archive is damaged or truncated ({reason}): these are the entries at its beginning."
        return Contents("zip archive", marked(members), (warning,), complete=False)


def names_in_zip(path: Path, most: int) -> tuple[str, ...]:
    """Return the first ``most`` names of a zip, for telling what kind of zip it is; none where it cannot be read."""
    try:
        with _opened(path) as archive:
            return tuple(info.filename for info in archive.infolist()[:most])
    except (MalformedArtifact, LimitExceeded):
        return ()


def spill_zip(path: Path, limits: Limits, wanted: Mapping[int, Path], most: int) -> dict[int, str]:
    """Write the entries at the positions ``wanted`` to the files given; return what went wrong with which."""
    problems: dict[int, str] = {}
    try:
        with _opened(path) as archive:
            entries = archive.infolist()
            for position, target in wanted.items():
                problem = _spilled(archive, entries[position], target, limits, most)
                if problem:
                    problems[position] = problem
    except MalformedArtifact:
        for position, local in enumerate(_local_headers(path)):
            if position in wanted:
                try:
                    _spill_local(path, local, wanted[position], most)
                except zlib.error as error:
                    problems[position] = f"it is damaged: {explained(error)}"
    return problems


def _spill_local(path: Path, local: _Local, target: Path, most: int) -> None:
    """Write an entry that is known by its local header only, at most the first ``most`` bytes of it."""
    with path.open("rb") as file:
        file.seek(local.data_at)
        packed = file.read(min(local.packed, most))
    unpacked = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most) if local.method else packed
    target.write_bytes(unpacked)


def _spilled(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, limits: Limits, most: int) -> str | None:
    try:
        check_expansion(info.file_size, info.compress_size, limits)
        with archive.open(info) as stream:
            written = spill(cast("BinaryIO", stream), target, most=most)
    except (MalformedArtifact, LimitExceeded) as error:
        return error.message
    except BROKEN as error:
        return f"it is damaged: {explained(error)}"
    return None if written == info.file_size else f"its header says {info.file_size:,} bytes, there are {written:,}"


def _opened(path: Path) -> zipfile.ZipFile:
    """Open a zip whose directory has a reasonable size.

    Raises:
        MalformedArtifact: its directory is missing or damaged.
        LimitExceeded: its directory is enormous.
    """
    size = _directory_bytes(path)
    if size > LARGEST_DIRECTORY:
        text = f"The directory of the archive has {size:,} bytes; at most {LARGEST_DIRECTORY:,} are read."
        raise LimitExceeded(text, code="archive_members")
    try:
        return zipfile.ZipFile(path)
    except BROKEN as error:
        raise MalformedArtifact(f"This is no valid zip archive: {explained(error)}.", code="damaged_archive") from error


def _directory_bytes(path: Path) -> int:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - END_BYTES - COMMENT_BYTES))
        tail = file.read()
        at = tail.rfind(END_RECORD)
        if at < 0 or at + END_BYTES > len(tail):
            raise MalformedArtifact("The directory at the end of the zip archive is missing.", code="damaged_archive")
        (noted,) = struct.unpack_from("<I", tail, at + 12)
        if noted != 0xFFFFFFFF:
            return int(noted)
        at = tail.rfind(b"PK\6\6")
        return int(struct.unpack_from("<Q", tail, at + 40)[0]) if 0 <= at <= len(tail) - 48 else 0


def _listed(archive: zipfile.ZipFile, limits: Limits) -> Contents:
    entries = archive.infolist()
    warnings = []
    if len(entries) > limits.members:
        warnings.append(f"Only the first {limits.members:,} of {len(entries):,} entries are listed.")
    overlapping = _overlapping(entries)
    members = [_member(position, info) for position, info in enumerate(entries[: limits.members])]
    members = [
        replace(member, problem=member.problem or "its bytes overlap those of another entry")
        if member.position in overlapping
        else member
        for member in members
    ]
    return Contents("zip archive", marked(members), tuple(warnings), complete=not warnings)


def _overlapping(entries: list[zipfile.ZipInfo]) -> set[int]:
    """Return the positions of entries whose bytes reach into the next one's."""
    order = sorted(range(len(entries)), key=lambda at: entries[at].header_offset)
    found: set[int] = set()
    for one, two in pairwise(order):
        end = entries[one].header_offset + LOCAL_BYTES + entries[one].compress_size
        if end > entries[two].header_offset:
            found |= {one, two}
    return found


def _member(position: int, info: zipfile.ZipInfo) -> Member:
    raw = info.orig_filename
    problem, name, modified = name_problem(raw), shown_name(raw), _date(info.date_time)
    if info.is_dir():
        return Member(position, name, 0, "folder", modified, problem=problem)
    if stat.S_ISLNK(info.external_attr >> 16):
        return Member(position, name, 0, "link", modified, "", "links are not followed")
    if info.flag_bits & ENCRYPTED:
        problem = problem or "it is encrypted"
    if info.compress_type not in METHODS:
        problem = problem or f"it is packed by a method that is not read here (number {info.compress_type})"
    return Member(position, name, info.file_size, "file", modified, problem=problem)


def _date(moment: tuple[int, ...]) -> str:
    year, month, day, hour, minute, _ = moment
    return "" if (year, month, day) == (1980, 1, 1) else f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}"


@dataclass(frozen=True, slots=True)
class _Local:
    """A local header: what the bytes before an entry say of it."""

    name: str
    flags: int
    method: int
    packed: int
    size: int
    data_at: int


def _walked(path: Path, limits: Limits) -> list[Member]:
    """Return the entries of a zip without directory, as far as they can be followed and came whole."""
    members: list[Member] = []
    total = path.stat().st_size
    for local in _local_headers(path):
        members.append(_local_member(len(members), local, total))
        if len(members) >= limits.members:
            break
    return members


def _local_member(position: int, local: _Local, total: int) -> Member:
    problem = name_problem(local.name)
    if local.data_at + local.packed > total or local.flags & SIZES_FOLLOW:
        problem = problem or "it did not come whole"
    if local.flags & ENCRYPTED or local.method not in WALKED_METHODS:
        problem = problem or "it cannot be read without the directory of the archive"
    form: Form = "folder" if local.name.endswith("/") else "file"
    return Member(position, shown_name(local.name), local.size, form, problem=problem)


def _local_headers(path: Path) -> Iterator[_Local]:
    with path.open("rb") as file:
        at = 0
        while True:
            file.seek(at)
            fixed = file.read(LOCAL_BYTES)
            if len(fixed) < LOCAL_BYTES or not fixed.startswith(LOCAL_HEADER) or fixed[26:28] == b"\0\0":
                return
            flags, method = struct.unpack_from("<HH", fixed, 6)
            packed, size, name_bytes, extra_bytes = struct.unpack_from("<IIHH", fixed, 18)
            name = file.read(name_bytes).decode("utf-8" if flags & 0x800 else "cp437", "replace")
            local = _Local(name, flags, method, packed, size, at + LOCAL_BYTES + name_bytes + extra_bytes)
            yield local
            if flags & SIZES_FOLLOW:
                return
            at = local.data_at + packed
