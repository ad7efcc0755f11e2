"""Confusion matrices from CSV: long form as Kubeflow writes it, or a plain square."""

from __future__ import annotations

from heapq import nlargest
from itertools import islice
from typing import TYPE_CHECKING, Any

from belvedere.rendering.drawing.heat import MOST_CELLS, MOST_NUMBERS, MOST_PIXELS, Box, HeatMap, draw_heat
from belvedere.rendering.drawing.svg import Drawing, text_width
from belvedere.rendering.metrics.matrices import (
    ClassScores,
    ConfusionMatrix,
    Count,
    class_scores,
    read_long,
    read_square,
)
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import count, metric, percent
from belvedere.rendering.pages.page import figure, table, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.tables.delimited import delimiter_of, read_rows
from belvedere.rendering.tables.shapes import is_long_matrix, is_square_matrix
from belvedere.rendering.texts.plaintext import clean, decode

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.confusion_matrix", "1.0.0"
MOST_IN_FACTS = 100
MOST_IN_TABLE = 60
MOST_IN_CHART = 60
MOST_CONFUSED = 20
SHAPE_ROWS = 2100


@renderer(NAME, version=VERSION, kinds=("confusion_matrix",))
def render_confusion_matrix(source: Source, limits: Limits) -> Rendering:
    """Draw the matrix as a heat map, with accuracy and the scores of each class."""
    decoded = decode(source.path.read_bytes())
    matrix = read_matrix(decoded.text)
    return as_rendering(draw_matrix(matrix, file_name(source)), name=NAME, version=VERSION)


def read_matrix(text: str) -> ConfusionMatrix:
    """Read a confusion matrix in either form.

    Raises:
        MalformedArtifact: it is not one; the message says where.
    """
    delimiter = delimiter_of(text) or ","
    first = list(islice(read_rows(text, delimiter), SHAPE_ROWS))
    as_long = not first or is_long_matrix(first, whole=len(first) < SHAPE_ROWS, hinted=False)
    if not as_long and len(first) > 1 and is_square_matrix(first, hinted=True):
        return read_square(first)
    return read_long(read_rows(text, delimiter))


def draw_matrix(matrix: ConfusionMatrix, title: str) -> Part:
    """Return a matrix as a part: heat map, scores, all counts."""
    scores = class_scores(matrix)
    size, accuracy = len(matrix.labels), matrix.accuracy
    said = f"accuracy {metric(accuracy)}" if accuracy is not None else "no counts"
    hits = f"{count(matrix.correct)} of {count(matrix.total)} on the diagonal"
    alt = f"Confusion matrix of {size:,} classes, {said}: {hits}."
    warnings = (
        matrix.warnings
        if accuracy is not None
        else (*matrix.warnings, "The matrix counts nothing: all its cells are 0.")
    )
    heat = HeatMap(matrix.rows)
    drawing = _figure(matrix, heat, alt)
    return Part(
        kind="confusion_matrix",
        title=title,
        lead=f"Confusion matrix: {matrix.row_axis} in rows, {matrix.column_axis} in columns.",
        alt_text=alt,
        facts={"confusion_matrix": matrix_facts(matrix)},
        body=_body(matrix, scores, drawing),
        thumbnail=_thumbnail(matrix, heat, said),
        figure=drawing,
        chart=_chart(matrix) if size <= MOST_IN_CHART else None,
        data=_data(matrix, scores),
        warnings=(*warnings, *_cuts(size)),
    )


def matrix_facts(matrix: ConfusionMatrix) -> dict[str, Any]:
    """Return the machine-readable truth; of very large matrices only the first classes are listed."""
    most = MOST_IN_FACTS
    accuracy = matrix.accuracy
    return {
        "labels": [clean(label) for label in matrix.labels[:most]],
        "labels_count": len(matrix.labels),
        "rows": [list(row[:most]) for row in matrix.rows[:most]],
        "row_axis": clean(matrix.row_axis),
        "column_axis": clean(matrix.column_axis),
        "total": matrix.total,
        "correct": matrix.correct,
        "accuracy": None if accuracy is None else round(accuracy, 6),
    }


def named(label: str) -> str:
    """Return a label as it is shown: an empty one says so."""
    return clean(label) if label.strip() else "(empty)"


