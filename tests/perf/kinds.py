"""What rendering costs by kind: core-milliseconds of a warm child, and the large ones' memory and time.

No stack is needed: specimens go through the same door as in the main loop (``render_isolated``).
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from belvedere.errors import BelvedereError
from belvedere.model.rendering import Limits, Source
from belvedere.rendering.isolation.guard import render_isolated
from belvedere.rendering.registry import has_renderer, warm
from tests.harness.specimens import render_specimen, specimens
from tests.perf.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.model.rendering import Usage
    from tests.harness.specimens import Specimen

TIMES = 7
GIGABYTE = 1024**3
MEMORY_GOAL_MB = 400.0
MATRIX_GOAL_SECONDS = 2.0
CLASSES = 1000
ROWS_AT_ONCE = 200_000


def kinds() -> Iterator[Figure]:
    """Measure a specimen of each kind, then a 1,000-class matrix and a gigabyte of CSV and of Parquet."""
    warm()
    measured: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="belvedere-kinds-") as name:
        folder = Path(name)
        for specimen in specimens():
            kind, costs = _costs(specimen, folder)
            if kind and kind not in measured and has_renderer(kind):
                measured.add(kind)
                yield Figure(f"render {kind} ({specimen.name})", statistics.median(costs) * 1000, "core-ms")
        yield _matrix(folder)
        yield from _large(folder, "CSV", _csv(folder), "data/large.csv")
        yield from _large(folder, "Parquet", _parquet(folder), "data/large.parquet")


def _costs(specimen: Specimen, folder: Path) -> tuple[str, list[float]]:
    """Return a specimen's kind and the CPU seconds of several renderings; no kind where it cannot be rendered."""
    try:
        found = [render_specimen(specimen, folder) for _ in range(TIMES)]
    except BelvedereError:
        return "", []
    return found[0].kind, [each.result.usage.cpu_seconds for each in found]


def _usage(path: Path, key: str) -> Usage:
    source = Source("bench", key, "etag", "", "", path.stat().st_size, path)
    return render_isolated(source, Limits(), strictness="lenient").usage


def _matrix(folder: Path) -> Figure:
    path = folder / "matrix.csv"
    with path.open("w") as file:
        for row in range(CLASSES):
            file.writelines(
                f"class {row},class {column},{900 if row == column else (row * column) % 7}\n"
                for column in range(CLASSES)
            )
    seconds = _usage(path, "runs/a/confusion_matrix.csv").cpu_seconds
    path.unlink()
    return Figure(f"confusion matrix of {CLASSES:,} classes", seconds, "core-s", MATRIX_GOAL_SECONDS)


def _large(folder: Path, what: str, path: Path, key: str) -> Iterator[Figure]:
    usage = _usage(path, key)
    size = path.stat().st_size / GIGABYTE
    path.unlink()
    yield Figure(f"{what} of {size:.2f} GiB, profile", usage.wall_seconds, "s")
    yield Figure(f"{what} of {size:.2f} GiB, peak memory", usage.peak_memory_bytes / 1e6, "MB", MEMORY_GOAL_MB)


def _csv(folder: Path) -> Path:
    path = folder / "large.csv"
    block = "".join(
        f"{n},name {n % 997},{n * 0.5:.3f},2026-01-{n % 28 + 1:02},{n % 2 == 0}\n" for n in range(ROWS_AT_ONCE)
    )
    with path.open("w") as file:
        file.write("id,name,value,day,even\n")
        while file.tell() < GIGABYTE:
            file.write(block)
    return path


def _parquet(folder: Path) -> Path:
    import numpy
    import pyarrow
    import pyarrow.parquet

    path = folder / "large.parquet"
    random = numpy.random.default_rng(7)
    names = pyarrow.schema([("id", pyarrow.int64()), ("value", pyarrow.float64()), ("label", pyarrow.string())])
    with pyarrow.parquet.ParquetWriter(path, names, compression="snappy") as writer:
        while path.stat().st_size < GIGABYTE:
            numbers = random.integers(0, 2**62, ROWS_AT_ONCE)
            labels = pyarrow.array([f"label {n % 9973}" for n in numbers.tolist()])
            writer.write_table(pyarrow.table([numbers, random.normal(size=ROWS_AT_ONCE), labels], schema=names))
    return path
