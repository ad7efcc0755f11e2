"""Ogg files: Vorbis, Opus, FLAC, Speex, Theora. Sources: RFC 3533, RFC 7845, the Vorbis and Theora specifications."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from belvedere.rendering.recordings.headers import Recording, Track

if TYPE_CHECKING:
    from typing import BinaryIO

HEAD_BYTES, TAIL_BYTES = 64 * 1024, 256 * 1024
OPUS_RATE = 48_000
FIRST_PAGE = 0x02


def read(file: BinaryIO, size: int) -> Recording:
    """Read the first pages, which tell the codecs, and the last one, which tells the length."""
    head = file.read(HEAD_BYTES)
    tracks: dict[int, tuple[Track, float, int]] = {}
    at = 0
    while head[at : at + 4] == b"OggS" and at + 27 <= len(head):
        kind, serial, segments = head[at + 5], struct.unpack_from("<I", head, at + 14)[0], head[at + 26]
        begin = at + 27 + segments
        length = sum(head[at + 27 : begin])
        if kind & FIRST_PAGE:
            found = _track(head[begin : begin + length])
            if found is not None:
                tracks[serial] = found
        at = begin + length
    file.seek(max(0, size - TAIL_BYTES))
    seconds = _last_second(file.read(TAIL_BYTES), tracks)
    video = any(track.type == "video" for track, _, _ in tracks.values())
    kind_word = "video/ogg" if video else "audio/ogg"
    return Recording("Ogg", kind_word, seconds, tuple(track for track, _, _ in tracks.values()))


def _track(packet: bytes) -> tuple[Track, float, int] | None:
    """Return a track with the positions a second of its pages, and the position at which it begins."""
    if packet[:7] == b"\x01vorbis" and len(packet) >= 16:
        channels, rate = struct.unpack_from("<BI", packet, 11)
        return Track("audio", "Vorbis", sample_rate=rate, channels=channels), rate, 0
    if packet[:8] == b"OpusHead" and len(packet) >= 16:
        channels, skipped, rate = struct.unpack_from("<BHI", packet, 9)
        return Track("audio", "Opus", sample_rate=rate, channels=channels), OPUS_RATE, skipped
    if packet[:5] == b"\x7fFLAC" and len(packet) >= 35:
        packed = int.from_bytes(packet[27:35], "big")
        rate, channels = packed >> 44, (packed >> 41 & 7) + 1
        return Track("audio", "FLAC", sample_rate=rate, channels=channels, bits=(packed >> 36 & 31) + 1), rate, 0
    if packet[:8] == b"Speex   " and len(packet) >= 52:
        rate, channels = struct.unpack_from("<I8xI", packet, 36)
        return Track("audio", "Speex", sample_rate=rate, channels=channels), rate, 0
    if packet[:7] == b"\x80theora" and len(packet) >= 30:
        width, height = int.from_bytes(packet[14:17], "big"), int.from_bytes(packet[17:20], "big")
        return Track("video", "Theora", width=width, height=height), 0, 0
    return None


def _last_second(tail: bytes, tracks: dict[int, tuple[Track, float, int]]) -> float | None:
    at = tail.rfind(b"OggS")
    while at >= 0:
        if at + 18 <= len(tail):
            position, serial = struct.unpack_from("<qI", tail, at + 6)
            _, rate, start = tracks.get(serial, (None, 0, 0))
            if rate and position > 0:
                return float(max(0, position - start) / rate)
        at = tail.rfind(b"OggS", 0, at)
    return None
