"""Universal Binary JSON as XGBoost writes it: values read in place, never more of them than the bytes can hold.

Format: https://ubjson.org/ (draft 12), big-endian, with typed and counted arrays.
"""

from __future__ import annotations

import struct
from array import array
from typing import Any

from belvedere.errors import MalformedArtifact

DEEPEST = 64
NUMBERS = {"i": ">b", "U": ">B", "I": ">h", "l": ">i", "L": ">q", "d": ">f", "D": ">d"}
TYPECODES = {"i": "b", "U": "B", "I": "h", "l": "i", "L": "q", "d": "f", "D": "d"}
WORDS = {"Z": None, "T": True, "F": False}
NOTHING_BUT_A_TYPE = frozenset("ZTF")


def read_ubjson(data: bytes) -> Any:
    """Return the value that the bytes hold; arrays of numbers as ``array``.

    Raises:
        MalformedArtifact: they hold none, or end before it does.
    """
    try:
        return _Reader(data).value(0)
    except (struct.error, IndexError, UnicodeError) as error:
        raise _broken(f"it ends early or is damaged ({error})") from error


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def marker(self) -> str:
        """Return the next type marker; ``N`` stands for nothing and is skipped."""
        while True:
            found = chr(self.data[self.at])
            self.at += 1
            if found != "N":
                return found

    def value(self, depth: int, marker: str = "") -> Any:
        """Read one value; ``marker``: its type, where that was said before."""
        if depth > DEEPEST:
            raise MalformedArtifact(f"It is nested more than {DEEPEST} levels deep.", code="too_deep")
        kind = marker or self.marker()
        if kind in NUMBERS:
            return self.number(kind)
        if kind in WORDS:
            return WORDS[kind]
        if kind in "SH":
            return self.text()
        if kind == "C":
            return self.taken(1).decode("latin-1")
        if kind == "[":
            return self.list_of(depth)
        if kind == "{":
            return self.mapping(depth)
        raise _broken(f"{kind!r} is no type")

    def number(self, kind: str) -> int | float:
        """Read a number."""
        (found,) = struct.unpack_from(NUMBERS[kind], self.data, self.at)
        self.at += struct.calcsize(NUMBERS[kind])
        return found  # type: ignore[no-any-return]

    def text(self) -> str:
        """Read a text and the length before it."""
        return self.taken(self.length()).decode("utf-8", "replace")

    def taken(self, size: int) -> bytes:
        """Return the next bytes."""
        if size > len(self.data) - self.at:
            raise _broken(f"{size:,} bytes are promised, {len(self.data) - self.at:,} are left: it is truncated")
        self.at += size
        return self.data[self.at - size : self.at]

    def length(self) -> int:
        """Read a length, which is an integer with its own type."""
        kind = self.marker()
        if kind not in "iUIlL":
            raise _broken(f"a length is written as {kind!r}")
        found = int(self.number(kind))
        if found < 0:
            raise _broken("a length is negative")
        return found

    def shape(self) -> tuple[str, int | None]:
        """Read what an array or object says about itself: the type and number of its values."""
        kind, count = "", None
        if self.data[self.at : self.at + 1] == b"$":
            kind = chr(self.data[self.at + 1])
            self.at += 2
        if self.data[self.at : self.at + 1] == b"#":
            self.at += 1
            count = self.length()
        if kind and count is None:
            raise _broken("a typed array has no length")
        if count is not None and count > len(self.data) - self.at and (kind not in NOTHING_BUT_A_TYPE or count > 2**20):
            raise _broken(f"{count:,} values are promised, more than there are bytes: it is truncated")
        return kind, count

    def list_of(self, depth: int) -> Any:
        """Read an array."""
        kind, count = self.shape()
        if count is None:
            found = []
            while self.data[self.at] != 0x5D:
                found.append(self.value(depth + 1))
            self.at += 1
            return found
        if kind in TYPECODES:
            numbers = array(TYPECODES[kind])
            numbers.frombytes(self.taken(count * numbers.itemsize))
            numbers.byteswap()
            return numbers
        return [self.value(depth + 1, kind) for _ in range(count)]

    def mapping(self, depth: int) -> dict[str, Any]:
        """Read an object."""
        kind, count = self.shape()
        found: dict[str, Any] = {}
        if count is not None:
            for _ in range(count):
                name = self.text()
                found[name] = self.value(depth + 1, kind)
            return found
        while self.data[self.at] != 0x7D:
            name = self.text()
            found[name] = self.value(depth + 1)
        self.at += 1
        return found


def _broken(what: str) -> MalformedArtifact:
    return MalformedArtifact(f"Not valid UBJSON (invalid, damaged or truncated): {what}.", code="ubjson")
