"""The figures of an array's elements, piece by piece: range, mean, deviation, and what is no number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLED_OF_PIECE = 5_000


class Figures:
    """Figures of all elements seen so far; ``sample`` are evenly spaced finite ones."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.numeric = dtype.kind in "biuf"
        self.count = self.missing = self.infinite = self.zeros = 0
        self.minimum: float | None = None
        self.maximum: float | None = None
        self._mean, self._squares, self._finite = 0.0, 0.0, 0
        self._sample: list[Any] = []

    def add(self, piece: NDArray[Any]) -> None:
        """Take some more elements into account."""
        import numpy as np

        self.count += piece.size
        if not self.numeric:
            return
        values = piece
        if piece.dtype.kind == "f":
            gaps, fine = int(np.isnan(piece).sum()), np.isfinite(piece)
            self.missing += gaps
            values = piece[fine]
            self.infinite += piece.size - values.size - gaps
        if values.size:
            self._merge(values)

    def _merge(self, values: NDArray[Any]) -> None:
        """Add finite values (Chan's method for means and squares of parts)."""
        import numpy as np

        low, high = float(values.min()), float(values.max())
        self.minimum = low if self.minimum is None else min(low, self.minimum)
        self.maximum = high if self.maximum is None else max(high, self.maximum)
        self.zeros += values.size - int(np.count_nonzero(values))
        wide = values.astype(np.float64, copy=False)
        with np.errstate(all="ignore"):
            mean, squares = float(wide.mean()), float(wide.var()) * values.size
        total = self._finite + values.size
        apart = mean - self._mean
        self._squares += squares + apart * apart * self._finite * values.size / total
        self._mean += apart * values.size / total
        self._finite = total
        self._sample.append(wide[:: max(1, values.size // SAMPLED_OF_PIECE)].copy())

    @property
    def mean(self) -> float | None:
        """The mean of the finite elements, None of none or beyond what a float holds."""
        return self._mean if self._finite and math.isfinite(self._mean) else None

    @property
    def deviation(self) -> float | None:
        """The standard deviation of the finite elements."""
        variance = self._squares / self._finite if self._finite else math.nan
        return math.sqrt(variance) if math.isfinite(variance) else None

    @property
    def sample(self) -> NDArray[Any]:
        """Evenly spaced finite elements."""
        import numpy as np

        return np.concatenate(self._sample) if self._sample else np.empty(0)

    def as_facts(self) -> dict[str, Any]:
        """Return the figures as facts."""
        if not self.numeric:
            return {}
        return {
            "min": self.minimum,
            "max": self.maximum,
            "mean": self.mean,
            "std": self.deviation,
            "nan": self.missing,
            "inf": self.infinite,
            "zeros": self.zeros,
        }
