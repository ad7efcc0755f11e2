"""Tables written as JSON: records, rows, columns, pandas' other orientations, and JSON lines.

Small documents are read whole; large arrays of records and JSON lines go through DuckDB into a Parquet copy.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.tables.value_tables import Row, table_of_rows
from belvedere.rendering.texts.plaintext import decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from belvedere.model.rendering import Limits, Source
    from belvedere.rendering.tables.tables import Table

IN_MEMORY_BYTES = 3 * 1024**2
LARGEST_DOCUMENT = 64 * 1024**2
MAX_COLUMNS = 20_000
LOOKED_AT, LOOKED_LINES = 200, 6
SPLIT_KEYS = frozenset({"columns", "data", "index", "index_names", "column_names"})
LEAST_COVERAGE, LEAST_PLAIN = 0.4, 0.5
NAMED_LINES = 5
BEGINNING = re.compile(
    r'\s*\{\s*"(?:columns"\s*:\s*\[|schema"\s*:\s*\{\s*"fields"\s*:\s*\[|[^"\\]{0,200}"\s*:\s*\{\s*"0"\s*:\s*[^\s{\[])'
)


@dataclass(frozen=True, slots=True)
class Grid:
    """The names and rows that a document holds, and how it was laid out."""

    names: tuple[str, ...]
    rows: list[Row]
    layout: str
    warnings: tuple[str, ...] = ()


def is_table(document: Any) -> bool:
    """Whether a JSON document is a table: equal things beside each other, not a tree."""
    if isinstance(document, list):
        return _are_records(document) or _are_rows(document)
    if not isinstance(document, dict) or not document:
        return False
    return _is_split(document) or _has_schema(document) or _are_columns(document) or _by_label(document) is not None


def _are_records(items: Sequence[Any]) -> bool:
    some = items[:LOOKED_AT]
    if not some or not all(isinstance(item, dict) for item in some):
        return False
    names = {name for item in some for name in item}
    cells = [value for item in some for value in item.values()]
    if not cells:
        return False
    plain = sum(1 for value in cells if not isinstance(value, dict | list))
    return len(cells) >= LEAST_COVERAGE * len(names) * len(some) and plain >= LEAST_PLAIN * len(cells)


def _are_rows(items: Sequence[Any]) -> bool:
    some = items[:LOOKED_AT]
    if len(some) < 2 or not all(isinstance(item, list) for item in some):
        return False
    widths = {len(item) for item in some}
    return len(widths) == 1 and min(widths) > 1 and all(map(_is_plain, some))


def _is_plain(values: Sequence[Any]) -> bool:
    return not any(isinstance(value, dict | list) for value in values[:LOOKED_AT])


def _is_split(document: Mapping[str, Any]) -> bool:
    names, data = document.get("columns"), document.get("data")
    known = isinstance(names, list) and isinstance(data, list) and set(document) <= SPLIT_KEYS
    return known and all(isinstance(row, list) and len(row) == len(names or []) for row in (data or [])[:LOOKED_AT])


def _has_schema(document: Mapping[str, Any]) -> bool:
    schema, data = document.get("schema"), document.get("data")
    fields = schema.get("fields") if isinstance(schema, dict) else None
    return isinstance(fields, list) and isinstance(data, list) and all(isinstance(row, dict) for row in data)


def _are_columns(document: Mapping[str, Any]) -> bool:
    values = list(document.values())
    if len(values) < 2 or not all(isinstance(column, list) for column in values):
        return False
    lengths = {len(column) for column in values}
    return len(lengths) == 1 and min(lengths) > 1 and all(map(_is_plain, values))


def _by_label(document: Mapping[str, Any]) -> str | None:
    """Return how an object of objects is a table: its keys name ``columns``, or rows (``index``)."""
    values = list(document.values())
    if len(values) < 2 or not all(isinstance(value, dict) and value for value in values):
        return None
    labels = list(values[0])
    if len(labels) < 2 or any(list(value) != labels or not _is_plain(list(value.values())) for value in values):
        return None
    outer, inner = all(map(str.isdecimal, document)), all(map(str.isdecimal, labels))
    return None if outer == inner else "index" if outer else "columns"


def grid_of(document: Any) -> Grid:
    """Return the rows of a document that ``is_table``.

    Raises:
        MalformedArtifact: it is none.
        LimitExceeded: it is absurdly wide.
    """
    if isinstance(document, list):
        return _grid_of_list(document)
    if isinstance(document, dict):
        if _is_split(document):
            names = tuple(map(_label, document["columns"]))
            return Grid(names, [tuple(row) for row in document["data"] if len(row) == len(names)], "split")
        if _has_schema(document):
            return _records(document["data"], "table with schema")
        if _are_columns(document):
            return Grid(tuple(document), list(zip(*document.values(), strict=True)), "columns")
        by = _by_label(document)
        if by is not None:
            return _labelled(document, by)
    raise MalformedArtifact("This JSON is not a table: it has no rows of equal things.", code="not_a_table")


def _grid_of_list(items: list[Any]) -> Grid:
    if items and all(isinstance(item, list) for item in items):
        width = max(map(len, items))
        rows = [tuple(item) + (None,) * (width - len(item)) for item in items]
        return Grid(tuple(f"column {at}" for at in range(1, width + 1)), rows, "rows")
    records = [item for item in items if isinstance(item, dict)]
    left_out = len(items) - len(records)
    said = (f"{left_out:,} of {len(items):,} elements are no records and are left out.",) if left_out else ()
    grid = _records(records, "records")
    return Grid(grid.names, grid.rows, grid.layout, said)


def _label(value: Any) -> str:
    """Return a column's name; pandas writes those of several levels as lists."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _records(records: Sequence[Mapping[str, Any]], layout: str) -> Grid:
    names = tuple(dict.fromkeys(name for record in records for name in record))
    if len(names) > MAX_COLUMNS:
        raise LimitExceeded(f"The table has {len(names):,} columns; at most {MAX_COLUMNS:,} are read.", code="too_wide")
    return Grid(names, [tuple(map(record.get, names)) for record in records], layout)


