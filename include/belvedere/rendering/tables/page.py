"""How a table looks: figures, a line a column with its distribution, the first rows. Cells are text, never formulas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from belvedere.model.rendering import Sampled
from belvedere.rendering.drawing.svg import Drawing, escaped, fitted
from belvedere.rendering.pages.numbers import count, short
from belvedere.rendering.pages.page import verdict
from belvedere.rendering.pages.part import Part
from belvedere.rendering.tables.delimited import typed
from belvedere.rendering.tables.profiles import ColumnProfile, is_missing
from belvedere.rendering.tables.tables import Table, merged
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_COLUMNS_SHOWN = 100
MOST_COLUMNS_IN_FACTS = 300
LONG_CELL, LONGEST_CELL = 48, 300
WORD_WIDTH = 160
THUMBNAIL_COLUMNS = 6
# most cells: nothing in them has a meaning in HTML
PLAIN = re.compile(r"[A-Za-z0-9 .,:+_-]{1,40}")


def draw_table(table: Table, title: str, *, said: str, more_warnings: Sequence[str] = ()) -> Part:
    """Return a table as a part."""
    size = f"{table.rows:,} rows × {table.width:,} columns"
    sampled = Sampled(table.profiled, table.rows, "rows") if table.profiled < table.rows else None
    notes = (
        [f"Histograms and types are of {sampled.shown:,} of {table.rows:,} rows, from evenly spaced places."]
        if sampled
        else []
    )
    return Part(
        kind="table",
        title=title,
        lead=f"Table of {size} ({said}).",
        alt_text=f"Table of {size}: {', '.join(shown_name(name) for name in table.names[:8])}.",
        facts=table_facts(table),
        body=_body(table, notes),
        thumbnail=table_thumbnail(table),
        data={"columns": [clean(name) for name in table.names], "rows": _typed_rows(table), "total_rows": table.rows},
        data_name="table.json",
        warnings=merged(table.warnings, more_warnings),
        sampled=sampled,
    )


def _typed_rows(table: Table) -> list[list[Any]]:
    rows = table.shown if table.facts is None else table.facts
    return [_row_facts(row, table) for row in rows]


def _row_facts(row: Sequence[Any], table: Table) -> list[Any]:
    some = row[:MOST_COLUMNS_IN_FACTS]
    return list(some) if table.typed else [_fact(cell) for cell in some]


def _fact(cell: str) -> int | float | str | None:
    value = typed(cell)
    return clean(value)[:1000] if isinstance(value, str) else value


def table_facts(table: Table) -> dict[str, Any]:
    """Return the machine-readable truth of a table."""
    most = MOST_COLUMNS_IN_FACTS
    missing = {clean(column.name): column.missing for column in table.columns[:most] if column.missing is not None}
    rows = table.shown if table.facts is None else table.facts
    last = table.last if table.last_facts is None else table.last_facts
    found = {
        "rows": table.rows,
        "columns": table.width,
        "column_names": [clean(name) for name in table.names[:most]],
        "column_types": [column.type for column in table.columns[:most]],
        "first_row": _row_facts(rows[0], table) if rows else None,
        "last_row": None if last is None else _row_facts(last, table),
        "missing_cells": sum(column.missing or 0 for column in table.columns),
    }
    return {"table": found, "missing": missing}


def shown_name(name: str) -> str:
    """Return a column's name as it is shown: an empty one says so."""
    return clean(name) if name.strip() else "(no name)"


def _body(table: Table, notes: Sequence[str]) -> str:
    missing = sum(column.missing or 0 for column in table.columns)
    figures = {"Rows": f"{table.rows:,}", "Columns": f"{table.width:,}", "Missing cells": f"{missing:,}"}
    said = "".join(f'<p class="lead">{escaped(note)}</p>' for note in notes)
    return f"{verdict(figures)}{said}{table_sections(table)}"


def table_sections(table: Table) -> str:
    """Return the columns' profiles and the first rows as HTML."""
    if not table.width:
        return ""
    return f"<h2>Columns</h2>{_columns_table(table)}<h2>Rows</h2>{_rows_table(table)}"


HEADS = ("column", "type", "", "missing", "distinct", "min", "25 %", "median", "75 %", "max", "mean")
WORD_HEADS = 2


def _columns_table(table: Table) -> str:
    shown = table.columns[: 3 * MOST_COLUMNS_SHOWN]
    numeric = any(column.minimum is not None for column in shown)
    heads = HEADS if numeric else (*HEADS[:5], "values")
    header = "".join(
        f'<th scope="col"{" class=n" if numeric and at > WORD_HEADS else ""}>{name}</th>'
        for at, name in enumerate(heads)
    )
    tail = len(heads) - 5
    lines = "".join(_column_line(column, tail) for column in shown)
    left = table.width - len(shown)
    rest = f"<p>{left:,} more columns are left out here.</p>" if left > 0 else ""
    return f'<div class="scroll"><table><thead><tr>{header}</tr></thead><tbody>{lines}</tbody></table></div>{rest}'


