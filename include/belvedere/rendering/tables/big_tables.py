"""Tables too large for memory: exact figures by one DuckDB scan, histograms from evenly spaced places of the file.

DuckDB gets no more than the one file: external access is switched off but for it, and its settings are locked.
"""

from __future__ import annotations

import codecs
import math
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.tables.copies import write_copy
from belvedere.rendering.tables.delimited import is_code
from belvedere.rendering.tables.duck import first_line, open_duckdb
from belvedere.rendering.tables.profiles import (
    NUMERIC_TYPES,
    ColumnProfile,
    histogram,
    is_missing,
    profile,
    quartiles_of,
    type_of,
)
from belvedere.rendering.tables.tables import Layout, Table, lines_of, merged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

    from belvedere.model.rendering import Limits

PLACES, PLACE_BYTES = 200, 24 * 1024
MAX_LINE_BYTES, BUFFER_BYTES = 2 * 1024**2, 8 * 1024**2
TAIL_BYTES = 256 * 1024
TRANSCODE_CHARACTERS = 1024**2
READ_WITHOUT_TRANSCODING = frozenset({"utf-8", "utf-8-sig", "ascii"})
MISSING_SQL = "['', 'NA', 'na', 'N/A', 'NaN', 'nan', 'null', 'NULL', 'None', '#N/A', '<NA>']"
PROFILED_COLUMNS = 400
ATTEMPTS = 5
LONGEST_BIGINT = 18


@dataclass(frozen=True, slots=True)
class _Counts:
    present: int
    distinct: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read the file: with these types, by several threads or one, leaving bad rows out or not."""

    types: Sequence[str]
    parallel: bool = True
    lenient: bool = False


def read_big_table(path: Path, layout: Layout, encoding: str, limits: Limits, *, most_shown: int) -> Table:
    """Read a large delimited file with bounded memory: every row is counted, a sample is looked at closely.

    Raises:
        MalformedArtifact: DuckDB cannot read it as delimited text.
        LimitExceeded: it needs more memory or disk than allowed.
    """
    import duckdb

    readable, columns, sampled = _opened(path, layout, encoding)
    seen = [profile(name, cells) for name, cells in zip(layout.names, columns, strict=True)]
    try:
        with open_duckdb((readable,), limits) as connection:
            rows, counts, skipped = _counted(connection, readable, layout, seen)
            shown = _first_rows(connection, readable, layout, most_shown)
    except duckdb.OutOfMemoryException as error:
        raise LimitExceeded("Counting this table needs more memory than allowed.", code="memory") from error
    except duckdb.Error as error:
        raise MalformedArtifact(f"The table cannot be read: {first_line(error)}", code="unreadable_table") from error
    exact = [*counts, *[None] * (len(seen) - len(counts))]
    profiles = tuple(map(_exact_profile, seen, columns, exact, [rows] * len(seen)))
    last = _last_row(readable, layout)
    return Table(layout.names, rows, profiles, shown, last, sampled, merged(layout.warnings, skipped))


def copy_delimited(path: Path, layout: Layout, encoding: str, limits: Limits, target: Path) -> tuple[str, ...]:
    """Write all rows as a Parquet copy with columns ``c0``, ``c1`` ...; return what is to be said of it.

    Raises:
        MalformedArtifact: DuckDB cannot read it as delimited text.
        LimitExceeded: it needs more memory or disk than allowed.
    """
    import duckdb

    readable, columns, _ = _opened(path, layout, encoding)
    reading = _Reading([_copied_type(cells) for cells in columns])
    words, reason = ["VARCHAR"] * len(columns), ""
    try:
        with open_duckdb((readable, target), limits) as connection:
            for _ in range(ATTEMPTS):
                try:
                    write_copy(connection, f"SELECT * FROM {_reader(layout, reading)}", [str(readable)], target)  # noqa: S608
                except duckdb.OutOfMemoryException:
                    raise
                except duckdb.Error as error:
                    reason = first_line(error)
                    reading = _next_reading(reading, words, reason)
                else:
                    said = f"Some rows could not be read and are left out, the first for this reason: {reason}."
                    return (said,) if reading.lenient else ()
    except duckdb.OutOfMemoryException as error:
        raise LimitExceeded("Copying this table needs more memory than allowed.", code="memory") from error
    raise MalformedArtifact(f"The table cannot be read: {reason}", code="unreadable_table")


def _opened(path: Path, layout: Layout, encoding: str) -> tuple[Path, Sequence[tuple[str, ...]], int]:
    """Return the file as DuckDB reads it, the columns of a sample of its rows, and how many rows those are."""
    readable = path if encoding in READ_WITHOUT_TRANSCODING else _transcoded(path, encoding)
    sample = list(_sampled(readable, layout))
    columns = list(zip(*sample, strict=True)) if sample else [()] * len(layout.names)
    return readable, columns, len(sample)


def _copied_type(cells: Sequence[str]) -> str:
    """Return the type a column is copied with; codes such as 00123 stay words."""
    present = [cell for cell in cells if not is_missing(cell)]
    kind = type_of(present)
    if kind not in NUMERIC_TYPES or any(is_code(cell) for cell in present):
        return "VARCHAR"
    return "BIGINT" if kind == "integer" and all(len(cell) < LONGEST_BIGINT for cell in present) else "DOUBLE"


def _transcoded(path: Path, encoding: str) -> Path:
    """Write the text again as UTF-8, which DuckDB reads best, into the private folder of this process."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".csv", delete=False) as copy:
        with codecs.open(str(path), "r", encoding, errors="replace") as text:
            for part in iter(lambda: text.read(TRANSCODE_CHARACTERS), ""):
                copy.write(part)
        return Path(copy.name)


