"""JSON of any length: DuckDB reads it in pieces and writes a Parquet copy."""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.tables.copies import copy_path, read_copy, write_copy
from belvedere.rendering.tables.duck import first_line, open_duckdb, quoted
from belvedere.rendering.tables.tables import merged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import duckdb

    from belvedere.model.rendering import Limits, Source
    from belvedere.rendering.tables.tables import Table

LARGEST_RECORD, WINDOW_BYTES = 16 * 1024**2, 4 * 1024**2
RENAMED = re.compile(r"(.*)_\d+", re.DOTALL)
MALFORMED = "Malformed JSON"
BETWEEN = re.compile(r"[ \t\r\n,]*+")
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
    names, warnings = copy_json(source.path, target, limits, layout)
    table = read_copy(target, names, None, limits, most_shown=most_shown)
    return replace(table, warnings=merged(table.warnings, warnings))


def copy_json(path: Path, target: Path, limits: Limits, layout: Format) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write the records as a Parquet copy with columns ``c0``, ``c1`` ...; return their names, and warnings.

    Raises:
        MalformedArtifact: DuckDB cannot read it as records.
        LimitExceeded: it needs more memory or disk than allowed.
    """
    import duckdb

    warnings: tuple[str, ...] = ()
    if layout == "array":
        path, warnings = _as_lines(path, target.with_suffix(".jsonl"))
    try:
        with open_duckdb((path, target), limits) as connection:
            names, more = _copied(connection, path, target)
            return names, (*warnings, *more)
    except duckdb.OutOfMemoryException as error:
        raise LimitExceeded("Reading this JSON needs more memory than allowed.", code="memory") from error
    except duckdb.Error as error:
        raise MalformedArtifact(f"The JSON cannot be read as records: {first_line(error)}", code="bad_json") from error


def _as_lines(path: Path, lines: Path) -> tuple[Path, tuple[str, ...]]:
    """Write an array's records one a line, for DuckDB would hold an array that is one long line in memory at once."""
    left_out = 0
    with lines.open("w", encoding="utf-8", errors="replace") as file:
        records = _Records(path)
        for record in records:
            if record.startswith("{"):
                file.write(record.replace("\n", " ").replace("\r", " ") + "\n")
            else:
                left_out += 1
    said = (f"{left_out:,} elements are no records and are left out.",) if left_out else ()
    return lines, (*said, *records.problems)


class _Records:
    """The elements of a large JSON array as the text they are written in, up to where it stops being JSON."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.problems: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str]:
        decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        scan = json.JSONDecoder().raw_decode
        with self._path.open("rb") as file:
            window = decode(file.read(WINDOW_BYTES)).lstrip()[1:]
            at, ended = 0, False
            while True:
                at = _behind(window, at)
                try:
                    _, end = scan(window, at)
                    whole = end < len(window)
                except (ValueError, RecursionError):
                    whole, end = False, at
                if whole:
                    yield window[at:end]
                    at = end
                    continue
                if ended or len(window) - at > LARGEST_RECORD:
                    break
                more = file.read(WINDOW_BYTES)
                ended = not more
                window, at = window[at:] + decode(more, final=ended), 0
        if not window[at:].lstrip().startswith("]"):
            self.problems = ("The array is damaged or truncated: what comes before that place is shown.",)


def _behind(text: str, at: int) -> int:
    found = BETWEEN.match(text, at)
    return found.end() if found else at


def _copied(connection: duckdb.DuckDBPyConnection, path: Path, target: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:

    looked = f"{reader(lenient=True)}, maximum_depth = 2, sample_size = {SAMPLED_RECORDS})"
    described = connection.execute(f"DESCRIBE SELECT * FROM {looked}", [str(path)]).fetchall()  # noqa: S608 - our words
    names, types = tuple(line[0] for line in described), [_kept(line[1]) for line in described]
    reason = _tried(connection, names, types, path, target, lenient=False)
    if reason is None:
        return names, _same_but_for_case(names)
    if MALFORMED in reason:
        said = f"Lines that are not valid JSON are left out; the first problem: {reason}"
        if _tried(connection, names, types, path, target, lenient=True) is None:
            return names, (said, *_same_but_for_case(names))
    # what the sample promised does not hold for all records
    _write(connection, names, ["VARCHAR"] * len(names), path, target, lenient=True)
    return names, _same_but_for_case(names)


def _tried(
    connection: duckdb.DuckDBPyConnection,
    names: Sequence[str],
    types: Sequence[str],
    path: Path,
    target: Path,
    *,
    lenient: bool,
) -> str | None:
    """Write the copy; return why that was not possible, None where it was."""
    import duckdb

    try:
        _write(connection, names, types, path, target, lenient=lenient)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        return first_line(error)
    return None


def _same_but_for_case(names: Sequence[str]) -> tuple[str, ...]:
    """Say where names differ in nothing but case: DuckDB cannot tell them apart, and calls the second ``Name_1``."""
    known = {name.lower() for name in names}
    odd = [name for name in names if RENAMED.fullmatch(name) and RENAMED.sub(r"\1", name).lower() in known]
    if not odd:
        return ()
    return (f"Names that differ only in case are not told apart in files this large: see {', '.join(odd[:5])}.",)


def reader(*, lenient: bool) -> str:
    """Return the beginning of a table function that reads JSON lines; ``lenient``: what cannot be read is null."""
    size = f"maximum_object_size = {LARGEST_RECORD}"
    return f"read_json(?, format = 'newline_delimited', {size}, ignore_errors = {lenient}"


def _write(
    connection: duckdb.DuckDBPyConnection,
    names: Sequence[str],
    types: Sequence[str],
    path: Path,
    target: Path,
    *,
    lenient: bool = False,
) -> None:
    columns = ", ".join(f"{quoted(name)}: '{kind}'" for name, kind in zip(names, types, strict=True))
    chosen = ", ".join(f"{quoted(name)} AS c{at}" for at, name in enumerate(names))
    rows = f"{reader(lenient=lenient)}, columns = {{{columns}}})"
    some = " OR ".join(f"{quoted(name)} IS NOT NULL" for name in names) if lenient else "true"
    write_copy(connection, f"SELECT {chosen} FROM {rows} WHERE {some}", [str(path)], target)  # noqa: S608 - quoted names


def _kept(duck_type: str) -> str:
    """Moments stay the text they were written as; what is nested stays JSON."""
    if duck_type in KEPT_TYPES:
        return duck_type
    nested = duck_type == "JSON" or duck_type.startswith(("STRUCT", "MAP")) or duck_type.endswith("]")
    return "JSON" if nested else "VARCHAR"