def _labelled(document: Mapping[str, Mapping[str, Any]], by: str) -> Grid:
    if by == "columns":
        columns = [list(column.values()) for column in document.values()]
        return Grid(tuple(document), list(zip(*columns, strict=True)), "columns")
    names = tuple(next(iter(document.values())))
    return Grid(names, [tuple(row.values()) for row in document.values()], "index")


def read_json_table(source: Source, limits: Limits, *, most_shown: int) -> tuple[Table, str]:
    """Read a JSON document that is a table; return it, and how it was laid out.

    Raises:
        MalformedArtifact: it is no JSON, or no table.
        LimitExceeded: it is too large to be read.
    """
    if source.size > IN_MEMORY_BYTES and is_array_of_records(source):
        from belvedere.rendering.tables.json_copies import read_large_json

        return read_large_json(source, limits, "array", most_shown=most_shown), "records"
    if source.size > LARGEST_DOCUMENT:
        raise LimitExceeded(
            f"This JSON table has {source.size:,} bytes in one piece; at most {LARGEST_DOCUMENT:,} are read. "
            "Write it as JSON lines or Parquet.",
            code="json_size",
        )
    grid = grid_of(read_document(source))
    return table_of_rows(grid.names, grid.rows, most_shown=most_shown, warnings=grid.warnings), grid.layout


def read_document(source: Source) -> Any:
    """Return a JSON document.

    Raises:
        MalformedArtifact: it is none.
    """
    try:
        return json.loads(decode(source.path.read_bytes()).text)
    except ValueError as error:
        raise MalformedArtifact(f"This is not valid JSON: {str(error)[:200]}.", code="bad_json") from error


def is_array_of_records(source: Source) -> bool:
    """Whether the first elements of a large document's array are records; looks at its head only."""
    return _are_records(first_elements(decode(source.head(64 * 1024), whole=False).text))


def begins_like_table(text: str) -> bool:
    """Whether the head of a document too large to look at whole begins like a table."""
    return _are_records(first_elements(text)) or BEGINNING.match(text) is not None


def first_elements(text: str) -> list[Any]:
    """Return the elements that are whole in the head of a JSON array; none if it is no array."""
    at = len(text) - len(text.lstrip())
    if text[at : at + 1] != "[":
        return []
    decoder, found = json.JSONDecoder(), list[Any]()
    at += 1
    while len(found) < LOOKED_AT:
        at = _behind(text, at, " \t\r\n,")
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        found.append(value)
    return found


def _behind(text: str, at: int, skipped: str) -> int:
    while at < len(text) and text[at] in skipped:
        at += 1
    return at


def read_json_lines(source: Source, limits: Limits, *, most_shown: int) -> Table:
    """Read JSON lines; lines that are none are left out and named.

    Raises:
        MalformedArtifact: no line can be read.
        LimitExceeded: it is too large to be read.
    """
    if source.size > IN_MEMORY_BYTES:
        from belvedere.rendering.tables.json_copies import read_large_json

        return read_large_json(source, limits, "newline_delimited", most_shown=most_shown)
    values, bad = _lines(decode(source.path.read_bytes()).text)
    if not values:
        raise MalformedArtifact("No line of this file is valid JSON.", code="bad_json")
    grid = _grid_of_list(values)
    warnings = (*grid.warnings, *_bad_lines(bad))
    return table_of_rows(grid.names, grid.rows, most_shown=most_shown, warnings=warnings)


def is_json_lines(text: str, *, whole: bool) -> bool:
    """Whether the head of a text is JSON lines: each line by itself a record, or a row as long as the others."""
    if "\n" not in text.strip():
        return False
    lines = [line for line in text.split("\n", LOOKED_LINES)[:LOOKED_LINES] if line.strip()]
    if not (whole and text.count("\n") < LOOKED_LINES) and len(lines) > 1 and len(lines) < LOOKED_LINES:
        lines = lines[:-1]
    try:
        values = [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        return False
    if all(isinstance(value, dict) for value in values):
        return bool(values)
    return len(values) > 1 and _are_rows(values)


def _lines(text: str) -> tuple[list[Any], list[int]]:
    values, bad = list[Any](), list[int]()
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                values.append(json.loads(line))
            except (ValueError, RecursionError):
                bad.append(number)
    return values, bad


def _bad_lines(numbers: Sequence[int]) -> tuple[str, ...]:
    if not numbers:
        return ()
    listed = ", ".join(f"{number:,}" for number in numbers[:NAMED_LINES])
    more = " and so on" if len(numbers) > NAMED_LINES else ""
    what = "line is" if len(numbers) == 1 else "lines are"
    return (f"{len(numbers):,} {what} not valid JSON and left out (line {listed}{more}).",)
