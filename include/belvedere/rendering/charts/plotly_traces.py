"""Plotly's common traces drawn by hand: lines, points, bars, histograms, heat maps, boxes, pies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from belvedere.rendering.charts.plotly_figures import array, type_of, words
from belvedere.rendering.charts.plotly_scales import Scale, as_float
from belvedere.rendering.drawing.plots import Frame, colour, thinned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from belvedere.rendering.drawing.svg import Drawing

LINES = frozenset({"scatter", "scattergl"})
BARS = frozenset({"bar", "waterfall", "funnel"})
HEATS = frozenset({"heatmap", "heatmapgl", "contour", "histogram2d"})
BOXES = frozenset({"box", "violin"})
DRAWN_ON_AXES = LINES | BARS | HEATS | BOXES | {"histogram"}
DRAWN = DRAWN_ON_AXES | {"pie"}
MOST_POINTS, MOST_CELLS_ACROSS, MOST_BINS = 3000, 90, 60
WHISKER = 1.5


@dataclass(slots=True)
class Series:
    """One trace made ready for drawing: numbers on both axes. ``place`` is its number, which gives its colour."""

    trace: Mapping[str, Any]
    place: int
    xs: list[float]
    ys: list[float]
    base: list[float]
    width: float = 0.8
    shift: float = 0.0

    @property
    def css(self) -> str:
        """The class of its colour as a stroke."""
        return f"s{colour(self.place)}"

    @property
    def fill(self) -> str:
        """The class of its colour as an area."""
        return f"f{colour(self.place)}"


def is_horizontal(trace: Mapping[str, Any]) -> bool:
    """Whether bars or boxes lie on their side."""
    if trace.get("orientation") in ("h", "v"):
        return bool(trace["orientation"] == "h")
    return type_of(trace) in BOXES and not array(trace.get("y")) and bool(array(trace.get("x")))


def samples(trace: Mapping[str, Any], axis: str) -> list[Any]:
    """Return values that tell the type of an axis."""
    found = array(trace.get(axis))
    if found and isinstance(found[0], list):
        found = found[0]
    if found or type_of(trace) not in BOXES:
        return found[:500]
    return [words(trace.get("name")) or "box"] if (axis == "x") != is_horizontal(trace) else []


def prepared(trace: Mapping[str, Any], place: int, across: Scale, up: Scale) -> Series:
    """Return a trace with its numbers, noted on its axes."""
    kind = type_of(trace)
    xs, ys = array(trace.get("x")), array(trace.get("y"))
    if kind == "histogram":
        return _counted(trace, place, across, up)
    if kind in HEATS:
        return _celled(trace, place, across, up)
    if kind in BOXES:
        return _boxed(trace, place, across, up)
    if not xs:
        first, step = as_float(trace.get("x0", 0)), as_float(trace.get("dx", 1))
        xs = [(0 if math.isnan(first) else first) + at * (1 if math.isnan(step) else step) for at in range(len(ys))]
    if not ys:
        ys = list(range(len(xs)))
    length = min(len(xs), len(ys))
    series = Series(trace, place, across.numbers(xs[:length]), up.numbers(ys[:length]), [0.0] * length)
    if kind in BARS or trace.get("fill") in ("tozeroy", "tonexty"):
        (across if kind in BARS and is_horizontal(trace) else up).zero = True
    return series


def _counted(trace: Mapping[str, Any], place: int, across: Scale, up: Scale) -> Series:
    """Count a histogram's values into bins; the numbers of the bins' starts and the counts are what is drawn."""
    lying = trace.get("orientation") == "h" or (not array(trace.get("x")) and bool(array(trace.get("y"))))
    value_axis, count_axis = (up, across) if lying else (across, up)
    values = [v for v in value_axis.numbers(array(trace.get("y" if lying else "x"))) if math.isfinite(v)]
    count_axis.zero = True
    if value_axis.kind == "category":
        starts, counts, width = [float(at) for at in range(len(value_axis.names))], [0.0] * len(value_axis.names), 0.8
        for value in values:
            counts[int(value)] += 1
    else:
        edges = _edges(values, trace)
        width = edges[1] - edges[0]
        counts = [0.0] * (len(edges) - 1)
        for value in values:
            counts[min(len(counts) - 1, max(0, int((value - edges[0]) / width)))] += 1
        starts = [edge + width / 2 for edge in edges[:-1]]
        value_axis.seen += edges
    total = sum(counts) or 1.0
    norm = {
        "probability": 1 / total,
        "percent": 100 / total,
        "density": 1 / width,
        "probability density": 1 / width / total,
    }
    counts = [count * norm.get(str(trace.get("histnorm", "")), 1.0) for count in counts]
    count_axis.seen += counts
    first, second = (counts, starts) if lying else (starts, counts)
    return Series({**trace, "orientation": "h" if lying else "v"}, place, first, second, [0.0] * len(counts), width)


def _edges(values: Sequence[float], trace: Mapping[str, Any]) -> list[float]:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if not low < high:
        return [low - 0.5, low + 0.5]
    asked = as_float(trace.get("nbinsx", trace.get("nbinsy")))
    bins = int(min(MOST_BINS, max(1, asked))) if asked > 0 else min(30, max(5, round(math.sqrt(len(values)))))
    rough = (high - low) / bins
    power = 10.0 ** math.floor(math.log10(rough))
    width = next(power * unit for unit in (1, 2, 2.5, 5, 10) if power * unit >= rough * 0.999)
    first = math.floor(low / width) * width
    count = max(1, math.ceil((high - first) / width + 1e-9))
    return [first + at * width for at in range(min(count, 4 * MOST_BINS) + 1)]


def _celled(trace: Mapping[str, Any], place: int, across: Scale, up: Scale) -> Series:
    rows = [row for row in array(trace.get("z")) if isinstance(row, list)]
    width, height = max(map(len, rows), default=0), len(rows)
    xs, ys = array(trace.get("x")) or list(range(width)), array(trace.get("y")) or list(range(height))
    across_numbers, up_numbers = across.numbers(xs[:width]), up.numbers(ys[:height])
    for scale, numbers in ((across, across_numbers), (up, up_numbers)):
        if scale.kind != "category" and len(numbers) > 1:
            step = (numbers[-1] - numbers[0]) / (len(numbers) - 1) / 2
            scale.seen += [numbers[0] - step, numbers[-1] + step]
    return Series(trace, place, across_numbers, up_numbers, [])


def _boxed(trace: Mapping[str, Any], place: int, across: Scale, up: Scale) -> Series:
    lying = is_horizontal(trace)
    value_axis, group_axis = (across, up) if lying else (up, across)
    values = value_axis.numbers(array(trace.get("x" if lying else "y")))
    named = array(trace.get("y" if lying else "x")) or [words(trace.get("name")) or f"trace {place}"] * len(values)
    groups = group_axis.numbers(named[: len(values)])
    values = values[: len(groups)]
    first, second = (values, groups) if lying else (groups, values)
    return Series({**trace, "orientation": "h" if lying else "v"}, place, first, second, [])


def arranged(series: list[Series], layout: Mapping[str, Any], across: Scale, up: Scale) -> None:
    """Put bars beside or upon each other, as the layout says."""
    bars = [one for one in series if type_of(one.trace) in BARS]
    if not bars:
        return
    lying = is_horizontal(bars[0].trace)
    steps = sorted({x for one in bars for x in (one.ys if lying else one.xs) if math.isfinite(x)})
    gap = min((right - left for left, right in pairwise(steps)), default=1.0)
    stacked = layout.get("barmode") in ("stack", "relative")
    for at, one in enumerate(bars):
        side_by_side = len(bars) if not stacked and layout.get("barmode") != "overlay" else 1
        one.width = 0.8 * gap / side_by_side
        one.shift = (at - (side_by_side - 1) / 2) * one.width if side_by_side > 1 else 0.0
    if stacked:
        _stack(bars, lying, across if lying else up)
    place_axis = up if lying else across
    if place_axis.kind != "category" and steps:
        place_axis.seen += [steps[0] - gap / 2, steps[-1] + gap / 2]


def _stack(bars: list[Series], lying: bool, value_axis: Scale) -> None:
    heights: dict[tuple[float, bool], float] = {}
    for one in bars:
        places, values = (one.ys, one.xs) if lying else (one.xs, one.ys)
        for at, (where, value) in enumerate(zip(places, values, strict=True)):
            if math.isfinite(value):
                low = heights.get((where, value >= 0), 0.0)
                one.base[at] = low
                heights[where, value >= 0] = low + value
                value_axis.seen.append(low + value)


def draw_series(frame: Frame, one: Series) -> None:
    """Draw one trace into its frame."""
    kind = type_of(one.trace)
    if kind in LINES:
        _draw_line(frame, one)
    elif kind in HEATS:
        _draw_heat(frame, one)
    elif kind in BOXES:
        _draw_boxes(frame, one)
    else:
        _draw_bars(frame, one)


def _draw_line(frame: Frame, one: Series) -> None:
    trace = one.trace
    mode = (
        trace.get("mode") if isinstance(trace.get("mode"), str) else ("lines+markers" if len(one.xs) < 20 else "lines")
    )
    points = list(zip(one.xs, one.ys, strict=True))
    line = trace.get("line") if isinstance(trace.get("line"), dict) else {}
    if trace.get("fill") in ("tozeroy", "tonexty", "toself") and len(points) > 1:
        _draw_area(frame, thinned(points), one)
    if "lines" in str(mode):
        dash = str(line.get("dash", "solid")) if isinstance(line, dict) else "solid"
        style = " dash" if "dash" in dash else " dot" if "dot" in dash else ""
        shape = line.get("shape") if isinstance(line, dict) else None
        frame.line(_stepped(thinned(points), str(shape)), css=f"{one.css} bold{style}")
    if "markers" in str(mode):
        every = max(1, -(-len(points) // MOST_POINTS))
        radius = 3.2 if len(points) < 300 else 2.2
        frame.points(points[::every], css=f"{one.fill} half" if len(points) > 40 else one.fill, radius=radius)


def _stepped(points: list[tuple[float, float]], shape: str) -> list[tuple[float, float]]:
    if shape not in ("hv", "vh"):
        return points
    steps = points[:1]
    for (x0, y0), (x1, y1) in pairwise(points):
        steps += [(x1, y0) if shape == "hv" else (x0, y1), (x1, y1)]
    return steps


def _draw_area(frame: Frame, points: list[tuple[float, float]], one: Series) -> None:
    good = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
    floor = (
        frame.up.low
        if frame.up.log
        else min(max(0.0, min(frame.up.low, frame.up.high)), max(frame.up.low, frame.up.high))
    )
    if len(good) > 1:
        shape = [frame.place(x, y) for x, y in [(good[0][0], floor), *good, (good[-1][0], floor)]]
        frame.drawing.polygon(shape, css=f"{one.fill} faint")


def _draw_bars(frame: Frame, one: Series) -> None:
    lying = is_horizontal(one.trace)
    floor = (frame.across if lying else frame.up).low if (frame.across if lying else frame.up).log else 0.0
    places, values = (one.ys, one.xs) if lying else (one.xs, one.ys)
    for where, value, base in zip(places, values, one.base, strict=True):
        if not (math.isfinite(where) and math.isfinite(value)):
            continue
        low, high = base or floor, base + value
        first, last = where + one.shift - one.width / 2, where + one.shift + one.width / 2
        css = f"{one.fill} half" if type_of(one.trace) == "histogram" else one.fill
        if lying:
            frame.bar(low, high, first, last, css=css)
        else:
            frame.bar(first, last, low, high, css=css)


def _draw_heat(frame: Frame, one: Series) -> None:
    rows = [row for row in array(one.trace.get("z")) if isinstance(row, list)]
    down, right = max(1, -(-len(rows) // MOST_CELLS_ACROSS)), max(1, -(-len(one.xs) // MOST_CELLS_ACROSS))
    cells = [
        (at, to, as_float(value))
        for at, row in enumerate(rows)
        if at % down == 0
        for to, value in enumerate(row)
        if to % right == 0 and at < len(one.ys) and to < len(one.xs)
    ]
    finite = [value for _, _, value in cells if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    width, height = _step(one.xs) * right / 2, _step(one.ys) * down / 2
    for at, to, value in cells:
        if math.isfinite(value) and math.isfinite(one.xs[to]) and math.isfinite(one.ys[at]):
            left, bottom = frame.place(one.xs[to] - width, one.ys[at] - height)
            end, top = frame.place(one.xs[to] + width, one.ys[at] + height)
            share = (value - low) / (high - low) if high > low else 0.5
            frame.drawing.rectangle(
                min(left, end),
                min(top, bottom),
                abs(end - left),
                abs(bottom - top),
                css="accent",
                opacity=0.06 + 0.94 * share,
            )


def _step(values: Sequence[float]) -> float:
    return abs(values[-1] - values[0]) / (len(values) - 1) if len(values) > 1 else 1.0


def _draw_boxes(frame: Frame, one: Series) -> None:
    lying = is_horizontal(one.trace)
    groups: dict[float, list[float]] = {}
    for where, value in zip(one.ys if lying else one.xs, one.xs if lying else one.ys, strict=True):
        if math.isfinite(value) and math.isfinite(where):
            groups.setdefault(where, []).append(value)
    for where, values in groups.items():
        _draw_box(frame, sorted(values), where, one, lying=lying)


def _draw_box(frame: Frame, values: list[float], where: float, one: Series, *, lying: bool) -> None:
    low, middle, high = (quantile(values, share) for share in (0.25, 0.5, 0.75))
    reach = WHISKER * (high - low)
    inside = [value for value in values if low - reach <= value <= high + reach]
    outside = [value for value in values if not low - reach <= value <= high + reach][:200]

    def at(value: float, side: float) -> tuple[float, float]:
        return (value, where + side) if lying else (where + side, value)

    (x0, y0), (x1, y1) = at(low, -0.25), at(high, 0.25)
    frame.bar(x0, x1, y0, y1, css=f"{one.fill} half")
    frame.line([at(middle, -0.25), at(middle, 0.25)], css="curve")
    for end, edge in ((inside[0], low), (inside[-1], high)):
        frame.line([at(edge, 0), at(end, 0)], css=f"{one.css} bold")
        frame.line([at(end, -0.12), at(end, 0.12)], css=f"{one.css} bold")
    frame.points([at(value, 0) for value in outside], css=one.fill, radius=2.2)


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile of sorted values, between neighbours by straight line."""
    place = share * (len(values) - 1)
    low = math.floor(place)
    high = min(len(values) - 1, low + 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def draw_pie(drawing: Drawing, trace: Mapping[str, Any], x: float, y: float, radius: float) -> list[str]:
    """Draw a pie around a point; return its labels with their shares, in the order of their colours."""
    labels, values = [str(label) for label in array(trace.get("labels"))], array(trace.get("values"))
    sums: dict[str, float] = {}
    for at in range(max(len(labels), len(values))):
        label = labels[at] if at < len(labels) else str(at)
        value = as_float(values[at]) if at < len(values) else 1.0
        sums[label] = sums.get(label, 0.0) + (value if value > 0 else 0.0)
    ordered = sorted(sums.items(), key=lambda pair: -pair[1])[:200]
    total, turn = sum(value for _, value in ordered) or 1.0, -0.25
    hole = min(0.9, max(0.0, as_float(trace.get("hole")))) if not math.isnan(as_float(trace.get("hole"))) else 0.0
    for at, (_, value) in enumerate(ordered):
        end = turn + value / total
        drawing.polygon(_wedge(x, y, radius, hole * radius, turn, end), css=f"f{colour(at)}")
        turn = end
    return [f"{label} {100 * value / total:.1f} %" for label, value in ordered]


def _wedge(x: float, y: float, outer: float, inner: float, start: float, end: float) -> list[tuple[float, float]]:
    steps = max(2, math.ceil((end - start) * 90))
    turns = [2 * math.pi * (start + (end - start) * at / steps) for at in range(steps + 1)]
    rim = [(x + outer * math.cos(turn), y + outer * math.sin(turn)) for turn in turns]
    return rim + [(x + inner * math.cos(turn), y + inner * math.sin(turn)) for turn in reversed(turns)]
