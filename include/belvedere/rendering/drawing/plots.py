"""Plots drawn by hand: a frame with axes, coloured lines, points and bars in it, a legend."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.rendering.drawing.svg import Drawing, fitted, text_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from belvedere.rendering.drawing.axes import Axis

COLOURS = (
    "#017cee", "#dd6b20", "#2f9e44", "#ae3ec9", "#e03131", "#0c9aa6", "#e8a200", "#7048e8", "#d6336c", "#868e96",
)  # fmt: skip
PLOT_RULES = (
    "".join(
        f"svg.drawing .s{at}{{stroke:{colour};fill:none}}svg.drawing .f{at}{{fill:{colour}}}"
        for at, colour in enumerate(COLOURS)
    )
    + "svg.drawing .thin{stroke-width:1.2}svg.drawing .bold{stroke-width:2;stroke-linejoin:round;stroke-linecap:round}"
    "svg.drawing .dash{stroke-dasharray:6 4}svg.drawing .dot{stroke-dasharray:2 3}svg.drawing .faint{opacity:.32}"
    "svg.drawing .half{fill-opacity:.62}svg.drawing .touch{fill:transparent;stroke:none}"
)
TICK_SIZE, TITLE_SIZE = 11.5, 12.5
MOST_DRAWN = 400


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle of a drawing with a horizontal and a vertical axis."""

    drawing: Drawing
    left: float
    top: float
    width: float
    height: float
    across: Axis
    up: Axis

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the data stands in the drawing, never far outside of the frame."""
        right, high = min(1.5, max(-0.5, self.across.at(x))), min(1.5, max(-0.5, self.up.at(y)))
        return self.left + self.width * right, self.top + self.height * (1 - high)

    def draw_axes(self, *, size: float = TICK_SIZE) -> None:
        """Draw the grid, its labels and the titles of the axes."""
        bottom, room = self.top + self.height, self.width / max(1, len(self.across.ticks))
        for tick in self.up.ticks:
            y = self.place(self.across.low, tick.value)[1]
            self.drawing.line(self.left, y, self.left + self.width, y)
            self.drawing.text(
                self.left - 6,
                y + size / 3,
                tick.label,
                css="muted",
                size=size,
                anchor="end",
                fit=max(24.0, self.left - 8),
            )
        crowded = any(text_width(tick.label, size) > room for tick in self.across.ticks)
        for at, tick in enumerate(self.across.ticks):
            x = self.place(tick.value, self.up.low)[0]
            self.drawing.line(x, bottom, x, bottom + 4, css="axis")
            if not crowded or at % 2 == 0:
                width = room * (2 if crowded else 1) - 3
                self.drawing.text(
                    x, bottom + 16, tick.label, css="muted", size=size, anchor="middle", fit=max(12.0, width)
                )
        self.drawing.line(self.left, bottom, self.left + self.width, bottom, css="axis")
        self._titles(bottom)

    def _titles(self, bottom: float) -> None:
        middle = self.top + self.height / 2
        if self.across.title:
            x = self.left + self.width / 2
            self.drawing.text(
                x, bottom + 36, self.across.title, css="muted", size=TITLE_SIZE, anchor="middle", fit=self.width
            )
        if self.up.title:
            title = fitted(self.up.title, self.height, TITLE_SIZE)
            self.drawing.text(14, middle, title, css="muted", size=TITLE_SIZE, anchor="middle", rotate=-90)

    def line(self, points: Iterable[tuple[float, float]], *, css: str) -> None:
        """Draw a line through points; it breaks where a value is not finite."""
        piece: list[tuple[float, float]] = []
        for x, y in [*points, (math.nan, math.nan)]:
            if math.isfinite(x) and math.isfinite(y):
                piece.append(self.place(x, y))
            elif piece:
                self._piece(piece, css)
                piece = []

    def _piece(self, piece: list[tuple[float, float]], css: str) -> None:
        if len(piece) > 1:
            self.drawing.polyline(piece, css=css)
        else:
            self.drawing.circle(*piece[0], 2.4, css=_filled(css))

    def points(self, points: Iterable[tuple[float, float]], *, css: str, radius: float = 2.8) -> None:
        """Draw discs at points."""
        for x, y in points:
            if math.isfinite(x) and math.isfinite(y):
                self.drawing.circle(*self.place(x, y), radius, css=css)

    def bar(self, low_x: float, high_x: float, low_y: float, high_y: float, *, css: str) -> None:
        """Draw a rectangle between two values of each axis."""
        left, bottom = self.place(min(low_x, high_x), min(low_y, high_y))
        right, top = self.place(max(low_x, high_x), max(low_y, high_y))
        if all(map(math.isfinite, (left, bottom, right, top))):
            self.drawing.rectangle(left, top, max(0.5, right - left), max(0.5, bottom - top), css=css)


def _filled(css: str) -> str:
    return next((f"f{name[1:]}" for name in css.split() if name[0] == "s" and name[1:].isdigit()), "accent")


def colour(at: int) -> int:
    """Return the number of the colour of the ``at``-th series; they repeat."""
    return at % len(COLOURS)


def legend(drawing: Drawing, names: Sequence[str], x: float, y: float, width: float, *, most: int = 12) -> float:
    """Write names beside their colours in lines from ``x``, ``y``; return where the next thing may stand."""
    across = x
    for at, name in enumerate(names[:most]):
        shown = fitted(name, min(width - 24, 260), TITLE_SIZE)
        needed = 30 + text_width(shown, TITLE_SIZE)
        if across > x and across + needed > x + width:
            across, y = x, y + 20
        drawing.rectangle(across, y - 9, 14, 10, css=f"f{colour(at)}", radius=2)
        drawing.text(across + 19, y, shown, size=TITLE_SIZE)
        across += needed
    if len(names) > most:
        drawing.text(across, y, f"and {len(names) - most:,} more", css="muted", size=TITLE_SIZE)
    return y + 18


def thinned(points: Sequence[tuple[float, float]], most: int = MOST_DRAWN) -> list[tuple[float, float]]:
    """Return at most about ``most`` points that look the same: of each stretch its lowest and highest one."""
    if len(points) <= most:
        return list(points)
    size = -(-len(points) // (most // 2))
    kept: list[tuple[float, float]] = []
    for start in range(0, len(points), size):
        stretch = points[start : start + size]
        finite = [at for at, (_, y) in enumerate(stretch) if math.isfinite(y)]
        if not finite:
            kept.append(stretch[0])
            continue
        lowest = min(finite, key=lambda at: stretch[at][1])
        highest = max(finite, key=lambda at: stretch[at][1])
        kept += [stretch[at] for at in sorted({lowest, highest})]
    return [points[0], *kept, points[-1]]


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """Return an exponential moving average without the bias of its start, as TensorBoard smooths."""
    result, last, seen = [], 0.0, 0
    for value in values:
        if not math.isfinite(value):
            result.append(value)
            continue
        seen += 1
        last = last * weight + (1 - weight) * value
        result.append(last / (1 - weight**seen))
    return result
