"""Directed graphs drawn in layers, from top to bottom: boxes, arrows, and a cut through what is too large to read.

Layers by longest path, order within a layer by the mean place of what feeds it (the two first steps of
K. Sugiyama, S. Tagawa, M. Toda: Methods for Visual Understanding of Hierarchical System Structures, 1981).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.rendering.drawing.svg import Drawing, coordinate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, MARGIN = 168.0, 40.0, 26.0, 30.0, 14.0
GROUND = (
    "svg.drawing .ground{fill:#fff}@media(prefers-color-scheme:dark){svg.drawing .ground{fill:#111827}}"
    "svg.drawing .none{fill:none}"
)
MOST_LAYERS, MOST_IN_LAYER = 64, 7


@dataclass(frozen=True, slots=True)
class Box:
    """A node: what stands in it, a second smaller line, and its colour (a class of ``SHAPES_CSS``)."""

    title: str
    detail: str = ""
    css: str = "card"


@dataclass(frozen=True, slots=True)
class Layout:
    """Boxes in layers, as far as they are shown, and how many layers and boxes are left out."""

    layers: tuple[tuple[int, ...], ...]
    cut_at: int | None
    left_out: int


def lay_out(count: int, edges: Sequence[tuple[int, int]]) -> Layout:
    """Put nodes ``0 .. count-1`` into layers; edges must lead from smaller to larger numbers."""
    feeds: dict[int, list[int]] = {}
    for start, end in edges:
        feeds.setdefault(end, []).append(start)
    depth = [0] * count
    for node in range(count):
        depth[node] = 1 + max((depth[start] for start in feeds.get(node, ())), default=-1)
    layers: list[list[int]] = [[] for _ in range(max(depth, default=-1) + 1)]
    for node in range(count):
        layers[depth[node]].append(node)
    return _cut([_ordered(layer, feeds, place) for place, layer in _with_places(layers)])


def _with_places(layers: list[list[int]]) -> list[tuple[dict[int, float], list[int]]]:
    place: dict[int, float] = {}
    for layer in layers:
        for at, node in enumerate(layer):
            place[node] = at - (len(layer) - 1) / 2
    return [(place, layer) for layer in layers]


def _ordered(layer: list[int], feeds: Mapping[int, Sequence[int]], place: dict[int, float]) -> list[int]:
    def mean(node: int) -> float:
        above = feeds.get(node, ())
        return sum(place[start] for start in above) / len(above) if above else place[node]

    ordered = sorted(layer, key=mean)
    for at, node in enumerate(ordered):
        place[node] = at - (len(ordered) - 1) / 2
    return ordered


def _cut(layers: list[list[int]]) -> Layout:
    total = sum(len(layer) for layer in layers)
    narrow = [tuple(layer[:MOST_IN_LAYER]) for layer in layers]
    cut_at = None
    if len(narrow) > MOST_LAYERS:
        cut_at = MOST_LAYERS // 2
        narrow = narrow[:cut_at] + narrow[-cut_at:]
    return Layout(tuple(narrow), cut_at, total - sum(len(layer) for layer in narrow))


def draw_graph(boxes: Sequence[Box], edges: Sequence[tuple[int, int]], *, label: str) -> tuple[Drawing, int]:
    """Draw a graph whose edges lead from smaller to larger numbers; return how many boxes were left out, too."""
    layout = lay_out(len(boxes), edges)
    widest = max((len(layer) for layer in layout.layers), default=1)
    width = 2 * MARGIN + widest * BOX_WIDTH + (widest - 1) * GAP_X + 2 * GAP_X
    cut_height = BOX_HEIGHT if layout.cut_at is not None else 0
    height = 2 * MARGIN + len(layout.layers) * (BOX_HEIGHT + GAP_Y) - GAP_Y + cut_height
    drawing = Drawing(width, height, label=label, rules=GROUND)
    places = _places(layout, width)
    rows = {node: row for row, layer in enumerate(layout.layers) for node in layer}
    for start, end in dict.fromkeys(edges):
        if start in places and end in places and not _over_cut(rows[start], rows[end], layout.cut_at):
            _arrow(drawing, places[start], places[end], far=rows[end] - rows[start] > 1)
    for node, (x, y) in places.items():
        _box(drawing, boxes[node], x, y)
    if layout.cut_at is not None:
        y = MARGIN + layout.cut_at * (BOX_HEIGHT + GAP_Y) + 10
        text = f"… {layout.left_out:,} more …"
        drawing.text(width / 2, y, text, css="muted", size=15, anchor="middle")
    return drawing, layout.left_out


def _over_cut(start: int, end: int, cut_at: int | None) -> bool:
    return cut_at is not None and start < cut_at <= end


def _places(layout: Layout, width: float) -> dict[int, tuple[float, float]]:
    places = {}
    for row, layer in enumerate(layout.layers):
        below_cut = layout.cut_at is not None and row >= layout.cut_at
        y = MARGIN + row * (BOX_HEIGHT + GAP_Y) + (BOX_HEIGHT if below_cut else 0)
        left = (width - len(layer) * BOX_WIDTH - (len(layer) - 1) * GAP_X) / 2
        for at, node in enumerate(layer):
            places[node] = (left + at * (BOX_WIDTH + GAP_X), y)
    return places


def _arrow(drawing: Drawing, start: tuple[float, float], end: tuple[float, float], *, far: bool) -> None:
    x1, y1 = start[0] + BOX_WIDTH / 2, start[1] + BOX_HEIGHT
    x2, y2 = end[0] + BOX_WIDTH / 2, end[1]
    if far and abs(x1 - x2) < BOX_WIDTH:
        # past the boxes between, on the right
        side = max(x1, x2) + BOX_WIDTH / 2 + GAP_X * 0.7
        steps = f"M{_at(x1 + 30, y1)}C{_at(side, y1 + 16)} {_at(side, y1 + 8)} {_at(side, y1 + 40)}"
        steps += f"L{_at(side, y2 - 40)}C{_at(side, y2 - 8)} {_at(side, y2 - 16)} {_at(x2 + 30, y2)}"
    else:
        middle = (y1 + y2) / 2
        steps = f"M{_at(x1, y1)}C{_at(x1, middle)} {_at(x2, middle)} {_at(x2, y2)}"
    drawing.place(f'<path class="axis" d="{steps}"/>')


def _at(x: float, y: float) -> str:
    return f"{coordinate(x)},{coordinate(y)}"


def _box(drawing: Drawing, box: Box, x: float, y: float) -> None:
    drawing.rectangle(x, y, BOX_WIDTH, BOX_HEIGHT, css="ground", radius=7)
    drawing.rectangle(x, y, BOX_WIDTH, BOX_HEIGHT, css=box.css, radius=7)
    drawing.rectangle(x, y, BOX_WIDTH, BOX_HEIGHT, css="outline", radius=7)
    middle = x + BOX_WIDTH / 2
    up = 4 if not box.detail else -4
    drawing.text(
        middle, y + BOX_HEIGHT / 2 + up + 1, box.title, css="strong", size=13, anchor="middle", fit=BOX_WIDTH - 14
    )
    if box.detail:
        drawing.text(
            middle, y + BOX_HEIGHT / 2 + 13, box.detail, css="muted", size=11, anchor="middle", fit=BOX_WIDTH - 14
        )
