"""Confusion matrices: what one counts more or less than another, cell by cell and class by class."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.rendering.comparing.shapes import Matrix, matrix_of

if TYPE_CHECKING:
    from belvedere.rendering.comparing.subjects import Subject

MOST_SHOWN = 24
STEPS = 4

Cells = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two matrices in the shared order of classes: shares of each row, as ``heat`` from 0 to 4 too."""

    accuracy: float | None
    total: float
    counts: Cells
    heat: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class ClassDelta:
    """How well one class is found: its recall in both and the difference."""

    label: str
    base: float | None
    other: float | None
    delta: float | None


@dataclass(frozen=True, slots=True)
class MatrixDelta:
    """Two matrices over the same classes; ``delta`` counts other minus base, ``heat`` its sign and size, -4 to 4.

    A class that one matrix lacks counts nothing there. Of many classes the ones are shown that changed most.
    ``shares``: the totals differ, so the heat compares shares of each row, not counts.
    """

    labels: tuple[str, ...]
    row_axis: str
    column_axis: str
    base: Side
    other: Side
    delta: Cells
    heat: tuple[tuple[int, ...], ...]
    classes: tuple[ClassDelta, ...]
    all_labels: int
    only_base: tuple[str, ...]
    only_other: tuple[str, ...]
    shares: bool
    turned: bool

    @property
    def accuracy_delta(self) -> float | None:
        """How far the other's accuracy is above the base's."""
        if self.base.accuracy is None or self.other.accuracy is None:
            return None
        return self.other.accuracy - self.base.accuracy


def matrix_delta(base: Subject, other: Subject) -> MatrixDelta | None:
    """Return the difference between two artifacts' matrices, if both have one."""
    first, second = matrix_of(base), matrix_of(other)
    if first is None or second is None:
        return None
    turned = first.row_axis != second.row_axis and first.row_axis == second.column_axis
    second = _turned(second) if turned else second
    labels = tuple(dict.fromkeys((*first.labels, *second.labels)))
    before, after = _spread(first, labels), _spread(second, labels)
    classes = _classes(labels, before, after)
    shown = _most_changed(before, after)
    return MatrixDelta(
        labels=tuple(labels[at] for at in shown),
        row_axis=first.row_axis,
        column_axis=first.column_axis,
        base=_side(first, before, shown),
        other=_side(second, after, shown),
        delta=tuple(tuple(after[i][j] - before[i][j] for j in shown) for i in shown),
        heat=_delta_heat(before, after, shown),
        classes=classes,
        all_labels=len(labels),
        only_base=tuple(label for label in labels if label not in set(second.labels)),
        only_other=tuple(label for label in labels if label not in set(first.labels)),
        shares=not math.isclose(first.total, second.total),
        turned=turned,
    )


def _turned(matrix: Matrix) -> Matrix:
    """Return a matrix with its rows as columns."""
    rows = tuple(zip(*matrix.rows, strict=True))
    return Matrix(matrix.labels, rows, matrix.column_axis, matrix.row_axis)


def _spread(matrix: Matrix, labels: tuple[str, ...]) -> Cells:
    """Return the counts in another order of classes, 0 for those that the matrix does not know."""
    places = {label: at for at, label in enumerate(matrix.labels)}
    order = [places.get(label) for label in labels]
    return tuple(tuple(matrix.rows[i][j] if i is not None and j is not None else 0.0 for j in order) for i in order)


def _most_changed(before: Cells, after: Cells) -> list[int]:
    """Return which classes to show, in their order: all, or those whose rows and columns changed most."""
    size = len(before)
    if size <= MOST_SHOWN:
        return list(range(size))
    change = [0.0] * size
    for i, (old, new) in enumerate(zip(before, after, strict=True)):
        for j, (was, now) in enumerate(zip(old, new, strict=True)):
            if was != now:
                change[i] += abs(now - was)
                change[j] += abs(now - was)
    return sorted(sorted(range(size), key=lambda at: (-change[at], at))[:MOST_SHOWN])


def _side(matrix: Matrix, counts: Cells, shown: list[int]) -> Side:
    shares = _shares(counts)
    heat = tuple(tuple(math.ceil(STEPS * shares[i][j]) for j in shown) for i in shown)
    return Side(matrix.accuracy, matrix.total, tuple(tuple(counts[i][j] for j in shown) for i in shown), heat)


def _shares(counts: Cells) -> Cells:
    """Return what share of its row each cell is."""
    found = []
    for row in counts:
        total = math.fsum(row)
        found.append(tuple(min(1.0, max(0.0, value / total)) for value in row) if total > 0 else (0.0,) * len(row))
    return tuple(found)


def _delta_heat(before: Cells, after: Cells, shown: list[int]) -> tuple[tuple[int, ...], ...]:
    """Return how strongly each cell's share of its row changed: the strongest change is 4."""
    old, new = _shares(before), _shares(after)
    most = max((abs(new[i][j] - old[i][j]) for i in shown for j in shown), default=0.0)

    def step(change: float) -> int:
        size = math.ceil(STEPS * abs(change) / most - 1e-9) if most > 0 else 0
        return size if change > 0 else -size

    return tuple(tuple(step(new[i][j] - old[i][j]) for j in shown) for i in shown)


def _classes(labels: tuple[str, ...], before: Cells, after: Cells) -> tuple[ClassDelta, ...]:
    """Return each class' recall in both, the largest difference first."""
    found = []
    for at, label in enumerate(labels):
        old, new = _recall(before, at), _recall(after, at)
        found.append(ClassDelta(label, old, new, None if old is None or new is None else new - old))
    return tuple(sorted(found, key=lambda one: (one.delta is None, -abs(one.delta or 0.0))))


def _recall(counts: Cells, at: int) -> float | None:
    total = math.fsum(counts[at])
    return counts[at][at] / total if total > 0 else None
