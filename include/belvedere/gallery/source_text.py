"""The first lines of an artifact's own bytes: as text where they are text, in hexadecimal where not."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from typing import Any

SHOWN_BYTES = 64 * 1024
SHOWN_IN_HEX = 4096
HEX_WIDTH = 16
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
TEXT_CONTROLS = {"\t", "\n", "\r", "\f", "\x1b"}
MOST_ODD = 0.02


@dataclass(frozen=True, slots=True)
class SourceText:
    """What to show of the source: ``encoding`` is empty for a hexadecimal dump."""

    text: str
    encoding: str
    shown: int
    size: int

    @property
    def whole(self) -> bool:
        """Whether nothing was left out."""
        return self.shown >= self.size


def json_text(content: bytes) -> SourceText:
    """Lay out a JSON document for reading, cut where it gets long."""
    text = _laid_out(json.loads(content))
    size = len(text.encode("utf-8", "replace"))
    shown = text[:SHOWN_BYTES]
    return SourceText(shown, "utf-8", len(shown.encode("utf-8", "replace")), size)


def _laid_out(value: Any, indent: str = "") -> str:
    """Write JSON with an item a line, but what holds plain values only (a row, a point) in one line."""
    items = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    if not any(isinstance(item, list | dict) for item in items):
        return json.dumps(value, ensure_ascii=False)
    inner = indent + "  "
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + _laid_out(item, inner) for item in value) + f"\n{indent}]"
    pairs = (f"{inner}{json.dumps(name, ensure_ascii=False)}: {_laid_out(item, inner)}" for name, item in value.items())
    return "{\n" + ",\n".join(pairs) + f"\n{indent}}}"


def source_text(head: bytes, size: int) -> SourceText:
    """Read the first bytes of a source of ``size`` bytes."""
    head = head[:SHOWN_BYTES]
    for encoding in _encodings(head):
        text = _decoded(head, encoding)
        if text is not None:
            return SourceText(text, encoding, len(head), size)
    dumped = head[:SHOWN_IN_HEX]
    return SourceText(_hex(dumped), "", len(dumped), size)


def _encodings(head: bytes) -> tuple[str, ...]:
    marked = next((encoding for mark, encoding in MARKS if head.startswith(mark)), None)
    return (marked,) if marked else ("utf-8", "windows-1252")


def _decoded(head: bytes, encoding: str) -> str | None:
    try:  # the last character may be cut: an incremental decoder keeps it back instead of complaining
        text = codecs.getincrementaldecoder(encoding)("strict").decode(head, final=False)
    except UnicodeDecodeError:
        return None
    odd = sum(1 for character in text if not character.isprintable() and character not in TEXT_CONTROLS)
    odd -= sum(text.count(space) for space in "\u00a0\u2028\u2029\u3000")
    return text if odd <= MOST_ODD * len(text) and "\0" not in text else None


def _hex(head: bytes) -> str:
    return "\n".join(_hex_line(at, head[at : at + HEX_WIDTH]) for at in range(0, len(head), HEX_WIDTH))


def _hex_line(at: int, some: bytes) -> str:
    readable = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in some)
    return f"{at:08x}  {some.hex(' '):<{HEX_WIDTH * 3}} {readable}"
