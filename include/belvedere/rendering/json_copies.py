"""JSON of any length: DuckDB reads it in pieces and writes a Parquet copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.copies import copy_path, read_copy, write_copy
from belvedere.rendering.duck import first_line, open_duckdb, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from belvedere.model.rendering import Limits, Source
    from belvedere.rendering.tables import Table

LARGEST_RECORD = 16 * 1024**2
SAMPLED_RECORDS = 20_480
KEPT_TYPES = frozenset({"BIGINT", "UBIGINT", "HUGEINT", "DOUBLE", "BOOLEAN", "VARCHAR"})
Format = Literal["array", "newline_delimited"]


def read_large_json(source: Source, limits: Limits, layout: Format, *, most_shown: int) -> Table:
    """Read records of any number with bounded memory.

    Raises:
        MalformedArtifact: DuckDB cannot read it as records.
        LimitExceeded: it needs more memory or disk than allowed.
    """
    target = copy_path()
    names = copy_json(source.path, target, limits, layout)
    return read_copy(target, names, None, limits, most_shown=most_shown)


def copy_json(path: Path, target: Path, limits: Limits, layout: Format) -> tuple[str, ...]:
    """Write the records as a Parquet copy with columns ``c0``, ``c1`` ...; return their names.

    Raises:
        MalformedArtifact: DuckDB cannot read it as records.
        LimitExceeded: it needs more memory or disk than allowed.
    """
    import duckdb

    try:
        with open_duckdb((path, target), limits) as connection:
            return _copied(connection, path, target, layout)
    except duckdb.OutOfMemoryException as error:
        raise LimitExceeded("Reading this JSON needs more memory than allowed.", code="memory") from error
    except duckdb.Error as error:
        raise MalformedArtifact(f"The JSON cannot be read as records: {first_line(error)}", code="bad_json") from error


def _copied(connection: duckdb.DuckDBPyConnection, path: Path, target: Path, layout: Format) -> tuple[str, ...]:
    import duckdb

    reader = f"read_json(?, format = '{layout}', maximum_object_size = {LARGEST_RECORD}"
    looked = f"{reader}, maximum_depth = 2, sample_size = {SAMPLED_RECORDS}, ignore_errors = {_lenient(layout)})"
    described = connection.execute(f"DESCRIBE SELECT * FROM {looked}", [str(path)]).fetchall()  # noqa: S608 - numbers and our words
    names = tuple(line[0] for line in described)
    try:
        _write(connection, reader, names, [_kept(line[1]) for line in described], path, target, layout)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        # what the sample promised does not hold for all records
        _write(connection, reader, names, ["VARCHAR"] * len(names), path, target, layout)
    return names


def _write(
    connection: duckdb.DuckDBPyConnection,
    reader: str,
    names: Sequence[str],
    types: Sequence[str],
    path: Path,
    target: Path,
    layout: Format,
) -> None:
    columns = ", ".join(f"{quoted(name)}: '{kind}'" for name, kind in zip(names, types, strict=True))
    chosen = ", ".join(f"{quoted(name)} AS c{at}" for at, name in enumerate(names))
    rows = f"{reader}, columns = {{{columns}}}, ignore_errors = {_lenient(layout)})"
    write_copy(connection, f"SELECT {chosen} FROM {rows}", [str(path)], target)  # noqa: S608 - quoted names


def _lenient(layout: Format) -> bool:
    """Only of JSON lines single records can be left out."""
    return layout == "newline_delimited"


def _kept(duck_type: str) -> str:
    """Moments stay the text they were written as; what is nested stays JSON."""
    if duck_type in KEPT_TYPES:
        return duck_type
    nested = duck_type == "JSON" or duck_type.startswith(("STRUCT", "MAP")) or duck_type.endswith("]")
    return "JSON" if nested else "VARCHAR"
