"""Charts of scalars over steps: one panel a tag, one coloured line a run, as people compare training runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.rendering.drawing.axes import linear_axis
from belvedere.rendering.drawing.plots import COLOURS, PLOT_RULES, Frame, colour, legend, smoothed, thinned
from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.pages.numbers import metric, short

if TYPE_CHECKING:
    from collections.abc import Sequence

SMOOTHING = 0.6
CHOICES = (0.0, 0.6, 0.9, 0.97)
PANEL_WIDTH, PANEL_HEIGHT, COLUMNS = 420.0, 250.0, 2
MOST_POINTS_OF_LINE, MOST_ROWS_OF_CHART = 1000, 24_000
TELLING = ("loss", "accuracy", "acc", "auc", "f1", "error", "reward", "score", "perplexity", "bleu", "iou", "map")


@dataclass(frozen=True, slots=True)
class Curve:
    """The values of one tag in one run, by step; ``run`` is the place of the run's name (and its colour)."""

    run: int
    steps: tuple[float, ...]
    values: tuple[float, ...]

    @property
    def points(self) -> list[tuple[float, float]]:
        """The points as they were logged."""
        return list(zip(self.steps, self.values, strict=True))

    def smooth(self, weight: float) -> list[tuple[float, float]]:
        """Return the points with smoothed values."""
        return list(zip(self.steps, smoothed(self.values, weight), strict=True))


@dataclass(frozen=True, slots=True)
class Panel:
    """All curves of one tag."""

    tag: str
    curves: tuple[Curve, ...]


def importance(panel: Panel) -> tuple[int, int, str]:
    """Order panels: what many runs logged and what people look at first comes first."""
    name = panel.tag.casefold()
    telling = next((at for at, word in enumerate(TELLING) if word in name), len(TELLING))
    return telling, -len(panel.curves), name


def value_text(value: float) -> str:
    """Return a value with four decimals, or in six significant digits where that would say nothing."""
    if math.isfinite(value) and 0.01 <= abs(value) < 1000 and not float(value).is_integer():
        return metric(value)
    return short(value)


def draw_panel(drawing: Drawing, panel: Panel, left: float, top: float, width: float, height: float) -> None:
    """Draw one tag's curves: faint as logged, strong where smoothed."""
    drawing.text(left + 8, top + 16, panel.tag, css="strong", size=14, fit=width - 16)
    finite = [value for curve in panel.curves for value in curve.values]
    across = linear_axis([step for curve in panel.curves for step in (curve.steps[0], curve.steps[-1])], marks=5)
    frame = Frame(drawing, left + 58, top + 28, width - 72, height - 58, across, linear_axis(finite, marks=5))
    frame.draw_axes()
    for curve in panel.curves:
        css = f"s{colour(curve.run)}"
        if len(curve.values) > 2:
            frame.line(thinned(curve.points), css=f"{css} thin faint")
            frame.line(thinned(curve.smooth(SMOOTHING)), css=f"{css} bold")
        else:
            frame.line(curve.points, css=f"{css} bold")


def panel_drawing(panel: Panel, runs: Sequence[str]) -> Drawing:
    """Return one panel as a drawing of its own, for pages that lay panels out by their width."""
    said = "; ".join(f"{runs[curve.run]} ends at {value_text(curve.values[-1])}" for curve in panel.curves[:8])
    drawing = Drawing(PANEL_WIDTH, PANEL_HEIGHT, label=f"{panel.tag} over steps: {said}", rules=PLOT_RULES)
    draw_panel(drawing, panel, 0, 0, PANEL_WIDTH, PANEL_HEIGHT)
    return drawing


def panels_drawing(panels: Sequence[Panel], runs: Sequence[str], alt: str) -> Drawing:
    """Return panels side by side under one legend."""
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    width = columns * PANEL_WIDTH
    scratch = Drawing(width, 0, label="")
    top = legend(scratch, runs, 8, 20, width - 16) + 4
    drawing = Drawing(width, top + rows * PANEL_HEIGHT, label=alt, rules=PLOT_RULES)
    legend(drawing, runs, 8, 20, width - 16)
    for at, panel in enumerate(panels):
        left, down = at % columns * PANEL_WIDTH, top + at // columns * PANEL_HEIGHT
        draw_panel(drawing, panel, left, down, PANEL_WIDTH, PANEL_HEIGHT)
    return drawing