def _column_line(column: ColumnProfile, tail: int) -> str:
    cells = [
        "" if column.missing is None else f"{column.missing:,}" if column.missing else "–",
        "" if column.distinct is None else f"{column.distinct:,}",
    ]
    counts = "".join(f'<td class="n">{text}</td>' for text in cells)
    kind = f"<td>{escaped(fitted(column.type, 220, 13))}</td>"
    head = f"<td>{escaped(shown_name(column.name))}</td>{kind}<td>{_spark(column)}</td>"
    return f"<tr>{head}{counts}{_column_tail(column, tail)}</tr>"


def _column_tail(column: ColumnProfile, tail: int) -> str:
    if column.span is not None:
        return f'<td colspan="{tail}">{escaped(column.span[0])} to {escaped(column.span[1])}</td>'
    if column.minimum is None:
        return f'<td colspan="{tail}">{escaped(_commonest(column)) if column.top else ""}</td>'
    low, middle, high = column.quartiles or (None, None, None)
    numbers = (column.minimum, low, middle, high, column.maximum, column.mean)
    return "".join(f'<td class="n">{"" if value is None else escaped(short(value))}</td>' for value in numbers)


def _commonest(column: ColumnProfile) -> str:
    shown = [(fitted(value, WORD_WIDTH, 13) or "(empty)", times) for value, times in column.top[:4]]
    if all(times == 1 for _, times in shown):
        return f"such as {', '.join(value for value, _ in shown)}"
    return ", ".join(f"{value} ({times:,})" for value, times in shown)


def _spark(column: ColumnProfile) -> str:
    if not column.bars:
        return ""
    drawing = Drawing(112, 24, label=f"Histogram of {shown_name(column.name)}")
    drawing.bars(0, 1, 112, 22, column.bars, css=_bar_colour(column))
    return drawing.to_text()


def _bar_colour(column: ColumnProfile) -> str:
    """Distributions over a scale stand out; counts of words are quiet."""
    return "accent" if column.minimum is not None or column.span is not None else "muted"


def _rows_table(table: Table) -> str:
    width = min(table.width, MOST_COLUMNS_SHOWN)
    right = [column.numeric for column in table.columns[:width]]
    classes = [
        " class=n" if column.numeric else " class=d" if column.span is not None else ""
        for column in table.columns[:width]
    ]
    names = "".join(
        f'<th scope="col"{" class=n" if on else ""}>{escaped(shown_name(name))}</th>'
        for name, on in zip(table.names, right, strict=False)
    )
    lines = [_row_line(at, row[:width], classes, table) for at, row in enumerate(table.shown, 1)]
    if table.last is not None and table.rows > len(table.shown):
        lines.append(f'<tr><td class="i">⋮</td><td class="none" colspan="{width}">⋮</td></tr>')
        lines.append(_row_line(table.rows, table.last[:width], classes, table))
    notes = []
    if table.rows > len(table.shown):
        notes.append(f"The first {len(table.shown):,} of {table.rows:,} rows, and the last one.")
    if table.width > width:
        notes.append(f"The first {width:,} of {table.width:,} columns.")
    said = f"<p>{' '.join(notes)}</p>" if notes else ""
    return (
        f'{said}<div class="scroll"><table><thead><tr><th></th>{names}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _row_line(at: int, row: Sequence[str | None], classes: Sequence[str], table: Table) -> str:
    cells = map(_typed_cell if table.typed else _cell, row, classes)
    return f'<tr><td class="i">{at:,}</td>{"".join(cells)}</tr>'


def _cell(value: str | None, css: str) -> str:
    """Return one cell of words: what says that there is no value is quiet."""
    if value is None or is_missing(value):
        return _gap(value, css)
    return _full_cell(value, css)


def _typed_cell(value: str | None, css: str) -> str:
    """Return one cell of a value with a type: words are words, whatever they say."""
    if value is None or (css == " class=n" and is_missing(value)):
        return _gap(value, css)
    return _full_cell(value, css)


def _gap(value: str | None, css: str) -> str:
    return f'<td class="none{" n" if css == " class=n" else ""}">{escaped((value or "").strip()) or "–"}</td>'


def _full_cell(value: str, css: str) -> str:
    if PLAIN.fullmatch(value):
        return f"<td{css}>{value}</td>"
    text = value if len(value) <= LONGEST_CELL else f"{value[:LONGEST_CELL]}… ({len(value):,} characters)"
    return f"<td{' class=w' if len(text) > LONG_CELL else css}>{escaped(text)}</td>"


def table_thumbnail(table: Table) -> Drawing:
    """Return a table's thumbnail: its first columns' distributions, and its size."""
    drawing = Drawing(480, 300, label=f"Table of {table.rows:,} rows and {table.width:,} columns")
    shown = table.columns[:THUMBNAIL_COLUMNS]
    for at, column in enumerate(shown):
        y = 24 + at * 34
        drawing.text(20, y + 19, shown_name(column.name), size=17, fit=230)
        css = _bar_colour(column)
        drawing.rectangle(268, y, 192, 26, css="card", radius=4)
        drawing.bars(272, y + 2, 184, 22, column.bars, css=css)
    left = table.width - len(shown)
    drawing.text(20, 272, f"{count(table.rows)} × {count(table.width)}", css="strong", size=30)
    drawing.text(460, 272, f"+ {left:,} columns" if left > 0 else "rows × columns", css="muted", size=16, anchor="end")
    return drawing
