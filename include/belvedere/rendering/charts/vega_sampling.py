"""Fewer rows for the drawing of a chart whose data are too many for V8 in the memory a rendering may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MOST_ROWS = 20_000


@dataclass(slots=True)
class Thinned:
    """A specification with at most ``MOST_ROWS`` rows in each of its tables; ``shown`` of ``total`` rows are left."""

    spec: dict[str, Any]
    shown: int = 0
    total: int = 0

    @property
    def is_partial(self) -> bool:
        """Whether rows were left out."""
        return self.shown < self.total

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was left out, in a sentence."""
        if not self.is_partial:
            return ()
        rows = f"{self.shown:,} evenly spaced rows of {self.total:,}"
        return (f"The picture is drawn from {rows}, so counts and sums in it are too small: the chart itself has all.",)


def thinned(spec: dict[str, Any]) -> Thinned:
    """Return a copy of a cleaned specification whose tables are short enough to be drawn."""
    result = Thinned({})
    result.spec = _object(spec, result)
    return result


def _object(value: dict[str, Any], found: Thinned) -> dict[str, Any]:
    return {name: _member(name, item, found) for name, item in value.items()}


def _member(name: str, item: Any, found: Thinned) -> Any:
    if name == "values" and isinstance(item, list):
        return _rows(item, found)
    if name == "datasets" and isinstance(item, dict):
        return {key: _rows(rows, found) if isinstance(rows, list) else rows for key, rows in item.items()}
    if isinstance(item, dict):
        return _object(item, found)
    if isinstance(item, list):
        return [_object(one, found) if isinstance(one, dict) else one for one in item]
    return item


def _rows(rows: list[Any], found: Thinned) -> list[Any]:
    kept = rows if len(rows) <= MOST_ROWS else [rows[at * len(rows) // MOST_ROWS] for at in range(MOST_ROWS)]
    found.shown += len(kept)
    found.total += len(rows)
    return kept
