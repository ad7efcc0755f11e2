"""Masks written as run lengths, as COCO stores crowds and predictions.

Source: pycocotools, ``maskApi.c`` (``rleFrString``). Decoded here and not by that library, for its C code reads
past the end of a hostile string; the tests compare the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_RUNS = 2_000_000
MOST_DIGITS = 8


@dataclass(frozen=True, slots=True)
class RunLengths:
    """A mask of ``height`` by ``width`` pixels, column by column: lengths of runs outside, inside, outside ..."""

    height: int
    width: int
    runs: tuple[int, ...]

    @property
    def area(self) -> int:
        """The number of pixels inside."""
        return sum(self.runs[1::2])

    def image(self) -> Image:
        """Return the mask as a picture, 255 inside and 0 outside."""
        from PIL import Image

        size = self.height * self.width
        columns = b"".join((b"\xff" if at % 2 else b"\0") * run for at, run in enumerate(self.runs))
        upended = Image.frombytes("L", (self.height, self.width), columns[:size].ljust(size, b"\0"))
        return upended.transpose(Image.Transpose.TRANSPOSE)


def read_run_lengths(segmentation: Any, most_pixels: int) -> RunLengths:
    """Read ``{"size": [height, width], "counts": ...}``, compressed (a string) or not (a list).

    Raises:
        MalformedArtifact: it is no such thing, or its runs do not fit its size.
        LimitExceeded: the mask has more than ``most_pixels`` pixels.
    """
    size, counts = (segmentation.get("size"), segmentation.get("counts")) if isinstance(segmentation, dict) else (0, 0)
    if not (isinstance(size, list) and len(size) == 2 and all(type(side) is int and side > 0 for side in size)):
        raise _malformed(f"its size is {str(size)[:40]}, not [height, width]")
    height, width = size
    if height * width > most_pixels:
        text = f"A mask has {width:,} × {height:,} pixels; at most {most_pixels:,} are decoded."
        raise LimitExceeded(text, code="image_pixels")
    runs = _decompressed(counts) if isinstance(counts, str) else counts
    if not isinstance(runs, list) or len(runs) > MOST_RUNS or not all(type(run) is int and run >= 0 for run in runs):
        raise _malformed("its counts are neither a list of counts nor such a list compressed")
    if sum(runs) > height * width:
        raise _malformed(f"its runs cover {sum(runs):,} pixels of {height * width:,}")
    return RunLengths(height, width, tuple(runs))


def _decompressed(text: str) -> list[int]:
    runs: list[int] = []
    value = digits = 0
    for character in text[: MOST_RUNS * MOST_DIGITS]:
        code = ord(character) - 48
        if not 0 <= code < 64 or digits >= MOST_DIGITS:
            raise _malformed("its counts hold characters that are not run lengths")
        value |= (code & 0x1F) << 5 * digits
        digits += 1
        if code & 0x20:
            continue
        if code & 0x10:
            value -= 1 << 5 * digits
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = digits = 0
    if digits:
        raise _malformed("its counts end within a number")
    return runs


def _malformed(what: str) -> MalformedArtifact:
    return MalformedArtifact(f"A run-length mask is broken: {what}.", code="malformed_mask")
