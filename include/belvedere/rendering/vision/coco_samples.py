"""The sample images of a COCO file with their annotations on them, or on empty canvases where they are missing."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.errors import BelvedereError
from belvedere.rendering.texts.plaintext import clean
from belvedere.rendering.vision.coco import Coco, CocoImage, Identity, box_of
from belvedere.rendering.vision.coco_drawing import Canvas
from belvedere.rendering.vision.coco_images import found_image, read_file_name
from belvedere.rendering.vision.pictures import open_picture

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from belvedere.model.rendering import Limits, Related, Source

PICTURE_SIDE = 640
THUMBNAIL_SIDE = 420
USUAL_SIZE = (640.0, 480.0)
MOST_CAPTIONS = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample: ``drawing`` is finished SVG; ``note`` says what is not as it should be; ``picture`` its pixels."""

    file_name: str
    name: str
    drawing: str
    annotations: int
    drawn: int
    captions: tuple[str, ...]
    note: str
    broken: tuple[str, ...]
    canvas: Canvas
    picture: str | None
    small_picture: str | None
    related: Related | None


def draw_samples(
    coco: Coco, chosen: list[Identity], colours: Mapping[Identity, str], source: Source, limits: Limits
) -> list[Sample]:
    """Draw the chosen images; those that were found stand first."""
    samples = [_sample(coco, image, colours, source, limits) for image in chosen]
    return sorted(samples, key=lambda sample: sample.picture is None)


def _sample(coco: Coco, image: Identity, colours: Mapping[Identity, str], source: Source, limits: Limits) -> Sample:
    entry = coco.images.get(image) or CocoImage("", 0, 0)
    marks = coco.marks.get(image, [])
    related = found_image(source, entry.file_name) if entry.file_name else None
    picture, small, size, note = None, None, None, _missing(entry, source)
    if related is not None and related.path is not None:
        try:
            picture, small, size = _pixels(related.path, limits)
            note = _other_size(entry, size)
        except BelvedereError as error:
            note = f"{error.message} Its boxes are drawn on an empty canvas."
    width, height = _canvas_size(entry, size, [mark.get("bbox") for mark in marks])
    canvas = Canvas(width, height, coco.categories, colours, limits.image_pixels)
    for mark in sorted(marks, key=_area, reverse=True):
        canvas.annotation(mark)
    name = clean(entry.file_name) or f"image {clean(str(image))[:40]}"
    label = f"{name} with {canvas.drawn:,} annotations{'' if picture else ', the image itself is missing'}"
    captions = [clean(mark["caption"])[:300] for mark in marks if isinstance(mark.get("caption"), str)]
    return Sample(
        file_name=entry.file_name,
        name=name,
        drawing=canvas.svg(picture, label),
        annotations=coco.of_image[image],
        drawn=canvas.drawn,
        captions=tuple(captions[:MOST_CAPTIONS]),
        note=note,
        broken=tuple(dict.fromkeys(canvas.broken)),
        canvas=canvas,
        picture=picture,
        small_picture=small,
        related=related if picture else None,
    )


def _area(mark: Mapping[str, object]) -> float:
    box = box_of(mark.get("bbox"))
    return box.width * box.height if box else 0.0


def _missing(entry: CocoImage, source: Source) -> str:
    refused = read_file_name(entry.file_name).refused if entry.file_name else ""
    if refused:
        return f"The file name {clean(entry.file_name)[:80]!r} {refused}: not followed. Drawn on an empty canvas."
    if not entry.file_name:
        return "The file names no image: drawn on an empty canvas."
    beside = "" if source.related else " (not looked for)"
    return f"The image is not beside the file{beside}: drawn on an empty canvas of the size the file states."


def _other_size(entry: CocoImage, size: tuple[int, int]) -> str:
    declared = (entry.width, entry.height)
    if 0 in declared or declared == (float(size[0]), float(size[1])):
        return ""
    return (
        f"The file says {declared[0]:g} × {declared[1]:g} pixels, the image has {size[0]:,} × {size[1]:,}: "
        "annotations may be misplaced."
    )


def _canvas_size(entry: CocoImage, size: tuple[int, int] | None, boxes: list[object]) -> tuple[float, float]:
    if entry.width > 0 and entry.height > 0:
        return entry.width, entry.height
    if size is not None:
        return float(size[0]), float(size[1])
    known = [box for box in map(box_of, boxes) if box is not None]
    right = max((box.x + box.width for box in known), default=0.0)
    bottom = max((box.y + box.height for box in known), default=0.0)
    return (right, bottom) if right > 0 and bottom > 0 else USUAL_SIZE


def _pixels(path: Path, limits: Limits) -> tuple[str, str, tuple[int, int]]:
    """Return an image for the page and one for the thumbnail as ``data:`` addresses, and its true size."""
    picture = open_picture(path, limits.image_pixels, largest_side=PICTURE_SIDE)
    flat = picture.image.convert("RGB")
    large = _address(flat, 80)
    flat.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return large, _address(flat, 72), (picture.width, picture.height)


def _address(image: object, quality: int) -> str:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)  # type: ignore[attr-defined]
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
