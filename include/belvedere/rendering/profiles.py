"""What a column of a table holds: type, gaps, distinct values, range, and a small histogram."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from belvedere.rendering.delimited import is_integer, is_number
from belvedere.rendering.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ColumnType = Literal["integer", "number", "boolean", "date", "text", "empty"]
MISSING_WORDS = frozenset({"", "na", "n/a", "nan", "null", "none", "nil", "#n/a", "<na>", "-nan"})
BOOLEAN_WORDS = frozenset({"true", "false", "yes", "no"})
DATE = re.compile(r"\s*\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?\s*")
BINS = 16
TOP_VALUES = 8


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column: ``bars`` are the heights of its histogram (numbers) or its commonest values (words)."""

    name: str
    type: ColumnType
    missing: int
    distinct: int | None
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    bars: tuple[float, ...] = ()
    top: tuple[tuple[str, int], ...] = ()


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return len(cell) < 8 and cell.strip().lower() in MISSING_WORDS


def type_of(cells: Sequence[str]) -> ColumnType:
    """Return the narrowest type that all these (not missing) cells have."""
    if not cells:
        return "empty"
    if all(map(is_integer, cells)):
        return "integer"
    if all(map(is_number, cells)):
        return "number"
    if all(cell.strip().lower() in BOOLEAN_WORDS for cell in cells):
        return "boolean"
    return "date" if all(DATE.fullmatch(cell) for cell in cells) else "text"


def histogram(values: Sequence[float], low: float, high: float) -> tuple[float, ...]:
    """Return how many values fall into each of ``BINS`` equal steps from ``low`` to ``high``."""
    if not values:
        return ()
    if not low < high:
        return (float(len(values)),)
    span = high - low
    if not math.isfinite(span):
        return ()
    bins = [0.0] * BINS
    for value in values:
        if low <= value <= high:
            bins[min(BINS - 1, int((value - low) / span * BINS))] += 1
    return tuple(bins)


def profile(name: str, cells: Iterable[str]) -> ColumnProfile:
    """Return the profile of a column that is wholly in memory."""
    everything = list(cells)
    present = [cell for cell in everything if not is_missing(cell)]
    missing = len(everything) - len(present)
    kind = type_of(present)
    if kind in {"integer", "number"}:
        values = [value for value in map(float, present) if math.isfinite(value)]
        if values:
            low, high = min(values), max(values)
            bars = histogram(values, low, high)
            return ColumnProfile(name, kind, missing, len(set(values)), low, high, mean_of(values), bars)
    counts = Counter(present)
    top = tuple((clean(value)[:60], times) for value, times in counts.most_common(TOP_VALUES))
    bars = tuple(float(times) for _, times in top)
    return ColumnProfile(name, kind, missing, len(counts), bars=bars, top=top)


def mean_of(values: Sequence[float]) -> float | None:
    """Return the mean, None where it is beyond what a float holds."""
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        return None
