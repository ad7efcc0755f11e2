"""What a renderer costs: processor time and memory in the shut-in child, as production pays them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from belvedere.model.rendering import Limits
from belvedere.rendering.isolation.guard import render_isolated

if TYPE_CHECKING:
    from belvedere.testing.samples import Sample

TIMES = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """The least of some renderings: seconds of processor and wall time, and bytes of memory at the peak.

    The memory includes what the child inherits from the process that was forked.
    """

    cpu_seconds: float
    wall_seconds: float
    peak_memory_bytes: int

    def __str__(self) -> str:
        """Return the figures in milliseconds and mebibytes."""
        return (
            f"{1000 * self.cpu_seconds:.1f} ms of processor time, {1000 * self.wall_seconds:.1f} ms in all, "
            f"{self.peak_memory_bytes / 1024**2:.0f} MiB"
        )


def cost_of(sample: Sample, kind: str, limits: Limits | None = None, *, times: int = TIMES) -> Cost:
    """Render ``sample`` as ``kind`` a few times in a child of its own and return the least that it took.

    Raises:
        BelvedereError: it cannot be rendered.
    """
    chosen = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="belvedere-testing-") as folder:
        source = sample.source(Path(folder))
        usages = [render_isolated(source, chosen, strictness="lenient", kind=kind).usage for _ in range(times)]
    return Cost(
        min(usage.cpu_seconds for usage in usages),
        min(usage.wall_seconds for usage in usages),
        min(usage.peak_memory_bytes for usage in usages),
    )
