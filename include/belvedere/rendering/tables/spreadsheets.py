"""Spreadsheets (XLSX, XLSB, XLS, ODS): every sheet a table. Formulas are never computed: their stored values are shown.

The reading library holds a sheet as one dense block, so what would become a huge block is refused before.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.tables.tables import has_header
from belvedere.rendering.tables.value_tables import Row, table_of_rows
from belvedere.rendering.tables.values import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from belvedere.model.rendering import Limits
    from belvedere.rendering.tables.tables import Table

SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.(?:xml|bin)|content\.xml|xl/sharedStrings\.(?:xml|bin)")
CELL = re.compile(rb'<(?:\w+:)?c r="([A-Z]{1,3})([0-9]{1,7})"')
MAX_EXPANDED, MAX_BLOCK = 256 * 1024**2, 8_000_000
MAX_SHEETS, MAX_CELLS = 50, 3_000_000
BROKEN = (
    zipfile.BadZipFile,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    zlib.error,
    struct.error,
)
PIECE, OVERLAP = 1024**2, 64
HEADER_ROWS, LONGEST_TITLE = 200, 200


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name, its table (None: it is empty or a chart), how many rows it has, what stands ``above`` it."""

    name: str
    table: Table | None
    rows: int
    visible: bool = True
    above: str = ""


def read_spreadsheet(path: Path, limits: Limits, *, most_shown: int) -> tuple[Sheet, ...]:
    """Read all sheets of a workbook.

    Raises:
        MalformedArtifact: it is no workbook, is damaged, or is locked by a password.
        LimitExceeded: it would take more memory than allowed.
    """
    with _opened(path, limits) as workbook:
        metadata = workbook.sheets_metadata
        if len(metadata) > MAX_SHEETS:
            text = f"The workbook has {len(metadata):,} sheets; at most {MAX_SHEETS} are read."
            raise LimitExceeded(text, code="sheets")
        budget = MAX_CELLS
        sheets = []
        for each in metadata:
            sheet = _read_sheet(workbook, each, budget, most_shown)
            budget -= sheet.rows * (sheet.table.width if sheet.table else 0)
            sheets.append(sheet)
        return tuple(sheets)


@contextmanager
def _opened(path: Path, limits: Limits) -> Iterator[Any]:
    """Open a workbook; what the library complains of becomes an error of ours."""
    import python_calamine as calamine

    if zipfile.is_zipfile(path):
        _check_parts(path, limits)
    try:
        with calamine.load_workbook(str(path)) as workbook:
            yield workbook
    except calamine.PasswordError as error:
        text = "The workbook is encrypted by a password: there is nothing to show."
        raise MalformedArtifact(text, code="encrypted") from error
    except calamine.CalamineError as error:
        raise MalformedArtifact(f"The workbook cannot be read: {str(error)[:200]}", code="bad_workbook") from error


