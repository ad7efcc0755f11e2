"""GeoJSON read feature by feature: geometries, bounds and properties. Source: RFC 7946."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from belvedere.errors import MalformedArtifact
from belvedere.rendering.texts.json_outline import GEOMETRIES
from belvedere.rendering.texts.json_stream import JsonStream
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEEPEST = 8
MOST_PROPERTIES = 100
MOST_DISTINCT = 60
MOST_ROWS = 50
LARGEST = 1e12
LONGEST_TEXT = 120
NO_GEOMETRY = "no geometry"
# how deeply the positions of a geometry are nested in its coordinates
DEPTHS = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}


class Shape(NamedTuple):
    """One geometry without parts: its type, and the lists of positions that it is made of."""

    type: str
    lines: list[list[tuple[float, float]]]


@dataclass(slots=True)
class Property:
    """What one property holds over all features."""

    given: int = 0
    types: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    lowest: float | None = None
    highest: float | None = None

    def add(self, value: Any) -> None:
        """Count one value."""
        self.types[_type_word(value)] += 1
        if value is None:
            return
        self.given += 1
        if isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST < value < LARGEST:
            self.lowest = value if self.lowest is None else min(self.lowest, value)
            self.highest = value if self.highest is None else max(self.highest, value)
        text = shown_value(value)
        if text in self.values or len(self.values) < MOST_DISTINCT:
            self.values[text] += 1


@dataclass(slots=True)
class GeoSummary:
    """What a GeoJSON file holds. ``bounds``: west, south, east, north; None where it has no position."""

    features: int = 0
    geometries: Counter[str] = field(default_factory=Counter)
    positions: int = 0
    bounds: tuple[float, float, float, float] | None = None
    properties: dict[str, Property] = field(default_factory=dict)
    rows: list[dict[str, str]] = field(default_factory=list)
    broken: Counter[str] = field(default_factory=Counter)
    name: str = ""
    reference_system: str = ""
    cut: str = ""

    @property
    def in_degrees(self) -> bool:
        """Whether the bounds may be degrees of longitude and latitude, as the standard demands."""
        if self.bounds is None:
            return True
        west, south, east, north = self.bounds
        return west >= -361 and east <= 361 and south >= -90.5 and north <= 90.5


def features(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the features; of a file that is one geometry, a feature of it.

    Raises:
        MalformedArtifact: the file stops being JSON; the features before that were yielded.
    """
    root: dict[str, Any] = {}
    for element in JsonStream(path):
        if element.key == "features" and element.listed:
            yield element.value if isinstance(element.value, dict) else {}
        elif element.listed:
            root.setdefault(element.key, []).append(element.value)
        else:
            root[element.key] = element.value
    if root.get("type") == "Feature":
        yield root
    elif root.get("type") in GEOMETRIES:
        yield {"type": "Feature", "geometry": root, "properties": None}


def summarise(path: Path) -> GeoSummary:
    """Read a file once and return what it holds.

    Raises:
        MalformedArtifact: nothing of it can be read.
    """
    found = GeoSummary()
    try:
        for feature in features(path):
            _add(found, feature)
    except MalformedArtifact as error:
        if not found.features:
            raise
        found.cut = f"{error.message} What stands before that is shown."
    return found


def _add(found: GeoSummary, feature: dict[str, Any]) -> None:
    found.features += 1
    geometry = feature.get("geometry")
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in GEOMETRIES:
        found.geometries[NO_GEOMETRY] += 1
        if geometry is not None:
            found.broken["features whose geometry is of no known type"] += 1
    else:
        found.geometries[str(kind)] += 1
        _add_positions(found, geometry)
    _add_properties(found, feature.get("properties"))


def _add_positions(found: GeoSummary, geometry: Any) -> None:
    try:
        for shape in shapes(geometry):
            for line in shape.lines:
                found.positions += len(line)
                _widen(found, line)
    except ValueError as error:
        found.broken[f"features whose {error}"] += 1


def _widen(found: GeoSummary, line: list[tuple[float, float]]) -> None:
    if not line:
        return
    across, down = [x for x, _ in line], [y for _, y in line]
    box = (min(across), min(down), max(across), max(down))
    if found.bounds is None:
        found.bounds = box
        return
    known = found.bounds
    found.bounds = (min(known[0], box[0]), min(known[1], box[1]), max(known[2], box[2]), max(known[3], box[3]))


def _add_properties(found: GeoSummary, properties: Any) -> None:
    if not isinstance(properties, dict):
        return
    for name, value in properties.items():
        key = clean(str(name))[:LONGEST_TEXT]
        if key in found.properties or len(found.properties) < MOST_PROPERTIES:
            found.properties.setdefault(key, Property()).add(value)
    if len(found.rows) < MOST_ROWS:
        found.rows.append({clean(str(name))[:LONGEST_TEXT]: shown_value(value) for name, value in properties.items()})


def shapes(geometry: Any, depth: int = 0) -> Iterator[Shape]:
    """Yield the simple geometries of one.

    Raises:
        ValueError: with words that follow "whose": what is wrong with it.
    """
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind == "GeometryCollection":
        parts = geometry.get("geometries")
        if depth > DEEPEST or not isinstance(parts, list):
            raise ValueError("collection of geometries is no list, or nested too deeply")
        for part in parts:
            yield from shapes(part, depth + 1)
        return
    if kind not in DEPTHS:
        raise ValueError("geometry is of no known type")
    yield Shape(str(kind), list(_lines(geometry.get("coordinates"), DEPTHS[str(kind)])))


def _lines(coordinates: Any, depth: int) -> Iterator[list[tuple[float, float]]]:
    if depth == 0:
        if coordinates:
            yield [_position(coordinates)]
        return
    if not isinstance(coordinates, list):
        raise ValueError("coordinates are not nested as its type demands")
    if depth == 1:
        yield [_position(position) for position in coordinates]
        return
    for part in coordinates:
        yield from _lines(part, depth - 1)


def _position(value: Any) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) < 2:
        raise ValueError("coordinates are not nested as its type demands")
    x, y = value[0], value[1]
    if type(x) not in (int, float) or type(y) not in (int, float):
        raise ValueError("coordinates are not numbers")
    if not (-LARGEST < x < LARGEST and -LARGEST < y < LARGEST):
        raise ValueError("coordinates are not finite numbers")
    return x, y


def shown_value(value: Any) -> str:
    """Return a property's value as one short line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = f"{value:.8g}" if isinstance(value, float) else str(value) if isinstance(value, str) else _short(value)
    return clean(" ".join(text.split()))[:LONGEST_TEXT]


def _short(value: Any) -> str:
    if isinstance(value, int):
        return str(value) if abs(value) < 10**18 else "a large number"
    return f"{len(value)} items" if isinstance(value, list | dict) else str(type(value).__name__)


def _type_word(value: Any) -> str:
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "list" if isinstance(value, list) else "object"
