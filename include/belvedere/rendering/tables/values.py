"""Typed values, as Parquet, Arrow, JSON and spreadsheets hold them: as people read them, as facts, and profiled."""

from __future__ import annotations

import base64
import json
import math
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from belvedere.rendering.tables.profiles import ColumnProfile, histogram, profile_of_numbers, profile_of_words
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 4000
BYTES_SHOWN = 24
COUNTED_CHARACTERS = 200
LARGEST_INTEGER = 1 << 63


def is_number_value(value: Any) -> bool:
    """Whether a value is a number (truth values are none)."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def is_gap(value: Any) -> bool:
    """Whether there is no value: null, or not a number."""
    return value is None or (isinstance(value, float | Decimal) and value != value)


def as_text(value: Any) -> str | None:
    """Return a value as people read it, None for null."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else {"inf": "inf", "-inf": "-inf"}.get(str(value), "NaN")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, bytes | bytearray | memoryview):
        return _bytes_as_text(bytes(value))
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=_plain)[:LONGEST]
    return str(value)[:LONGEST]


def _plain(value: Any) -> Any:
    """Return what JSON has no word for as text."""
    return as_text(value)


def _bytes_as_text(value: bytes) -> str:
    shown = value[:BYTES_SHOWN].hex(" ")
    return f"{shown}… ({len(value):,} bytes)" if len(value) > BYTES_SHOWN else f"0x{value.hex()}"


def as_fact(value: Any) -> Any:
    """Return a value as JSON may hold it: numbers and truth stay what they are, all else becomes text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and -LARGEST_INTEGER <= value < 2 * LARGEST_INTEGER:
        return value
    if isinstance(value, float | Decimal) and math.isfinite(value):
        return float(value)
    text = as_text(value)
    return None if text is None else clean(text)[:1000]


def exact_json(value: Any) -> Any:
    """Return a value for other programs: bytes as base64, the rest as ``as_fact`` has it."""
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)[:LONGEST]).decode("ascii")
    return as_fact(value)


@dataclass(frozen=True, slots=True)
class Nature:
    """What a column's values are: the word for it, and how they are profiled."""

    word: str
    numeric: bool = False
    temporal: bool = False


def nature_of(values: Sequence[Any]) -> Nature:
    """Return what all these (present) values are."""
    if not values:
        return Nature("empty")
    if all(isinstance(value, bool) for value in values):
        return Nature("boolean")
    if all(map(is_number_value, values)):
        whole = all(isinstance(value, int) for value in values)
        return Nature("integer" if whole else "number", numeric=True)
    if all(isinstance(value, date) for value in values):
        moments = any(isinstance(value, datetime) for value in values)
        return Nature("timestamp" if moments else "date", temporal=True)
    if all(isinstance(value, time | timedelta) for value in values):
        return Nature("time")
    if all(isinstance(value, str) for value in values):
        return Nature("text")
    if all(isinstance(value, bytes) for value in values):
        return Nature("binary")
    if all(isinstance(value, dict | list | tuple) for value in values):
        return Nature("nested")
    return Nature("mixed")


def profile_values(name: str, values: Sequence[Any], kind: str | None = None) -> ColumnProfile:
    """Return the profile of a column of typed values; ``kind``: its exact type, where a schema says it."""
    present = [value for value in values if not is_gap(value)]
    missing = len(values) - len(present)
    nature = nature_of(present)
    word = kind or nature.word
    if nature.numeric:
        finite = [float(value) for value in present if _fits(value)]
        if finite:
            return profile_of_numbers(name, word, missing, finite)
    counts = Counter((as_text(value) or "")[:COUNTED_CHARACTERS] for value in present)
    found = profile_of_words(name, word, missing, counts)
    return _with_moments(found, present) if nature.temporal or _is_moment(word) else found


def _fits(value: float | Decimal) -> bool:
    """Whether a number is finite, also as a float."""
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _is_moment(word: str) -> bool:
    return word == "date" or word.startswith("timestamp")


def _with_moments(found: ColumnProfile, values: Sequence[Any]) -> ColumnProfile:
    """Add the first and last moment, and how the moments are spread between them."""
    known = sorted((moment, at) for at, value in enumerate(values) if (moment := moment_of(value)) is not None)
    if not known or len(known) < len(values):
        return found
    (low, first), (high, last) = known[0], known[-1]
    span = (as_text(values[first]) or "", as_text(values[last]) or "")
    return replace(found, span=span, bars=histogram([moment for moment, _ in known], low, high), top=())


def moment_of(value: Any) -> float | None:
    """Return a day or a moment, or its text in ISO 8601, as the seconds that order it; naive ones are taken as UTC.

    None where Python cannot count so far.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        clock = value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6
        offset = value.utcoffset()
        return value.toordinal() * 86400.0 + clock - (offset.total_seconds() if offset else 0.0)
    return value.toordinal() * 86400.0 if isinstance(value, date) else None