def _read_sheet(workbook: Any, metadata: Any, budget: int, most_shown: int) -> Sheet:
    import python_calamine as calamine

    visible = metadata.visible == calamine.SheetVisibleEnum.Visible
    if metadata.typ != calamine.SheetTypeEnum.WorkSheet:
        return Sheet(metadata.name, None, 0, visible)
    found = workbook.get_sheet_by_name(metadata.name)
    if not found.height or not found.width:
        return Sheet(metadata.name, None, 0, visible)
    most = max(most_shown + 1, budget // found.width)
    rows = found.to_python(skip_empty_area=True, nrows=min(found.height, most))
    grid = grid_of_cells(rows)
    if grid is None:
        return Sheet(metadata.name, None, 0, visible)
    names, body, above = grid
    table, left = table_of_rows(names, body, most_shown=most_shown), found.height - len(rows)
    return Sheet(metadata.name, _cut(table, left) if left > 0 else table, len(body) + left, visible, above)


def _cut(table: Table, left: int) -> Table:
    said = f"The profile is of the first {table.rows:,} rows; {left:,} more rows were not read."
    return replace(table, rows=table.rows + left, last=None, last_facts=None, warnings=(*table.warnings, said))


def grid_of_cells(rows: Sequence[Sequence[Any]]) -> tuple[tuple[str, ...], list[Row], str] | None:
    """Return the names and rows of the table in a sheet, and the titles above it; None of a sheet without cells."""
    filled = [tuple(None if cell == "" else cell for cell in row) for row in rows]
    start = _first_table_row(filled)
    body = filled[start:]
    while body and not any(cell is not None for cell in body[-1]):
        body.pop()
    if not body:
        return None
    above = [as_text(cell) or "" for row in filled[:start] for cell in row if cell is not None]
    names, body = _named(body)
    whole = [_whole_numbers(column) for column in zip(*body, strict=True)] if body else []
    return names, list(zip(*whole, strict=True)), " ".join(above)[:LONGEST_TITLE]


def first_sheet_grid(path: Path, limits: Limits) -> tuple[tuple[str, ...], list[Row], str]:
    """Return names and rows of the first sheet that has cells, and the sheet's name.

    Raises:
        BelvedereError: as ``read_spreadsheet``, and where all sheets are empty.
    """
    with _opened(path, limits) as workbook:
        for name in workbook.sheet_names[:MAX_SHEETS]:
            sheet = workbook.get_sheet_by_name(name)
            if sheet.height and sheet.width:
                most = min(sheet.height, MAX_CELLS // sheet.width)
                grid = grid_of_cells(sheet.to_python(skip_empty_area=True, nrows=most))
                if grid is not None:
                    return grid[0], grid[1], name
    raise MalformedArtifact("The workbook has no cells.", code="empty")


def _first_table_row(rows: Sequence[Row]) -> int:
    """Return where the table begins: titles above it fill one cell of a wide row."""
    width = max((sum(cell is not None for cell in row) for row in rows[:HEADER_ROWS]), default=0)
    least = 1 if width < 3 else 2
    return next((at for at, row in enumerate(rows) if sum(cell is not None for cell in row) >= least), 0)


def _named(rows: list[Row]) -> tuple[tuple[str, ...], list[Row]]:
    width = len(rows[0])
    texts = [[as_text(cell) or "" for cell in row] for row in rows[:HEADER_ROWS]]
    named = all(cell is None or isinstance(cell, str) for cell in rows[0]) and (
        len(rows) == 1 or has_header(texts) or _unlike(rows)
    )
    if not named:
        return tuple(f"column {at}" for at in range(1, width + 1)), rows
    return tuple(name.strip() for name in texts[0]), rows[1:]


def _unlike(rows: Sequence[Row]) -> bool:
    """Whether below a row of words stands something else than words."""
    return any(cell is not None and not isinstance(cell, str) for row in rows[1:HEADER_ROWS] for cell in row)


def _whole_numbers(column: Sequence[Any]) -> Sequence[Any]:
    """Spreadsheets keep all numbers as floats: a column of nothing but whole ones is shown as integers."""
    numbers = [cell for cell in column if isinstance(cell, float)]
    if not numbers or not all(cell.is_integer() and abs(cell) < 1e15 for cell in numbers):
        return column
    return [int(cell) if isinstance(cell, float) else cell for cell in column]


def _check_parts(path: Path, limits: Limits) -> None:
    """Refuse workbooks whose parts would expand into more than the memory there is.

    Raises:
        LimitExceeded: naming what is too large.
        MalformedArtifact: the archive around the workbook is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = [info for info in archive.infolist() if SHEET_PART.fullmatch(info.filename)]
            expanded = sum(info.file_size for info in archive.infolist())
            most = min(MAX_EXPANDED, limits.expanded_bytes)
            if expanded > most:
                text = f"The workbook expands to {expanded:,} bytes; at most {most:,} are read."
                raise LimitExceeded(text, code="expanded_size")
            for part in parts:
                if part.filename.endswith(".xml"):
                    _check_block(archive, part)
    except BROKEN as error:
        raise MalformedArtifact(f"The workbook is damaged: {str(error)[:200]}", code="bad_workbook") from error


def _check_block(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    widest, highest = 1, 1
    for piece in _pieces(archive, part):
        for match in CELL.finditer(piece):
            widest = max(widest, _column_number(match.group(1)))
            highest = max(highest, int(match.group(2)))
    if widest * highest > MAX_BLOCK * 4 and part.file_size < widest * highest:
        text = f"The sheet {part.filename} spans {highest:,} rows × {widest:,} columns with almost nothing in them."
        raise LimitExceeded(text, code="sparse_sheet")


def _pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a part in pieces that overlap a little, so that no cell's address is cut in two."""
    rest, left = b"", part.file_size
    with archive.open(part) as file:
        while left >= 0 and (piece := file.read(PIECE)):
            left -= len(piece)
            yield rest + piece
            rest = piece[-OVERLAP:]


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
