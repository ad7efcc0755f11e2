"""Plots that several artifacts share: one pair of axes, a line for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.rendering.comparing.shapes import Point, Roc, roc_of, series_of
from belvedere.rendering.drawing.axes import Axis, linear_axis, span_axis
from belvedere.rendering.drawing.plots import thinned
from belvedere.rendering.training.scalars import TELLING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.rendering.comparing.subjects import Subject

MOST_DRAWN = 400
MOST_PLOTS, MOST_LINES = 12, 16


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot: whose it is (the number of the artifact), its run if it has one, its points."""

    subject: int
    run: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines over the same axes; ``chance``: a diagonal stands for guessing."""

    title: str
    across: Axis
    up: Axis
    lines: tuple[Line, ...]
    chance: bool = False


@dataclass(frozen=True, slots=True)
class RocRow:
    """What is known of one artifact's curve; ``delta`` is the area's difference to the first one's."""

    subject: int
    auc: float
    delta: float | None
    points: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Where a curve is farthest from the first one: at ``fpr``, by ``rise`` (negative: below it)."""

    subject: int
    fpr: float
    rise: float


@dataclass(frozen=True, slots=True)
class RocOverlay:
    """ROC curves over each other, the areas under them, and where they differ most."""

    plot: Plot | None
    rows: tuple[RocRow, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class SeriesOverlay:
    """Curves of trainings over each other, a plot for each tag; ``left_out`` tags found no room."""

    plots: tuple[Plot, ...]
    left_out: int


def roc_overlay(subjects: Sequence[Subject]) -> RocOverlay | None:
    """Return the ROC curves of the artifacts, if at least two of them have one."""
    found = [(at, roc) for at, roc in enumerate(map(roc_of, subjects)) if roc is not None]
    if len(found) < 2:
        return None
    base_at, base = found[0]
    rows = tuple(
        RocRow(at, roc.auc, None if at == base_at else roc.auc - base.auc, len(roc.points)) for at, roc in found
    )
    drawn = [(at, roc) for at, roc in found if roc.points]
    lines = tuple(Line(at, "", tuple(thinned(roc.points, MOST_DRAWN))) for at, roc in drawn)
    across, up = (span_axis(0, 1, title=f"{name} positive rate") for name in ("false", "true"))
    gaps = tuple(gap for at, roc in drawn[1:] if base.points and (gap := _gap(at, base, roc)) is not None)
    return RocOverlay(Plot("ROC curves", across, up, lines, chance=True) if lines else None, rows, gaps)


def _gap(at: int, base: Roc, other: Roc) -> Gap | None:
    """Return where two curves are farthest apart: at a corner of one of them."""
    places = sorted({x for x, _ in (*thinned(base.points, MOST_DRAWN), *thinned(other.points, MOST_DRAWN))})
    heights = zip(places, _heights(base.points, places), _heights(other.points, places), strict=True)
    x, rise = max(((x, there - here) for x, here, there in heights), key=lambda found: abs(found[1]))
    return Gap(at, x, rise) if abs(rise) >= 0.0005 else None


def _heights(points: Sequence[Point], places: Sequence[float]) -> list[float]:
    """Return a curve's height at rising places; where it goes straight up, its upper end."""
    found, at = [], 0
    for x in places:
        while at + 1 < len(points) and points[at + 1][0] <= x:
            at += 1
        (x1, y1), (x2, y2) = points[at], points[min(at + 1, len(points) - 1)]
        found.append(y1 + (y2 - y1) * (x - x1) / (x2 - x1) if x2 > x1 and x >= x1 else y1)
    return found


def series_overlay(subjects: Sequence[Subject]) -> SeriesOverlay | None:
    """Return the trainings' curves of the artifacts, if at least two of them have the same tag."""
    found = [series_of(subject) for subject in subjects]
    tags = list(dict.fromkeys(tag for one in found for tag in one))
    shared = sorted((tag for tag in tags if sum(tag in one for one in found) > 1), key=_importance)
    if not shared:
        return None
    plots = tuple(_plot(tag, [one.get(tag, {}) for one in found]) for tag in shared[:MOST_PLOTS])
    return SeriesOverlay(plots, len(shared) - len(plots))


def _importance(tag: str) -> tuple[int, str]:
    name = tag.casefold()
    return next((at for at, word in enumerate(TELLING) if word in name), len(TELLING)), name


def _plot(tag: str, by_subject: Sequence[dict[str, tuple[Point, ...]]]) -> Plot:
    several = any(len(runs) > 1 for runs in by_subject)
    lines = [
        Line(at, run if several else "", tuple(thinned(points, MOST_DRAWN)))
        for at, runs in enumerate(by_subject)
        for run, points in runs.items()
    ][:MOST_LINES]
    xs = [x for line in lines for x, _ in line.points]
    across = span_axis(min(xs), max(xs), title="step")
    return Plot(tag, across, linear_axis(y for line in lines for _, y in line.points), tuple(lines))
