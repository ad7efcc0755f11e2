"""The page of a rendering: one self-contained file without script, light and dark, careful with type.

It works under ``default-src 'none'; style-src 'unsafe-inline'; img-src data:`` in a frame without any rights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.rendering.drawing.svg import escaped
from belvedere.rendering.pages.styles import PAGE_CSS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def page(title: str, body: str, *, lead: str = "", warnings: Iterable[str] = (), headed: bool = True) -> bytes:
    """Return a whole page. ``title``, ``lead`` and ``warnings`` are plain text; ``body`` is finished HTML.

    ``headed`` False: the body has a heading of its own.
    """
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escaped(title)}</title>'
    view = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    said = f'<p class="lead">{escaped(lead)}</p>' if lead else ""
    heading = f"<h1>{escaped(title)}</h1>" if headed else ""
    content = f"{heading}{said}{notes(warnings)}{body}"
    return f"{head}{view}<style>{PAGE_CSS}</style></head><body>{content}</body></html>\n".encode()


def notes(warnings: Iterable[str]) -> str:
    """Return warnings as HTML, each one a visible note."""
    return "".join(f'<div class="note" role="note">Warning: {escaped(text)}</div>' for text in warnings)


def fact_list(facts: Mapping[str, str]) -> str:
    """Return names and plain-text values as an HTML description list."""
    return (
        "<dl>"
        + "".join(f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>" for name, value in facts.items())
        + "</dl>"
    )


def verdict(figures: Mapping[str, str]) -> str:
    """Return a few figures in large type, each under its name: what a reader should remember."""
    cells = "".join(
        f"<div><span>{escaped(name)}</span><b>{escaped(value)}</b></div>" for name, value in figures.items()
    )
    return f'<div class="verdict">{cells}</div>'


def figure(drawing: str) -> str:
    """Return a finished drawing or image, placed in the page."""
    return f'<div class="figure">{drawing}</div>'


def cell(value: str, *, numeric: bool = False, tag: str = "td") -> str:
    """Return one table cell of plain text."""
    css = ' class="n"' if numeric else ""
    return f"<{tag}{css}>{escaped(value)}</{tag}>"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, numeric: Sequence[bool] = ()) -> str:
    """Return a table of plain texts; ``numeric`` says which columns stand to the right."""
    right = [*numeric, *[False] * (len(header) - len(numeric))]
    names = "".join(
        f'<th scope="col"{" class=n" if on else ""}>{escaped(name)}</th>'
        for name, on in zip(header, right, strict=True)
    )
    lines = ("".join(cell(value, numeric=on) for value, on in zip(row, right, strict=True)) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="scroll"><table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table></div>'
