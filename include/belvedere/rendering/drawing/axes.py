"""Axes of drawings: where a value stands between 0 and 1, and which round values are marked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from belvedere.rendering.pages.numbers import short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
DAY, YEAR = 86_400.0, 365.25 * 86_400
MARGIN = 0.04


@dataclass(frozen=True, slots=True)
class Tick:
    """A marked value of an axis."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Axis:
    """From ``low`` to ``high``; ``log``: equal ratios take equal room."""

    low: float
    high: float
    ticks: tuple[Tick, ...]
    title: str = ""
    log: bool = False

    def at(self, value: float) -> float:
        """Return where ``value`` stands: 0 at the low end, 1 at the high end."""
        if self.log:
            low, high = math.log10(self.low), math.log10(self.high)
            return (math.log10(max(value, 1e-300)) - low) / (high - low)
        return (value - self.low) / (self.high - self.low)


def linear_axis(values: Iterable[float], *, title: str = "", marks: int = 5, zero: bool = False) -> Axis:
    """Return an axis that holds all finite ``values``; ``zero``: and 0, where the axis then begins or ends."""
    low, high = _range(values, zero=zero)
    room = (high - low) * MARGIN
    low = low if zero and low == 0 else low - room
    high = high if zero and high == 0 else high + room
    return Axis(low, high, _marks(low, high, marks), title)


def span_axis(low: float, high: float, *, title: str = "", marks: int = 5) -> Axis:
    """Return an axis from ``low`` to ``high`` exactly."""
    if not low < high:
        low, high = low - 0.5, low + 0.5
    return Axis(low, high, _marks(low, high, marks), title)


def log_axis(values: Iterable[float], *, title: str = "") -> Axis:
    """Return a logarithmic axis that holds all positive ``values``."""
    positive = [value for value in values if math.isfinite(value) and value > 0] or [1.0, 10.0]
    low, high = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
    high = max(high, low + 1)
    every = max(1, -(-(high - low) // 6))
    ticks = tuple(Tick(10.0**power, short(10.0**power)) for power in range(low, high + 1, every))
    return Axis(10.0**low, 10.0**high, ticks, title, log=True)


def category_axis(names: Sequence[str], *, title: str = "", most: int = 24) -> Axis:
    """Return an axis with a place for each name, at 0, 1, 2 ..."""
    every = max(1, -(-len(names) // most))
    ticks = tuple(Tick(float(at), name) for at, name in enumerate(names) if at % every == 0)
    return Axis(-0.5, max(0.5, len(names) - 0.5), ticks, title)


def time_axis(values: Iterable[float], *, title: str = "", marks: int = 5) -> Axis:
    """Return an axis of moments, in seconds since 1970."""
    low, high = _range(values, zero=False)
    step = _time_step((high - low) / marks)
    first = math.ceil(low / step) * step
    moments = [first + at * step for at in range(marks + 2) if first + at * step <= high]
    return Axis(low, high, tuple(Tick(moment, _moment(moment, high - low)) for moment in moments), title)


def _time_step(least: float) -> float:
    steps = (
        1.0,
        5.0,
        15.0,
        60.0,
        300.0,
        900.0,
        3600.0,
        10_800.0,
        21_600.0,
        DAY,
        2 * DAY,
        7 * DAY,
        14 * DAY,
        30.4375 * DAY,
        91.3125 * DAY,
        182.625 * DAY,
    )
    return next((step for step in steps if step >= least), max(1.0, math.ceil(least / YEAR)) * YEAR)


def _moment(seconds: float, span: float) -> str:
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    if span > 2 * YEAR:
        return f"{moment:%Y}"
    if span > 3 * DAY:
        return f"{moment:%Y-%m-%d}"
    return f"{moment:%H:%M}" if span > 300 else f"{moment:%H:%M:%S}"


def _range(values: Iterable[float], *, zero: bool) -> tuple[float, float]:
    finite = [value for value in values if math.isfinite(value) and abs(value) < 1e300]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= abs(high) * 1e-12:
        room = abs(high) * 0.5 or 0.5
        low, high = (low - room if not (zero and low == 0) else low), high + room
    return low, high


def _marks(low: float, high: float, count: int) -> tuple[Tick, ...]:
    rough = (high - low) / max(1, count)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * unit for unit in STEPS if power * unit >= rough * 0.999)
    digits = max(0, -math.floor(math.log10(step)) + (1 if step / power == 2.5 else 0))
    first = math.ceil(low / step - 1e-9)
    values = [at * step for at in range(first, first + count + 3) if at * step <= high + step * 1e-9]
    return tuple(Tick(value, labelled(step, digits)(value)) for value in values)


def labelled(step: float, digits: int) -> Callable[[float], str]:
    """Return how marks ``step`` apart are written: with as many decimals as they need, or as powers of ten."""

    def write(value: float) -> str:
        value = 0.0 if abs(value) < step * 1e-6 else value
        if abs(value) >= 1e6 or 0 < abs(step) < 1e-4:
            return f"{value:.3g}"
        return f"{value:,.{min(digits, 8)}f}" if digits else f"{value:,.0f}"

    return write
