"""Sound without a container: MP3, AAC and FLAC. Lengths from their own headers, else from the first frame's rate.

Sources: ID3v2.4 structure (id3.org); "MP3 Info Tag" of LAME; RFC 9639 (FLAC); ISO/IEC 13818-7 (ADTS).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from belvedere.errors import MalformedArtifact
from belvedere.rendering.recordings.headers import Recording, Track
from belvedere.rendering.recordings.mpeg_audio import Mp3Frame, mp3_frame

if TYPE_CHECKING:
    from typing import BinaryIO

SEARCHED_BYTES = 256 * 1024
COUNT_GIVEN = frozenset(bytes([flags]) for flags in range(1, 16, 2))
ADTS_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


def read_flac(file: BinaryIO, size: int) -> Recording:
    """Read a FLAC file's STREAMINFO."""
    head = file.read(42)
    if len(head) < 42 or head[4] & 0x7F != 0:
        raise MalformedArtifact("The FLAC file does not begin with its stream's description.", code="malformed_media")
    packed = int.from_bytes(head[18:26], "big")
    sample_rate, channels, bits = packed >> 44, (packed >> 41 & 7) + 1, (packed >> 36 & 31) + 1
    samples = packed & 0xFFFFFFFFF
    track = Track("audio", "FLAC", sample_rate=sample_rate, channels=channels, bits=bits)
    return Recording("FLAC", "audio/flac", samples / sample_rate if samples and sample_rate else None, (track,))


def read_mpeg(file: BinaryIO, size: int) -> Recording:
    """Read an MP3 or AAC file, behind the tag it may begin with."""
    start = _after_tag(file.read(10))
    file.seek(start)
    data = file.read(SEARCHED_BYTES)
    if len(data) > 7 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0:
        return _aac(data, size - start)
    at = next((at for at in range(len(data) - 4) if data[at] == 0xFF and _is_start(data, at)), None)
    frame = mp3_frame(data[at : at + 4]) if at is not None else None
    if at is None or frame is None:
        text = "No frame of MPEG sound was found: the file is damaged, truncated, or not valid MP3."
        raise MalformedArtifact(text, code="malformed_media")
    track = Track("audio", f"MP{frame.layer}", sample_rate=frame.sample_rate, channels=frame.channels)
    known = _frames_said(data[at : at + 400], frame)
    seconds = known * frame.samples / frame.sample_rate if known else (size - start - at) * 8 / frame.bit_rate
    return Recording(f"MP{frame.layer}", "audio/mpeg", seconds, (track,))


def _after_tag(head: bytes) -> int:
    """Return where the sound begins: an ID3 tag's length is written in bytes of seven bits."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    length = sum((byte & 0x7F) << 7 * (3 - at) for at, byte in enumerate(head[6:10]))
    return 10 + length + (10 if head[5] & 0x10 else 0)


def _is_start(data: bytes, at: int) -> bool:
    """Whether a frame begins here and another one behind it, or the data end first."""
    frame = mp3_frame(data[at : at + 4])
    if frame is None or frame.length < 4:
        return False
    following = data[at + frame.length : at + frame.length + 4]
    return len(following) < 4 or mp3_frame(following) is not None


def _frames_said(data: bytes, frame: Mp3Frame) -> int:
    """Return the number of frames that the first one may tell (Xing, Info or VBRI), 0 if it tells none."""
    for name, count_at in ((b"Xing", 8), (b"Info", 8), (b"VBRI", 14)):
        at = data.find(name, 4, 200)
        told = name == b"VBRI" or data[at + 7 : at + 8] in COUNT_GIVEN
        if at >= 0 and told and len(data) >= at + count_at + 4:
            return int(struct.unpack_from(">I", data, at + count_at)[0])
    return 0


def _aac(data: bytes, size: int) -> Recording:
    rate_at, channels = data[2] >> 2 & 15, (data[2] & 1) << 2 | data[3] >> 6
    sample_rate = ADTS_RATES[rate_at] if rate_at < len(ADTS_RATES) else 0
    at = frames = 0
    while at + 7 <= len(data) and data[at] == 0xFF:
        length = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
        if length < 7:
            break
        at, frames = at + length, frames + 1
    seconds = size / at * frames * 1024 / sample_rate if at and sample_rate else None
    return Recording("AAC", "audio/aac", seconds, (Track("audio", "AAC", sample_rate=sample_rate, channels=channels),))