def _reader(layout: Layout, reading: _Reading) -> str:
    names = ", ".join(f"'c{at}': '{kind}'" for at, kind in enumerate(reading.types))
    delimiter = (layout.delimiter or "\x1f").replace("'", "''")
    return (
        f"read_csv(?, delim='{delimiter}', quote='\"', escape='\"', header={layout.has_header}, "
        f"columns={{{names}}}, auto_detect=false, null_padding=true, strict_mode=false, nullstr={MISSING_SQL}, "
        f"max_line_size={MAX_LINE_BYTES}, buffer_size={BUFFER_BYTES}, ignore_errors={reading.lenient}, "
        f"parallel={reading.parallel})"
    )


def _aggregates(column: str, kind: str) -> str:
    counted = f"count({column}), approx_count_distinct({column})"
    if kind == "VARCHAR":
        return f"{counted}, NULL, NULL, NULL"
    # no FILTER clauses: DuckDB's memory for them grows with the square of the columns
    finite = f"CASE WHEN isfinite({column}) THEN {column} END"
    return f"{counted}, min({finite}), max({finite}), avg({finite})"


def _counted(
    connection: duckdb.DuckDBPyConnection, path: Path, layout: Layout, seen: Sequence[ColumnProfile]
) -> tuple[int, list[_Counts], tuple[str, ...]]:
    """Count with the types that the sample has; where they do not hold for all rows, again with words only."""
    import duckdb

    words = ["VARCHAR"] * len(seen)
    types = ["DOUBLE" if column.type in NUMERIC_TYPES else "VARCHAR" for column in seen]
    reading, reason = _Reading(types), ""
    for _ in range(ATTEMPTS):
        try:
            rows, counts = _scan(connection, path, layout, reading)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            reason = first_line(error)
            reading = _next_reading(reading, words, reason)
        else:
            said = f"Some rows could not be read and are left out, the first for this reason: {reason}."
            return rows, counts, (said,) if reading.lenient else ()
    raise MalformedArtifact(f"The table cannot be read: {reason}", code="unreadable_table")


def _next_reading(failed: _Reading, words: Sequence[str], reason: str) -> _Reading:
    """Return the next, more patient way to read a file that could not be read."""
    if failed.parallel and "parallel" in reason:
        return replace(failed, parallel=False)
    if list(failed.types) != list(words):
        return replace(failed, types=words)
    return _Reading(words, parallel=False, lenient=True)


def _scan(
    connection: duckdb.DuckDBPyConnection, path: Path, layout: Layout, reading: _Reading
) -> tuple[int, list[_Counts]]:
    wanted = [_aggregates(f"c{at}", kind) for at, kind in enumerate(reading.types[:PROFILED_COLUMNS])]
    query = f"SELECT {', '.join(['count(*)', *wanted])} FROM {_reader(layout, reading)}"  # noqa: S608
    values: Sequence[Any] = connection.execute(query, [str(path)]).fetchone() or [0]
    return int(values[0]), [_Counts(*values[start : start + 5]) for start in range(1, len(values), 5)]


def _first_rows(
    connection: duckdb.DuckDBPyConnection, path: Path, layout: Layout, most: int
) -> tuple[tuple[str, ...], ...]:
    reading = _Reading(["VARCHAR"] * len(layout.names), parallel=False, lenient=True)
    query = f"SELECT * FROM {_reader(layout, reading)} LIMIT {int(most)}"  # noqa: S608
    found = connection.execute(query, [str(path)]).fetchall()
    return tuple(tuple("" if value is None else value for value in row) for row in found)


def _sampled(path: Path, layout: Layout) -> Iterator[list[str]]:
    """Yield whole rows from evenly spaced places; pieces of rows at the borders are left out."""
    size, width = path.stat().st_size, len(layout.names)
    length = min(PLACE_BYTES, size // PLACES + 1)
    with path.open("rb") as file:
        for place in range(PLACES):
            file.seek(place * size // PLACES)
            lines = file.read(length).decode("utf-8", "replace").split("\n")[1:-1]
            try:
                yield from [row for row in lines_of("\n".join(lines), layout.delimiter) if len(row) == width]
            except MalformedArtifact:
                continue


def _last_row(path: Path, layout: Layout) -> tuple[str, ...] | None:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        lines = file.read().decode("utf-8", "replace").rstrip("\r\n").split("\n")
    try:
        row = next(lines_of(lines[-1], layout.delimiter), None)
    except MalformedArtifact:
        return None
    return tuple(row) if row is not None and len(row) == len(layout.names) else None


def _exact_profile(seen: ColumnProfile, cells: Sequence[str], exact: _Counts | None, rows: int) -> ColumnProfile:
    """Return the sampled profile with the exact figures of the whole column in place of the sample's."""
    if exact is None:
        return seen
    known = replace(seen, missing=rows - exact.present, distinct=exact.distinct)
    if exact.minimum is None or exact.maximum is None:
        counted_as_words = seen.type in NUMERIC_TYPES
        return (
            replace(known, type="text", minimum=None, maximum=None, mean=None, quartiles=None, bars=(), numeric=False)
            if counted_as_words
            else known
        )
    values = sorted(value for cell in cells if not is_missing(cell) for value in _finite(cell))
    return replace(
        known,
        minimum=exact.minimum,
        maximum=exact.maximum,
        mean=exact.mean,
        quartiles=quartiles_of(values),
        bars=histogram(values, exact.minimum, exact.maximum),
        numeric=True,
    )


def _finite(cell: str) -> list[float]:
    try:
        value = float(cell)
    except ValueError:
        return []
    return [value] if math.isfinite(value) else []
