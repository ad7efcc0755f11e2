"""A table of any format as Parquet that rows can be asked of; Parquet is asked as it is. Runs in a shut-in child."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.model.rows import RowField, RowTable
from belvedere.rendering.tables.arrow_tables import copy_arrow
from belvedere.rendering.tables.big_tables import copy_delimited
from belvedere.rendering.tables.copies import write_copy
from belvedere.rendering.tables.delimited import delimiter_of, is_code, typed
from belvedere.rendering.tables.duck import first_line, open_duckdb
from belvedere.rendering.tables.formats import TableFormat, format_of
from belvedere.rendering.tables.json_copies import Format, copy_json
from belvedere.rendering.tables.json_tables import grid_of, is_array_of_records, read_document
from belvedere.rendering.tables.parquet_files import check_footer, describe
from belvedere.rendering.tables.profiles import NUMERIC_TYPES, is_missing, type_of
from belvedere.rendering.tables.spreadsheets import first_sheet_grid
from belvedere.rendering.tables.tables import Layout, fitted_rows, layout_of, lines_of
from belvedere.rendering.tables.values import as_text, is_gap, nature_of
from belvedere.rendering.texts.plaintext import clean, decode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from belvedere.model.rendering import Limits, Source

HEAD_BYTES = 256 * 1024
NULL = "\\N"
LARGEST_BIGINT = 1 << 63
LONGEST_NAME = 300
MOST_COLUMNS = 2000


def copy_rows(source: Source, target: Path, limits: Limits) -> RowTable:
    """Write the table's rows to ``target`` as Parquet, in their order; return what can be asked of it.

    Raises:
        MalformedArtifact: it cannot be read.
        LimitExceeded: it needs more memory or disk than allowed, or has thousands of columns.
    """
    kind = format_of(source)
    if kind is TableFormat.PARQUET:
        return _described(source.path, None, limits)
    if kind is TableFormat.ARROW:
        names, types, _ = copy_arrow(source.path, target, limits)
        return _described(target, names, limits, types=types)
    if kind is TableFormat.JSON_LINES or (kind is TableFormat.JSON and is_array_of_records(source)):
        layout: Format = "newline_delimited" if kind is TableFormat.JSON_LINES else "array"
        names, warnings = copy_json(source.path, target, limits, layout)
        return _described(target, names, limits, warnings=warnings)
    if kind is TableFormat.DELIMITED:
        return _copy_delimited(source, target, limits)
    grid, rows, part = _grid(source, kind, limits)
    _copy_values(grid, rows, target, limits)
    return _described(target, grid, limits, part=part)


def _grid(source: Source, kind: TableFormat, limits: Limits) -> tuple[Sequence[str], Sequence[Sequence[Any]], str]:
    if kind is TableFormat.WORKBOOK:
        return first_sheet_grid(source.path, limits)
    grid = grid_of(read_document(source))
    return grid.names, grid.rows, ""


def _copy_delimited(source: Source, target: Path, limits: Limits) -> RowTable:
    head = source.head(HEAD_BYTES)
    decoded = decode(head, whole=len(head) == source.size)
    whole = source.size <= HEAD_BYTES
    text = decoded.text if whole else decoded.text.rpartition("\n")[0] or decoded.text
    layout = layout_of(text, delimiter_of(text))
    if whole:
        _copy_values(layout.names, _typed_rows(text, layout), target, limits)
        return _described(target, layout.names, limits)
    warnings = copy_delimited(source.path, layout, decoded.encoding, limits, target)
    return _described(target, layout.names, limits, warnings=warnings)


def _typed_rows(text: str, layout: Layout) -> list[tuple[Any, ...]]:
    """Return the rows of a small text as values: numbers where a whole column is numbers."""
    lines = lines_of(text, layout.delimiter)
    if layout.has_header:
        next(lines, None)
    rows = list(fitted_rows(lines, len(layout.names), []))
    return list(zip(*map(_typed_column, zip(*rows, strict=True)), strict=True))


def _typed_column(cells: Sequence[str]) -> list[Any]:
    present = [cell for cell in cells if not is_missing(cell)]
    if type_of(present) not in NUMERIC_TYPES or any(map(is_code, present)):
        return [None if is_missing(cell) else cell for cell in cells]
    return [None if is_missing(cell) else typed(cell) for cell in cells]


def _described(
    path: Path,
    names: Sequence[str] | None,
    limits: Limits,
    *,
    types: Sequence[str] | None = None,
    warnings: tuple[str, ...] = (),
    part: str = "",
) -> RowTable:
    import duckdb

    check_footer(path)
    try:
        with open_duckdb((path,), limits) as connection:
            file = describe(connection, path)
    except duckdb.Error as error:
        raise MalformedArtifact(f"The table cannot be read: {first_line(error)}", code="unreadable_table") from error
    fields = file.fields
    if len(fields) > MOST_COLUMNS:
        text = f"The table has {len(fields):,} columns; rows of at most {MOST_COLUMNS:,} can be asked for."
        raise LimitExceeded(text, code="too_wide")
    shown = names or [field.name for field in fields]
    exact = types or [field.type for field in fields]
    described = (
        RowField(clean(name)[:LONGEST_NAME], kind, field.duck_name, field.duck_type)
        for name, kind, field in zip(shown, exact, fields, strict=True)
    )
    return RowTable(tuple(described), file.rows, warnings, part)


def _copy_values(names: Sequence[str], rows: Sequence[Sequence[Any]], target: Path, limits: Limits) -> None:
    """Write rows that are in memory, by way of a CSV file with known types."""
    import duckdb

    types = [_duck_type(column) for column in zip(*rows, strict=True)] if rows else ["VARCHAR"] * len(names)
    between = target.with_suffix(".csv")
    with between.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file)
        for row in rows:
            writer.writerow([NULL if is_gap(cell) else as_text(cell) for cell in row])
    columns = ", ".join(f"'c{at}': '{kind}'" for at, kind in enumerate(types))
    query = (
        f"SELECT * FROM read_csv(?, header = false, delim = ',', quote = '\"', escape = '\"', "  # noqa: S608 - numbers and our words
        f"nullstr = '{NULL}', auto_detect = false, columns = {{{columns}}})"
    )
    try:
        with open_duckdb((between, target), limits) as connection:
            write_copy(connection, query, [str(between)], target)
    except duckdb.Error as error:
        raise MalformedArtifact(f"The rows cannot be read: {first_line(error)}", code="unreadable_table") from error
    finally:
        between.unlink()


def _duck_type(values: Sequence[Any]) -> str:
    present = [value for value in values if not is_gap(value)]
    nature = nature_of(present)
    if nature.word == "boolean":
        return "BOOLEAN"
    if not nature.numeric:
        return "VARCHAR"
    whole = nature.word == "integer" and all(-LARGEST_BIGINT <= value < LARGEST_BIGINT for value in present)
    return "BIGINT" if whole else "DOUBLE"