def panel_thumbnail(panel: Panel, runs: Sequence[str], more: int) -> Drawing:
    """Return the small picture of the most telling panel, with where its curves end."""
    drawing = Drawing(480, 300, label=f"{panel.tag} over steps", rules=PLOT_RULES)
    drawing.text(20, 38, panel.tag, css="strong", size=24, fit=330 if more else 440)
    if more:
        word = "chart" if more == 1 else "charts"
        drawing.text(460, 38, f"+ {more:,} {word}", css="muted", size=16, anchor="end")
    shown = panel.curves[:4]
    finite = [value for curve in panel.curves for value in curve.values]
    across = linear_axis([step for curve in panel.curves for step in (curve.steps[0], curve.steps[-1])])
    frame = Frame(drawing, 20, 56, 440, 232 - 26 * len(shown), across, linear_axis(finite))
    drawing.rectangle(frame.left, frame.top, frame.width, frame.height, css="card", radius=6)
    for curve in panel.curves:
        weight = SMOOTHING if len(curve.values) > 2 else 0.0
        frame.line(thinned(curve.smooth(weight), 200), css=f"s{colour(curve.run)} bold")
    for at, curve in enumerate(shown):
        y = 286 - 26 * (len(shown) - 1 - at)
        drawing.rectangle(20, y - 13, 16, 12, css=f"f{colour(curve.run)}", radius=3)
        drawing.text(44, y, runs[curve.run], size=18, fit=260)
        drawing.text(460, y, value_text(curve.values[-1]), css="strong", size=20, anchor="end")
    return drawing


def scalars_chart(panels: Sequence[Panel], runs: Sequence[str]) -> dict[str, Any]:
    """Return an interactive Vega-Lite chart: the reader chooses tag, smoothing and scale, and points for values."""
    most = max(50, min(MOST_POINTS_OF_LINE, MOST_ROWS_OF_CHART // max(1, sum(len(panel.curves) for panel in panels))))
    values = [row for panel in panels for curve in panel.curves for row in _rows(panel.tag, curve, runs, most)]
    names = [run for at, run in enumerate(runs) if any(c.run == at for panel in panels for c in panel.curves)]
    shades = [COLOURS[colour(list(runs).index(name))] for name in names]
    choices = [f"s{at}" for at in range(len(CHOICES))]
    base: dict[str, Any] = {
        "x": {"field": "step", "type": "quantitative", "title": "step", "scale": {"zero": False, "nice": False}},
        "color": {"field": "run", "type": "nominal", "scale": {"domain": names, "range": shades}, "title": "run"},
    }
    y = {"type": "quantitative", "title": "value", "scale": {"zero": False}}
    tips = [
        {"field": "run", "type": "nominal"},
        {"field": "step", "type": "quantitative"},
        {"field": "s0", "type": "quantitative", "title": "value", "format": ".6g"},
        {"field": "shown", "type": "quantitative", "title": "smoothed", "format": ".6g"},
    ]
    strong = {**base, "y": {**y, "field": "shown"}}
    return {
        "height": 380,
        "params": [
            {
                "name": "tag",
                "value": panels[0].tag,
                "bind": {"input": "select", "options": [panel.tag for panel in panels], "name": "Tag "},
            },
            {
                "name": "smoothing",
                "value": choices[1],
                "bind": {
                    "input": "select",
                    "options": choices,
                    "labels": [f"{weight:g}" for weight in CHOICES],
                    "name": "Smoothing ",
                },
            },
            {"name": "grid", "select": "interval", "bind": "scales", "views": ["lines"]},
        ],
        "data": {"values": values},
        "transform": [{"filter": "datum.tag === tag"}, {"calculate": "datum[smoothing]", "as": "shown"}],
        "layer": [
            {"mark": {"type": "line", "opacity": 0.25, "clip": True}, "encoding": {**base, "y": {**y, "field": "s0"}}},
            {"name": "lines", "mark": {"type": "line", "strokeWidth": 2, "clip": True}, "encoding": strong},
            {
                "params": [
                    {
                        "name": "hover",
                        "select": {"type": "point", "on": "pointerover", "nearest": True, "clear": "pointerout"},
                    }
                ],
                "mark": {"type": "point", "filled": True, "size": 60, "clip": True},
                "encoding": {
                    **strong,
                    "opacity": {"condition": {"param": "hover", "empty": False, "value": 1}, "value": 0},
                    "tooltip": tips,
                },
            },
        ],
    }


def _rows(tag: str, curve: Curve, runs: Sequence[str], most: int) -> list[dict[str, Any]]:
    every = max(1, -(-len(curve.steps) // most))
    levels = [smoothed(curve.values, weight) if weight else list(curve.values) for weight in CHOICES]
    chosen = sorted({*range(0, len(curve.steps), every), len(curve.steps) - 1})
    return [
        {
            "tag": tag,
            "run": runs[curve.run],
            "step": curve.steps[at],
            **{f"s{number}": _plain(level[at]) for number, level in enumerate(levels)},
        }
        for at in chosen
    ]


def _plain(value: float) -> float | None:
    return float(f"{value:.7g}") if math.isfinite(value) else None
