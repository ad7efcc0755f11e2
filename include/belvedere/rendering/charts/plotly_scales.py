"""Plotly's axes: numbers, logarithms, dates or categories, as declared or as the values tell."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from belvedere.rendering.charts.plotly_figures import words
from belvedere.rendering.drawing.axes import Axis, category_axis, linear_axis, log_axis, span_axis, time_axis

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_CATEGORIES = 2000


@dataclass(slots=True)
class Scale:
    """How the values of one axis become numbers. ``kind`` is linear, log, date or category."""

    kind: str
    names: dict[str, int] = field(default_factory=dict)
    seen: list[float] = field(default_factory=list)
    zero: bool = False

    def number(self, value: Any) -> float:
        """Return the number that stands for a value; nan where there is none."""
        if self.kind == "category":
            name = str(value)
            if name not in self.names and len(self.names) < MOST_CATEGORIES:
                self.names[name] = len(self.names)
            return float(self.names.get(name, math.nan)) if value is not None else math.nan
        if self.kind == "date":
            return moment(value)
        return as_float(value)

    def numbers(self, values: Iterable[Any]) -> list[float]:
        """Return the numbers of values, and remember them for the axis."""
        found = [self.number(value) for value in values]
        self.seen += found
        return found

    def axis(self, declared: Mapping[str, Any], *, marks: int) -> Axis:
        """Return the axis over all that was seen, as the layout declares it."""
        title = words(declared.get("title"))
        axis = self._ranged(declared, title, marks) or self._free(title, marks)
        if declared.get("autorange") == "reversed":
            axis = replace(axis, low=axis.high, high=axis.low)
        return axis

    def _ranged(self, declared: Mapping[str, Any], title: str, marks: int) -> Axis | None:
        ends = declared.get("range")
        if not isinstance(ends, list) or len(ends) != 2 or self.kind == "category":
            return None
        low, high = (moment(end) if self.kind == "date" else as_float(end) for end in ends)
        if not (math.isfinite(low) and math.isfinite(high)) or low == high or abs(low) + abs(high) > 1e300:
            return None
        if self.kind == "log":
            return log_axis([10 ** min(300.0, max(-300.0, low)), 10 ** min(300.0, max(-300.0, high))], title=title)
        if self.kind == "date":
            return time_axis([low, high], title=title, marks=marks)
        axis = span_axis(min(low, high), max(low, high), title=title, marks=marks)
        return axis if low < high else replace(axis, low=axis.high, high=axis.low)

    def _free(self, title: str, marks: int) -> Axis:
        if self.kind == "category":
            return category_axis([name[:60] for name in self.names] or [""], title=title)
        if self.kind == "log":
            return log_axis(self.seen, title=title)
        if self.kind == "date":
            return time_axis(self.seen, title=title, marks=marks)
        return linear_axis(self.seen, title=title, marks=marks, zero=self.zero)


def scale_of(declared: Mapping[str, Any], samples: Iterable[Any]) -> Scale:
    """Return the scale of an axis: its declared type, or what the first values are."""
    kind = declared.get("type")
    if kind in ("linear", "log", "date", "category"):
        return Scale(str(kind))
    if kind == "multicategory":
        return Scale("category")
    known = [value for value in samples if value is not None][:500]
    if not known or sum(not math.isnan(as_float(value)) for value in known) * 2 >= len(known):
        return Scale("linear")
    dates = sum(not math.isnan(moment(value)) for value in known if isinstance(value, str))
    return Scale("date" if dates * 2 > len(known) else "category")


def as_float(value: Any) -> float:
    """Return a number, also one written as text; nan where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def moment(value: Any) -> float:
    """Return a date as seconds since 1970; nan where it is none. Plotly's numbers are milliseconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) / 1000
    if not isinstance(value, str) or len(value) < 7 or not value[:4].isdigit():
        return math.nan
    text = value if len(value) > 7 else f"{value}-01"
    try:
        found = datetime.fromisoformat(text[:32])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return math.nan
