"""Reading JSON element by element: hundreds of megabytes of annotations or features in the memory of one of them.

The standard decoder reads one value at a time out of a window over the file; only where the values lie is ours.
"""

from __future__ import annotations

import codecs
import json
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from belvedere.errors import LimitExceeded, MalformedArtifact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

READ_BYTES = 1024**2
MOST_CHARACTERS = 64 * 1024**2
SPACE = re.compile(r"[ \t\r\n]*")
NEARLY = 16
CUT = "it ends too early: the file is incomplete (truncated)"


class _StopReadingError(Exception):
    """Enough was read."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of a file to read at most: bytes, and seconds from the budget's making."""

    most_bytes: int
    seconds: float
    started: float = field(default_factory=time.monotonic)

    def is_spent(self, read_bytes: int) -> bool:
        """Whether reading should end."""
        return read_bytes >= self.most_bytes or time.monotonic() - self.started >= self.seconds


class Element(NamedTuple):
    """One value: an item of the top-level array ``key`` (``listed``), or the value of ``key`` itself."""

    key: str
    value: Any
    listed: bool


class JsonStream:
    """The elements of a JSON document: those of the arrays right below its top-level object, or of a top-level array.

    Iterating raises MalformedArtifact (code ``malformed_json``) where the text stops being JSON; what came before
    was good. ``read_bytes`` says how far reading got. ``budget``: stop, quietly, where it is spent.
    """

    _file: BinaryIO

    def __init__(self, path: Path, budget: Budget | None = None) -> None:
        self._path, self._budget = path, budget
        self._decoder = json.JSONDecoder()
        self._window, self._at, self._ended = "", 0, False
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self.read_bytes = 0

    def __iter__(self) -> Iterator[Element]:
        """Yield the elements in the file's order."""
        with self._path.open("rb") as self._file, suppress(_StopReadingError):
            first = self._peek()
            if first == "{":
                yield from self._object()
            elif first == "[":
                yield from self._array("")
            else:
                raise self._malformed("it begins with neither { nor [")

    def _object(self) -> Iterator[Element]:
        self._at += 1
        if self._peek() == "}":
            return
        while True:
            key = self._value()
            if not isinstance(key, str) or self._peek() != ":":
                raise self._malformed("a name and a colon were expected")
            self._at += 1
            if self._peek() == "[":
                yield from self._array(key)
            else:
                yield Element(key, self._value(), listed=False)
            if self._passed("}"):
                return

    def _array(self, key: str) -> Iterator[Element]:
        self._at += 1
        if self._peek() == "]":
            self._at += 1
            return
        while True:
            yield Element(key, self._value(), listed=True)
            if self._passed("]"):
                return

    def _passed(self, closing: str) -> bool:
        """Step over a comma (False) or the closing bracket (True)."""
        mark = self._peek()
        if mark not in (",", closing):
            raise self._malformed(f"a comma or {closing} was expected")
        self._at += 1
        return mark == closing

    def _peek(self) -> str:
        """Return the next character that is no space; step over the space before it."""
        while True:
            found = SPACE.match(self._window, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._window):
                return self._window[self._at]
            if not self._more():
                raise self._malformed(CUT)

    def _value(self) -> Any:
        self._peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._window, self._at)
            except json.JSONDecodeError as error:
                place = self._place(error.pos)
                cut = error.msg.startswith("Unterminated") or error.pos >= len(self._window) - NEARLY
                if cut and self._more():
                    continue
                what = CUT if cut else error.msg
                raise self._malformed(what, place) from error
            except (ValueError, RecursionError) as error:
                raise self._malformed("a value cannot be read: too long a number, or nested too deeply") from error
            # a number at the very end of the window may go on behind it
            if end < len(self._window) or not isinstance(value, int | float):
                self._at = end
                return value
            if not self._more():
                raise self._malformed(CUT)

    def _more(self) -> bool:
        """Read on, twice as much where one value fills the window; False at the end of the file."""
        if self._ended:
            return False
        if self._budget is not None and self._budget.is_spent(self.read_bytes):
            raise _StopReadingError
        pending = len(self._window) - self._at
        if pending > MOST_CHARACTERS:
            text = f"One value of this JSON is longer than {MOST_CHARACTERS:,} characters."
            raise LimitExceeded(text, code="json_value_size")
        data = self._file.read(max(READ_BYTES, pending))
        self.read_bytes += len(data)
        self._ended = not data
        self._window = self._window[self._at :] + self._decode(data, self._ended)
        self._at = 0
        return not self._ended

    def _place(self, at: int) -> int:
        """Return about which byte of the file a place in the window is."""
        return max(0, self.read_bytes - len(self._window) + at)

    def _malformed(self, what: str, place: int | None = None) -> MalformedArtifact:
        at = self._place(self._at) if place is None else place
        return MalformedArtifact(f"This is not valid JSON near byte {at:,}: {what}.", code="malformed_json")
