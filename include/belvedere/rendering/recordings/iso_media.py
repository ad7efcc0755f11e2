"""MP4, M4A and QuickTime files: boxes within boxes. Source: ISO/IEC 14496-12 (ISO base media file format)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from belvedere.rendering.recordings.headers import Recording, Track

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

MOST_BOXES = 20_000
MOST_TRACKS = 32
MOST_READ = 4096
CODECS = {
    "avc1": "H.264", "avc3": "H.264", "hvc1": "H.265", "hev1": "H.265", "av01": "AV1", "vp08": "VP8", "vp09": "VP9",
    "mp4v": "MPEG-4 Visual", "mp4a": "AAC", "alac": "Apple Lossless", "ac-3": "AC-3", "ec-3": "E-AC-3",
    "Opus": "Opus", "fLaC": "FLAC", ".mp3": "MP3", "sowt": "PCM", "twos": "PCM", "lpcm": "PCM", "jpeg": "Motion JPEG",
}  # fmt: skip
HANDLERS = {b"vide": "video", b"soun": "audio", b"text": "text", b"sbtl": "subtitles", b"tmcd": "time code"}


class Box(NamedTuple):
    """One box: its name, where its content begins and ends."""

    name: bytes
    begin: int
    end: int


def boxes(file: BinaryIO, at: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two places, as far as they go."""
    for _ in range(MOST_BOXES):
        if at + 8 > end:
            return
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        size, name, begin = int.from_bytes(head[:4], "big"), head[4:8], at + 8
        if size == 1 and len(head) == 16:
            size, begin = int.from_bytes(head[8:16], "big"), at + 16
        elif size == 0:
            size = end - at
        if size < begin - at:
            return
        yield Box(name, begin, at + size)
        at += size


def read(file: BinaryIO, size: int) -> Recording:
    """Read the movie's header and its tracks'."""
    brand = b""
    movie, cut = None, False
    for box in boxes(file, 0, size):
        cut = cut or box.end > size
        if box.name == b"ftyp":
            file.seek(box.begin)
            brand = file.read(4)
        elif box.name == b"moov":
            movie = box
    name, media_type = _named(brand)
    said = ("The file is incomplete (truncated): its last part is missing.",) if cut else ()
    if movie is None:
        return Recording(name, media_type, None, (), (*said, "The movie's header is missing: it cannot be played."))
    seconds, tracks = _movie(file, Box(movie.name, movie.begin, min(movie.end, size)))
    if tracks and all(track.type != "video" for track in tracks) and media_type == "video/mp4":
        media_type = "audio/mp4"
    return Recording(name, media_type, seconds, tuple(tracks), said)


def _named(brand: bytes) -> tuple[str, str]:
    if brand == b"qt  " or not brand:
        return "QuickTime", "video/quicktime"
    return ("M4A", "audio/mp4") if brand in (b"M4A ", b"M4B ") else ("MP4", "video/mp4")


def _movie(file: BinaryIO, movie: Box) -> tuple[float | None, list[Track]]:
    seconds = None
    tracks: list[Track] = []
    for box in boxes(file, movie.begin, movie.end):
        if box.name == b"mvhd":
            seconds = _duration(_read(file, box))
        elif box.name == b"trak" and len(tracks) < MOST_TRACKS:
            tracks.append(_track(file, box))
    return seconds, tracks


def _read(file: BinaryIO, box: Box) -> bytes:
    file.seek(box.begin)
    return file.read(max(0, min(box.end - box.begin, MOST_READ)))


def _duration(content: bytes) -> float | None:
    """Return the seconds in a movie's or a track's media header, whose numbers are 32 or 64 bits long."""
    layout, at = (">IQ", 20) if content[:1] == b"\x01" else (">II", 12)
    if len(content) < at + struct.calcsize(layout):
        return None
    scale, duration = struct.unpack_from(layout, content, at)
    return float(duration / scale) if scale and duration not in (0xFFFFFFFF, 2**64 - 1) else None


def _track(file: BinaryIO, track: Box) -> Track:
    kind, codec, size, sound = "other", "", (0, 0), (0, 0, 0)
    for box in boxes(file, track.begin, track.end):
        if box.name == b"tkhd":
            content = _read(file, box)
            size = tuple(part >> 16 for part in struct.unpack(">II", content[-8:].rjust(8, b"\0")))
        elif box.name == b"mdia":
            kind, codec, sound, coded = _media(file, box)
            size = coded if coded != (0, 0) else size
    if kind != "video":
        size = (0, 0)
    return Track(kind, codec, size[0], size[1], *sound)


def _media(file: BinaryIO, media: Box) -> tuple[str, str, tuple[int, int, int], tuple[int, int]]:
    kind, codec, sound, size = "other", "", (0, 0, 0), (0, 0)
    for box in boxes(file, media.begin, media.end):
        if box.name == b"hdlr":
            kind = HANDLERS.get(_read(file, box)[8:12], "other")
        elif box.name == b"minf":
            for inner in boxes(file, box.begin, box.end):
                if inner.name == b"stbl":
                    codec, sound, size = _sample_description(file, inner, kind)
    return kind, codec, sound, size


def _sample_description(file: BinaryIO, table: Box, kind: str) -> tuple[str, tuple[int, int, int], tuple[int, int]]:
    content = next((_read(file, box) for box in boxes(file, table.begin, table.end) if box.name == b"stsd"), b"")
    entry = content[8:]
    code = entry[4:8].decode("latin-1")
    codec = CODECS.get(code, code.strip("\0 "))
    if kind == "audio" and len(entry) >= 36:
        channels, bits, _, _, rate = struct.unpack_from(">HHHHI", entry, 24)
        return codec, (rate >> 16, channels, bits), (0, 0)
    if kind == "video" and len(entry) >= 36:
        width, height = struct.unpack_from(">HH", entry, 32)
        return codec, (0, 0, 0), (width, height)
    return codec, (0, 0, 0), (0, 0)
