"""Tables of every format: exact size, a profile of each column, the first rows. The bytes say which format it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.tables.arrow_tables import read_arrow_table
from belvedere.rendering.tables.big_tables import read_big_table
from belvedere.rendering.tables.delimited import delimiter_of
from belvedere.rendering.tables.formats import TableFormat, format_of
from belvedere.rendering.tables.json_tables import read_json_lines, read_json_table
from belvedere.rendering.tables.page import MOST_COLUMNS_SHOWN, draw_table
from belvedere.rendering.tables.parquet_tables import read_parquet_table
from belvedere.rendering.tables.signatures import OLE, is_arrow_stream
from belvedere.rendering.tables.spreadsheets import read_spreadsheet
from belvedere.rendering.tables.tables import Layout, Table, delimiter_name, layout_of, read_table
from belvedere.rendering.tables.workbook_page import draw_workbook
from belvedere.rendering.texts.plaintext import Decoded, decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.table", "2.0.0"
IN_MEMORY_BYTES = 768 * 1024
HEAD_BYTES = 256 * 1024
MOST_ROWS_SHOWN = 500
COLUMNS_GUESSED = 20


@renderer(NAME, version=VERSION, kinds=("table", "xlsx"))
def render_table(source: Source, limits: Limits) -> Rendering:
    """Show a table: its size, its columns' profiles, its first rows."""
    part = DRAWERS[format_of(source)](source, limits)
    return as_rendering(part, name=NAME, version=VERSION)


def rows_to_show(width: int, limits: Limits) -> int:
    """Return how many rows of a table ``width`` wide are shown."""
    return max(1, min(MOST_ROWS_SHOWN, limits.table_cells_shown // max(1, min(width, MOST_COLUMNS_SHOWN))))


def _draw_delimited(source: Source, limits: Limits) -> Part:
    whole = source.size <= IN_MEMORY_BYTES
    decoded = decode(source.path.read_bytes() if whole else source.head(HEAD_BYTES), whole=whole)
    text = decoded.text if whole else decoded.text.rpartition("\n")[0] or decoded.text
    layout = layout_of(text, delimiter_of(text))
    table = _delimited(source, text, layout, decoded, limits, whole=whole)
    said = f"{delimiter_name(layout.delimiter)}, {decoded.encoding}{'' if layout.has_header else ', no header row'}"
    return draw_table(table, file_name(source), said=said, more_warnings=_encoding_warnings(decoded))


def _delimited(source: Source, text: str, layout: Layout, decoded: Decoded, limits: Limits, *, whole: bool) -> Table:
    most = rows_to_show(len(layout.names), limits)
    if whole:
        return read_table(text, layout, most_shown=most)
    return read_big_table(source.path, layout, decoded.encoding, limits, most_shown=most)


def _encoding_warnings(decoded: Decoded) -> tuple[str, ...]:
    found = [] if decoded.certain else [f"The text is not UTF-8; it was read as {decoded.encoding}, which is a guess."]
    if decoded.damaged:
        found.append(f"{decoded.damaged:,} characters are invalid in {decoded.encoding} and shown as �.")
    return tuple(found)


def _draw_parquet(source: Source, limits: Limits) -> Part:
    table, file = read_parquet_table(source.path, limits, most_shown=rows_to_show(COLUMNS_GUESSED, limits))
    groups = f"{file.row_groups:,} row group{'' if file.row_groups == 1 else 's'}"
    by = f", written by {file.created_by[:80]}" if file.created_by else ""
    said = f"Parquet, {groups}, {bytes_in_words(source.size)}{by}"
    return draw_table(_narrowed(table, limits), file_name(source), said=said)


def _draw_json(source: Source, limits: Limits) -> Part:
    table, layout = read_json_table(source, limits, most_shown=rows_to_show(COLUMNS_GUESSED, limits))
    return draw_table(_narrowed(table, limits), file_name(source), said=f"JSON, {layout}")


def _draw_json_lines(source: Source, limits: Limits) -> Part:
    table = read_json_lines(source, limits, most_shown=rows_to_show(COLUMNS_GUESSED, limits))
    return draw_table(_narrowed(table, limits), file_name(source), said="JSON lines")


def _draw_arrow(source: Source, limits: Limits) -> Part:
    table = read_arrow_table(source.path, limits, most_shown=rows_to_show(COLUMNS_GUESSED, limits))
    said = "Arrow stream" if is_arrow_stream(source.head(64)) else "Arrow file"
    return draw_table(_narrowed(table, limits), file_name(source), said=said)


def _draw_workbook(source: Source, limits: Limits) -> Part:
    sheets = read_spreadsheet(source.path, limits, most_shown=rows_to_show(COLUMNS_GUESSED, limits))
    said = "Excel 97 workbook" if source.head(8) == OLE else "workbook"
    return draw_workbook(sheets, file_name(source), said=said)


def _narrowed(table: Table, limits: Limits) -> Table:
    """Return a table that shows no more rows than its width allows."""
    return table.showing(rows_to_show(table.width, limits))


DRAWERS: dict[TableFormat, Callable[[Source, Limits], Part]] = {
    TableFormat.DELIMITED: _draw_delimited,
    TableFormat.PARQUET: _draw_parquet,
    TableFormat.JSON: _draw_json,
    TableFormat.JSON_LINES: _draw_json_lines,
    TableFormat.ARROW: _draw_arrow,
    TableFormat.WORKBOOK: _draw_workbook,
}
