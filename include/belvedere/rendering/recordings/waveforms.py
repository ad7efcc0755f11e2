"""How loud a WAV file is over its length: the lowest and highest sample of each stretch, as a drawing."""

from __future__ import annotations

import math
import sys
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.recordings.riff_media import WaveFormat, wave_layout

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COLUMNS = 720
FRAMES_A_COLUMN = 8192
MOST_CHANNELS = 2
LANE = 110
# code and bits of the format: how an array reads a sample, bytes of it, full scale
LAYOUTS: dict[tuple[int, int], tuple[str, int, float]] = {
    (1, 8): ("B", 1, 128.0),
    (1, 16): ("h", 2, 32768.0),
    (1, 24): ("b", 3, 128.0),
    (1, 32): ("i", 4, 2147483648.0),
    (3, 32): ("f", 4, 1.0),
    (3, 64): ("d", 8, 1.0),
}


@dataclass(frozen=True, slots=True)
class Waveform:
    """Lowest and highest sample (-1 to 1) by column for each channel; ``frames_read`` of ``frames``."""

    channels: tuple[tuple[tuple[float, float], ...], ...]
    frames: int
    frames_read: int

    @property
    def peak(self) -> float:
        """The loudest sample that was read, 0 to 1."""
        return max((max(-low, high) for channel in self.channels for low, high in channel), default=0.0)


def read_waveform(path: Path, size: int) -> Waveform | None:
    """Return the waveform of a WAV file of plain samples, None for any other."""
    with path.open("rb") as file:
        form, data = wave_layout(file, size)
        if form is None or data is None:
            return None
        layout = LAYOUTS.get((form.code, form.bits))
        if layout is None or not form.channels or form.block != form.channels * form.bits // 8:
            return None
        length = min(data.size, size - data.at) if data.size not in (0, 0xFFFFFFFF) else size - data.at
        frames = max(0, length) // form.block
        columns = min(COLUMNS, frames)
        if not columns:
            return None
        lanes: list[list[tuple[float, float]]] = [[] for _ in range(min(MOST_CHANNELS, form.channels))]
        read = 0
        for column in range(columns):
            first, last = frames * column // columns, frames * (column + 1) // columns
            wanted = min(FRAMES_A_COLUMN, last - first)
            file.seek(data.at + first * form.block)
            samples = _samples(file.read(wanted * form.block), form, layout)
            read += wanted
            for at, lane in enumerate(lanes):
                lane.append(_extent(samples[at :: form.channels], layout))
    return Waveform(tuple(tuple(lane) for lane in lanes), frames, read)


def _samples(content: bytes, form: WaveFormat, layout: tuple[str, int, float]) -> array[float]:
    code, width, _ = layout
    usable = content[: len(content) // form.block * form.block]
    samples: array[float] = array(code)
    # of 24 bits only the upper byte: a drawing needs no more
    samples.frombytes(usable[2::3] if width == 3 else usable)
    if sys.byteorder == "big" and width not in (1, 3):
        samples.byteswap()
    return samples


def _extent(samples: Sequence[float], layout: tuple[str, int, float]) -> tuple[float, float]:
    code, _, scale = layout
    if not samples:
        return 0.0, 0.0
    middle = 128.0 if code == "B" else 0.0
    low, high = (min(samples) - middle) / scale, (max(samples) - middle) / scale
    return _within(low), _within(high)


def _within(value: float) -> float:
    return max(-1.0, min(1.0, value)) if math.isfinite(value) else 0.0


def draw_waveform(waveform: Waveform, label: str) -> Drawing:
    """Return the waveform, a lane for each channel."""
    drawing = Drawing(COLUMNS, LANE * len(waveform.channels), label=label)
    for number, channel in enumerate(waveform.channels):
        middle = LANE * number + LANE / 2
        drawing.line(0, middle, COLUMNS, middle)
        drawing.polygon(outline(channel, COLUMNS, middle, LANE / 2 - 4), css="accent")
    return drawing


def outline(
    channel: Sequence[tuple[float, float]], width: float, middle: float, half: float
) -> list[tuple[float, float]]:
    """Return the points around one channel's waveform; quiet stretches stay visible as a line."""
    step = width / len(channel)
    upper = [((at + 0.5) * step, middle - max(high * half, 0.6)) for at, (_, high) in enumerate(channel)]
    lower = [((at + 0.5) * step, middle - min(low * half, -0.6)) for at, (low, _) in enumerate(channel)]
    return [*upper, *reversed(lower)]
