"""How a workbook looks: its sheets one below the other, each a table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.pages.page import verdict
from belvedere.rendering.pages.part import Part
from belvedere.rendering.tables.page import draw_table, table_facts, table_sections, table_thumbnail
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from belvedere.rendering.tables.spreadsheets import Sheet

ROWS_OF_ALL_SHEETS = 600
LEAST_ROWS = 20


def draw_workbook(sheets: Sequence[Sheet], title: str, *, said: str) -> Part:
    """Return a workbook as a part; its first table is the one in the facts."""
    names = [clean(sheet.name) for sheet in sheets]
    filled = [sheet for sheet in sheets if sheet.table is not None]
    facts: dict[str, Any] = {"sheets": names, "sheet_sizes": {clean(sheet.name): _size(sheet) for sheet in sheets}}
    listed = ", ".join(names[:12])
    if not filled or filled[0].table is None:
        return Part(
            kind="table",
            title=title,
            lead=f"Empty {said}.",
            alt_text=f"A {said} without any cells; its sheets: {listed}.",
            facts=facts,
            body=f"<p>The sheets are empty: {escaped(listed)}.</p>",
            thumbnail=Drawing(480, 300, label="Empty workbook"),
            warnings=("The workbook has no cells.",),
        )
    first = filled[0].table
    if len(sheets) == 1:
        titled = f", under the title: {filled[0].above}" if filled[0].above else ""
        part = draw_table(first.showing(ROWS_OF_ALL_SHEETS), title, said=f"{said}, sheet {names[0]}{titled}")
        return _with(part, facts)
    most = max(LEAST_ROWS, ROWS_OF_ALL_SHEETS // len(filled))
    figures = {"Sheets": f"{len(sheets):,}", "Rows in all": f"{sum(sheet.rows for sheet in sheets):,}"}
    warnings = tuple(f"Sheet {clean(s.name)}: {text}" for s in filled if s.table for text in s.table.warnings)
    return Part(
        kind="table",
        title=title,
        lead=f"A {said} of {len(sheets):,} sheets: {listed}.",
        alt_text=f"A {said} of {len(sheets):,} sheets: {listed}.",
        facts={**table_facts(first), **facts},
        body=verdict(figures) + "".join(_section(sheet, most) for sheet in sheets),
        thumbnail=table_thumbnail(first),
        warnings=warnings,
    )


def _with(part: Part, facts: Mapping[str, Any]) -> Part:
    return replace(part, facts={**part.facts, **facts})


def _size(sheet: Sheet) -> dict[str, int]:
    if sheet.table is None:
        return {"rows": 0, "columns": 0}
    return {"rows": sheet.table.rows, "columns": sheet.table.width}


def _section(sheet: Sheet, most: int) -> str:
    hidden = "" if sheet.visible else ' <span class="muted">(hidden)</span>'
    head = f"<h2>Sheet: {escaped(sheet.name)}{hidden}</h2>"
    if sheet.table is None:
        return f"<section>{head}<p>Empty, or no table.</p></section>"
    size = f"{sheet.table.rows:,} rows × {sheet.table.width:,} columns"
    body = table_sections(sheet.table.showing(most)).replace("<h2>", "<h3>").replace("</h2>", "</h3>")
    said = f"{size}, under the title: {sheet.above}" if sheet.above else size
    return f'<section>{head}<p class="lead">{escaped(said)}</p>{body}</section>'
