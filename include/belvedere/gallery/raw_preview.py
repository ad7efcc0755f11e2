"""What a buried record holds, made readable: it may be anything that somebody could write to the topic."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_CHARACTERS = 64 * 1024
MOST_DUMPED = 4096
DEEPEST = 24
LINE_BYTES = 16


@dataclass(frozen=True, slots=True)
class RawPreview:
    """The content as ``json``, ``text`` or ``hex``; ``cut`` when only its beginning is shown."""

    form: str
    text: str
    cut: bool


def raw_preview(raw: bytes) -> RawPreview:
    """Return a record's bytes in the most readable of the three forms."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return RawPreview("hex", _dump(raw[:MOST_DUMPED]), cut=len(raw) > MOST_DUMPED)
    if "\0" in text:
        return RawPreview("hex", _dump(raw[:MOST_DUMPED]), cut=len(raw) > MOST_DUMPED)
    laid_out = _laid_out(text)
    shown = text if laid_out is None else laid_out
    form = "text" if laid_out is None else "json"
    return RawPreview(form, shown[:MOST_CHARACTERS], cut=len(shown) > MOST_CHARACTERS)


def _laid_out(text: str) -> str | None:
    """Return JSON with its lines indented; None for what is none, or is nested so deep that indenting explodes."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if _is_deep(value):
        return None
    return json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace").decode()


def _is_deep(value: Any) -> bool:
    """Tell whether containers stand in each other deeper than ``DEEPEST``; a loop, for recursion has its own limit."""
    layer = [value]
    for _ in range(DEEPEST):
        layer = [inner for outer in layer for inner in _inside(outer)]
        if not layer:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _dump(raw: bytes) -> str:
    lines = []
    for start in range(0, len(raw), LINE_BYTES):
        part = raw[start : start + LINE_BYTES]
        signs = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
        lines.append(f"{start:06x}  {part.hex(' '):<{LINE_BYTES * 3}} {signs}")
    return "\n".join(lines)
