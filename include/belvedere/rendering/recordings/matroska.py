"""Matroska and WebM files: EBML elements within elements. Sources: RFC 8794 (EBML), RFC 9559 (Matroska)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from belvedere.rendering.recordings.headers import Recording, Track

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

EBML, SEGMENT, INFO, TRACKS, CLUSTER = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
DOC_TYPE, TIMESTAMP_SCALE, DURATION = 0x4282, 0x2AD7B1, 0x4489
TRACK_ENTRY, TRACK_TYPE, CODEC_ID, VIDEO, AUDIO = 0xAE, 0x83, 0x86, 0xE0, 0xE1
PIXEL_WIDTH, PIXEL_HEIGHT, SAMPLING_FREQUENCY, CHANNELS = 0xB0, 0xBA, 0xB5, 0x9F
MOST_ELEMENTS = 20_000
MOST_VALUE = 256
MOST_TRACKS = 64
TYPES = {1: "video", 2: "audio", 17: "subtitles"}
CODECS = {
    "V_VP8": "VP8", "V_VP9": "VP9", "V_AV1": "AV1", "V_MPEG4/ISO/AVC": "H.264", "V_MPEGH/ISO/HEVC": "H.265",
    "V_THEORA": "Theora", "A_VORBIS": "Vorbis", "A_OPUS": "Opus", "A_AAC": "AAC", "A_MPEG/L3": "MP3", "A_FLAC": "FLAC",
    "A_AC3": "AC-3", "A_PCM/INT/LIT": "PCM",
}  # fmt: skip


class Element(NamedTuple):
    """One element: its id, where its content begins and ends."""

    id: int
    begin: int
    end: int


def elements(file: BinaryIO, at: int, end: int) -> Iterator[Element]:
    """Yield the elements between two places, as far as they go."""
    for _ in range(MOST_ELEMENTS):
        if at >= end:
            return
        file.seek(at)
        head = file.read(12)
        if not head or not head[0]:
            return
        id_length = 9 - head[0].bit_length()
        if id_length > 4 or len(head) <= id_length or not head[id_length]:
            return
        size_length = 9 - head[id_length].bit_length()
        begin = at + id_length + size_length
        marked = int.from_bytes(head[id_length : id_length + size_length], "big")
        size = marked & (1 << 7 * size_length) - 1
        unknown = size == (1 << 7 * size_length) - 1
        yield Element(int.from_bytes(head[:id_length], "big"), begin, end if unknown else min(end, begin + size))
        at = end if unknown else begin + size


def read(file: BinaryIO, size: int) -> Recording:
    """Read the segment's description and its tracks'."""
    doc_type, seconds = "", None
    tracks: list[Track] = []
    for element in elements(file, 0, size):
        if element.id == EBML:
            doc_type = next(
                (_text(file, inner) for inner in elements(file, element.begin, element.end) if inner.id == DOC_TYPE), ""
            )
        elif element.id == SEGMENT:
            seconds, tracks = _segment(file, element)
            break
    webm = doc_type == "webm"
    video = any(track.type == "video" for track in tracks) or not tracks
    media_type = f"{'video' if video else 'audio'}/{'webm' if webm else 'x-matroska'}"
    return Recording("WebM" if webm else "Matroska", media_type, seconds, tuple(tracks))


def _segment(file: BinaryIO, segment: Element) -> tuple[float | None, list[Track]]:
    seconds = None
    tracks: list[Track] = []
    for element in elements(file, segment.begin, segment.end):
        if element.id == INFO:
            seconds = _seconds(file, element)
        elif element.id == TRACKS:
            entries = elements(file, element.begin, element.end)
            tracks = [_track(file, entry) for entry in entries if entry.id == TRACK_ENTRY][:MOST_TRACKS]
        elif element.id == CLUSTER and tracks:
            break
    return seconds, tracks


def _seconds(file: BinaryIO, info: Element) -> float | None:
    scale, duration = 1_000_000, None
    for element in elements(file, info.begin, info.end):
        if element.id == TIMESTAMP_SCALE:
            scale = _number(file, element)
        elif element.id == DURATION:
            duration = _real(file, element)
    return duration * scale / 1e9 if duration is not None else None


def _track(file: BinaryIO, entry: Element) -> Track:
    kind, codec, width, height, rate, channels = "other", "", 0, 0, 0.0, 0
    for element in elements(file, entry.begin, entry.end):
        if element.id == TRACK_TYPE:
            kind = TYPES.get(_number(file, element), "other")
        elif element.id == CODEC_ID:
            codec = _text(file, element)
        elif element.id == VIDEO:
            sizes = {inner.id: _number(file, inner) for inner in elements(file, element.begin, element.end)}
            width, height = sizes.get(PIXEL_WIDTH, 0), sizes.get(PIXEL_HEIGHT, 0)
        elif element.id == AUDIO:
            for inner in elements(file, element.begin, element.end):
                if inner.id == SAMPLING_FREQUENCY:
                    rate = _real(file, inner) or 0.0
                elif inner.id == CHANNELS:
                    channels = _number(file, inner)
    usable = int(rate) if 0 < rate < 1e9 else 0
    return Track(kind, CODECS.get(codec, codec), width, height, usable, channels)


def _content(file: BinaryIO, element: Element) -> bytes:
    file.seek(element.begin)
    return file.read(max(0, min(element.end - element.begin, MOST_VALUE)))


def _number(file: BinaryIO, element: Element) -> int:
    return int.from_bytes(_content(file, element)[:8], "big")


def _real(file: BinaryIO, element: Element) -> float | None:
    content = _content(file, element)
    layout = {4: ">f", 8: ">d"}.get(len(content))
    return float(struct.unpack(layout, content)[0]) if layout else None


def _text(file: BinaryIO, element: Element) -> str:
    return _content(file, element).rstrip(b"\0").decode("latin-1")
