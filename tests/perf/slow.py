"""A renderer that takes a minute delays nobody else."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from tests.perf.figures import Figure, percentile
from tests.perf.loads import Uploads
from tests.perf.watching import Watcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.wall import Wall
    from tests.harness.whole import RunningStack

TAIL_GOAL = 0.6
SLOW_ARTIFACTS = 2
SLOW_SECONDS = 60
COUNT = 40
PATIENCE_SECONDS = 150.0
PROGRAM = f'''"""A renderer of SQLite databases that thinks for a minute."""

from __future__ import annotations

import time

from belvedere.model.rendering import Limits, Output, Rendering, Source
from belvedere.rendering.registry import renderer


@renderer("bench.slow", version="1", kinds=("sqlite",))
def render(source: Source, limits: Limits) -> Rendering:
    time.sleep({SLOW_SECONDS})
    page = Output("page", "page.html", "text/html", b"<p>done</p>")
    return Rendering("sqlite", "", "", "Slow", "A slow rendering.", {{}}, (page,))
'''


def write_slow_renderer(folder: Path) -> None:
    """Write an installed distribution with the slow renderer's entry point into a folder of the import path."""
    about = folder / "bench_slow-1.dist-info"
    about.mkdir(parents=True)
    (folder / "bench_slow.py").write_text(PROGRAM)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bench-slow\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[belvedere.renderers]\nslow = bench_slow\n")


def slowness(stack: RunningStack, wall: Wall) -> Iterator[Figure]:
    """Measure one event a second while slow artifacts of the same tenant are being rendered."""
    uploads = Uploads(stack.s3, wall.bucket)
    prefix = f"bench/slow/{uuid.uuid4().hex}/"
    with Watcher(wall.gallery) as watcher:
        slow = uploads.steady(f"{prefix}none/", 0, 1.0)
        for number in range(SLOW_ARTIFACTS):
            uploads.put(slow, f"{prefix}{number}.db", b"SQLite format 3\0" + prefix.encode() + str(number).encode())
        assert watcher.await_all(slow.etags, "rendering", 60.0).keys() == slow.etags.keys()
        quick = uploads.steady(f"{prefix}quick/", COUNT, 1.0)
        seen = watcher.await_all(quick.etags, "rendered", PATIENCE_SECONDS)
        unfinished = [key for key, etag in slow.etags.items() if watcher.seen(key, etag, "rendered") is None]
        ended = watcher.await_all(slow.etags, "rendered", PATIENCE_SECONDS)
    taken = [at - quick.moments[key] for key, at in seen.items()]
    name = f"PUT -> picture at 1/s beside {SLOW_ARTIFACTS} renderings of {SLOW_SECONDS} s"
    yield Figure(f"{name}, p50", percentile(taken, 0.5), "s", note=f"{len(unfinished)} still busy at the end")
    yield Figure(f"{name}, p95", percentile(taken, 0.95), "s", TAIL_GOAL)
    yield Figure(f"{name}, slow ones lost", float(SLOW_ARTIFACTS - len(ended)), "", 0.0)
