"""Arrow's IPC files, streams and Feather: batch by batch into a Parquet copy, with the schema's exact types.

Source: Apache Arrow, "Columnar format", sections on the IPC file and streaming formats.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.tables.copies import copy_path, read_copy, write_copy
from belvedere.rendering.tables.duck import first_line, open_duckdb
from belvedere.rendering.tables.signatures import ARROW_FILE
from belvedere.rendering.tables.value_tables import typed_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from belvedere.model.rendering import Limits
    from belvedere.rendering.tables.tables import Table


def read_arrow_table(path: Path, limits: Limits, *, most_shown: int) -> Table:
    """Read an Arrow file or stream with bounded memory.

    Raises:
        MalformedArtifact: it cannot be read.
        LimitExceeded: it needs more memory or disk than allowed.
    """
    target = copy_path()
    names, types, rows = copy_arrow(path, target, limits)
    if not names:
        return typed_table((), rows, (), (), None, profiled=rows)
    return read_copy(target, names, types, limits, most_shown=most_shown)


def copy_arrow(path: Path, target: Path, limits: Limits) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Write the rows as a Parquet copy with columns ``c0`` ...; return names, exact types and number of rows.

    Raises:
        MalformedArtifact: it cannot be read.
        LimitExceeded: it needs more memory or disk than allowed.
    """
    import duckdb
    import pyarrow as pa

    try:
        with _opened(path) as (schema, batches):
            names = tuple(schema.names)
            types = tuple(map(_type_name, schema.types))
            if not names:
                return names, types, sum(batch.num_rows for batch in batches)
            with open_duckdb((path, target), limits) as connection:
                connection.register("batches", _reader(schema, batches))
                write_copy(connection, "SELECT * FROM batches", [], target)
            return names, types, 0
    except (MemoryError, duckdb.OutOfMemoryException) as error:
        raise LimitExceeded("Reading this Arrow file needs more memory than allowed.", code="memory") from error
    except (pa.ArrowException, duckdb.Error, OSError, ValueError, KeyError, IndexError) as error:
        raise MalformedArtifact(f"The Arrow file cannot be read: {first_line(error)}", code="bad_arrow") from error


@contextmanager
def _opened(path: Path) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    import pyarrow as pa

    with pa.OSFile(str(path)) as file:
        is_file = file.read(len(ARROW_FILE)) == ARROW_FILE
        file.seek(0)
        if is_file:
            reader = pa.ipc.open_file(file)  # type: ignore[no-untyped-call]
            yield reader.schema, (reader.get_batch(at) for at in range(reader.num_record_batches))
        else:
            stream = pa.ipc.open_stream(file)  # type: ignore[no-untyped-call]
            yield stream.schema, iter(stream)


def _reader(schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> pa.RecordBatchReader:
    """Return the batches as DuckDB can take them: columns by number, and only types that it knows."""
    import pyarrow as pa

    numbered = pa.schema([pa.field(f"c{at}", _taken(kind)) for at, kind in enumerate(schema.types)])
    return pa.RecordBatchReader.from_batches(numbered, (_converted(batch, numbered) for batch in batches))


def _converted(batch: pa.RecordBatch, numbered: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    batch.validate()
    return pa.RecordBatch.from_arrays(list(map(_cast, batch.columns, numbered.types)), schema=numbered)


def _taken(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if isinstance(kind, pa.BaseExtensionType):
        return _taken(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return _taken(kind.value_type)
    if pa.types.is_float16(kind):
        return pa.float32()
    if pa.types.is_decimal256(kind) or pa.types.is_run_end_encoded(kind):
        return pa.string()
    return kind


def _cast(column: Any, kind: pa.DataType) -> Any:
    import pyarrow as pa

    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    return column if column.type == kind else column.cast(kind)


def _type_name(kind: pa.DataType) -> str:
    """Return what Arrow calls a type, dictionaries by their values: ``dictionary<string>``."""
    import pyarrow as pa

    text = f"dictionary<{kind.value_type}>" if pa.types.is_dictionary(kind) else str(kind)
    return text if len(text) <= 200 else text[:200] + "…"
