"""The pages' templates and how they write sizes, times and facts. Everything is escaped."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from belvedere.gallery.navigation import around
from belvedere.gallery.static_files import VERSION, modules

UNITS = ("B", "kB", "MB", "GB", "TB")
# Control characters would break lines, bidirectional overrides would show names in a false order.
OVERRIDES = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
PICTURES = (
    {code: chr(0x2400 + code) for code in range(0x20)}
    | {0x7F: "\u2421"}
    | {code: f"<U+{code:04X}>" for code in OVERRIDES}
)


def size(count: float | None) -> str:
    """Write a number of bytes: ``1.4 kB``."""
    if count is None:
        return "unknown"
    value, unit = float(count), UNITS[0]
    for unit in UNITS:
        if value < 1000 or unit == UNITS[-1]:
            break
        value /= 1000
    return f"{value:,.0f} {unit}" if value >= 100 or unit == "B" else f"{value:,.1f} {unit}"


def duration(milliseconds: float | None) -> str:
    """Write a time span: ``84 ms``, ``0.6 s``, ``3 min``."""
    if milliseconds is None:
        return "unknown"
    if milliseconds < 100:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 100_000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds / 60_000:,.0f} min"


def moment(time: datetime) -> str:
    """Write a point in time in UTC."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def age(time: datetime) -> str:
    """Write how long ago something was, as the pages' scripts do: nothing moves when they go on counting."""
    seconds = max(0, int((datetime.now(UTC) - time).total_seconds()))
    for unit, length, most in (("s", 1, 60), ("min", 60, 3600), ("h", 3600, 172_800)):
        if seconds < most:
            return f"{seconds // length} {unit}"
    return f"{seconds // 86_400} d"


def visible(text: object) -> str:
    """Show characters that would disturb their surroundings as pictures or by their code."""
    return str(text).translate(PICTURES)


def lines(text: object) -> str:
    """Show several lines: as ``visible``, but for the ends of lines."""
    return "\n".join(visible(line) for line in str(text).split("\n"))


def document(value: Any) -> str:
    """Write a document of several lines: indented JSON, which a text may hold already."""
    try:
        told = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return lines(value)
    return lines(json.dumps(told, ensure_ascii=False, indent=2))


def is_grid(value: Any) -> bool:
    """Tell whether a fact is a small table: a list of equally long lists of plain values."""
    if not isinstance(value, list) or not value or not all(isinstance(row, list) and row for row in value):
        return False
    plain = not any(isinstance(cell, list | dict) for row in value for cell in row)
    return plain and len({len(row) for row in value}) == 1


def number(value: Any) -> str:
    """Write a plain fact: numbers with four decimals at most, truth as words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".") if 1e-3 <= abs(value) < 1e9 or value == 0 else f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return "none" if value is None else visible(value)


def embedded(value: Any) -> Markup:
    """Write JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704


def _environment() -> Environment:
    folder = Path(__file__).parent / "templates"
    loader = FileSystemLoader(folder)
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters.update(size=size, duration=duration, moment=moment, visible=visible, number=number)
    made.filters.update(lines=lines, document=document)
    made.tests["grid"] = is_grid
    made.globals.update(static=f"static/{VERSION}", age=age, modules=modules)
    return made


templates = Jinja2Templates(env=_environment(), context_processors=[around])
