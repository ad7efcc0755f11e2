"""One image of a COCO file with its annotations on it: masks, boxes, keypoints and names in their category's colour."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.drawing.svg import coordinate, escaped, text_width
from belvedere.rendering.vision.coco import Box, Category, Identity, box_of, identity, number
from belvedere.rendering.vision.run_lengths import read_run_lengths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_POINTS = 12_000
MOST_MASKS = 24
MASK_SIDE = 480
TILE_WIDTH = 340
COLOUR_STEP = 137.508
ORIGIN_COLOUR = 210.0


def colour_of(number: int) -> str:
    """Return a colour that stands out on photographs; neighbours differ by the golden angle."""
    saturation, lightness = ((90, 52), (75, 62), (100, 44))[number % 3]
    return f"hsl({(ORIGIN_COLOUR + number * COLOUR_STEP) % 360:.0f},{saturation}%,{lightness}%)"


@dataclass(slots=True)
class Canvas:
    """An image's annotations drawn as SVG in its own pixels; ``broken`` says what could not be drawn."""

    width: float
    height: float
    categories: Mapping[Identity, Category]
    colours: Mapping[Identity, str]
    most_pixels: int
    parts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    drawn: int = 0
    points_left: int = MOST_POINTS
    masks_left: int = MOST_MASKS

    @property
    def scale(self) -> float:
        """How many of the image's pixels are one on the screen."""
        return self.width / TILE_WIDTH

    def annotation(self, value: Mapping[str, Any]) -> None:
        """Draw one annotation, or the segments of a panoptic one."""
        segments = value.get("segments_info")
        for part in segments[:100] if isinstance(segments, list) else [value]:
            if isinstance(part, dict):
                self._part(part)
        self.drawn += 1

    def _part(self, part: Mapping[str, Any]) -> None:
        name = identity(part.get("category_id"))
        colour = self.colours.get(name, "hsl(0,0%,60%)") if name is not None else "hsl(0,0%,60%)"
        try:
            self._segmentation(part.get("segmentation"), colour)
        except (MalformedArtifact, LimitExceeded) as error:
            self.broken.append(error.message)
        box = box_of(part.get("bbox"))
        if box is not None and box.width > 0 and box.height > 0:
            self._box(box, colour, crowd=part.get("iscrowd") in (1, True))
            self._label(box, self._words(part, name), colour)
        self._keypoints(part.get("keypoints"), self.categories.get(name) if name is not None else None, colour)

    def _words(self, part: Mapping[str, Any], name: Identity | None) -> str:
        known = self.categories.get(name) if name is not None else None
        words = known.name if known else f"category {name}" if name is not None else "no category"
        score = number(part.get("score"))
        return f"{words} {score:.2f}" if score is not None else words

    def _box(self, box: Box, colour: str, *, crowd: bool) -> None:
        dashed = ' stroke-dasharray="6 4"' if crowd else ""
        place = f'x="{coordinate(box.x)}" y="{coordinate(box.y)}"'
        size = f'width="{coordinate(box.width)}" height="{coordinate(box.height)}"'
        self.parts.append(f'<rect class="b" {place} {size} stroke="{colour}"{dashed}/>')

    def _label(self, box: Box, words: str, colour: str) -> None:
        size = 11 * self.scale
        words = words[:40]
        wide, high = text_width(words, size) + 8 * self.scale, 15 * self.scale
        x = min(max(box.x, 0.0), max(0.0, self.width - wide))
        y = min(max(box.y - high, 0.0), max(0.0, self.height - high))
        place = f'x="{coordinate(x)}" y="{coordinate(y)}"'
        self.labels.append(
            f'<rect {place} width="{coordinate(wide)}" height="{coordinate(high)}" fill="{colour}"/>'
            f'<text x="{coordinate(x + 4 * self.scale)}" y="{coordinate(y + 11.2 * self.scale)}" '
            f'font-size="{coordinate(size)}">{escaped(words)}</text>'
        )

    def _segmentation(self, segmentation: Any, colour: str) -> None:
        if isinstance(segmentation, dict):
            self._mask(segmentation, colour)
        elif isinstance(segmentation, list) and segmentation:
            rings = segmentation if isinstance(segmentation[0], list) else [segmentation]
            paths = "".join(self._ring(ring) for ring in rings)
            if paths:
                self.parts.append(f'<path class="m" d="{paths}" fill="{colour}" stroke="{colour}"/>')

    def _ring(self, ring: Any) -> str:
        numbers = [number(value) for value in ring] if isinstance(ring, list) else []
        if len(numbers) < 6 or len(numbers) % 2 or None in numbers:
            self.broken.append("A polygon is broken: it is not a list of at least three points.")
            return ""
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if len(points) > self.points_left:
            return ""
        self.points_left -= len(points)
        return "M" + "L".join(f"{coordinate(x or 0)} {coordinate(y or 0)}" for x, y in points) + "Z"

    def _mask(self, segmentation: Mapping[str, Any], colour: str) -> None:
        if self.masks_left <= 0 or not segmentation.get("counts"):
            return
        self.masks_left -= 1
        mask = read_run_lengths(segmentation, self.most_pixels).image()
        mask.thumbnail((MASK_SIDE, MASK_SIDE))
        self.parts.append(
            f'<image class="r" width="{coordinate(self.width)}" height="{coordinate(self.height)}" '
            f'preserveAspectRatio="none" href="{_tinted(mask, colour)}"/>'
        )

    def _keypoints(self, values: Any, category: Category | None, colour: str) -> None:
        points = list(_keypoints(values))
        if not points:
            return
        seen = {at: point for at, point in enumerate(points, 1) if point is not None}
        for start, end in category.skeleton if category else ():
            if start in seen and end in seen:
                (x1, y1), (x2, y2) = seen[start], seen[end]
                place = f'x1="{coordinate(x1)}" y1="{coordinate(y1)}" x2="{coordinate(x2)}" y2="{coordinate(y2)}"'
                self.parts.append(f'<line class="k" {place} stroke="{colour}"/>')
        for x, y in seen.values():
            place = f'cx="{coordinate(x)}" cy="{coordinate(y)}" r="{coordinate(3 * self.scale)}"'
            self.parts.append(f'<circle class="k" {place} fill="{colour}"/>')

    def svg(self, picture: str | None, label: str, *, placed: str = "") -> str:
        """Return the drawing over ``picture`` (a ``data:`` address; None: an empty canvas)."""
        box = f"0 0 {coordinate(self.width)} {coordinate(self.height)}"
        size = f'width="{coordinate(self.width)}" height="{coordinate(self.height)}"'
        below = (
            f'<image {size} preserveAspectRatio="none" href="{picture}"/>'
            if picture
            else f'<rect class="empty" {size}/>'
        )
        drawn = "".join(self.parts) + f'<g class="l">{"".join(self.labels)}</g>'
        return (
            f'<svg class="tile" viewBox="{box}" {placed} role="img" aria-label="{escaped(label)}">{below}{drawn}</svg>'
        )


