"""Geographic features as a drawing: longitude across, latitude up, stretched as they are at the middle latitude.

No tiles and nothing else from outside: the features, and a few lines of longitude and latitude.
"""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, Any

from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.vision.geo_features import Shape, features, shapes, shown_value

if TYPE_CHECKING:
    from pathlib import Path

    from belvedere.rendering.vision.geo_features import GeoSummary

MAP_CSS = (
    ".area{fill:var(--soft);stroke:var(--accent);stroke-width:.9;fill-rule:evenodd;stroke-linejoin:round}"
    ".way{fill:none;stroke:var(--accent);stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}"
    ".spot{fill:var(--accent);fill-opacity:.75;stroke:var(--card);stroke-width:.5}"
    ".area:hover{fill-opacity:2;stroke-width:2}"
)
MOST_POINTS, MOST_POINTS_SMALL = 60_000, 6000
MOST_TITLES = 1500
NEAREST, COARSEST = 0.5, 4.0
POINTS_A_FEATURE = 3
MARGIN = 10.0
SMALLEST_SPAN = 1e-4
TITLE_KEYS = ("name", "NAME", "Name", "title", "label", "id", "ID")
GRID_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 45)


class Map:
    """A drawing of features within the bounds of a file; ``drawn`` counts the features on it."""

    def __init__(
        self, summary: GeoSummary, width: float, height: float, label: str, *, titled: bool, most_points: int
    ) -> None:
        west, south, east, north = summary.bounds or (0.0, 0.0, 1.0, 1.0)
        if east - west < SMALLEST_SPAN:
            west, east = west - SMALLEST_SPAN, east + SMALLEST_SPAN
        if north - south < SMALLEST_SPAN:
            south, north = south - SMALLEST_SPAN, north + SMALLEST_SPAN
        shrink = max(0.05, math.cos(math.radians((south + north) / 2))) if summary.in_degrees else 1.0
        scale = min((width - 2 * MARGIN) / ((east - west) * shrink), (height - 2 * MARGIN) / (north - south))
        self._across, self._up = scale * shrink, scale
        self.width = max((east - west) * self._across + 2 * MARGIN, 120.0)
        self.height = max((north - south) * self._up + 2 * MARGIN, 120.0)
        self._left = (self.width - (east - west) * self._across) / 2 - west * self._across
        self._top = (self.height - (north - south) * self._up) / 2 + north * self._up
        self._bounds = (west, south, east, north)
        self._titled, self._points_left, self.drawn = titled, most_points, 0
        self._nearest = min(COARSEST, NEAREST * max(1.0, summary.positions / most_points))
        self._spots: set[tuple[int, int]] = set()
        self.drawing = Drawing(self.width, self.height, label=label, rules=MAP_CSS)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a position lies on the drawing."""
        return self._left + x * self._across, self._top - y * self._up

    def grid(self) -> None:
        """Draw a few lines of longitude and latitude."""
        west, south, east, north = self._bounds
        step = next((step for step in GRID_STEPS if max(east - west, north - south) / step <= 8), 90)
        for at in range(math.ceil(west / step), math.floor(east / step) + 1):
            x, _ = self.place(at * step, 0)
            self.drawing.line(x, 0, x, self.height)
            self.drawing.text(x + 2, self.height - 3, f"{at * step:g}°", css="muted", size=10)
        for at in range(math.ceil(south / step), math.floor(north / step) + 1):
            _, y = self.place(0, at * step)
            self.drawing.line(0, y, self.width, y)
            self.drawing.text(2, y - 2, f"{at * step:g}°", css="muted", size=10)

    def feature(self, feature: dict[str, Any]) -> bool:
        """Draw one feature; False where there is no room for more."""
        if self._points_left <= 0:
            return False
        try:
            marks = "".join(map(self._shape, shapes(feature.get("geometry"))))
        except ValueError:
            return True
        self.drawn += 1
        title = self._title(feature) if self._titled and self.drawn <= MOST_TITLES else ""
        self.drawing.place(f"<g>{title}{marks}</g>" if title else marks)
        return True

    def _title(self, feature: dict[str, Any]) -> str:
        properties = feature.get("properties")
        if not isinstance(properties, dict) or not properties:
            return ""
        key = next((key for key in TITLE_KEYS if properties.get(key) not in (None, "")), next(iter(properties)))
        return f"<title>{escaped(shown_value(properties[key]))}</title>"

    def _shape(self, shape: Shape) -> str:
        if shape.type in ("Point", "MultiPoint"):
            return "".join(self._spot(*self.place(x, y)) for line in shape.lines for x, y in line)
        closed = shape.type in ("Polygon", "MultiPolygon")
        path = "".join(self._path(line, closed=closed) for line in shape.lines)
        return f'<path class="{"area" if closed else "way"}" d="{path}"/>' if path else ""

    def _spot(self, x: float, y: float) -> str:
        """Draw a dot, but one of those that would hide one another."""
        cell = (int(x), int(y))
        if cell in self._spots:
            return ""
        self._spots.add(cell)
        self._points_left -= 1
        return f'<circle class="spot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'

    def _path(self, line: list[tuple[float, float]], *, closed: bool) -> str:
        steps: list[str] = []
        last = (math.inf, math.inf)
        for number, position in enumerate(line):
            x, y = self.place(*position)
            if abs(x - last[0]) + abs(y - last[1]) < self._nearest and number < len(line) - 1:
                continue
            last = (x, y)
            steps.append(f"{x:.1f} {y:.1f}")
        self._points_left -= len(steps)
        if closed and 0 < len(steps) < 3:
            return f"M{steps[0]}h1.6v1.6h-1.6Z"
        return f"M{'L'.join(steps)}{'Z' if closed else ''}" if steps else ""


def draw_map(
    path: Path,
    summary: GeoSummary,
    width: float,
    height: float,
    label: str,
    *,
    detailed: bool = True,
) -> Map:
    """Return a drawing of as many features as there is room for, at most ``width`` by ``height`` large.

    ``detailed`` False: for a thumbnail. Of very many features every n-th is drawn, so that no region is left out.
    """
    most_points = MOST_POINTS if detailed else MOST_POINTS_SMALL
    drawn = Map(summary, width, height, label, titled=detailed, most_points=most_points)
    if detailed and summary.in_degrees:
        drawn.grid()
    step = max(1, math.ceil(summary.features * POINTS_A_FEATURE / most_points))
    for feature in islice(features(path), 0, summary.features, step):
        if not drawn.feature(feature):
            break
    return drawn
