"""Annotations of Common Objects in Context read in one sweep, whatever their size: counts, sizes, broken references.

Source: cocodataset.org, "Data format" and "Results format"; areas as the COCO evaluation names them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from belvedere.errors import MalformedArtifact
from belvedere.rendering.texts.json_stream import JsonStream
from belvedere.rendering.texts.plaintext import clean
from belvedere.rendering.vision.coco_problems import Problems

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from belvedere.rendering.texts.json_stream import Budget

SMALL_AREA, MEDIUM_AREA = 32**2, 96**2
MOST_IMAGES_KNOWN = 500_000
MOST_IDS_KNOWN = 1_500_000
MOST_CATEGORIES = 5000
MOST_MARKS = 80
CANDIDATES = 2000
LONGEST_NAME = 400
LARGEST = 1e9
Identity = int | float | str


class CocoImage(NamedTuple):
    """One entry of ``images``; sizes in pixels, 0 where the file does not say."""

    file_name: str
    width: float
    height: float


class Category(NamedTuple):
    """One entry of ``categories``; ``skeleton`` joins keypoints, counted from 1."""

    name: str
    supercategory: str
    keypoints: tuple[str, ...]
    skeleton: tuple[tuple[int, int], ...]


class Box(NamedTuple):
    """A box in pixels from the image's upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(slots=True)
class Coco:
    """What one file holds. Counts by identity; ``marks`` are the annotations of the images that may be shown."""

    predictions: bool = False
    images: dict[Identity, CocoImage] = field(default_factory=dict)
    image_count: int = 0
    categories: dict[Identity, Category] = field(default_factory=dict)
    annotations: int = 0
    segments: int = 0
    of_category: Counter[Identity] = field(default_factory=Counter)
    of_image: Counter[Identity] = field(default_factory=Counter)
    features: Counter[str] = field(default_factory=Counter)
    sizes: Counter[str] = field(default_factory=Counter)
    side_octaves: Counter[int] = field(default_factory=Counter)
    scores: Counter[int] = field(default_factory=Counter)
    marks: dict[Identity, list[dict[str, Any]]] = field(default_factory=dict)
    seen_together: dict[Identity, set[Identity]] = field(default_factory=dict)
    info: dict[str, str] = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)
    complete: bool = True

    @property
    def without_annotations(self) -> int:
        """How many listed images have none; 0 where the file was not read to its end."""
        if self.predictions or not self.complete:
            return 0
        return sum(1 for image in self.images if image not in self.of_image)


def read_coco(path: Path, wanted: frozenset[str] = frozenset(), *, shown: int, budget: Budget | None = None) -> Coco:
    """Read a COCO file, or a list of predictions, in bounded memory.

    ``wanted``: the last parts of the file names of the images whose annotations are kept; none: those of the first
    ``shown`` annotated images. ``budget``: where reading ends, quietly, before the file does.

    Raises:
        MalformedArtifact: nothing of it can be read. What is good before a broken end is kept, with a problem.
    """
    reader = _Reader(wanted, shown)
    try:
        _sweep(reader, path, budget)
        if reader.postponed:
            reader.images_known = True
            _sweep(reader, path, budget)
    except MalformedArtifact as error:
        if not (reader.found.image_count or reader.found.annotations or reader.found.categories):
            raise
        reader.found.complete = False
        reader.found.problems.said.append(f"{error.message} What stands before that is shown.")
    return reader.finished()


def _sweep(reader: _Reader, path: Path, budget: Budget | None) -> None:
    for element in JsonStream(path, budget):
        if element.key == "" and element.listed:
            reader.found.predictions = reader.images_known = True
            reader.annotation(element.value)
        elif element.key == "annotations" and element.listed:
            reader.annotation(element.value)
        elif not reader.postponed or not reader.images_known:
            reader.entry(element.key, element.value, listed=element.listed)


