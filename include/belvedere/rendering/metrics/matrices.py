"""Confusion matrices: read from the ways people write them, checked, and counted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.pages.numbers import short
from belvedere.rendering.tables.delimited import is_number, number
from belvedere.rendering.tables.shapes import is_matrix_header
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_CLASSES = 2000
NAMED_IN_WARNINGS = 5
PLAIN_DIGITS = 16
MARGIN = "All"
Count = int | float
Cells = dict[str, dict[str, Count]]
NO_COUNTS: dict[str, Count] = {}


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """Counts: ``rows[i][j]`` things of the class ``labels[i]`` on the row axis and ``labels[j]`` on the column axis."""

    labels: tuple[str, ...]
    rows: tuple[tuple[Count, ...], ...]
    row_axis: str = "target"
    column_axis: str = "predicted"
    warnings: tuple[str, ...] = ()

    @property
    def total(self) -> Count:
        """All that was counted."""
        return sum(map(sum, self.rows))

    @property
    def correct(self) -> Count:
        """What stands on the diagonal."""
        return sum(row[at] for at, row in enumerate(self.rows))

    @property
    def accuracy(self) -> float | None:
        """The share on the diagonal, None where nothing was counted."""
        return self.correct / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class ClassScores:
    """How well one class was told: ``support`` is what its row counts; ratios are None where they divide by zero."""

    label: str
    support: Count
    predicted: Count
    precision: float | None
    recall: float | None
    f1: float | None


def class_scores(matrix: ConfusionMatrix) -> tuple[ClassScores, ...]:
    """Return precision, recall and F1 of each class, with the rows taken as the truth."""
    predicted = [sum(column) for column in zip(*matrix.rows, strict=True)]
    scores = []
    for at, (label, row) in enumerate(zip(matrix.labels, matrix.rows, strict=True)):
        hit, support = row[at], sum(row)
        precision = hit / predicted[at] if predicted[at] else None
        recall = hit / support if support else None
        either = support + predicted[at]
        scores.append(
            ClassScores(label, support, predicted[at], precision, recall, 2 * hit / either if either else None)
        )
    return tuple(scores)


def _is_plain(cell: str) -> bool:
    """Whether a count is nothing but digits: a matrix of 1,000 classes has a million, and few need a closer look."""
    return cell.isdecimal() and len(cell) < PLAIN_DIGITS


def _count(cell: str, where: str) -> Count:
    try:
        value = number(cell)
    except ValueError:
        raise MalformedArtifact(
            f"{where}: the count {clean(cell)[:40]!r} is not a number.", code="not_a_number"
        ) from None
    if value < 0:
        raise MalformedArtifact(
            f"{where}: the count {short(value)} is negative, which a count cannot be.", code="negative"
        )
    if value != value or value in (float("inf"), float("-inf")):
        raise MalformedArtifact(f"{where}: the count {clean(cell)[:40]!r} is not a finite number.", code="not_finite")
    return int(value) if value.is_integer() and value < 1e15 else value


def read_long(
    rows: Iterable[Sequence[str]], *, labels: Sequence[str] | None = None, axes: tuple[str, str] | None = None
) -> ConfusionMatrix:
    """Read ``target, predicted, count`` rows, with or without a header row.

    ``labels`` gives the order of the classes (Kubeflow's metadata do); without it, they come as they first appear.

    Raises:
        MalformedArtifact: a row has another width, a count is no count, or a cell is given twice.
        LimitExceeded: there are more than ``MAX_CLASSES`` classes.
    """
    remaining = iter(rows)
    first = next(remaining, None)
    if first is None:
        raise MalformedArtifact("The confusion matrix is empty: it has no rows.", code="empty")
    header = _long_header(first, labels or ())
    body = remaining if header else chain([first], remaining)
    cells = _cells(body, start=2 if header else 1)
    known = tuple(labels) if labels is not None else _labels_of(cells)
    if len(known) > MAX_CLASSES:
        raise LimitExceeded(
            f"The matrix has {len(known):,} classes; at most {MAX_CLASSES:,} are drawn.", code="classes"
        )
    row_axis, column_axis = axes or header or ("target", "predicted")
    return _filled(cells, known, row_axis, column_axis, given=labels is not None)


def _long_header(row: Sequence[str], labels: Sequence[str]) -> tuple[str, str] | None:
    if len(row) != 3 or is_number(row[2]) or row[0] in labels:
        return None
    if is_matrix_header(row) or row[2].strip().isidentifier():
        return row[0].strip() or "target", row[1].strip() or "predicted"
    return None


def _cells(body: Iterable[Sequence[str]], *, start: int) -> Cells:
    """Return the counts by target and by predicted: no pair for each of a million cells."""
    cells: Cells = {}
    for line, row in enumerate(body, start):
        if len(row) != 3:
            raise MalformedArtifact(
                f"Row {line:,} has {len(row)} columns, not the 3 of a confusion matrix (target, predicted, count).",
                code="ragged",
            )
        target, predicted, cell = row
        amount = int(cell) if cell.isdecimal() and len(cell) < PLAIN_DIGITS else _count(cell, f"Row {line:,}")
        of_target = cells.get(target)
        if of_target is None:
            of_target = cells[target] = {}
        known = of_target.setdefault(predicted, amount)
        if known != amount:
            names = f"({clean(target)[:40]!r}, {clean(predicted)[:40]!r})"
            both = f"{short(known)} and {short(amount)}"
            text = f"Row {line:,}: the cell {names} is a duplicate, given twice with {both}."
            raise MalformedArtifact(text, code="duplicate_cell")
    if not cells:
        raise MalformedArtifact("The confusion matrix is empty: it has a header, but no rows.", code="empty")
    return cells


def _labels_of(cells: Cells) -> tuple[str, ...]:
    known = dict.fromkeys(cells)
    for of_target in cells.values():
        known.update(dict.fromkeys(of_target))
    return tuple(known)


def _filled(cells: Cells, labels: tuple[str, ...], row_axis: str, column_axis: str, *, given: bool) -> ConfusionMatrix:
    if len(set(labels)) < len(labels):
        raise MalformedArtifact("The list of labels names a class twice (a duplicate label).", code="duplicate_label")
    if given:
        _check_labels(cells, labels)
    rows = tuple(tuple(map(cells.get(label, NO_COUNTS).get, labels, repeat(0))) for label in labels)
    warnings = (*_missing(cells, labels), *_fractions(rows))
    return ConfusionMatrix(labels, rows, row_axis, column_axis, warnings)


def _check_labels(cells: Cells, labels: tuple[str, ...]) -> None:
    known = set(labels)
    named = chain.from_iterable(chain((target,), of_target) for target, of_target in cells.items())
    stray = next((name for name in named if name not in known), None)
    if stray is not None:
        listed = ", ".join(map(clean, labels[:20]))
        text = f"The rows name the class {clean(stray)[:60]!r}, which is not in the list of labels ({listed})."
        raise MalformedArtifact(text, code="unknown_label")


def _missing(cells: Cells, labels: tuple[str, ...]) -> tuple[str, ...]:
    absent = len(labels) ** 2 - sum(map(len, cells.values()))
    if absent <= 0:
        return ()
    pairs = ((row, column) for row in labels for column in labels if column not in cells.get(row, NO_COUNTS))
    named = [f"({clean(row)[:40]}, {clean(column)[:40]})" for row, column in islice(pairs, NAMED_IN_WARNINGS)]
    more = f" and {absent - len(named):,} more" if absent > len(named) else ""
    cell = "cell is" if absent == 1 else "cells are"
    return (f"The matrix is incomplete: {absent:,} {cell} missing and counted as 0: {', '.join(named)}{more}.",)


def _fractions(rows: Iterable[Sequence[Count]]) -> tuple[str, ...]:
    if all(set(map(type, row)) <= {int} for row in rows):
        return ()
    return ("Some counts are not whole numbers: the matrix seems to hold shares or weights.",)


def read_square(rows: Sequence[Sequence[str]]) -> ConfusionMatrix:
    """Read a square of counts, with or without a header row of labels and an index column.

    Raises:
        MalformedArtifact: it is not square, a cell is no count, or the row and column labels differ.
        LimitExceeded: there are more than ``MAX_CLASSES`` classes.
    """
    if len(rows) > MAX_CLASSES + 2:
        raise LimitExceeded(
            f"The matrix has more than {MAX_CLASSES:,} classes, which is the most that is drawn.", code="classes"
        )
    header = not all(map(is_number, rows[0][1:])) or not rows[0][1:]
    body = rows[1:] if header else rows
    index = (header and not rows[0][0].strip()) or not all(is_number(row[0]) for row in body)
    row_axis, column_axis = "target", "predicted"
    if header and index and body and not any(cell.strip() for cell in body[0][1:]):
        row_axis, column_axis, body = body[0][0].strip() or row_axis, rows[0][0].strip() or column_axis, body[1:]
    elif header and index and rows[0][0].strip():
        row_axis = rows[0][0].strip()
    size = len(body)
    columns = _column_labels(rows[0], body, header=header, index=index)
    labels = tuple(row[0].strip() for row in body) if index else columns
    cells = [row[1:] if index else row for row in body]
    _check_square(cells, size, columns, labels)
    grid, absent = _counted(cells, labels)
    warnings = (f"The matrix is incomplete: {absent:,} cells are missing and counted as 0.",) if absent else ()
    made = ConfusionMatrix(labels, grid, row_axis, column_axis, (*warnings, *_fractions(grid)))
    return _without_margins(made)


def _column_labels(
    first: Sequence[str], body: Sequence[Sequence[str]], *, header: bool, index: bool
) -> tuple[str, ...]:
    if not header:
        return tuple(row[0].strip() for row in body) if index else tuple(map(str, range(len(body))))
    return tuple(name.strip() for name in (first[1:] if index and len(first) > len(body) else first))


def _check_square(cells: Sequence[Sequence[str]], size: int, columns: tuple[str, ...], labels: tuple[str, ...]) -> None:
    if size == 0:
        raise MalformedArtifact("The confusion matrix is empty: it has no rows of counts.", code="empty")
    for line, row in enumerate(cells, 1):
        if len(row) != size:
            text = f"The matrix is not square: row {line:,} has {len(row):,} columns, but there are {size:,} rows."
            raise MalformedArtifact(text, code="not_square")
    if len(columns) != size or set(columns) != set(labels):
        across, down = ", ".join(map(clean, columns[:10])), ", ".join(map(clean, labels[:10]))
        text = f"The labels of the columns ({across}) differ from those of the rows ({down})."
        raise MalformedArtifact(text, code="labels_differ")
    if columns != labels:
        raise MalformedArtifact("The columns name the classes in another order than the rows.", code="labels_differ")
    if len(set(labels)) < size:
        raise MalformedArtifact("Two classes have the same label (a duplicate label).", code="duplicate_label")


def _counted(cells: Sequence[Sequence[str]], labels: Sequence[str]) -> tuple[tuple[tuple[Count, ...], ...], int]:
    grid, absent = [], 0
    for label, row in zip(labels, cells, strict=True):
        counts: list[Count] = []
        for column, cell in zip(labels, row, strict=True):
            if _is_plain(cell):
                counts.append(int(cell))
                continue
            if not cell.strip():
                absent += 1
                counts.append(0)
                continue
            counts.append(_count(cell, f"Cell ({clean(label)[:40]}, {clean(column)[:40]})"))
        grid.append(tuple(counts))
    return tuple(grid), absent


def _without_margins(matrix: ConfusionMatrix) -> ConfusionMatrix:
    """Drop the totals that pandas.crosstab adds with ``margins=True``."""
    size = len(matrix.labels) - 1
    if size < 1 or matrix.labels[-1] != MARGIN or matrix.rows[-1][-1] != sum(matrix.rows[-1][:size]):
        return matrix
    said = "The row and column named All hold totals; they are left out."
    rows = tuple(row[:size] for row in matrix.rows[:size])
    return ConfusionMatrix(matrix.labels[:size], rows, matrix.row_axis, matrix.column_axis, (*matrix.warnings, said))