TILE_CSS = (
    "svg.tile{display:block;border-radius:6px;overflow:hidden}svg.tile .empty{fill:#64748b;fill-opacity:.14}"
    "svg.tile .b{fill:none;stroke-width:2;vector-effect:non-scaling-stroke}"
    "svg.tile .m{fill-opacity:.35;stroke-width:1.2;vector-effect:non-scaling-stroke}svg.tile .r{opacity:.5}"
    "svg.tile line.k{stroke-width:2;vector-effect:non-scaling-stroke}"
    "svg.tile circle.k{stroke:#fff;stroke-width:1;vector-effect:non-scaling-stroke}"
    "svg.tile .l text{fill:#fff;font-weight:600;paint-order:stroke;stroke:rgba(0,0,0,.45);stroke-width:.16em;"
    "font-family:Inter,system-ui,'Segoe UI',Roboto,'Noto Sans',sans-serif}"
)


def _keypoints(values: Any) -> Iterator[tuple[float, float] | None]:
    """Yield ``x, y`` of each keypoint, None for one that is not labelled (visibility 0)."""
    if not isinstance(values, list) or len(values) % 3 or len(values) > 3000:
        return
    for x, y, visibility in zip(values[::3], values[1::3], values[2::3], strict=True):
        across, down = number(x), number(y)
        yield (across, down) if across is not None and down is not None and number(visibility) else None


def _tinted(mask: Any, colour: str) -> str:
    from PIL import Image, ImageColor

    tinted = Image.new("RGB", mask.size, ImageColor.getrgb(colour))
    tinted.putalpha(mask)
    file = io.BytesIO()
    tinted.save(file, "PNG", compress_level=6)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
