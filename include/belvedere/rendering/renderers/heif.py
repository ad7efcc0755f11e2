"""HEIF and HEIC photographs: no decoder for them is free to ship, so a card says what they are and how large."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words
from belvedere.rendering.pages.page import fact_list
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.heif", "1.0.0"
HEAD_BYTES = 256 * 1024
MOST_EXTENTS = 1000
EXTENTS = b"ispe\0\0\0\0"


@renderer(NAME, version=VERSION, kinds=("heif",))
def render_heif(source: Source, limits: Limits) -> Rendering:
    """Show what the header says."""
    width, height = largest_extent(source.head(HEAD_BYTES))
    name = file_name(source)
    size = f"{width:,} × {height:,} pixels" if width else "of unknown size"
    alt = f"HEIF image {name}, {size}; its pixels cannot be shown."
    known = {"Size": size, "Format": "HEIF", "File": bytes_in_words(source.size)}
    text = (
        "<p>HEIF (HEIC) pixels are compressed with H.265, which neither this gallery nor most browsers decode. "
        "Download the file, or store it as JPEG, PNG or AVIF to see it here.</p>"
    )
    part = Part(
        kind="heif",
        title=name,
        lead=f"HEIF image, {size}.",
        alt_text=alt,
        facts={"image": {"width": width, "height": height, "format": "HEIF"}},
        body=text + fact_list(known),
        thumbnail=_thumbnail(alt, width, height),
        warnings=("The pixels of HEIF images cannot be shown here: only what their header says.",),
    )
    return as_rendering(part, name=NAME, version=VERSION)


def largest_extent(head: bytes) -> tuple[int, int]:
    """Return width and height of the largest picture that the header lists (ISO/IEC 23008-12, ``ispe``); 0: none."""
    largest, at = (0, 0), head.find(EXTENTS)
    for _ in range(MOST_EXTENTS):
        if at < 0 or at + 16 > len(head):
            break
        width, height = struct.unpack_from(">II", head, at + 8)
        largest = max(largest, (width, height), key=lambda size: size[0] * size[1])
        at = head.find(EXTENTS, at + 16)
    return largest


def _thumbnail(label: str, width: int, height: int) -> Drawing:
    drawing = Drawing(480, 300, label=label)
    scale = min(300 / width, 170 / height) if width and height else 0
    wide, high = max(40.0, width * scale), max(40.0, height * scale)
    drawing.rectangle(240 - wide / 2, 112 - high / 2, wide, high, css="card", radius=8)
    drawing.text(240, 122, "HEIF", css="strong", size=30, anchor="middle")
    drawing.text(240, 250, f"{width:,} × {height:,}" if width else "size unknown", css="ink", size=22, anchor="middle")
    drawing.text(240, 278, "cannot be decoded here", css="muted", size=16, anchor="middle")
    return drawing
