"""The freshness chart: two lines over time, as paths in a box of 600 by 100 that the page stretches as it likes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.gallery.operations_responses import FreshnessSeriesResponse

WIDTH, HEIGHT = 600.0, 100.0
X_LABELS = 5
SHORT_SECONDS = 2 * 24 * 3600
LEAST_TOP_MS = 500.0


@dataclass(frozen=True, slots=True)
class FreshnessChart:
    """The two lines, what the upper edge stands for, and the times along the lower one."""

    p50: str
    p95: str
    top_ms: float
    times: tuple[str, ...]


def freshness_chart(series: FreshnessSeriesResponse, window_seconds: float) -> FreshnessChart:
    """Draw a series; the lines break where nothing was rendered."""
    top = nice_top(max((point.p95_ms for point in series.points), default=0.0))
    start = series.until - timedelta(seconds=window_seconds)

    def x_of(at: datetime) -> float:
        middle = (at - start).total_seconds() + series.step_seconds / 2
        return min(max(middle / window_seconds, 0.0), 1.0) * WIDTH

    def line(name: str) -> str:
        spots = [(x_of(point.at), HEIGHT * (1 - getattr(point, name) / top)) for point in series.points]
        return _path(spots, 1.5 * WIDTH * series.step_seconds / window_seconds)

    return FreshnessChart(line("p50_ms"), line("p95_ms"), top, _times(start, window_seconds))


def nice_top(most: float) -> float:
    """Return 1, 2 or 5 times a power of ten that is no less than ``most``."""
    top = LEAST_TOP_MS
    for factor in (2.0, 2.0, 2.5) * 12:
        if top >= most:
            break
        top *= factor
    return top


def _path(spots: Sequence[tuple[float, float]], widest_gap: float) -> str:
    """Return an SVG path; a spot without neighbours becomes a dash that can be seen."""
    words: list[str] = []
    last: float | None = None
    for x, y in spots:
        joins = last is not None and x - last <= widest_gap
        words.append(f"L{x:.1f} {y:.1f}" if joins else f"M{x:.1f} {y:.1f}h2")
        last = x
    return "".join(words)


def _times(start: datetime, window_seconds: float) -> tuple[str, ...]:
    form = "%H:%M" if window_seconds < SHORT_SECONDS else "%d %b"
    moments = [start + timedelta(seconds=window_seconds * place / (X_LABELS - 1)) for place in range(X_LABELS)]
    return tuple(moment.astimezone(UTC).strftime(form) for moment in moments)
