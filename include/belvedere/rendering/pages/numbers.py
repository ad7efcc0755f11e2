"""Numbers out of documents, and as people read them: metrics to four decimals, counts with separators."""

from __future__ import annotations

import math
from typing import Any


def finite_number(value: Any) -> float | None:
    """Return what a document gives as a number, also one in a text; None where it is none, NaN or infinite."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def metric(value: float) -> str:
    """Return a metric to four decimals, ``0.9154``."""
    return f"{value:.4f}"


def percent(value: float) -> str:
    """Return a share as a percentage with two decimals, ``91.54 %``."""
    return f"{100 * value:.2f} %"


def count(value: float) -> str:
    """Return a count with thousands separators; a fraction keeps up to four significant decimals."""
    if not math.isfinite(value):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return short(value)


def short(value: float) -> str:
    """Return a number in at most six significant digits."""
    if not math.isfinite(value):
        return str(value)
    if value == 0:
        return "0"
    text = f"{value:.6g}"
    return f"{value:,.0f}" if "e" in text and 1 <= abs(value) < 1e15 else text


def compact(value: float) -> str:
    """Return a count in at most four characters, ``12k``, for cells of a drawing."""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):.3g}{letter}"
    return f"{value:.3g}" if value % 1 else str(int(value))


def bytes_in_words(size: int) -> str:
    """Return a size in bytes as people say it, ``16.5 kB``."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{size} bytes"
