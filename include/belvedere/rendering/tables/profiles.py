"""What a column of a table holds: type, gaps, distinct values, range, and a small histogram."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.rendering.tables.delimited import is_integer, is_number
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NUMERIC_TYPES = frozenset({"integer", "number"})
MISSING_WORDS = frozenset({"", "na", "n/a", "nan", "null", "none", "nil", "#n/a", "<na>", "-nan"})
BOOLEAN_WORDS = frozenset({"true", "false", "yes", "no"})
DATE = re.compile(r"\s*\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?\s*")
DIGITS = frozenset("0123456789")
BINS = 16
TOP_VALUES = 8


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column: ``bars`` are the heights of its histogram (numbers, times) or its commonest values (words).

    ``type`` is a word of ours (``integer``, ``text`` ...) where it was told from the cells, and the exact type where
    a schema says it. ``quartiles`` are the 25th, 50th and 75th percentile; ``span`` the first and last moment.
    None: not known.
    """

    name: str
    type: str
    missing: int | None
    distinct: int | None
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    quartiles: tuple[float, float, float] | None = None
    bars: tuple[float, ...] = ()
    top: tuple[tuple[str, int], ...] = ()
    span: tuple[str, str] | None = None
    numeric: bool = False


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    # most cells are numbers: one look at the first character is enough for them
    return cell[:1] not in DIGITS and len(cell) < 8 and cell.strip().lower() in MISSING_WORDS


def type_of(cells: Sequence[str]) -> str:
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


def histogram(values: Sequence[float], low: float, high: float, *, bins: int = BINS) -> tuple[float, ...]:
    """Return how many values fall into each of ``bins`` equal steps from ``low`` to ``high``."""
    if not values:
        return ()
    if not low < high:
        return (float(len(values)),)
    span = high - low
    if not math.isfinite(span):
        return ()
    heights = [0.0] * bins
    for value in values:
        if low <= value <= high:
            heights[min(bins - 1, int((value - low) / span * bins))] += 1
    return tuple(heights)


def profile(name: str, cells: Iterable[str]) -> ColumnProfile:
    """Return the profile of a column that is wholly in memory."""
    everything = list(cells)
    present = [cell for cell in everything if not is_missing(cell)]
    missing = len(everything) - len(present)
    kind = type_of(present)
    if kind in NUMERIC_TYPES:
        values = [value for value in map(float, present) if math.isfinite(value)]
        if values:
            return profile_of_numbers(name, kind, missing, values)
    counts = Counter(present)
    return profile_of_words(name, kind, missing, counts)


def profile_of_numbers(name: str, kind: str, missing: int, values: Sequence[float]) -> ColumnProfile:
    """Return the profile of a column of finite numbers, of which there is at least one."""
    ordered = sorted(values)
    low, high = ordered[0], ordered[-1]
    return ColumnProfile(
        name=name,
        type=kind,
        missing=missing,
        distinct=len(set(ordered)),
        minimum=low,
        maximum=high,
        mean=mean_of(ordered),
        quartiles=quartiles_of(ordered),
        bars=histogram(ordered, low, high),
        numeric=True,
    )


def profile_of_words(name: str, kind: str, missing: int, counts: Counter[str]) -> ColumnProfile:
    """Return the profile of a column of words, or of anything else that can only be counted."""
    top = tuple((clean(value)[:60], times) for value, times in counts.most_common(TOP_VALUES))
    bars = tuple(float(times) for _, times in top)
    numeric = kind in NUMERIC_TYPES
    return ColumnProfile(name, kind, missing, len(counts), bars=bars, top=top, numeric=numeric)


def quartiles_of(ordered: Sequence[float]) -> tuple[float, float, float] | None:
    """Return the quartiles of sorted values, between two of them by linear interpolation; None of no values."""
    if not ordered:
        return None
    return _quantile(ordered, 0.25), _quantile(ordered, 0.5), _quantile(ordered, 0.75)


def _quantile(ordered: Sequence[float], share: float) -> float:
    at = share * (len(ordered) - 1)
    below = int(at)
    rest = at - below
    return ordered[below] if not rest else ordered[below] * (1 - rest) + ordered[below + 1] * rest


def mean_of(values: Sequence[float]) -> float | None:
    """Return the mean, None where it is beyond what a float holds."""
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        return None