def _cuts(size: int) -> tuple[str, ...]:
    if size > MOST_PIXELS:
        block = -(-size // MOST_PIXELS)
        return (
            f"The drawing pools {block} by {block} classes into one point; the figures are of all {size:,} classes.",
        )
    return ()


def _body(matrix: ConfusionMatrix, scores: tuple[ClassScores, ...], drawing: Drawing) -> str:
    size = len(matrix.labels)
    accuracy = matrix.accuracy
    figures = {"Accuracy": metric(accuracy), "that is": percent(accuracy)} if accuracy is not None else {}
    figures |= {"Correct": count(matrix.correct), "Total": count(matrix.total), "Classes": f"{size:,}"}
    parts = [verdict(figures), figure(drawing.to_text()), "<h2>By class</h2>", _scores_table(scores)]
    if size <= MOST_IN_TABLE:
        header = [f"{matrix.row_axis} ↓ {matrix.column_axis} →", *map(named, matrix.labels)]
        lines = [[named(label), *map(count, row)] for label, row in zip(matrix.labels, matrix.rows, strict=True)]
        parts += ["<h2>All counts</h2>", table(header, lines, numeric=[False] + [True] * size)]
    confused = _most_confused(matrix)
    if confused:
        header = [matrix.row_axis, f"{matrix.column_axis} as", "count"]
        lines = [[named(row), named(column), count(value)] for value, row, column in confused]
        parts += ["<h2>Most confused</h2>", table(header, lines, numeric=[False, False, True])]
    return "".join(parts)


def _ratio(value: float | None) -> str:
    return "–" if value is None else metric(value)


def _scores_table(scores: tuple[ClassScores, ...]) -> str:
    header = ["class", "precision", "recall", "F1", "support", "predicted"]
    lines = [
        [
            named(one.label),
            _ratio(one.precision),
            _ratio(one.recall),
            _ratio(one.f1),
            count(one.support),
            count(one.predicted),
        ]
        for one in scores
    ]
    return table(header, lines, numeric=[False] + [True] * 5)


def _most_confused(matrix: ConfusionMatrix) -> list[tuple[Count, str, str]]:
    """Return the worst mistakes; a row whose largest one could not be among them is passed over."""
    worst: list[tuple[Count, int, int]] = []
    for i, row in enumerate(matrix.rows):
        largest = max((*row[:i], *row[i + 1 :]), default=0)
        if len(worst) == MOST_CONFUSED and largest <= worst[-1][0]:
            continue
        mistakes = ((value, -i, -j) for j, value in enumerate(row) if i != j and value > 0)
        worst = nlargest(MOST_CONFUSED, (*worst, *mistakes))
    return [(value, matrix.labels[-i], matrix.labels[-j]) for value, i, j in worst]


def _thumbnail(matrix: ConfusionMatrix, heat: HeatMap, said: str) -> Drawing:
    drawing = Drawing(480, 300, label=f"Confusion matrix, {said}")
    draw_heat(drawing, heat, Box(20, 20, 260), numbers=len(matrix.labels) <= 8)
    accuracy = matrix.accuracy
    drawing.text(304, 62, "accuracy", css="muted", size=18)
    drawing.text(304, 110, "–" if accuracy is None else f"{accuracy:.3f}", css="strong", size=50)
    drawing.text(304, 150, f"{len(matrix.labels):,} classes", css="muted", size=18)
    drawing.text(304, 176, f"{count(matrix.correct)} of {count(matrix.total)}", css="muted", size=18, fit=166)
    return drawing


def _figure(matrix: ConfusionMatrix, heat: HeatMap, alt: str) -> Drawing:
    size = len(matrix.labels)
    labelled = size <= MOST_CELLS
    side = min(560.0, max(240.0, 64.0 * size)) if labelled else 560.0
    names = [named(label) for label in matrix.labels] if labelled else []
    left = 44 + min(180.0, max((text_width(name, 12) for name in names), default=0.0))
    step = side / size
    top, upright = 16.0, labelled and step >= max((text_width(name, 12) for name in names), default=0.0) + 6
    below = 24.0 if upright else 16 + min(130.0, max((text_width(name, 12) for name in names), default=0.0))
    drawing = Drawing(left + side + 16, top + side + below + 34, label=alt)
    draw_heat(drawing, heat, Box(left, top, side), numbers=size <= MOST_NUMBERS)
    for at, name in enumerate(names):
        middle = (at + 0.5) * step
        drawing.text(left - 8, top + middle + 4, name, size=12, anchor="end", fit=180)
        if upright:
            drawing.text(left + middle, top + side + 18, name, size=12, anchor="middle")
        else:
            drawing.text(left + middle + 4, top + side + 12, name, size=12, anchor="end", fit=130, rotate=-90)
    drawing.text(14, top + side / 2, matrix.row_axis, css="muted", size=13, anchor="middle", rotate=-90, fit=side)
    drawing.text(
        left + side / 2, top + side + below + 22, matrix.column_axis, css="muted", size=13, anchor="middle", fit=side
    )
    return drawing


def _data(matrix: ConfusionMatrix, scores: tuple[ClassScores, ...]) -> dict[str, Any]:
    by_class = [
        {
            "label": clean(one.label),
            "support": one.support,
            "precision": one.precision,
            "recall": one.recall,
            "f1": one.f1,
        }
        for one in scores
    ]
    whole = {"labels": list(map(clean, matrix.labels)), "rows": [list(row) for row in matrix.rows]}
    return {**whole, "row_axis": clean(matrix.row_axis), "column_axis": clean(matrix.column_axis), "by_class": by_class}


def _chart(matrix: ConfusionMatrix) -> dict[str, Any]:
    names = [named(label) for label in matrix.labels]
    values = [
        {
            "row": names[i],
            "column": names[j],
            "count": value,
            "share": round(value / total, 4) if total else 0,
            "hit": i == j,
        }
        for i, row in enumerate(matrix.rows)
        for total in (sum(row),)
        for j, value in enumerate(row)
    ]
    side = min(560, max(240, 48 * len(names)))
    axes = {
        "x": {"field": "column", "type": "nominal", "sort": names, "title": clean(matrix.column_axis)},
        "y": {"field": "row", "type": "nominal", "sort": names, "title": clean(matrix.row_axis)},
    }
    tips = [{"field": name, "type": "nominal"} for name in ("row", "column")]
    tips += [{"field": "count", "type": "quantitative"}, {"field": "share", "type": "quantitative", "format": ".2%"}]
    colours = {
        "field": "hit",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": [True, False], "range": ["#017cee", "#dd6b20"]},
    }
    cells = {
        "mark": {"type": "rect", "cornerRadius": 2},
        "encoding": {
            "color": colours,
            "opacity": {
                "field": "share",
                "type": "quantitative",
                "legend": None,
                "scale": {"domain": [0, 1], "range": [0.08, 1]},
            },
            "tooltip": tips,
        },
    }
    numbers = {"mark": {"type": "text"}, "encoding": {"text": {"field": "count", "type": "quantitative"}}}
    layers = [cells, numbers] if len(names) <= MOST_NUMBERS else [cells]
    return {"width": side, "height": side, "data": {"values": values}, "encoding": axes, "layer": layers}