@dataclass(slots=True)
class _Reader:
    wanted: frozenset[str]
    shown: int
    found: Coco = field(default_factory=Coco)
    images_known: bool = False
    postponed: bool = False
    ids: set[Identity] = field(default_factory=set)

    def entry(self, key: str, value: Any, *, listed: bool) -> None:
        if key == "images" and listed:
            self.images_known = not self.postponed
            self._image(value)
        elif key == "categories" and listed:
            self._category(value)
        elif key in ("images", "annotations", "categories"):
            self.found.problems.said.append(f"{key!r} is not a list: nothing in it is counted.")
        elif key == "info" and isinstance(value, dict):
            self.found.info = {str(name)[:40]: str(said)[:300] for name, said in list(value.items())[:12]}

    def _image(self, value: Any) -> None:
        found, name = self.found, identity(value.get("id")) if isinstance(value, dict) else None
        found.image_count += 1
        if name is None:
            found.problems.note("images without an id", str(value)[:60])
            return
        if name in found.images:
            found.problems.note("images whose id another image has already", name)
        if len(found.images) >= MOST_IMAGES_KNOWN:
            found.problems.unchecked = True
            return
        file_name = value.get("file_name") or value.get("coco_url") or value.get("path") or ""
        file_name = file_name[:LONGEST_NAME] if isinstance(file_name, str) else ""
        width, height = number(value.get("width")), number(value.get("height"))
        if not file_name:
            found.problems.note("images without a file name", name)
        if width is None or height is None or width <= 0 or height <= 0:
            found.problems.note("images without a positive width and height", name)
        size = (max(width or 0, 0), max(height or 0, 0))
        found.images[name] = CocoImage(file_name, *size)
        if file_name and file_name.replace("\\", "/").rpartition("/")[2] in self.wanted:
            found.marks.setdefault(name, [])

    def _category(self, value: Any) -> None:
        found, name = self.found, identity(value.get("id")) if isinstance(value, dict) else None
        if name is None or len(found.categories) >= MOST_CATEGORIES:
            found.problems.note("categories that have no id, or are too many", str(value)[:60])
            return
        if name in found.categories:
            found.problems.note("categories whose id another category has already", name)
        words, joints = value.get("keypoints"), value.get("skeleton")
        found.categories[name] = Category(
            clean(str(value.get("name", f"category {name}")))[:LONGEST_NAME],
            clean(str(value.get("supercategory") or ""))[:LONGEST_NAME],
            tuple(clean(str(word))[:40] for word in words[:200]) if isinstance(words, list) else (),
            tuple(_pairs(joints)),
        )

    def annotation(self, value: Any) -> None:
        """Count one annotation, now that the images are known; else the file is read once more for it."""
        if not self.images_known:
            self.postponed = True
            return
        found = self.found
        found.annotations += 1
        if not isinstance(value, dict):
            found.problems.note("annotations that are no objects", str(value)[:60])
            return
        image = identity(value.get("image_id"))
        self._check_id(value)
        if image is None:
            found.problems.note("annotations without an image id", value.get("id"))
        else:
            found.of_image[image] += 1
        for part in _segments(value):
            self._part(value, part, image)
        self._keep(value, image)

    def _check_id(self, value: dict[str, Any]) -> None:
        name = identity(value.get("id"))
        if self.found.predictions or name is None:
            return
        if name in self.ids:
            self.found.problems.note("annotations whose id another annotation has already", name)
        elif len(self.ids) < MOST_IDS_KNOWN:
            self.ids.add(name)

    def _part(self, value: dict[str, Any], part: dict[str, Any], image: Identity | None) -> None:
        found, category = self.found, identity(part.get("category_id"))
        if part is not value:
            found.segments += 1
        if category is not None:
            found.of_category[category] += 1
            if image is not None and (image in found.seen_together or len(found.seen_together) < CANDIDATES):
                found.seen_together.setdefault(image, set()).add(category)
        elif "caption" not in part:
            found.problems.note("annotations without a category", value.get("id"))
        self._count_features(part)
        box = self._box(part, value.get("id"), image)
        area = number(part.get("area"))
        area = area if area is not None and area > 0 else box.width * box.height if box else 0
        if box and area > 0:
            size = "small" if area < SMALL_AREA else "medium" if area < MEDIUM_AREA else "large"
            found.sizes[size] += 1
            found.side_octaves[max(0, int(area).bit_length() - 1)] += 1

    def _count_features(self, part: dict[str, Any]) -> None:
        features, segmentation = self.found.features, part.get("segmentation")
        if isinstance(segmentation, dict) and segmentation.get("counts"):
            features["with_segmentation"] += 1
            features["run_length_masks"] += 1
        elif isinstance(segmentation, list) and any(segmentation):
            features["with_segmentation"] += 1
        if part.get("iscrowd") in (1, True):
            features["crowd"] += 1
        keypoints = part.get("keypoints")
        if isinstance(keypoints, list) and any(isinstance(value, int | float) and value for value in keypoints):
            features["with_keypoints"] += 1
        if isinstance(part.get("caption"), str):
            features["captions"] += 1
        score = number(part.get("score"))
        if score is not None:
            self.found.scores[min(19, max(0, int(score * 20)))] += 1

    def _box(self, part: dict[str, Any], name: Any, image: Identity | None) -> Box | None:
        found, given = self.found, part.get("bbox")
        if given is None or given == []:
            return None
        box = box_of(given)
        if box is None:
            found.problems.note("boxes that are not four finite numbers", name)
            return None
        found.features["boxes"] += 1
        if box.width <= 0 or box.height <= 0:
            found.problems.note("boxes of zero or negative width or height", name)
            return None
        known = found.images.get(image) if image is not None else None
        if known and known.width > 0 and known.height > 0 and _outside(box, known):
            found.problems.note("boxes that reach outside their image", name)
        return box

    def _keep(self, value: dict[str, Any], image: Identity | None) -> None:
        marks = self.found.marks
        if image is None or (image not in marks and (self.wanted or len(marks) >= self.shown)):
            return
        kept = marks.setdefault(image, [])
        if len(kept) < MOST_MARKS:
            kept.append(value)

    def finished(self) -> Coco:
        found = self.found
        if found.predictions:
            found.image_count = len(found.of_image)
            return found
        if not found.problems.unchecked and found.complete:
            for image in found.of_image.keys() - found.images.keys():
                found.problems.note("annotations of images that the file does not list", image, found.of_image[image])
        if found.complete:
            for category in found.of_category.keys() - found.categories.keys():
                text = "annotations of categories that the file does not list"
                found.problems.note(text, category, found.of_category[category])
        return found


