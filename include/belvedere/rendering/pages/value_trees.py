"""Nested values (JSON, YAML, XML) as a tree to open and close: names, types, counts, paths."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from belvedere.rendering.drawing.svg import Drawing, escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_SHOWN, MOST_CHILDREN, OPEN_LINES = 6000, 300, 400
LONGEST_TEXT, INLINE_CHARACTERS, THUMBNAIL_LINES = 2000, 90, 11
TREE_CSS = (
    ".values{font:12.5px/1.6 ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;border:1px solid var(--line);"
    "border-radius:8px;padding:10px 14px;margin:12px 0}.values li{padding-left:14px}"
    ".values li>details{margin-left:-14px}.values ul{margin-left:4px}"
    ".name{color:var(--ink);font-weight:600}.vs{color:#0a6640;white-space:pre-wrap}.vn{color:#0550ae}.vb{color:#8250df}"
    "@media(prefers-color-scheme:dark){.vs{color:#a5d6a7}.vn{color:#79c0ff}.vb{color:#d2a8ff}}"
)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value as it was written: its text and what it is (``string``, ``number``, ``word``, ``alias``)."""

    text: str
    form: str


@dataclass(slots=True)
class Element:
    """An XML element: its name, attributes, and what is in it (elements and text)."""

    name: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Measure:
    """How large a nested value is: all its values, and how deep they lie."""

    values: int
    depth: int


def children_of(value: Any) -> list[tuple[str, Any]] | None:
    """Return the named children of a value; None where it has none by nature."""
    if isinstance(value, dict):
        return [(str(name), inner) for name, inner in value.items()]
    if isinstance(value, list):
        return [(str(at), inner) for at, inner in enumerate(value)]
    if isinstance(value, Element):
        attributes = [(f"@{name}", text) for name, text in value.attributes.items()]
        return attributes + [(child.name if isinstance(child, Element) else "", child) for child in value.children]
    return None


def _inner_values(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        return iter(value.values())
    if isinstance(value, list):
        return iter(value)
    return iter(value.children) if isinstance(value, Element) else iter(())


def measure(value: Any) -> Measure:
    """Count the values within ``value`` and find how deep they lie."""
    values = depth = 0
    waiting = deque([(value, 1)])
    while waiting:
        current, level = waiting.pop()
        values += 1
        depth = max(depth, level)
        waiting.extend((inner, level + 1) for inner in _inner_values(current))
    return Measure(values, depth)


def open_depth(value: Any) -> int:
    """Return down to which depth a tree can stand open without becoming longer than a few pages."""
    level, shown, depth = [value], 0, 0
    while level:
        below: list[Any] = []
        for current in level:
            below.extend(islice(_inner_values(current), MOST_CHILDREN))
            if shown + len(below) > OPEN_LINES:
                return max(1, depth)
        shown += len(below)
        level, depth = below, depth + 1
    return depth


class Tree:
    """A value on its way to HTML; ``shown`` tells how many values are in it."""

    def __init__(self, value: Any, *, depth: int) -> None:
        self._depth, self._open = depth, open_depth(value)
        self.shown = 0
        self.html = f'<ul class="tree values">{self._item("", value, "$", 0)}</ul>'

    def _item(self, name: str, value: Any, path: str, depth: int) -> str:
        self.shown += 1
        label = f'<span class="name" title="{escaped(path[:300])}">{escaped(name[:300])}</span> ' if name else ""
        children = children_of(value)
        if children is None:
            return f"<li>{label}{_scalar(value)}</li>"
        inline = _inline(value)
        if inline is not None:
            self.shown += len(children)
            return f"<li>{label}{inline}</li>"
        about = f'<span class="muted">{_about(value, len(children), named=bool(name))}</span>'
        if depth >= self._depth or not children:
            return f"<li>{label}{about}</li>"
        inside = self._items(children, path, depth)
        opened = " open" if depth < self._open else ""
        return f"<li><details{opened}><summary>{label}{about}</summary><ul>{inside}</ul></details></li>"

    def _items(self, children: list[tuple[str, Any]], path: str, depth: int) -> str:
        lines = []
        for at, (name, inner) in enumerate(children):
            if at >= MOST_CHILDREN or self.shown >= MOST_SHOWN:
                lines.append(f'<li class="muted">… {len(children) - at:,} more</li>')
                break
            step = f"[{name}]" if name.isdigit() else f".{name}"
            lines.append(self._item(name, inner, f"{path}{step}", depth + 1))
        return "".join(lines)


def _about(value: Any, count: int, *, named: bool) -> str:
    if isinstance(value, Element):
        if named:
            return f"{count:,}" if count else "empty"
        return f"&lt;{escaped(value.name)}&gt; {count:,}" if count else f"&lt;{escaped(value.name)}/&gt;"
    return f"[{count:,}]" if isinstance(value, list) else f"{{{count:,}}}"


def _inline(value: Any) -> str | None:
    """Short lists of plain values, and elements that hold only text, fit on one line."""
    if isinstance(value, Element):
        alone = len(value.children) == 1 and isinstance(value.children[0], str) and not value.attributes
        return _scalar(value.children[0]) if alone else None
    if not isinstance(value, list) or not 0 < len(value) <= 24 or any(children_of(item) is not None for item in value):
        return None
    if sum(len(_written(item)[0]) + 2 for item in value) > INLINE_CHARACTERS:
        return None
    return f'<span class="muted">[</span>{", ".join(map(_scalar, value))}<span class="muted">]</span>'


def _scalar(value: Any) -> str:
    text, css = _written(value)
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]}… ({len(text):,} characters)"
    return f'<span class="{css}">{escaped(text)}</span>'


def _written(value: Any) -> tuple[str, str]:
    if isinstance(value, Scalar):
        return value.text, {"string": "vs", "number": "vn"}.get(value.form, "vb")
    if isinstance(value, str):
        return value, "vs"
    if value is None or isinstance(value, bool):
        return json.dumps(value), "vb"
    return str(value), "vn"


def thumbnail(value: Any, label: str) -> Drawing:
    """Draw the top of the tree."""
    drawing = Drawing(480, 300, label=f"The beginning of a {label} document")
    for at, (depth, name, text) in enumerate(islice(_lines(value, 0), THUMBNAIL_LINES)):
        left, top = 20 + 18 * depth, 34 + at * 24.5
        shown = f"{name}: " if name else ""
        drawing.text(left, top, shown, css="mono strong", size=14, fit=400 - left)
        drawing.text(
            left + 8.6 * min(len(shown), 40), top, text, css="mono muted", size=14, fit=450 - left - 8.6 * len(shown)
        )
    return drawing


def _lines(value: Any, depth: int) -> Iterator[tuple[int, str, str]]:
    for name, inner in (children_of(value) or [("", value)])[:THUMBNAIL_LINES]:
        below = children_of(inner)
        if below is None:
            yield depth, name, _written(inner)[0][:80]
            continue
        yield depth, name, f"[{len(below):,}]" if isinstance(inner, list) else f"{{{len(below):,}}}"
        if depth < 3:
            yield from _lines(inner, depth + 1)
