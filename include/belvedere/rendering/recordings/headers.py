"""What sound and video files say of themselves in their headers: length, codecs, size. Nothing is decoded."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from belvedere.errors import MalformedArtifact

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

LONGEST_SECONDS = 1e7


@dataclass(frozen=True, slots=True)
class Track:
    """One stream: ``type`` is ``audio``, ``video`` or another word; sizes in pixels, rates in hertz; 0: not said."""

    type: str
    codec: str
    width: int = 0
    height: int = 0
    sample_rate: int = 0
    channels: int = 0
    bits: int = 0


@dataclass(frozen=True, slots=True)
class Recording:
    """A sound or video: ``container`` in people's words, ``media_type`` for players, ``seconds`` None where unsaid."""

    container: str
    media_type: str
    seconds: float | None
    tracks: tuple[Track, ...]
    warnings: tuple[str, ...] = ()
    frames: tuple[int, int] = field(default=(0, 0))

    def first(self, kind: str) -> Track | None:
        """Return the first track of a type."""
        return next((track for track in self.tracks if track.type == kind), None)


def read_recording(path: Path, size: int) -> Recording:
    """Read the headers of a recording.

    Raises:
        MalformedArtifact: they are damaged or cut before anything is known.
    """
    with path.open("rb") as file:
        head = file.read(64)
        reader = _reader(head)
        if reader is None:
            raise MalformedArtifact("This is no sound or video of a known format.", code="malformed_media")
        file.seek(0)
        try:
            found = reader(file, size)
        except (IndexError, ValueError, EOFError, OverflowError, struct.error) as error:
            text = "The headers of this recording are damaged or truncated: it cannot be read."
            raise MalformedArtifact(text, code="malformed_media") from error
    if found.seconds is not None and not 0 < found.seconds < LONGEST_SECONDS:
        found = replace(found, seconds=None)
    if not found.tracks:
        said = "The recording names no track: it is damaged, truncated, or empty."
        return replace(found, warnings=(*found.warnings, said))
    return found


def _reader(head: bytes) -> Callable[[BinaryIO, int], Recording] | None:
    from belvedere.rendering.recordings import iso_media, matroska, ogg_media, riff_media, sound_frames

    if head[8:12] == b"WAVE" or head[8:12] == b"AVI ":
        return riff_media.read
    if head[:4] == b"fLaC":
        return sound_frames.read_flac
    if head[:4] == b"OggS":
        return ogg_media.read
    if head[:4] == b"\x1aE\xdf\xa3":
        return matroska.read
    if head[4:8] in (b"ftyp", b"moov"):
        return iso_media.read
    if head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1] & 0xE0 == 0xE0):
        return sound_frames.read_mpeg
    return None
