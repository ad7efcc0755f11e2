"""Byte ranges of requests (RFC 9110, section 14): players jump in a file by asking for parts of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes ``first`` to ``last`` of a file, both of them included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many bytes these are."""
        return self.last - self.first + 1


class UnsatisfiableRange(Exception):
    """The range lies behind the file's end."""


def asked_range(header: str | None, size: int) -> ByteRange | None:
    """Return the range asked for of a file of ``size`` bytes; None: all of it.

    Several ranges, other units and nonsense count as no range, as the standard allows.

    Raises:
        UnsatisfiableRange: the range is well-formed, but none of it lies within the file.
    """
    found = ONE_RANGE.fullmatch(header or "")
    if found is None or found.group(1) == found.group(2) == "":
        return None
    if not found.group(1):
        length = min(size, int(found.group(2)))
        first, last = size - length, size - 1
    else:
        first = int(found.group(1))
        last = min(size - 1, int(found.group(2))) if found.group(2) else size - 1
        if found.group(2) and int(found.group(2)) < first:
            return None
    if first > last or first >= size:
        raise UnsatisfiableRange
    return ByteRange(first, last)
