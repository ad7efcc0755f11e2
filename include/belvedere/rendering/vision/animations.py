"""Animated pictures written anew as one small animation; long ones lose frames and size, and say so."""

from __future__ import annotations

import io
import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.rendering.vision.pictures import ANIMATED, FORMATS, Picture, bare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL.Image import Image

MOST_FRAMES = 100
MOST_DECODED = 3000
ANIMATED_PIXELS = 12_000_000
DECODED_PIXELS = 240_000_000
SMALLEST_SHARE = 0.12
LEAST_MS, MOST_MS, USUAL_MS = 20, 10_000, 100


@dataclass(frozen=True, slots=True)
class Animation:
    """A WebP animation; ``note`` says what it leaves out of the original, if anything."""

    content: bytes
    note: str = ""


def animation(path: Path, picture: Picture) -> Animation | None:
    """Return an animated picture written anew, None where it has too many pixels or cannot be read."""
    pixels = picture.width * picture.height
    if not 1 < picture.frames <= MOST_DECODED or picture.format not in ANIMATED:
        return None
    if pixels * picture.frames > DECODED_PIXELS:
        return None
    step = math.ceil(picture.frames / MOST_FRAMES)
    share = min(1.0, math.sqrt(ANIMATED_PIXELS / (pixels * math.ceil(picture.frames / step))))
    if share < SMALLEST_SHARE:
        return None
    try:
        content = _written(list(_frames(path, step, share)))
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, struct.error):
        return None
    return Animation(content, _note(picture, step, share)) if content else None


def _frames(path: Path, step: int, share: float) -> Iterator[tuple[Image, int]]:
    """Yield every ``step``-th frame with the milliseconds that it and those left out after it stand."""
    from PIL import Image, ImageSequence

    last: Image.Image | None = None
    stands = 0
    with Image.open(path, formats=FORMATS) as opened:
        for number, frame in enumerate(ImageSequence.Iterator(opened)):
            if number % step == 0:
                if last is not None:
                    yield last, stands
                size = (max(1, round(frame.width * share)), max(1, round(frame.height * share)))
                shown = frame.convert("RGBA")
                last, stands = bare(shown if share == 1 else shown.resize(size)), 0
            stands += _milliseconds(frame.info)
    if last is not None:
        yield last, stands


def _milliseconds(info: dict[str | tuple[int, int], Any]) -> int:
    duration = info.get("duration")
    if not isinstance(duration, int | float) or not math.isfinite(duration) or duration <= 0:
        return USUAL_MS
    return round(max(LEAST_MS, min(MOST_MS, duration)))


def _written(frames: list[tuple[Image, int]]) -> bytes:
    if not frames:
        return b""
    file = io.BytesIO()
    pictures, times = [frame for frame, _ in frames], [time for _, time in frames]
    pictures[0].save(
        file, "WEBP", save_all=True, append_images=pictures[1:], duration=times, loop=0, quality=80, method=0
    )
    return file.getvalue()


def _note(picture: Picture, step: int, share: float) -> str:
    said = [f"one of every {step} of its {picture.frames:,} frames is shown"] if step > 1 else ["it is shown"]
    said += [f"at {share * 100:.0f} % of its size"] if share < 1 else []
    return f"The animation is long: {' '.join(said)}." if step > 1 or share < 1 else ""
