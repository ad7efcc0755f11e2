"""What a delimited text is, told by its cells: a confusion matrix, a ROC curve, or a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice, pairwise

from belvedere.errors import MalformedArtifact
from belvedere.rendering.tables.delimited import delimiter_of, is_integer, is_number, read_rows

ROWS_SEEN = 5000
ROW_NAMES = frozenset(
    {
        "target",
        "actual",
        "true",
        "true_label",
        "truth",
        "label",
        "expected",
        "y_true",
        "ground_truth",
        "gold",
        "reference",
    }
)
COLUMN_NAMES = frozenset({"predicted", "prediction", "pred", "predicted_label", "y_pred", "output", "predict"})
COUNT_NAMES = frozenset(
    {"count", "counts", "n", "number", "value", "frequency", "freq", "cnt", "support", "total", "size"}
)
FPR_NAMES = frozenset({"fpr", "false_positive_rate", "falsepositiverate", "1_specificity", "fall_out"})
TPR_NAMES = frozenset({"tpr", "true_positive_rate", "truepositiverate", "recall", "sensitivity"})
THRESHOLD_PREFIX = "threshold"
MATRIX_HINT = re.compile(r"(?<![a-z])(confusion|conf_?mat|cm)(?![a-z])|confusion", re.IGNORECASE)
ROC_HINT = re.compile(r"(?<![a-z])roc(?![a-z])", re.IGNORECASE)

Rows = Sequence[Sequence[str]]


def canonical(name: str) -> str:
    """Return a column name in lower case with underscores, for comparison."""
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def is_matrix_header(row: Sequence[str]) -> bool:
    """Whether a row names the three columns of a confusion matrix in long form."""
    names = [canonical(cell) for cell in row]
    if len(names) != 3 or is_number(row[2]):
        return False
    return (names[0] in ROW_NAMES and names[1] in COLUMN_NAMES) or (
        names[0] in COLUMN_NAMES and names[1] in ROW_NAMES and names[2] in COUNT_NAMES
    )


def roc_columns(header: Sequence[str]) -> tuple[int, int, int | None] | None:
    """Return where a header names the false and true positive rates and (if it does) the thresholds."""
    names = [canonical(cell) for cell in header]
    fpr = next((at for at, name in enumerate(names) if name in FPR_NAMES), None)
    tpr = next((at for at, name in enumerate(names) if name in TPR_NAMES), None)
    threshold = next((at for at, name in enumerate(names) if name.startswith((THRESHOLD_PREFIX, "cutoff"))), None)
    return None if fpr is None or tpr is None else (fpr, tpr, threshold)


def shape_of(text: str, *, whole: bool, name: str) -> str | None:
    """Return ``confusion_matrix``, ``roc`` or ``table``; None if the text has no columns.

    ``whole`` False: ``text`` is only a head, whose last line may be cut. ``name`` is the object's file name.
    """
    delimiter = delimiter_of(text)
    if delimiter is None:
        return None
    try:
        rows = list(islice(read_rows(text, delimiter), ROWS_SEEN))
    except MalformedArtifact:
        return "table"
    if not whole and len(rows) > 1:
        rows.pop()
    if not rows:
        return None
    if _is_roc(rows, bool(ROC_HINT.search(name))):
        return "roc"
    hinted = bool(MATRIX_HINT.search(name))
    if is_long_matrix(rows, whole=whole, hinted=hinted) or is_square_matrix(rows, hinted=hinted):
        return "confusion_matrix"
    return "table"


def _is_roc(rows: Rows, hinted: bool) -> bool:
    if roc_columns(rows[0]) is not None:
        return True
    if any(len(row) not in (2, 3) for row in rows) or len(rows) < 3:
        return False
    body = rows if all(map(is_number, rows[0])) else rows[1:]
    numeric = [row for row in body if all(map(is_number, row))]
    if len(numeric) < 0.8 * len(body) or len(numeric) < 3:
        return False
    if hinted and body is rows:
        return True
    return len(rows[0]) == 3 and body is rows and _rises_from_zero(numeric)


def _rises_from_zero(rows: Rows) -> bool:
    """Whether the first two columns rise within 0..1 from the origin while the third falls, as KFP writes a ROC."""
    points = [(float(row[0]), float(row[1]), float(row[2])) for row in rows]
    inside = all(0 <= x <= 1 and 0 <= y <= 1 for x, y, _ in points)
    rising = all(a[0] <= b[0] and a[1] <= b[1] and a[2] >= b[2] for a, b in pairwise(points))
    return inside and rising and points[0][0] <= 0.05 and points[-1][1] >= 0.9


def is_long_matrix(rows: Rows, *, whole: bool, hinted: bool) -> bool:
    """Whether the rows are ``target, predicted, count``, with or without a header."""
    if is_matrix_header(rows[0]):
        return True
    good = [row for row in rows if len(row) == 3 and is_number(row[2])]
    if not good or len(good) < 0.8 * (len(rows) - 1):
        return False
    targets, predictions = {row[0] for row in good}, {row[1] for row in good}
    if hinted and len(targets | predictions) <= 1.5 * max(len(targets), len(predictions)):
        return True
    if len(good) != sum(1 for row in good if is_integer(row[2])) or len({(row[0], row[1]) for row in good}) < len(good):
        return False
    labels = targets | predictions
    if whole:
        return (targets == predictions and len(good) == len(labels) ** 2) or _nearly_complete(
            len(good), targets, predictions
        )
    return targets <= predictions and len(good) > (len(targets) - 1) * len(predictions)


def _nearly_complete(cells: int, targets: set[str], predictions: set[str]) -> bool:
    """Whether the rows are a grid of words of which a few cells are missing."""
    labels = targets | predictions
    words = not any(is_number(label) for label in labels)
    return (
        words and len(labels) > 1 and len(targets & predictions) >= len(labels) - 1 and cells >= 0.6 * len(labels) ** 2
    )


def is_square_matrix(rows: Rows, *, hinted: bool) -> bool:
    """Whether the rows are a square of counts, with or without a header row and an index column."""
    header = not all(map(is_number, rows[0][1:])) or not rows[0][1:]
    body = rows[1:] if header else rows
    if not body:
        return False
    index = not all(is_number(row[0]) for row in body if row) or (header and not rows[0][0].strip())
    cells = [row[1:] if index else row for row in body]
    size = len(cells)
    if size < 2 or any(len(row) != size for row in cells):
        return hinted and size >= 2 and _almost_square(cells)
    if hinted:
        return sum(is_number(cell) for row in cells for cell in row) >= 0.5 * size * size
    if not all(is_integer(cell) and not cell.strip().startswith("-") for row in cells for cell in row):
        return False
    if header and index and len(rows[0]) == size + 1 and list(rows[0][1:]) != [row[0] for row in body]:
        return False
    if header and index:
        return _diagonal_share(cells) >= 0.2
    # Two rows of two numbers without a label are any table.
    return size > 2 and _diagonal_share(cells) >= 0.4


def _almost_square(cells: Rows) -> bool:
    """Whether it is a square with a ragged row or two: the renderer will say which."""
    width = max(map(len, cells), default=0)
    return abs(width - len(cells)) <= 1 and all(is_number(cell) for row in cells for cell in row if cell.strip())


def _diagonal_share(cells: Rows) -> float:
    total = sum(int(cell) for row in cells for cell in row)
    return sum(int(row[at]) for at, row in enumerate(cells)) / total if total else 0.0
