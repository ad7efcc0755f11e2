"""Histograms over time: one ridge a step, the newest in front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.rendering.drawing.axes import Tick, span_axis
from belvedere.rendering.drawing.plots import PLOT_RULES, colour
from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.pages.numbers import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.rendering.training.event_logs import Buckets

BINS, MOST_RIDGES = 48, 14
WIDTH, HEIGHT, LEFT, TOP = 420.0, 260.0, 16.0, 34.0


def ridge_drawing(title: str, histograms: Sequence[Buckets], run: int) -> Drawing:
    """Draw histograms of several steps behind each other, on one axis of values."""
    every = max(1, -(-len(histograms) // MOST_RIDGES))
    shown = [*histograms[:-1:every], histograms[-1]]
    low, high = min(item.edges[0] for item in shown), max(item.edges[-1] for item in shown)
    axis = span_axis(low, high, marks=4)
    last = histograms[-1]
    said = f"{title}: {len(histograms)} histograms, the last at step {last.step} from {short(low)} to {short(high)}"
    drawing = Drawing(WIDTH, HEIGHT, label=said, rules=PLOT_RULES)
    drawing.text(LEFT - 8, 16, title, css="strong", size=14, fit=WIDTH - 20)
    width, bottom = WIDTH - LEFT - 70, HEIGHT - 34
    _draw_axis(drawing, axis.ticks, [LEFT + width * axis.at(tick.value) for tick in axis.ticks], bottom)
    tall = (bottom - TOP) * (1.0 if len(shown) == 1 else 0.42)
    step = (bottom - TOP - tall) / max(1, len(shown) - 1)
    for at, item in enumerate(shown):
        density = rebinned(item, axis.low, axis.high, BINS)
        base, most = bottom - step * (len(shown) - 1 - at), max(density) or 1.0
        line = [(LEFT + width * (n + 0.5) / BINS, base - tall * value / most) for n, value in enumerate(density)]
        drawing.polygon([(LEFT, base), *line, (LEFT + width, base)], css=f"f{colour(run)} half")
        drawing.polyline(line, css="axis")
        if at % max(1, len(shown) // 5) == 0 or at == len(shown) - 1:
            drawing.text(LEFT + width + 6, base + 4, f"step {item.step:,}", css="muted", size=11, fit=62)
    return drawing


def _draw_axis(drawing: Drawing, ticks: Sequence[Tick], places: Sequence[float], bottom: float) -> None:
    for tick, x in zip(ticks, places, strict=True):
        drawing.line(x, TOP, x, bottom + 4)
        drawing.text(x, bottom + 18, tick.label, css="muted", size=11, anchor="middle")


def rebinned(item: Buckets, low: float, high: float, bins: int) -> list[float]:
    """Return a histogram over equal bins from ``low`` to ``high``; a bucket's count is spread over its width."""
    width = (high - low) / bins
    result = [0.0] * bins
    for left, right, count in zip(item.edges, item.edges[1:], item.counts, strict=False):
        first, last = _bin(left, low, width, bins), _bin(right, low, width, bins)
        if count <= 0:
            continue
        for at in range(first, last + 1):
            part = min(right, low + (at + 1) * width) - max(left, low + at * width)
            result[at] += count * (max(0.0, part) / (right - left) if right > left and last > first else 1.0)
    return result


def _bin(value: float, low: float, width: float, bins: int) -> int:
    return min(bins - 1, max(0, int((value - low) / width)))
