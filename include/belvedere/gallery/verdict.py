"""The facts of an artifact in the few words that fit on a card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Facts = Mapping[str, Any]


def verdict(facts: Facts) -> str | None:
    """Return what the facts come down to, such as ``AUC 0.943 · accuracy 0.933``; None where nothing is known."""
    parts = [
        words for name, say in SAYINGS.items() if isinstance(facts.get(name), Mapping) and (words := say(facts[name]))
    ]
    return " · ".join(parts[:2]) or None


def _roc(roc: Facts) -> str | None:
    return f"AUC {roc['auc']:.3f}" if _is_number(roc.get("auc")) else None


def _confusion_matrix(matrix: Facts) -> str | None:
    return f"accuracy {matrix['accuracy']:.3f}" if _is_number(matrix.get("accuracy")) else None


def _table(table: Facts) -> str | None:
    rows, columns = table.get("rows"), table.get("columns")
    return f"{rows:,} × {columns:,}" if isinstance(rows, int) and isinstance(columns, int) else None


def _image(image: Facts) -> str | None:
    width, height = image.get("width"), image.get("height")
    if isinstance(width, int) and isinstance(height, int):
        return f"{width} × {height} {image.get('format', '')}".strip()
    return str(image["format"]) if image.get("format") else None


def _text(text: Facts) -> str | None:
    return f"{text['lines']:,} lines" if isinstance(text.get("lines"), int) else None


def _progress(progress: Facts) -> str | None:
    if _is_number(progress.get("percent")):
        return f"{progress['percent']:.0f} %"
    return str(progress["last_line"])[:40] if progress.get("last_line") else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


SAYINGS: dict[str, Callable[[Facts], str | None]] = {
    "roc": _roc,
    "confusion_matrix": _confusion_matrix,
    "table": _table,
    "image": _image,
    "progress": _progress,
    "text": _text,
}
