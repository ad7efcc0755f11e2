"""Reading tar archives, packed or not, header by header: hostile ones must end as soon as they turn odd.

Python's ``tarfile`` believes headers: it would keep a name of a gigabyte, or go round in circles where a size is
negative (CVE-2025-8194). Those are refused here before it acts on them.
"""

from __future__ import annotations

import datetime
import tarfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.archives.decompression import COMPRESSIONS, DAMAGE, explained, open_compressed, spill
from belvedere.rendering.archives.listing import Contents, Member, marked, name_problem, shown_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from belvedere.model.rendering import Limits

LARGEST_EXTENDED_HEADER = 1024**2
BLOCK = 512
BROKEN = (tarfile.TarError, *DAMAGE)
DEVICES = {tarfile.CHRTYPE: "character device", tarfile.BLKTYPE: "block device", tarfile.FIFOTYPE: "named pipe"}
EXTENDED = frozenset(
    (
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    )
)


class _CheckedHeader(tarfile.TarInfo):
    """A tar header whose sizes are looked at before anybody acts on them."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _CheckedHeader:
        """Read a header.

        Raises:
            MalformedArtifact: its size is negative, or it is damaged.
            LimitExceeded: it announces a name of unreasonable length.
        """
        try:
            found = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            # at the end of an archive stand headers of zeros, or nothing: tarfile knows what to do with those
            if buf[:1] in (b"", b"\0"):
                raise
            raise MalformedArtifact(f"a header is damaged ({error}).", code="damaged_archive") from error
        if found.size < 0:
            raise MalformedArtifact("a header gives a negative size.", code="damaged_archive")
        if found.type in EXTENDED and found.size > LARGEST_EXTENDED_HEADER:
            raise LimitExceeded(f"an extended header has {found.size:,} bytes.", code="archive_header")
        return found


def is_tar_header(head: bytes) -> bool:
    """Whether ``head`` begins with a tar header, by its checksum: old ones carry no other mark."""
    block = head[:BLOCK]
    if len(block) < BLOCK or not block[0]:
        return False
    try:
        noted = int(block[148:156].strip(b" \0") or b"x", 8)
    except ValueError:
        return False
    return noted == sum(block[:148]) + 8 * 32 + sum(block[156:])


def list_tar(path: Path, kind: str, limits: Limits) -> Contents:
    """Return what a tar archive holds; ``kind`` is ``tar``, or the compression around it.

    Of a damaged or endless one what can be read before that, with a warning.

    Raises:
        MalformedArtifact: not even its first header can be read.
        LimitExceeded: it is a bomb, and nothing could be read before that showed.
    """
    name = "tar archive" if kind == "tar" else f"{COMPRESSIONS[kind]}-compressed tar archive"
    members: list[Member] = []
    warnings: list[str] = []
    try:
        for info, _ in _headers(path, kind, limits):
            if len(members) >= limits.members:
                warnings.append(f"Only the first {limits.members:,} entries are listed.")
                break
            members.append(_member(len(members), info))
    except (MalformedArtifact, LimitExceeded) as error:
        if not members:
            raise
        members[-1] = _incomplete(members[-1])
        warnings.append(f"The archive could be read only up to {members[-1].name!r}: {error.message}")
    return Contents(name, marked(members), tuple(warnings), complete=not warnings)


def spill_tar(path: Path, kind: str, limits: Limits, wanted: Mapping[int, Path], most: int) -> dict[int, str]:
    """Write the members at the positions ``wanted`` to the files given; return what went wrong with which."""
    problems: dict[int, str] = {}
    left = set(wanted)
    try:
        for position, (info, archive) in enumerate(_headers(path, kind, limits)):
            if position in left:
                left.discard(position)
                problems |= _spilled(archive, info, position, wanted[position], most)
            if not left:
                break
    except (MalformedArtifact, LimitExceeded) as error:
        problems |= dict.fromkeys(left, error.message)
    return problems


def _spilled(archive: tarfile.TarFile, info: tarfile.TarInfo, position: int, target: Path, most: int) -> dict[int, str]:
    stream = archive.extractfile(info)
    if stream is None:
        return {position: "it holds no bytes"}
    try:
        written = spill(cast("BinaryIO", stream), target, most=most)
    except (MalformedArtifact, LimitExceeded) as error:
        return {position: error.message}
    except tarfile.TarError as error:
        return {position: f"it is damaged: {explained(error)}"}
    return {} if written == info.size else {position: f"it is cut: {written:,} of {info.size:,} bytes are there"}


def _headers(path: Path, kind: str, limits: Limits) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    """Walk over the headers; errors come out as ours."""
    with _opened(path, kind, limits) as archive:
        last = -1
        while True:
            try:
                info = archive.next()
            except BROKEN as error:
                text = f"it is damaged or truncated ({explained(error)})."
                raise MalformedArtifact(text, code="damaged_archive") from error
            except RecursionError:
                raise MalformedArtifact("its headers are nested without end.", code="damaged_archive") from None
            if info is None:
                return
            if info.offset <= last or info.size < 0:
                raise MalformedArtifact("its headers lead in a circle.", code="damaged_archive")
            last = info.offset
            yield info, archive
            archive.members.clear()  # type: ignore[attr-defined]


@contextmanager
def _opened(path: Path, kind: str, limits: Limits) -> Iterator[tarfile.TarFile]:
    with path.open("rb") if kind == "tar" else open_compressed(path, kind, limits) as stream:
        try:
            archive = _tar_file(cast("BinaryIO", stream), seekable=kind == "tar")
        except BROKEN as error:
            text = f"The archive is damaged or truncated: {explained(error)}."
            raise MalformedArtifact(text, code="damaged_archive") from error
        with archive:
            yield archive


def _tar_file(stream: BinaryIO, *, seekable: bool) -> tarfile.TarFile:
    if seekable:
        return tarfile.TarFile(fileobj=stream, tarinfo=_CheckedHeader, errors="replace")
    return tarfile.TarFile.open(None, "r|", stream, tarinfo=_CheckedHeader, errors="replace")


def _member(position: int, info: tarfile.TarInfo) -> Member:
    problem = name_problem(info.name)
    name, target = shown_name(info.name), ""
    if info.isdir():
        return Member(position, name, 0, "folder", _date(info.mtime), problem=problem)
    if info.issym() or info.islnk():
        target = shown_name(info.linkname)
        return Member(position, name, 0, "link", _date(info.mtime), target, "links are not followed")
    if info.type in DEVICES:
        return Member(position, name, 0, "device", _date(info.mtime), "", f"it is a {DEVICES[info.type]}")
    if info.issparse():
        problem = problem or "it is stored with holes (sparse), which are not filled"
    return Member(position, name, info.size, "file", _date(info.mtime), problem=problem)


def _incomplete(member: Member) -> Member:
    if member.form != "file" or member.problem is not None:
        return member
    return Member(member.position, member.name, member.size, "file", member.modified, "", "it did not come whole")


def _date(seconds: float) -> str:
    if seconds <= 0:
        return ""
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return ""
