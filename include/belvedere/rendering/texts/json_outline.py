"""What a JSON document holds, told from its beginning: large or cut files must be recognised without being read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

# a string that the end cuts off counts as one: else each of its quotes would be tried anew
MARK = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[{}\[\]:]', re.DOTALL)
MOST_MARKS = 20_000
MOST_ELEMENTS = 4
ROOT = ""
GEOMETRIES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")
GEOJSON_TYPES = frozenset({"FeatureCollection", "Feature", *GEOMETRIES})
GEOJSON_KEYS = ("features", "geometry", "coordinates", "geometries")


@dataclass(slots=True)
class Outline:
    """The names seen: ``keys`` of the top-level object, and by key those of the objects in each of its arrays.

    Of a top-level array the objects' names stand under the empty key. ``type`` is the top-level member of that name.
    """

    keys: set[str] = field(default_factory=set)
    elements: dict[str, set[str]] = field(default_factory=dict)
    type: str = ""


def outline_of_text(text: str) -> Outline:
    """Return what the beginning of a JSON text tells; of a text that is no JSON, little or nothing."""
    found, stack, last, key = Outline(), "", "", ROOT
    for number, match in enumerate(MARK.finditer(text)):
        mark = match.group()
        if number >= MOST_MARKS:
            break
        if mark == ":":
            key = _noted(found, stack, last, key)
        elif mark in ("{", "["):
            stack += mark
        elif mark in ("}", "]"):
            stack = stack[:-1]
        else:
            last = mark[1:-1]
            if stack == "{" and key == "type" and not found.type:
                found.type = last
    return found


def _noted(found: Outline, place: str, name: str, key: str) -> str:
    """Note a name where it stands; return the top-level key that what follows belongs to."""
    if place == "{":
        found.keys.add(name)
        return name
    if place in ("{[{", "[{"):
        found.elements.setdefault(key, set()).add(name)
    return key


def outline_of(document: Any) -> Outline:
    """Return the same of a document that was read whole."""
    if isinstance(document, list):
        return Outline(elements={ROOT: _names(document)})
    if not isinstance(document, dict):
        return Outline()
    elements = {name: _names(value) for name, value in document.items() if isinstance(value, list)}
    kind = document.get("type")
    return Outline(set(document), elements, kind if isinstance(kind, str) else "")


def _names(items: list[Any]) -> set[str]:
    return {name for item in items[:MOST_ELEMENTS] if isinstance(item, dict) for name in item}


def kind_of(seen: Outline) -> str | None:
    """Return ``coco``, ``geojson`` or ``topojson`` where a document begins like one."""
    if _is_coco(seen):
        return "coco"
    if seen.type == "Topology" and {"objects", "arcs"} & seen.keys:
        return "topojson"
    if seen.type in GEOJSON_TYPES and any(key in seen.keys for key in GEOJSON_KEYS):
        return "geojson"
    return None


def _is_coco(seen: Outline) -> bool:
    """Annotations of Common Objects in Context, or a list of predictions for them (cocodataset.org, format-data)."""
    if {"images", "annotations", "categories"} <= seen.keys:
        return True
    images, annotations = seen.elements.get("images", set()), seen.elements.get("annotations", set())
    if "image_id" in annotations or ("id" in images and images & {"file_name", "coco_url"}):
        return True
    listed = seen.elements.get(ROOT, set())
    return "image_id" in listed and ({"category_id", "score"} <= listed or "caption" in listed)
