"""Tables in delimited text: exact size, a profile of each column, the first rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from belvedere.model.rendering import Limits, Rendering, Sampled, Source
from belvedere.rendering.big_tables import read_big_table
from belvedere.rendering.delimited import delimiter_of, typed
from belvedere.rendering.naming import file_name
from belvedere.rendering.numbers import count, short
from belvedere.rendering.page import verdict
from belvedere.rendering.part import Part, as_rendering
from belvedere.rendering.plaintext import Decoded, clean, decode
from belvedere.rendering.profiles import ColumnProfile, is_missing
from belvedere.rendering.registry import renderer
from belvedere.rendering.svg import Drawing, escaped, fitted
from belvedere.rendering.tables import Layout, Table, delimiter_name, layout_of, merged, read_table

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME, VERSION = "belvedere.table", "1.0.0"
IN_MEMORY_BYTES = 768 * 1024
HEAD_BYTES = 256 * 1024
MOST_ROWS_SHOWN = 500
MOST_COLUMNS_SHOWN = 100
MOST_COLUMNS_IN_FACTS = 300
LONG_CELL, LONGEST_CELL = 48, 300
WORD_WIDTH = 160
THUMBNAIL_COLUMNS = 6


@renderer(NAME, version=VERSION, kinds=("table",))
def render_table(source: Source, limits: Limits) -> Rendering:
    """Show a table: its size, its columns' profiles, its first rows."""
    whole = source.size <= IN_MEMORY_BYTES
    decoded = decode(source.path.read_bytes() if whole else source.head(HEAD_BYTES), whole=whole)
    text = decoded.text if whole else decoded.text.rpartition("\n")[0] or decoded.text
    layout = layout_of(text, delimiter_of(text))
    table = _table(source, text, layout, decoded, limits, whole=whole)
    said = f"{delimiter_name(layout.delimiter)}, {decoded.encoding}{'' if layout.has_header else ', no header row'}"
    part = draw_table(table, file_name(source), said=said, more_warnings=_encoding_warnings(decoded))
    return as_rendering(part, name=NAME, version=VERSION)


