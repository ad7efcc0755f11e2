"""Parquet files: their footer is looked at before anything believes it; the schema gives exact names and types.

Sources: parquet-format's README and Encryption.md (magic numbers, place and length of the footer).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.tables.signatures import ENCRYPTED_PARQUET, PARQUET

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

SMALLEST = 12
LARGEST_FOOTER = 32 * 1024**2
MAX_COLUMNS = 20_000
SHORT_NAMES = {
    "TINYINT": "int8",
    "SMALLINT": "int16",
    "INTEGER": "int32",
    "BIGINT": "int64",
    "HUGEINT": "int128",
    "UTINYINT": "uint8",
    "USMALLINT": "uint16",
    "UINTEGER": "uint32",
    "UBIGINT": "uint64",
    "UHUGEINT": "uint128",
    "FLOAT": "float",
    "DOUBLE": "double",
    "VARCHAR": "string",
    "JSON": "json",
    "BLOB": "binary",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp[s]",
    "TIMESTAMP_MS": "timestamp[ms]",
    "TIMESTAMP_NS": "timestamp[ns]",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "TIME WITH TIME ZONE": "time with time zone",
    "UUID": "uuid",
    "INTERVAL": "interval",
    '"NULL"': "null",
}
INTEGERS = frozenset(name for name in SHORT_NAMES if name.endswith(("INT", "INTEGER")))
FLOATS = frozenset({"FLOAT", "DOUBLE"})
NUMERIC = INTEGERS | FLOATS


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its name as the file has it, its DuckDB type, and the name by which DuckDB knows it."""

    name: str
    duck_type: str
    duck_name: str

    @property
    def type(self) -> str:
        """The exact type, in short words."""
        return short_type(self.duck_type)

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers."""
        return self.duck_type in NUMERIC or self.duck_type.startswith("DECIMAL")

    @property
    def is_float(self) -> bool:
        """Whether the values may be infinite or not a number."""
        return self.duck_type in FLOATS

    @property
    def is_moment(self) -> bool:
        """Whether the values are days or points in time."""
        return self.duck_type == "DATE" or self.duck_type.startswith("TIMESTAMP")


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """What the footer says."""

    path: Path
    rows: int
    row_groups: int
    fields: tuple[Field, ...]
    created_by: str
    uncompressed_bytes: int

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(field.name for field in self.fields)


def short_type(duck_type: str) -> str:
    """Return what people call one of DuckDB's types; nested ones keep DuckDB's notation."""
    if duck_type in SHORT_NAMES:
        return SHORT_NAMES[duck_type]
    shown = duck_type if len(duck_type) <= 200 else duck_type[:200] + "…"
    return shown.lower() if shown.startswith("DECIMAL") else shown


def check_footer(path: Path) -> None:
    """Look at the end of a Parquet file before a library does.

    Raises:
        MalformedArtifact: it is cut, encrypted, or its footer's length is impossible.
        LimitExceeded: its footer is enormous.
    """
    size = path.stat().st_size
    if size < SMALLEST:
        raise MalformedArtifact(f"The Parquet file is cut: it has only {size} bytes.", code="truncated")
    with path.open("rb") as file:
        first = file.read(4)
        file.seek(size - 8)
        length, last = struct.unpack("<I4s", file.read(8))
    if ENCRYPTED_PARQUET in (first, last):
        raise MalformedArtifact(
            "The Parquet file is encrypted: Belvedere has no keys, so there is nothing to show.", code="encrypted"
        )
    if last != PARQUET:
        raise MalformedArtifact(
            "The Parquet file is truncated or incomplete: its footer, which says where everything is, is missing.",
            code="truncated",
        )
    if length > size - SMALLEST:
        raise MalformedArtifact(
            f"The Parquet file is damaged: its footer claims {length:,} bytes, the file has {size:,}.",
            code="bad_footer",
        )
    if length > LARGEST_FOOTER:
        raise LimitExceeded(
            f"The Parquet file's footer has {length:,} bytes; at most {LARGEST_FOOTER:,} are read.", code="footer_size"
        )


def describe(connection: duckdb.DuckDBPyConnection, path: Path) -> ParquetFile:
    """Read the footer.

    Raises:
        duckdb.Error: it cannot be read.
        LimitExceeded: there are absurdly many columns.
    """
    place = [str(path)]
    known = connection.execute("SELECT num_rows, num_row_groups, created_by FROM parquet_file_metadata(?)", place)
    rows, groups, created_by = known.fetchone() or (0, 0, "")
    described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", place).fetchall()
    if len(described) > MAX_COLUMNS:
        raise LimitExceeded(
            f"The table has {len(described):,} columns; at most {MAX_COLUMNS:,} are read.", code="too_wide"
        )
    names = _top_level_names(connection.execute("SELECT name, num_children FROM parquet_schema(?)", place).fetchall())
    if len(names) != len(described):
        names = [line[0] for line in described]
    fields = tuple(Field(name, line[1], line[0]) for name, line in zip(names, described, strict=True))
    size = connection.execute("SELECT sum(total_uncompressed_size) FROM parquet_metadata(?)", place).fetchone()
    return ParquetFile(path, int(rows), int(groups), fields, str(created_by or ""), int((size or [0])[0] or 0))


def _top_level_names(schema: Sequence[tuple[str, Any]]) -> list[str]:
    """Return the root's children out of a schema that is flattened depth first; names may stand there twice."""
    names, at = [], 1
    while at < len(schema):
        names.append(schema[at][0])
        at = _after(schema, at)
    return names


def _after(schema: Sequence[tuple[str, Any]], at: int) -> int:
    """Return where the element after ``at`` and all its children stands."""
    left = 1
    while left and at < len(schema):
        left += int(schema[at][1] or 0) - 1
        at += 1
    return at
