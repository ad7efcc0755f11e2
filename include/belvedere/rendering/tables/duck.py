"""DuckDB, shut in: it gets the files it was given and no others, bounded memory, and settings that stay as they are."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from belvedere.model.rendering import Limits

SHARE_OF_MEMORY = 3
SPILL_SIZE = "1500MB"
THREADS = 2
PATH = re.compile(r"""["'](/[^"']+)["']|(?<=\s)/\S+""")


def open_duckdb(paths: Sequence[Path], limits: Limits) -> duckdb.DuckDBPyConnection:
    """Open a database in memory that may read and write ``paths`` alone, and spill into this process's workspace.

    Sources: DuckDB's documentation, "Securing DuckDB".
    """
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": THREADS,
            "memory_limit": f"{limits.memory_bytes // SHARE_OF_MEMORY // 1024**2}MB",
            "temp_directory": str(Path(tempfile.gettempdir()) / "spill"),
            "max_temp_directory_size": SPILL_SIZE,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": True,
        },
    )
    connection.execute("SET allowed_paths = ?", [[str(path) for path in paths]])
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def first_line(error: Exception) -> str:
    """Return what DuckDB complains of, without its advice and without paths of ours."""
    text = " ".join(str(error).split("\n\n")[0].split())
    return PATH.sub("the file", text)[:300]


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
