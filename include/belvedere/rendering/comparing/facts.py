"""The facts of artifacts side by side, flattened to paths; what differs comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from belvedere.rendering.comparing.shapes import number, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from belvedere.rendering.comparing.subjects import Subject

MOST_FACTS, DEEPEST, MOST_LISTED, LONGEST_VALUE = 400, 6, 16, 300


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact: its path, its value in each artifact as text (None: not there), and whether they differ."""

    name: str
    values: tuple[str | None, ...]
    differs: bool


def fact_rows(subjects: Sequence[Subject]) -> tuple[FactRow, ...]:
    """Return all facts of the artifacts, those that differ first."""
    known = [dict(islice(_leaves(subject.facts, "", 0), MOST_FACTS)) for subject in subjects]
    names = list(dict.fromkeys(name for one in known for name in one))[:MOST_FACTS]
    rows = [_row(name, [one.get(name) for one in known]) for name in names]
    return tuple(sorted(rows, key=lambda row: not row.differs))


def _row(name: str, values: Sequence[tuple[str, Any] | None]) -> FactRow:
    first = values[0]
    differs = any((value is None) != (first is None) or (value and first and value[1] != first[1]) for value in values)
    return FactRow(name, tuple(value[0] if value else None for value in values), bool(differs))


def _leaves(value: Any, path: str, depth: int) -> Iterator[tuple[str, tuple[str, Any]]]:
    """Yield paths with their values, as text and as they are."""
    if isinstance(value, Mapping) and value and depth < DEEPEST:
        for name, inner in islice(value.items(), MOST_FACTS):
            yield from _leaves(inner, f"{path} › {word(name)}" if path else word(name).replace("_", " "), depth + 1)
    else:
        yield path, (_text(value), value)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"an object of {len(value):,}" if value else "none"
    if not isinstance(value, list):
        return _plain(value)
    if any(isinstance(item, list | dict) for item in value):
        return f"a list of {len(value):,}"
    if len(value) <= MOST_LISTED:
        return word(", ".join(map(_plain, value)), LONGEST_VALUE) or "none"
    numbers = [found for item in value if (found := number(item)) is not None]
    if len(numbers) == len(value):
        return f"{len(value):,} numbers from {_plain(min(numbers))} to {_plain(max(numbers))}"
    return f"{word(', '.join(map(_plain, value[:MOST_LISTED])), LONGEST_VALUE)}, and {len(value) - MOST_LISTED:,} more"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, int) and abs(value) < 1 << 62:
        return f"{value:,}"
    return "none" if value is None else word(value, LONGEST_VALUE)
