"""A Plotly figure as one drawing: its subplots where the layout puts them, its legend above."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from belvedere.rendering.charts.plotly_figures import Figure, type_of, words
from belvedere.rendering.charts.plotly_scales import as_float, scale_of
from belvedere.rendering.charts.plotly_traces import (
    BARS,
    BOXES,
    DRAWN,
    DRAWN_ON_AXES,
    HEATS,
    Series,
    arranged,
    draw_pie,
    draw_series,
    prepared,
    samples,
)
from belvedere.rendering.drawing.plots import COLOURS, PLOT_RULES, Frame, colour, legend
from belvedere.rendering.drawing.svg import Drawing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 860.0, 500.0, 76.0, 20.0, 56.0, 14.0
MOST_SUBPLOTS, THUMBNAIL_TOP = 36, 54.0
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|rgba?\([\d.,%\s]{1,40}\)|[a-zA-Z]{3,24}")
Pair = tuple[str, str]


def draw_figure(
    figure: Figure, alt: str, *, width: float = WIDTH, height: float = HEIGHT, bare: bool = False
) -> Drawing | None:
    """Draw what can be drawn of a figure, None where nothing can; ``bare``: without legend, for thumbnails."""
    shown = [(at, trace) for at, trace in enumerate(figure.off_maps) if trace.get("visible") in (None, True)]
    pairs = _pairs(shown)
    pies = [(at, trace) for at, trace in shown if type_of(trace) == "pie"]
    if not pairs and not pies:
        return None
    drawing = Drawing(width, height, label=alt, rules=PLOT_RULES + _own_colours(shown))
    top = THUMBNAIL_TOP if bare else _legend(drawing, shown, width)
    for at, (pair, traces) in enumerate(list(pairs.items())[:MOST_SUBPLOTS]):
        _draw_subplot(drawing, figure.layout, pair, traces, top, small=bare, only=len(pairs) == 1, first=at == 0)
    room = (width - 40) / max(1, len(pies)) if not pairs else 0
    for at, (_, trace) in enumerate(pies if not pairs else []):
        _draw_pie(drawing, trace, 20 + at * room, top, room, height - top - 16, small=bare)
    return drawing


def undrawn(figure: Figure) -> dict[str, int]:
    """Return the types of traces that ``draw_figure`` leaves out, and how many there are of each."""
    mixed = any(type_of(trace) in DRAWN_ON_AXES for trace in figure.off_maps)
    drawn = DRAWN_ON_AXES if mixed else DRAWN
    return dict(Counter(type_of(trace) for trace in figure.off_maps if type_of(trace) not in drawn))


def _pairs(shown: Sequence[tuple[int, Mapping[str, Any]]]) -> dict[Pair, list[tuple[int, Mapping[str, Any]]]]:
    pairs: dict[Pair, list[tuple[int, Mapping[str, Any]]]] = {}
    for at, trace in shown:
        if type_of(trace) in DRAWN_ON_AXES:
            pair = (_axis_name(trace.get("xaxis"), "x"), _axis_name(trace.get("yaxis"), "y"))
            pairs.setdefault(pair, []).append((at, trace))
    return pairs


def _axis_name(value: Any, letter: str) -> str:
    return value if isinstance(value, str) and re.fullmatch(rf"{letter}\d{{0,3}}", value) else letter


def _declared(layout: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = layout.get(f"{name[0]}axis{name[1:] if name[1:] != '1' else ''}")
    return found if isinstance(found, dict) else {}


def _own_colours(shown: Sequence[tuple[int, Mapping[str, Any]]]) -> str:
    """Return CSS with the colours that the first traces ask for themselves."""
    rules = ""
    for at, trace in shown[: len(COLOURS)]:
        for place in ("line", "marker", None):
            part = trace.get(place) if place else {"color": trace.get("fillcolor")}
            own = part.get("color") if isinstance(part, dict) else None
            if isinstance(own, str) and COLOUR.fullmatch(own) and at < len(COLOURS):
                rules += f"svg.drawing .s{at}{{stroke:{own};fill:none}}svg.drawing .f{at}{{fill:{own}}}"
                break
    return rules


def _legend(drawing: Drawing, shown: Sequence[tuple[int, Mapping[str, Any]]], width: float) -> float:
    named = [(at, words(trace.get("name"))) for at, trace in shown if type_of(trace) != "pie"]
    if len([name for _, name in named if name]) < 2:
        return TOP
    names = [""] * (max(at for at, _ in named) + 1)
    for at, name in named:
        names[at] = name or f"trace {at}"
    return legend(drawing, [name for name in names if name], 12, 20, width - 24) + 6


def _draw_subplot(
    drawing: Drawing,
    layout: Mapping[str, Any],
    pair: Pair,
    traces: Sequence[tuple[int, Mapping[str, Any]]],
    top: float,
    *,
    small: bool,
    only: bool,
    first: bool,
) -> None:
    declared = [_declared(layout, name) for name in pair]
    scales = [
        scale_of(one, [value for _, trace in traces for value in samples(trace, letter)])
        for one, letter in zip(declared, "xy", strict=True)
    ]
    series = [prepared(trace, at, scales[0], scales[1]) for at, trace in traces]
    arranged(series, layout, scales[0], scales[1])
    box = _box(drawing, [_domain(one, only=only) for one in declared], top, small=small)
    marks = (max(2, int(box[2] // 90)), max(2, int(box[3] // 50)))
    axes = [scale.axis(one, marks=count) for scale, one, count in zip(scales, declared, marks, strict=True)]
    frame = Frame(drawing, *box, axes[0], axes[1])
    over = declared[1].get("overlaying") is not None and not first
    if small:
        drawing.rectangle(*box, css="card", radius=5)
    elif not over:
        frame.draw_axes()
    for one in sorted(series, key=_layer):
        draw_series(frame, one)


def _layer(series: Series) -> int:
    kind = type_of(series.trace)
    return 0 if kind in HEATS else 1 if kind in BARS | BOXES | {"histogram"} else 2


def _domain(declared: Mapping[str, Any], *, only: bool) -> tuple[float, float]:
    given = declared.get("domain")
    if only or not isinstance(given, list) or len(given) != 2:
        return 0.0, 1.0
    low, high = as_float(given[0]), as_float(given[1])
    return (low, high) if 0 <= low < high <= 1 else (0.0, 1.0)


def _box(
    drawing: Drawing, domains: list[tuple[float, float]], top: float, *, small: bool
) -> tuple[float, float, float, float]:
    left, right, bottom = (20.0, 20.0, 16.0) if small else (LEFT, RIGHT, BOTTOM)
    width, height = drawing.width - left - right, drawing.height - top - bottom
    (x0, x1), (y0, y1) = domains
    return left + width * x0, top + height * (1 - y1), max(10.0, width * (x1 - x0)), max(10.0, height * (y1 - y0))


def _draw_pie(
    drawing: Drawing, trace: Mapping[str, Any], left: float, top: float, width: float, height: float, *, small: bool
) -> None:
    radius = max(10.0, min(height, width * 0.5) / 2)
    labels = draw_pie(drawing, trace, left + radius + 4, top + height / 2, radius)
    size = 18 if small else 13
    most = max(1, int(height // (size * 1.6)))
    for at, label in enumerate(labels[:most]):
        y = top + height / 2 + (at - (min(len(labels), most) - 1) / 2) * size * 1.6
        x = left + 2 * radius + 24
        drawing.rectangle(x, y - size * 0.7, size * 0.9, size * 0.8, css=f"f{colour(at)}", radius=2)
        drawing.text(x + size * 1.5, y, label, size=size, fit=max(30.0, width - 2 * radius - 60))
