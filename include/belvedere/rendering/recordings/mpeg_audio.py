"""Headers of MPEG audio frames (ISO/IEC 11172-3, 13818-3): four bytes tell rate, channels and length."""

from __future__ import annotations

from dataclasses import dataclass

VERSIONS = {0: "2.5", 2: "2", 3: "1"}
SAMPLE_RATES = {"1": (44100, 48000, 32000), "2": (22050, 24000, 16000), "2.5": (11025, 12000, 8000)}
KILOBITS = {
    ("1", 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    ("1", 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    ("1", 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    ("2", 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    ("2", 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


@dataclass(frozen=True, slots=True)
class Mp3Frame:
    """One frame: its ``length`` in bytes, ``bit_rate`` in bits a second, ``samples`` for each channel."""

    version: str
    layer: int
    bit_rate: int
    sample_rate: int
    channels: int
    samples: int
    length: int


def mp3_frame(header: bytes) -> Mp3Frame | None:
    """Return the frame that begins with these four bytes, None where they are no frame's."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = VERSIONS.get(header[1] >> 3 & 3), 4 - (header[1] >> 1 & 3)
    rate_at, sampling_at = header[2] >> 4, header[2] >> 2 & 3
    if version is None or layer == 4 or rate_at in (0, 15) or sampling_at == 3:
        return None
    family = "1" if version == "1" else "2"
    bit_rate = 1000 * KILOBITS[family, min(layer, 3 if family == "1" else 2)][rate_at - 1]
    sample_rate, padding = SAMPLE_RATES[version][sampling_at], header[2] >> 1 & 1
    samples = 384 if layer == 1 else 576 if layer == 3 and family == "2" else 1152
    length = (
        (12 * bit_rate // sample_rate + padding) * 4 if layer == 1 else samples // 8 * bit_rate // sample_rate + padding
    )
    channels = 1 if header[3] >> 6 == 3 else 2
    return Mp3Frame(version, layer, bit_rate, sample_rate, channels, samples, length)
