"""Keeping a bounded number of things of a stream whose length nobody knows, spread evenly over it."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Thinned(Generic[T]):
    """Keeps at most ``most`` things added, evenly spaced, the first and always the last among them."""

    __slots__ = ("_kept", "_last", "_most", "_stride", "count")

    def __init__(self, most: int) -> None:
        self._most = max(2, most)
        self._stride = 1
        self._kept: list[T] = []
        self._last: T | None = None
        self.count = 0

    def add(self, thing: T) -> None:
        """Add the next thing of the stream."""
        if self.count % self._stride == 0:
            if len(self._kept) >= self._most - 1:
                self._kept = self._kept[::2]
                self._stride *= 2
            if self.count % self._stride == 0:
                self._kept.append(thing)
        self._last = thing
        self.count += 1

    def kept(self) -> list[T]:
        """Return what is kept, in its order."""
        if self._last is None or (self._kept and self._kept[-1] is self._last):
            return list(self._kept)
        return [*self._kept, self._last]

    @property
    def whole(self) -> bool:
        """Whether everything added is kept."""
        return self._stride == 1 and self.count <= self._most
