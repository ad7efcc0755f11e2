"""ROC curves: points read and checked, the area under them by the trapezoid rule."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.tables.delimited import is_number
from belvedere.rendering.tables.shapes import roc_columns
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_POINTS = 2_000_000
ROUNDING = 1e-9
Columns = tuple[int, int, int | None]


@dataclass(frozen=True, slots=True)
class RocCurve:
    """Points of a curve, by rising false positive rate; ``thresholds`` is empty where the file has none."""

    fpr: tuple[float, ...]
    tpr: tuple[float, ...]
    thresholds: tuple[float, ...]
    warnings: tuple[str, ...] = ()

    @property
    def auc(self) -> float:
        """The area under the points, by the trapezoid rule."""
        steps = zip(pairwise(self.fpr), pairwise(self.tpr), strict=True)
        return math.fsum((right - left) * (low + high) / 2 for (left, right), (low, high) in steps)


def read_roc(rows: Iterable[Sequence[str]], *, columns: Columns | None = None) -> RocCurve:
    """Read a curve from rows with a header in any order, or headerless ones: ``fpr, tpr, threshold``.

    ``columns`` says where the rates and thresholds stand (Kubeflow's schema does); such rows have no header.

    Raises:
        MalformedArtifact: a column is missing, a value is no number or no rate, or there are too few points.
        LimitExceeded: there are more than ``MAX_POINTS`` points.
    """
    points: list[tuple[float, float, float | None]] = []
    for line, row in enumerate(rows, 1):
        if line == 1 and not all(is_number(cell) for cell in row if cell.strip()):
            named = roc_columns(row)
            if named is None and columns is None:
                raise MalformedArtifact(_unnamed(row), code="missing_column")
            columns = named or columns
            continue
        if columns is None:
            columns = (0, 1, 2 if len(row) > 2 else None)
        points.append(_point(row, columns, line))
        if len(points) > MAX_POINTS:
            raise LimitExceeded(
                f"The curve has more than {MAX_POINTS:,} points, which is the most that is read.", code="points"
            )
    return _curve(points)


def _unnamed(row: Sequence[str]) -> str:
    names = ", ".join(clean(name)[:40] for name in row[:12])
    return f"A ROC curve needs the columns fpr and tpr; this header names {names}: something is missing."


def _point(row: Sequence[str], columns: Columns, line: int) -> tuple[float, float, float | None]:
    fpr, tpr, threshold = columns
    if len(row) <= max(fpr, tpr, threshold or 0):
        raise MalformedArtifact(
            f"Row {line:,} has only {len(row)} columns: a value is missing, or the file is truncated.", code="ragged"
        )
    x = _rate(row[fpr], "false positive rate", line)
    y = _rate(row[tpr], "true positive rate", line)
    return x, y, None if threshold is None else _threshold(row[threshold], line)


def _rate(cell: str, name: str, line: int) -> float:
    value = _threshold(cell, line, name)
    if not math.isfinite(value):
        raise MalformedArtifact(
            f"Row {line:,}: the {name} is {clean(cell.strip())[:40]}, not a number between 0 and 1.", code="not_finite"
        )
    if not -ROUNDING <= value <= 1 + ROUNDING:
        raise MalformedArtifact(
            f"Row {line:,}: the {name} is {value:g}, out of the range between 0 and 1.", code="out_of_range"
        )
    return min(1.0, max(0.0, value))


def _threshold(cell: str, line: int, name: str = "threshold") -> float:
    if not is_number(cell):
        shown = repr(clean(cell)[:40]) if cell.strip() else "missing"
        raise MalformedArtifact(f"Row {line:,}: the {name} is {shown}, not a number.", code="not_a_number")
    return float(cell)


def _curve(points: list[tuple[float, float, float | None]]) -> RocCurve:
    if len(points) < 2:
        text = f"A ROC curve needs at least two points; this file has {len(points)}: it is empty or truncated."
        raise MalformedArtifact(text, code="too_few_points")
    warnings: list[str] = []
    if any(right[0] < left[0] for left, right in pairwise(points)):
        points = _in_order(points, warnings)
    if any(right[1] < left[1] - ROUNDING for left, right in pairwise(points)):
        warnings.append(
            "The true positive rate falls somewhere along the curve, which no ROC curve does: the file may be wrong."
        )
    if points[0][0] > ROUNDING or points[-1][0] < 1 - ROUNDING:
        ends = f"from {points[0][0]:.4g} to {points[-1][0]:.4g}"
        warnings.append(
            f"The curve is incomplete: its false positive rate runs {ends}, not from 0 to 1; the AUC is of this part."
        )
    fpr, tpr, thresholds = zip(*points, strict=True)
    known = () if thresholds[0] is None else thresholds
    return RocCurve(fpr, tpr, known, (*warnings, *_threshold_warnings(known)))


def _in_order(
    points: list[tuple[float, float, float | None]], warnings: list[str]
) -> list[tuple[float, float, float | None]]:
    """Sort points by false positive rate. A curve written from its far end is only turned round."""
    if all(right[0] <= left[0] for left, right in pairwise(points)):
        return points[::-1]
    warnings.append("The points were not in order of their false positive rate; they were sorted.")
    return sorted(points, key=lambda point: (point[0], point[1]))


def _threshold_warnings(thresholds: Sequence[float]) -> tuple[str, ...]:
    if any(math.isnan(value) for value in thresholds):
        return ("Some thresholds are not a number (nan).",)
    return ()
