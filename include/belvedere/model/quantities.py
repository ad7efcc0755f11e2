"""Durations and sizes as people write them in a tenant's file: ``30d``, ``24h``, ``10GiB``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

DURATION = re.compile(r"(0|[1-9][0-9]{0,6})(s|m|h|d|w)")
SIZE = re.compile(r"([1-9][0-9]{0,8})(B|KiB|MiB|GiB|TiB)")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
BYTES = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}


def read_duration(value: object) -> timedelta:
    """Read ``30s``, ``90m``, ``24h``, ``30d`` or ``2w``.

    Raises:
        ValueError: it is written otherwise.
    """
    if isinstance(value, timedelta):
        return value
    found = DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("a duration is a whole number with s, m, h, d or w behind it, such as 24h or 30d")
    return timedelta(seconds=int(found[1]) * SECONDS[found[2]])


def write_duration(value: timedelta) -> str:
    """Write a duration in the largest unit that divides it."""
    seconds = round(value.total_seconds())
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % SECONDS[unit] == 0) if seconds else "s"
    return f"{seconds // SECONDS[unit]}{unit}"


def read_size(value: object) -> int:
    """Read ``500MiB`` or ``10GiB``, or a whole number of bytes.

    Raises:
        ValueError: it is written otherwise.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    found = SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("a size is a whole number with B, KiB, MiB, GiB or TiB behind it, such as 10GiB")
    return int(found[1]) * BYTES[found[2]]


def write_size(value: int) -> str:
    """Write a number of bytes in the largest unit that divides it."""
    unit = next(unit for unit in ("TiB", "GiB", "MiB", "KiB", "B") if value % BYTES[unit] == 0)
    return f"{value // BYTES[unit]}{unit}"


Duration = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    PlainSerializer(write_duration),
    WithJsonSchema({"type": "string", "pattern": f"^{DURATION.pattern}$", "examples": ["24h", "30d"]}),
]
Size = Annotated[
    int,
    BeforeValidator(read_size),
    PlainSerializer(write_size),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": f"^{SIZE.pattern}$"}, {"type": "integer", "minimum": 1}]}
        | {"examples": ["10GiB"]}
    ),
]
