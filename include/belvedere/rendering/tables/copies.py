"""Parquet copies in this process's workspace: what is too large for memory is read through them, and paged in them."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from belvedere.rendering.tables.parquet_tables import read_parquet_table
from belvedere.rendering.tables.tables import merged, name_warnings

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from belvedere.model.rendering import Limits
    from belvedere.rendering.tables.tables import Table

ROW_GROUP_ROWS = 60_000
COPY_NAME = "rows.parquet"


def copy_path() -> Path:
    """Return where this process's copy lies."""
    return Path(tempfile.gettempdir()) / COPY_NAME


def write_copy(connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[str], target: Path) -> None:
    """Write the rows of a query as Parquet, in their order.

    Raises:
        duckdb.Error: the query fails, or the disk is full.
    """
    place = str(target).replace("'", "''")
    options = f"FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {ROW_GROUP_ROWS}"
    connection.execute(f"COPY ({query}) TO '{place}' ({options})", list(values))


def read_copy(
    target: Path, names: Sequence[str], types: Sequence[str] | None, limits: Limits, *, most_shown: int
) -> Table:
    """Read a copy as the table it is a copy of: with its columns' real names (and exact types)."""
    table, _ = read_parquet_table(target, limits, most_shown=most_shown)
    kinds = types or [column.type for column in table.columns]
    columns = (
        replace(column, name=name, type=kind) for column, name, kind in zip(table.columns, names, kinds, strict=True)
    )
    warnings = merged(name_warnings(names), table.warnings)
    return replace(table, names=tuple(names), columns=tuple(columns), warnings=warnings)