def identity(value: Any) -> Identity | None:
    """Return an id as COCO files have them, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return value[:LONGEST_NAME] if isinstance(value, str) else value


def number(value: Any) -> float | None:
    """Return a finite number of a sensible size, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST < value < LARGEST:
        return None
    return float(value)


def box_of(value: Any) -> Box | None:
    """Return ``[x, y, width, height]`` as a box, None where it is none."""
    if not isinstance(value, list) or len(value) != 4:
        return None
    numbers = [number(item) for item in value]
    return Box(*(item for item in numbers if item is not None)) if None not in numbers else None


def _outside(box: Box, image: CocoImage) -> bool:
    """Tell whether a box leaves its image by more than a pixel of rounding."""
    return box.x < -1 or box.y < -1 or box.x + box.width > image.width + 1 or box.y + box.height > image.height + 1


def _segments(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the annotation itself, or the segments of a panoptic one."""
    segments = value.get("segments_info")
    if not isinstance(segments, list):
        yield value
        return
    yield from (segment for segment in segments if isinstance(segment, dict))


def _pairs(joints: Any) -> Iterator[tuple[int, int]]:
    for pair in joints[:400] if isinstance(joints, list) else ():
        if isinstance(pair, list) and len(pair) == 2 and all(type(end) is int and end > 0 for end in pair):
            yield pair[0], pair[1]
