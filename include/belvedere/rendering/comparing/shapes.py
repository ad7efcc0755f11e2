"""Finding curves, matrices, tables and series in JSON that may have any shape; what does not fit is not there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.rendering.comparing.subjects import Subject

Point = tuple[float, float]
MOST_CLASSES = 256
MOST_COLUMNS, MOST_ROWS = 300, 2000
MOST_TAGS, MOST_RUNS, MOST_POINTS = 200, 8, 20_000
LONGEST_NAME = 200
LARGEST, SMALLEST = 1e300, 1e-300
LARGEST_STEP = 1e15


@dataclass(frozen=True, slots=True)
class Roc:
    """A ROC curve by rising false positive rate; without ``points`` only its area is known."""

    points: tuple[Point, ...]
    auc: float


@dataclass(frozen=True, slots=True)
class Matrix:
    """A confusion matrix: ``rows`` is a square of counts."""

    labels: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]
    row_axis: str
    column_axis: str

    @property
    def total(self) -> float:
        """All that was counted."""
        return math.fsum(map(math.fsum, self.rows))

    @property
    def accuracy(self) -> float | None:
        """The share on the diagonal; None of nothing."""
        total = self.total
        return math.fsum(row[at] for at, row in enumerate(self.rows)) / total if total else None


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: its names and types, its first rows, how many rows it has in all (None: unknown)."""

    names: tuple[str, ...]
    types: Mapping[str, str]
    missing: Mapping[str, int]
    rows: tuple[tuple[Any, ...], ...]
    total: int | None

    @property
    def whole(self) -> bool:
        """Whether all rows are here."""
        return self.total is not None and len(self.rows) >= self.total


def number(value: Any) -> float | None:
    """Return a finite number of reasonable size, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    if not math.isfinite(found) or abs(found) > LARGEST:
        return None
    return found if abs(found) >= SMALLEST else 0.0


def word(value: Any, most: int = LONGEST_NAME) -> str:
    """Return a name as it may be shown."""
    return clean(str(value)[:most])


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object, an empty one in the place of anything else."""
    return value if isinstance(value, Mapping) else {}


def roc_of(subject: Subject) -> Roc | None:
    """Return the ROC curve of an artifact."""
    stated = number(mapping(subject.facts.get("roc")).get("auc"))
    found = next((points for points in map(_roc_points, subject.documents) if points), ())
    if found:
        return Roc(found, stated if stated is not None else _area(found))
    return None if stated is None else Roc((), stated)


def _roc_points(document: Any) -> tuple[Point, ...]:
    across, up = _numbers(mapping(document).get("fpr")), _numbers(mapping(document).get("tpr"))
    if len(across) != len(up) or len(across) < 2:
        return ()
    if not all(0 <= value <= 1 for value in across) or not all(0 <= value <= 1 for value in up):
        return ()
    return tuple(sorted(zip(across, up, strict=True)))


def _area(points: tuple[Point, ...]) -> float:
    return math.fsum((right[0] - left[0]) * (left[1] + right[1]) / 2 for left, right in pairwise(points))


def _numbers(values: Any) -> list[float]:
    """Return a list of numbers, nothing where one of them is none."""
    if not isinstance(values, list):
        return []
    found = [number(value) for value in values]
    kept = [value for value in found if value is not None]
    return kept if len(kept) == len(found) else []


def matrix_of(subject: Subject) -> Matrix | None:
    """Return the confusion matrix of an artifact, as far as it is whole and not too large."""
    stated = mapping(subject.facts.get("confusion_matrix"))
    candidates = [*subject.documents, stated if stated.get("labels_count", -1) in (-1, _length(stated)) else {}]
    return next((matrix for matrix in map(_matrix, candidates) if matrix is not None), None)


def _length(stated: Mapping[str, Any]) -> int:
    labels = stated.get("labels")
    return len(labels) if isinstance(labels, list) else 0


def _matrix(document: Any) -> Matrix | None:
    found = mapping(document)
    labels, rows = found.get("labels"), found.get("rows")
    if not isinstance(labels, list) or not isinstance(rows, list):
        return None
    if len(labels) != len(rows) or not 1 <= len(labels) <= MOST_CLASSES:
        return None
    counts = [tuple(_numbers(row)) for row in rows]
    names = tuple(word(label) for label in labels)
    if any(len(row) != len(labels) for row in counts) or len(set(names)) != len(names):
        return None
    axes = (word(found.get("row_axis") or "target"), word(found.get("column_axis") or "predicted"))
    return Matrix(names, tuple(counts), *axes)


def grid_of(subject: Subject) -> Grid | None:
    """Return the table of an artifact."""
    stated, missing = mapping(subject.facts.get("table")), mapping(subject.facts.get("missing"))
    found = next((document for document in map(mapping, subject.documents) if _is_grid(document)), None)
    names = found["columns"] if found else stated.get("column_names")
    if not isinstance(names, list):
        return None
    shown = tuple(word(name) for name in names[:MOST_COLUMNS])
    types = stated.get("column_types")
    total = _count((found or {}).get("total_rows"))
    return Grid(
        names=shown,
        types={name: word(kind) for name, kind in zip(shown, types, strict=False)} if isinstance(types, list) else {},
        missing={name: known for name in shown if (known := _count(missing.get(name))) is not None},
        rows=tuple(_cells(row, len(shown)) for row in found["rows"][:MOST_ROWS]) if found else (),
        total=total if total is not None else _count(stated.get("rows")),
    )


def _is_grid(document: Mapping[str, Any]) -> bool:
    rows = document.get("rows")
    named = isinstance(document.get("columns"), list)
    return named and isinstance(rows, list) and all(isinstance(row, list) for row in rows[:MOST_ROWS])


def _cells(row: list[Any], width: int) -> tuple[Any, ...]:
    return (*row[:width], *[None] * (width - len(row)))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 62 else None


def series_of(subject: Subject) -> dict[str, dict[str, tuple[Point, ...]]]:
    """Return the curves of a training by tag and run."""
    found: dict[str, dict[str, tuple[Point, ...]]] = {}
    for document in subject.documents:
        for tag, run, points in _curves(mapping(document)):
            if len(found) < MOST_TAGS or tag in found:
                runs = found.setdefault(tag, {})
                if len(runs) < MOST_RUNS:
                    runs[run] = points
    return found


def _curves(document: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[Point, ...]]]:
    """Yield (tag, run, points) of both forms: ``{tag: {run: [[step, value]]}}``, ``{run: {tag: {steps, values}}}``."""
    for outer, inner in islice(document.items(), MOST_TAGS):
        for name, curve in islice(mapping(inner).items(), MOST_TAGS):
            if isinstance(curve, list) and (points := _pairs(curve)):
                yield word(outer), word(name), points
            elif isinstance(curve, Mapping) and (points := _steps(curve)):
                yield word(name), word(outer), points


def _pairs(curve: list[Any]) -> tuple[Point, ...]:
    pairs = [item for item in curve[:MOST_POINTS] if isinstance(item, list) and len(item) == 2]
    points = [(x, y) for step, value in pairs if (x := number(step)) is not None and (y := number(value)) is not None]
    return tuple(sorted((point for point in points if abs(point[0]) < LARGEST_STEP), key=lambda point: point[0]))


def _steps(curve: Mapping[str, Any]) -> tuple[Point, ...]:
    steps, values = curve.get("steps"), curve.get("values")
    if not isinstance(steps, list) or not isinstance(values, list):
        return ()
    return _pairs([[step, value] for step, value in zip(steps, values, strict=False)])