def rows_to_show(width: int, limits: Limits) -> int:
    """Return how many rows of a table ``width`` wide are shown."""
    return max(1, min(MOST_ROWS_SHOWN, limits.table_cells_shown // max(1, min(width, MOST_COLUMNS_SHOWN))))


def _table(source: Source, text: str, layout: Layout, decoded: Decoded, limits: Limits, *, whole: bool) -> Table:
    most = rows_to_show(len(layout.names), limits)
    if whole:
        return read_table(text, layout, most_shown=most)
    return read_big_table(source.path, layout, decoded.encoding, limits, most_shown=most)


def _encoding_warnings(decoded: Decoded) -> tuple[str, ...]:
    found = [] if decoded.certain else [f"The text is not UTF-8; it was read as {decoded.encoding}, which is a guess."]
    if decoded.damaged:
        found.append(f"{decoded.damaged:,} characters are invalid in {decoded.encoding} and shown as �.")
    return tuple(found)


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
        thumbnail=_thumbnail(table),
        data={"columns": [clean(name) for name in table.names], "rows": _typed_rows(table), "total_rows": table.rows},
        data_name="table.json",
        warnings=merged(table.warnings, more_warnings),
        sampled=sampled,
    )


def _typed_rows(table: Table) -> list[list[Any]]:
    return [[_fact(cell) for cell in row[:MOST_COLUMNS_IN_FACTS]] for row in table.shown]


def _fact(cell: str) -> int | float | str | None:
    value = typed(cell)
    return clean(value)[:1000] if isinstance(value, str) else value


def table_facts(table: Table) -> dict[str, Any]:
    """Return the machine-readable truth of a table."""
    most = MOST_COLUMNS_IN_FACTS
    missing = {clean(column.name): column.missing for column in table.columns[:most]}
    first = table.shown[0] if table.shown else None
    found = {
        "rows": table.rows,
        "columns": table.width,
        "column_names": [clean(name) for name in table.names[:most]],
        "column_types": [column.type for column in table.columns[:most]],
        "first_row": None if first is None else [_fact(cell) for cell in first[:most]],
        "last_row": None if table.last is None else [_fact(cell) for cell in table.last[:most]],
        "missing_cells": sum(column.missing for column in table.columns),
    }
    return {"table": found, "missing": missing}


def shown_name(name: str) -> str:
    """Return a column's name as it is shown: an empty one says so."""
    return clean(name) if name.strip() else "(no name)"


def _body(table: Table, notes: Sequence[str]) -> str:
    missing = sum(column.missing for column in table.columns)
    figures = {"Rows": f"{table.rows:,}", "Columns": f"{table.width:,}", "Missing cells": f"{missing:,}"}
    said = "".join(f'<p class="lead">{escaped(note)}</p>' for note in notes)
    return f"{verdict(figures)}{said}<h2>Columns</h2>{_columns_table(table)}<h2>Rows</h2>{_rows_table(table)}"


def _columns_table(table: Table) -> str:
    heads = (
        ("column", ""),
        ("type", ""),
        ("", ""),
        ("missing", "n"),
        ("distinct", "n"),
        ("min", "n"),
        ("mean", "n"),
        ("max", "n"),
    )
    header = "".join(f'<th scope="col" class="{css}">{name}</th>' for name, css in heads)
    lines = "".join(map(_column_line, table.columns[: 3 * MOST_COLUMNS_SHOWN]))
    left = table.width - 3 * MOST_COLUMNS_SHOWN
    rest = f"<p>{left:,} more columns are left out here.</p>" if left > 0 else ""
    return f'<div class="scroll"><table><thead><tr>{header}</tr></thead><tbody>{lines}</tbody></table></div>{rest}'


def _column_line(column: ColumnProfile) -> str:
    numbers = [column.minimum, column.mean, column.maximum]
    cells = [
        f"{column.missing:,}" if column.missing else "–",
        "" if column.distinct is None else f"{column.distinct:,}",
    ]
    if column.minimum is None and column.top:
        words = _commonest(column)
        tail = f'<td colspan="3">{escaped(words)}</td>'
    else:
        tail = "".join(f'<td class="n">{"" if value is None else escaped(short(value))}</td>' for value in numbers)
    counts = "".join(f'<td class="n">{text}</td>' for text in cells)
    head = f"<td>{escaped(shown_name(column.name))}</td><td>{column.type}</td><td>{_spark(column)}</td>"
    return f"<tr>{head}{counts}{tail}</tr>"


def _commonest(column: ColumnProfile) -> str:
    shown = [(fitted(value, WORD_WIDTH, 13), times) for value, times in column.top[:4]]
    if all(times == 1 for _, times in shown):
        return f"such as {', '.join(value for value, _ in shown)}"
    return ", ".join(f"{value} ({times:,})" for value, times in shown)


def _spark(column: ColumnProfile) -> str:
    if not column.bars:
        return ""
    drawing = Drawing(112, 24, label=f"Histogram of {shown_name(column.name)}")
    drawing.bars(0, 1, 112, 22, column.bars, css="accent" if column.minimum is not None else "muted")
    return drawing.to_text()


def _rows_table(table: Table) -> str:
    width = min(table.width, MOST_COLUMNS_SHOWN)
    right = [column.type in {"integer", "number"} for column in table.columns[:width]]
    names = "".join(
        f'<th scope="col"{" class=n" if on else ""}>{escaped(shown_name(name))}</th>'
        for name, on in zip(table.names, right, strict=False)
    )
    lines = [_row_line(at, row[:width], right) for at, row in enumerate(table.shown, 1)]
    if table.last is not None and table.rows > len(table.shown):
        lines.append(f'<tr><td class="i">⋮</td><td class="none" colspan="{width}">⋮</td></tr>')
        lines.append(_row_line(table.rows, table.last[:width], right))
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


def _row_line(at: int, row: Sequence[str], right: Sequence[bool]) -> str:
    return f'<tr><td class="i">{at:,}</td>{"".join(map(_cell, row, right))}</tr>'


def _cell(value: str, right: bool) -> str:
    if is_missing(value):
        return f'<td class="none{" n" if right else ""}">{escaped(value.strip()) or "–"}</td>'
    text = value if len(value) <= LONGEST_CELL else f"{value[:LONGEST_CELL]}… ({len(value):,} characters)"
    css = " class=w" if len(text) > LONG_CELL else " class=n" if right else ""
    return f"<td{css}>{escaped(text)}</td>"


def _thumbnail(table: Table) -> Drawing:
    drawing = Drawing(480, 300, label=f"Table of {table.rows:,} rows and {table.width:,} columns")
    shown = table.columns[:THUMBNAIL_COLUMNS]
    for at, column in enumerate(shown):
        y = 24 + at * 34
        drawing.text(20, y + 19, shown_name(column.name), size=17, fit=230)
        css = "accent" if column.minimum is not None else "muted"
        drawing.rectangle(268, y, 192, 26, css="card", radius=4)
        drawing.bars(272, y + 2, 184, 22, column.bars, css=css)
    left = table.width - len(shown)
    drawing.text(20, 272, f"{count(table.rows)} × {count(table.width)}", css="strong", size=30)
    drawing.text(460, 272, f"+ {left:,} columns" if left > 0 else "rows × columns", css="muted", size=16, anchor="end")
    return drawing
