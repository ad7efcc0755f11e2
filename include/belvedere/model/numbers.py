"""The numbers among an artifact's facts, as searches find them: ``auc`` in ``{"roc": {"auc": 0.9}}``."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_NUMBERS = 64
MOST_LOOKED_AT = 2_000
DEEPEST = 6
LONGEST_PATH = 300
LONGEST_NAME = 100
# What only says that a number is one: it is called like what it is the value of.
VALUES = ("last_value", "value")
LAST_PART = re.compile(r"^.*[.](?![0-9]|$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Number:
    """One number: its path (``roc.auc``), by which part of it it is found (``auc``), and its value."""

    path: str
    name: str
    value: float


def numbers_of(facts: Mapping[str, Any]) -> list[Number]:
    """Return the numbers of facts, the outermost first; lists are passed over, and so is what no double can hold."""
    found: dict[str, Number] = {}
    waiting: deque[tuple[str, str, Any, int]] = deque([("", "", facts, 0)])
    looked_at = 0
    while waiting and len(found) < MOST_NUMBERS:
        path, outer, value, depth = waiting.popleft()
        if isinstance(value, Mapping):
            for name, inner in value.items():
                looked_at += 1
                if looked_at > MOST_LOOKED_AT or depth == DEEPEST:
                    break
                if isinstance(inner, int | float | Mapping):
                    whole = f"{path}.{name}" if path else str(name)
                    waiting.append((whole, path if name in VALUES and path else whole, inner, depth + 1))
        elif _is_number(value):
            path = fact_name(path)[:LONGEST_PATH]
            found.setdefault(path, Number(path, last_part(fact_name(outer))[:LONGEST_NAME], float(value)))
    return list(found.values())


def fact_name(name: str) -> str:
    """Return a fact's name or path as the index keeps it: small letters, no white space, dots between its parts."""
    return re.sub(r"\s+", "_", name.lower()).replace("/", ".").replace("\0", "")


def last_part(name: str) -> str:
    """Return by which part of its path a fact is found; the dot in ``recall@0.5`` parts nothing."""
    return LAST_PART.sub("", name)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond every double
        return False
