"""``make bench``: measure a stack of its own and print a table of figures, goals and bare limits."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from stack.paths import ROOT
from stack.services.airflow_settings import RENDERERS_PATH

from tests.harness.airflow import client_of
from tests.harness.wall import Wall
from tests.harness.whole import RunningStack, ready_stack, whole_stack
from tests.perf.bursts import bursts
from tests.perf.figures import Figure, table, write
from tests.perf.footprint import cold_start, memory, warm_start
from tests.perf.kinds import kinds
from tests.perf.latency import latencies, warm_up
from tests.perf.live import live
from tests.perf.pages import pages
from tests.perf.paint import paint
from tests.perf.slow import slowness, write_slow_renderer
from tests.perf.streams import streams
from tests.perf.tenants import new_tenants, tenants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PARTS = ("memory", "latency", "live", "streams", "burst", "slow", "paint", "pages", "tenants", "warm", "kinds")
ALONE = ("new-tenants",)
"""Measured when asked for by name only: another part contains it."""
WITHOUT_STACK: dict[str, Callable[[], Iterator[Figure]]] = {"kinds": kinds, "pages": pages}
RESULT = ROOT / ".belvedere" / "bench" / "latest.json"


def main() -> int:
    """Run the chosen parts; the exit code says whether every goal was met."""
    options = _options()
    began = time.monotonic()
    figures: list[Figure] = []
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="belvedere-bench-")))
        parts = dict(WITHOUT_STACK)
        if set(options.parts) - parts.keys():
            parts |= _parts_of_stack(resources, options, folder)
        try:
            for name in options.parts:
                _tell(parts[name](), figures)
            if options.cold:
                _tell(cold_start(folder), figures)
        finally:
            # A part that breaks must not take the figures before it along.
            seconds = time.monotonic() - began
            print(f"\n{table(figures)}\n\n{seconds:.0f} s; written to {options.out}", flush=True)
            write(figures, options.out, seconds=seconds)
    return 0 if all(figure.met is not False for figure in figures) else 1


def _parts_of_stack(
    resources: ExitStack, options: argparse.Namespace, folder: Path
) -> dict[str, Callable[[], Iterator[Figure]]]:
    """Start or find the stack, and return what is measured of it."""
    write_slow_renderer(folder / "renderers")
    os.environ[RENDERERS_PATH] = str(folder / "renderers")
    home = options.home or folder / "stack"
    stack = ready_stack(home) if options.home else resources.enter_context(whole_stack(home))
    wall = _wall(stack)
    warm_up(stack, wall)
    return {
        "memory": lambda: memory(stack),
        "latency": lambda: latencies(stack, wall),
        "live": lambda: live(stack),
        "streams": lambda: streams(stack),
        "burst": lambda: bursts(stack, wall),
        "slow": lambda: slowness(stack, wall),
        "paint": lambda: paint(stack, wall),
        "new-tenants": lambda: new_tenants(stack),
        "tenants": lambda: tenants(stack),
        "warm": lambda: warm_start(home),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.perf", description=__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS, help=f"what to measure, of {', '.join((*PARTS, *ALONE))}")
    parser.add_argument("--cold", action="store_true", help="also clone the project and time its first `make up`")
    parser.add_argument("--home", type=Path, help="measure the stack of this data folder, and leave it running")
    parser.add_argument("--out", type=Path, default=RESULT, help="the JSON file to write")
    return parser.parse_args()


def _wall(stack: RunningStack) -> Wall:
    client = client_of(stack.url, stack.env["AIRFLOW_USER"], stack.env["AIRFLOW_PASSWORD"])
    return Wall(stack.s3, client, "mlpipeline")


def _tell(found: Iterable[Figure], figures: list[Figure]) -> None:
    """Print and keep each figure as soon as it is known."""
    for figure in found:
        print("  ".join(cell for cell in figure.cells() if cell), flush=True)
        figures.append(figure)


if __name__ == "__main__":
    raise SystemExit(main())
