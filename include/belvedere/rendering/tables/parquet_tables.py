"""Parquet as a table: exact figures by one DuckDB scan; distributions of all rows, or of evenly spaced ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.tables.duck import first_line, open_duckdb, quoted
from belvedere.rendering.tables.parquet_files import Field, ParquetFile, check_footer, describe
from belvedere.rendering.tables.profiles import ColumnProfile, histogram
from belvedere.rendering.tables.value_tables import Row, table_of_rows, typed_table
from belvedere.rendering.tables.values import moment_of, profile_values

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from belvedere.model.rendering import Limits
    from belvedere.rendering.tables.tables import Table

EXACT_CELLS, EXACT_BYTES = 200_000, 48 * 1024**2
SAMPLED_CELLS, SAMPLED_ROWS, PLACES = 300_000, 20_000, 40
PROFILED_COLUMNS, SCANNED_AT_ONCE = 400, 100
LONGEST_TEXT, LONGEST_BINARY = 4000, 48
AS_THEY_ARE = frozenset({"BOOLEAN", "DATE", "UUID"})


@dataclass(frozen=True, slots=True)
class _Exact:
    """What is known of all of a column's rows."""

    present: int
    distinct: int | None = None
    minimum: Any = None
    maximum: Any = None
    mean: float | None = None


def read_parquet_table(path: Path, limits: Limits, *, most_shown: int) -> tuple[Table, ParquetFile]:
    """Read a Parquet file with bounded memory; return the table, and what its footer says.

    Raises:
        MalformedArtifact: it cannot be read.
        LimitExceeded: it needs more memory or disk than allowed.
    """
    import duckdb

    check_footer(path)
    try:
        with open_duckdb((path,), limits) as connection:
            file = describe(connection, path)
            if not file.fields:
                return typed_table((), file.rows, (), (), None, profiled=file.rows), file
            return _read(connection, file, most_shown), file
    except duckdb.OutOfMemoryException as error:
        raise LimitExceeded("Reading this Parquet file needs more memory than allowed.", code="memory") from error
    except duckdb.Error as error:
        if "non-root column" in str(error):
            return typed_table((), 0, (), (), None, profiled=0), ParquetFile(path, 0, 0, (), "", 0)
        raise MalformedArtifact(f"The Parquet file cannot be read: {first_line(error)}", code="bad_parquet") from error


def _read(connection: duckdb.DuckDBPyConnection, file: ParquetFile, most_shown: int) -> Table:
    cells = file.rows * len(file.fields)
    if cells <= EXACT_CELLS and file.uncompressed_bytes <= EXACT_BYTES:
        rows = _rows(connection, file, file.fields, "", ())
        return table_of_rows(file.names, rows, most_shown=most_shown, types=[field.type for field in file.fields])
    return _read_large(connection, file, most_shown)


def _read_large(connection: duckdb.DuckDBPyConnection, file: ParquetFile, most_shown: int) -> Table:
    fields = file.fields[:PROFILED_COLUMNS]
    exact = [
        found
        for start in range(0, len(fields), SCANNED_AT_ONCE)
        for found in _scan(connection, file, fields[start : start + SCANNED_AT_ONCE])
    ]
    sample = _sample(connection, file, fields)
    columns = list(zip(*sample, strict=True)) if sample else [()] * len(fields)
    seen = (profile_values(field.name, column, field.type) for field, column in zip(fields, columns, strict=True))
    profiles = [_completed(*each, file.rows) for each in zip(seen, exact, columns, fields, strict=True)]
    profiles += [ColumnProfile(field.name, field.type, None, None) for field in file.fields[PROFILED_COLUMNS:]]
    shown = _rows(connection, file, fields, "LIMIT ?", (most_shown,))
    last = _rows(connection, file, fields, "WHERE file_row_number = ?", (file.rows - 1,))
    return typed_table(
        file.names, file.rows, profiles, shown, last[0] if last else None, profiled=min(len(sample), file.rows)
    )


def _rows(
    connection: duckdb.DuckDBPyConnection, file: ParquetFile, fields: Sequence[Field], tail: str, values: Sequence[Any]
) -> list[Row]:
    chosen = ", ".join(map(readable, fields))
    query = f"SELECT {chosen} FROM read_parquet(?, file_row_number = true) {tail}"  # noqa: S608 - quoted names
    return connection.execute(query, [str(file.path), *values]).fetchall()


