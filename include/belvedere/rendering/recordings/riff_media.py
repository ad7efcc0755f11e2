"""RIFF files: WAV sound and AVI video. Source: Microsoft, Multimedia Programming Interface and Data Specifications."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from belvedere.rendering.recordings.headers import Recording, Track

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

MOST_CHUNKS = 10_000
MOST_CHUNK_BYTES = 64 * 1024
EXTENSIBLE = 0xFFFE
WAVE_CODECS = {
    0x0001: "PCM", 0x0002: "ADPCM", 0x0003: "PCM float", 0x0006: "A-law", 0x0007: "μ-law", 0x0011: "IMA ADPCM",
    0x0050: "MPEG", 0x0055: "MP3", 0x00FF: "AAC", 0x2000: "AC-3",
}  # fmt: skip


class WaveFormat(NamedTuple):
    """How a WAV file's samples lie: ``block`` bytes for all channels of one moment."""

    code: int
    channels: int
    sample_rate: int
    block: int
    bits: int

    @property
    def codec(self) -> str:
        """The codec in people's words."""
        return WAVE_CODECS.get(self.code, f"codec 0x{self.code:04x}")


class Chunk(NamedTuple):
    """One chunk: its name, where its content begins, how long it says it is."""

    name: bytes
    at: int
    size: int


def chunks(file: BinaryIO, at: int, end: int) -> Iterator[Chunk]:
    """Yield the chunks between two places, as far as they go."""
    for _ in range(MOST_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or at >= end:
            return
        name, size = struct.unpack("<4sI", head)
        yield Chunk(name, at + 8, size)
        at += 8 + size + (size & 1)


def wave_format(content: bytes) -> WaveFormat:
    """Read a ``fmt`` chunk.

    Raises:
        ValueError: it is too short or says nonsense.
    """
    if len(content) < 16:
        raise ValueError("fmt chunk")
    code, channels, sample_rate, _, block, bits = struct.unpack("<HHIIHH", content[:16])
    if code == EXTENSIBLE and len(content) >= 26:
        code = struct.unpack("<H", content[24:26])[0]
    return WaveFormat(code, channels, sample_rate, block, bits)


def read(file: BinaryIO, size: int) -> Recording:
    """Read a WAV or AVI file's headers."""
    kind = file.read(12)[8:12]
    return _avi(file, size) if kind == b"AVI " else _wav(file, size)


def _wav(file: BinaryIO, size: int) -> Recording:
    form, data = wave_layout(file, size)
    if form is None:
        return Recording("WAV", "audio/wav", None, (), ("The WAV file has no format chunk.",))
    track = Track("audio", form.codec, sample_rate=form.sample_rate, channels=form.channels, bits=form.bits)
    if data is None:
        return Recording("WAV", "audio/wav", None, (track,), ("The WAV file has no data: it is incomplete.",))
    there = max(0, min(data.size, size - data.at))
    rate = form.block * form.sample_rate
    unknown_length = data.size in (0, 0xFFFFFFFF)
    cut = data.size > there and not unknown_length
    if unknown_length:
        there = size - data.at
    said = (f"The file is incomplete (truncated): {there:,} of {data.size:,} bytes of sound are there.",) if cut else ()
    return Recording("WAV", "audio/wav", there / rate if rate else None, (track,), said)


def wave_layout(file: BinaryIO, size: int) -> tuple[WaveFormat | None, Chunk | None]:
    """Return the format and the data chunk of a WAV file, as far as they are there."""
    form = None
    for chunk in chunks(file, 12, size):
        if chunk.name == b"fmt ":
            file.seek(chunk.at)
            form = wave_format(file.read(min(chunk.size, 64)))
        elif chunk.name == b"data":
            return form, chunk
    return form, None


def _avi(file: BinaryIO, size: int) -> Recording:
    tracks: list[Track] = []
    seconds, frames = None, 0
    for outer in chunks(file, 12, size):
        if outer.name != b"LIST":
            continue
        file.seek(outer.at)
        if file.read(4) != b"hdrl":
            continue
        for chunk in chunks(file, outer.at + 4, min(size, outer.at + outer.size)):
            file.seek(chunk.at)
            content = file.read(min(chunk.size, MOST_CHUNK_BYTES))
            if chunk.name == b"avih":
                per_frame, frames = struct.unpack("<I12xI", content[:20].ljust(20, b"\0"))
                seconds = per_frame * frames / 1e6
            elif chunk.name == b"LIST" and content[:4] == b"strl":
                tracks += _stream(content[4:])
        break
    return Recording("AVI", "video/x-msvideo", seconds, tuple(tracks), (), (frames, 0))


def _stream(content: bytes) -> Iterator[Track]:
    parts: dict[bytes, bytes] = {}
    at = 0
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        parts.setdefault(name, content[at + 8 : at + 8 + size])
        at += 8 + size + (size & 1)
    head, form = parts.get(b"strh", b""), parts.get(b"strf", b"")
    if head[:4] == b"vids" and len(form) >= 20:
        width, height = struct.unpack_from("<ii", form, 4)
        codec = (head[4:8] if head[4:8].strip(b"\0 ") else form[16:20]).decode("latin-1").strip("\0 ")
        yield Track("video", codec or "uncompressed", width=abs(width), height=abs(height))
    elif head[:4] == b"auds" and len(form) >= 16:
        sound = wave_format(form)
        yield Track("audio", sound.codec, sample_rate=sound.sample_rate, channels=sound.channels, bits=sound.bits)
