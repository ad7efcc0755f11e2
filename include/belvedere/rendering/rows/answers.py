"""Answering a question for rows out of a Parquet file: a page as JSON, or many rows as CSV. Runs in a shut-in child."""

from __future__ import annotations

import csv
import io
import json
import threading
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.rows.conditions import field_at, where
from belvedere.rendering.tables.duck import first_line, open_duckdb, quoted
from belvedere.rendering.tables.parquet_files import Field
from belvedere.rendering.tables.parquet_tables import readable
from belvedere.rendering.tables.values import as_fact, as_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from belvedere.model.rendering import Limits
    from belvedere.model.rows import RowQuery, RowTable

COUNT_SECONDS = 3.0
EXACT_IN_BROWSERS = 1 << 53
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
FETCHED_BY_NUMBER = 1000
CSV_BYTES = 24 * 1024**2
ROW_NUMBER = "file_row_number"


def answer_page(path: Path, table: RowTable, query: RowQuery, limits: Limits) -> bytes:
    """Return one page of rows as JSON: ``rows``, their ``numbers`` in the source (from 1), and the ``total``.

    Raises:
        LimitExceeded: it takes more memory than allowed.
        MalformedArtifact: the file cannot be read.
        BadRowQuery: the question makes no sense for this table.
    """

    def ask(connection: duckdb.DuckDBPyConnection) -> bytes:
        found = _asked(connection, path, table, query)
        total = _total(connection, path, table, query, len(found))
        page = {
            "numbers": [row[0] + 1 for row in found],
            "rows": [[_for_browsers(cell) for cell in row[1:]] for row in found],
            "total": total,
        }
        return json.dumps(page, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")

    return _with_duckdb(path, limits, ask)


def answer_csv(path: Path, table: RowTable, query: RowQuery, limits: Limits) -> bytes:
    """Return rows as CSV that no spreadsheet takes for formulas; as many as fit into ``CSV_BYTES``.

    Raises:
        BelvedereError: as ``answer_page``.
    """

    def ask(connection: duckdb.DuckDBPyConnection) -> bytes:
        file = io.StringIO(newline="")
        writer = csv.writer(file)
        writer.writerow([harmless(field.name) for field in table.fields])
        for row in _asked(connection, path, table, query):
            writer.writerow([_for_csv(cell) for cell in row[1:]])
            if file.tell() > CSV_BYTES:
                break
        return file.getvalue().encode("utf-8", "replace")

    return _with_duckdb(path, limits, ask)


def harmless(text: str) -> str:
    """Return a text that spreadsheets show as text: what would begin a formula gets an apostrophe before it (OWASP)."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _for_csv(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value)
    text = as_text(value)
    return "" if text is None else text


def _for_browsers(value: Any) -> Any:
    """Return a cell as JSON; integers beyond what JavaScript's numbers hold as text."""
    fact = as_fact(value)
    return str(fact) if isinstance(fact, int) and abs(fact) > EXACT_IN_BROWSERS else fact


def _with_duckdb(path: Path, limits: Limits, ask: Any) -> bytes:
    import duckdb

    try:
        with open_duckdb((path,), limits) as connection:
            answer: bytes = ask(connection)
            return answer
    except duckdb.OutOfMemoryException as error:
        text = "This question needs more memory than allowed: filter before you sort, or sort by another column."
        raise LimitExceeded(text, code="memory") from error
    except duckdb.Error as error:
        raise MalformedArtifact(f"The table cannot be read: {first_line(error)}", code="unreadable_table") from error


def _asked(
    connection: duckdb.DuckDBPyConnection, path: Path, table: RowTable, query: RowQuery
) -> list[tuple[Any, ...]]:
    if not query.is_narrowed and query.sort is None:
        # a range of row numbers lets DuckDB skip whole row groups
        ends = [query.offset, query.offset + query.limit - 1]
        return sorted(_rows(connection, path, table, f"{ROW_NUMBER} BETWEEN ? AND ?", ends), key=lambda row: row[0])
    if query.limit > FETCHED_BY_NUMBER:
        tail, values = _tail(table, query)
        return _rows(connection, path, table, tail, values)
    numbers = _numbers(connection, path, table, query)
    found = _rows(connection, path, table, f"{ROW_NUMBER} IN ({_marks(numbers)})", numbers) if numbers else []
    places = {number: place for place, number in enumerate(numbers)}
    return sorted(found, key=lambda row: places[row[0]])


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _tail(table: RowTable, query: RowQuery) -> tuple[str, list[Any]]:
    """Return what stands behind ``WHERE``, and its parameters."""
    condition, values = where(table.fields, query)
    order = ""
    if query.sort is not None:
        name = quoted(field_at(table.fields, query.sort).duck_name)
        order = f" ORDER BY {name} {'DESC' if query.descending else 'ASC'} NULLS LAST, {ROW_NUMBER}"
    return f"{condition}{order} LIMIT ? OFFSET ?", [*values, query.limit, query.offset]


def _numbers(connection: duckdb.DuckDBPyConnection, path: Path, table: RowTable, query: RowQuery) -> list[int]:
    """Return the row numbers of a page: only the columns that decide are read for it."""
    tail, values = _tail(table, query)
    statement = f"SELECT {ROW_NUMBER} FROM read_parquet(?, file_row_number = true) WHERE {tail}"  # noqa: S608 - quoted
    return [row[0] for row in connection.execute(statement, [str(path), *values]).fetchall()]


def _rows(
    connection: duckdb.DuckDBPyConnection, path: Path, table: RowTable, tail: str, values: Sequence[Any]
) -> list[tuple[Any, ...]]:
    cells = ", ".join(readable(Field(field.name, field.duck_type, field.duck_name)) for field in table.fields)
    statement = (
        f"SELECT {ROW_NUMBER}, {cells} FROM read_parquet(?, file_row_number = true) "  # noqa: S608 - quoted names
        f"WHERE {tail}"
    )
    return connection.execute(statement, [str(path), *values]).fetchall()


def _total(
    connection: duckdb.DuckDBPyConnection, path: Path, table: RowTable, query: RowQuery, found: int
) -> int | None:
    """Return how many rows meet the conditions; None where counting them takes too long."""
    import duckdb

    if not query.is_narrowed:
        return table.rows
    if query.known_total is not None:
        return query.known_total
    if found < query.limit and (found or not query.offset):
        return query.offset + found
    condition, values = where(table.fields, query)
    statement = f"SELECT count(*) FROM read_parquet(?) WHERE {condition}"  # noqa: S608 - quoted names
    timer = threading.Timer(COUNT_SECONDS, connection.interrupt)
    timer.start()
    try:
        counted = connection.execute(statement, [str(path), *values]).fetchone()
    except duckdb.InterruptException:
        return None
    finally:
        timer.cancel()
    return int(counted[0]) if counted else None