def readable(field: Field) -> str:
    """Return the SQL expression of a column as Python can take it: bounded, and nothing Python has no type for."""
    name = quoted(field.duck_name)
    if field.duck_type == "FLOAT":
        # by way of its shortest text: 0.1 and not 0.10000000149011612
        return f"{name}::VARCHAR::DOUBLE"
    if field.is_number or field.duck_type in AS_THEY_ARE:
        return f"{name}::VARCHAR" if field.duck_type == "DATE" else name
    if field.duck_type == "VARCHAR":
        return f"left({name}, {LONGEST_TEXT})"
    if field.duck_type == "BLOB":
        size = f"octet_length({name})"
        return (
            f"CASE WHEN {size} > {LONGEST_BINARY} THEN '0x' || lower(left(hex({name}), {LONGEST_BINARY})) || "
            f"'… (' || {size} || ' bytes)' ELSE '0x' || lower(hex({name})) END"
        )
    if is_nested(field):
        return f"left(to_json({name})::VARCHAR, {LONGEST_TEXT})"
    return f"left({name}::VARCHAR, {LONGEST_TEXT})"


def is_nested(field: Field) -> bool:
    """Whether the values hold values."""
    return field.duck_type.startswith(("STRUCT", "MAP", "UNION")) or field.duck_type.endswith("]")


def _scan(connection: duckdb.DuckDBPyConnection, file: ParquetFile, fields: Sequence[Field]) -> list[_Exact]:
    wanted = ", ".join(part for field in fields for part in _aggregates(field))
    query = f"SELECT {wanted} FROM read_parquet(?)"  # noqa: S608 - quoted names
    values = connection.execute(query, [str(file.path)]).fetchone() or [0] * 5 * len(fields)
    return [_Exact(*values[start : start + 5]) for start in range(0, len(values), 5)]


def _aggregates(field: Field) -> tuple[str, ...]:
    """Return five expressions: how many are present, how many differ, smallest, largest, mean."""
    name = quoted(field.duck_name)
    if field.is_number:
        # no FILTER clauses: DuckDB's memory for them grows with the square of the columns
        finite = f"CASE WHEN isfinite({name}) THEN {name} END" if field.is_float else name
        present = f"count(CASE WHEN NOT isnan({name}) THEN 1 END)" if field.is_float else f"count({name})"
        ends = (f"{which}({finite})::DOUBLE" for which in ("min", "max"))
        return present, f"approx_count_distinct({name})", *ends, f"avg(({finite})::DOUBLE)"
    if field.is_moment:
        ends = (f"({which}({name}))::VARCHAR" for which in ("min", "max"))
        return f"count({name})", f"approx_count_distinct({name})", *ends, "NULL"
    distinct = "NULL" if is_nested(field) else f"approx_count_distinct({name})"
    return f"count({name})", distinct, "NULL", "NULL", "NULL"


def _sample(connection: duckdb.DuckDBPyConnection, file: ParquetFile, fields: Sequence[Field]) -> list[Row]:
    """Return rows from evenly spaced places of the file."""
    wanted = max(1, min(SAMPLED_ROWS, SAMPLED_CELLS // len(fields), file.rows))
    places = min(PLACES, wanted)
    length, step = -(-wanted // places), file.rows / places
    starts = [int(place * step) for place in range(places)]
    ranges = " OR ".join(f"file_row_number BETWEEN {start} AND {start + length - 1}" for start in starts)
    return _rows(connection, file, fields, f"WHERE {ranges}", ())


def _completed(seen: ColumnProfile, exact: _Exact, cells: Sequence[Any], field: Field, rows: int) -> ColumnProfile:
    """Return the sampled profile with the exact figures of the whole column in place of the sample's."""
    known = replace(seen, missing=rows - exact.present, distinct=exact.distinct)
    if exact.minimum is None or exact.maximum is None:
        return known
    if field.is_moment:
        return replace(known, span=(exact.minimum, exact.maximum), bars=_spread(cells, exact) or known.bars)
    values = [float(cell) for cell in cells if cell is not None]
    bars = histogram(values, exact.minimum, exact.maximum)
    mean = exact.mean
    return replace(known, minimum=exact.minimum, maximum=exact.maximum, mean=mean, bars=bars, numeric=True)


def _spread(cells: Sequence[Any], exact: _Exact) -> tuple[float, ...]:
    first, last = moment_of(exact.minimum), moment_of(exact.maximum)
    if first is None or last is None:
        return ()
    moments = [moment for cell in cells if cell is not None and (moment := moment_of(cell)) is not None]
    return histogram(moments, first, last)
