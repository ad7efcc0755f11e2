"""Measured figures, each with the bare limit of the same run beside it, as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

COLUMNS = ("figure", "value", "unit", "goal", "bare limit", "met")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. ``goal`` is what it should stay below (or above, if ``more_is_better``)."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    bare: float | None = None
    more_is_better: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.more_is_better else self.value <= self.goal

    def cells(self) -> tuple[str, ...]:
        """Return the figure's row."""
        sign = ">=" if self.more_is_better else "<="
        goal = "" if self.goal is None else f"{sign} {_number(self.goal)}"
        bare = "" if self.bare is None else _number(self.bare)
        met = {None: "", True: "yes", False: "NO"}[self.met]
        return (self.name, _number(self.value), self.unit, goal, bare, met)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as text columns."""
    rows = [COLUMNS, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def write(figures: Sequence[Figure], file: Path, *, seconds: float) -> None:
    """Write the figures with what they were measured on; other figures of the same commit stay in the file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    entries = {figure.name: asdict(figure) | {"met": figure.met} for figure in figures}
    document = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "machine": {"cores": len(os.sched_getaffinity(0)), "kernel": platform.release(), "load": os.getloadavg()},
        "commit": _commit(),
        "figures": list((_known(file) | entries).values()),
    }
    file.write_text(json.dumps(document, indent=1) + "\n")


def _known(file: Path) -> dict[str, dict[str, Any]]:
    document = json.loads(file.read_text()) if file.exists() else {}
    return {entry["name"]: entry for entry in document.get("figures", []) if document["commit"] == _commit()}


def _commit() -> str:
    told = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return told.stdout.strip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
