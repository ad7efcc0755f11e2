"""Drawing SVG by hand: a few shapes, every text escaped once, the same bytes for the same drawing.

A string of SVG costs a quarter of a millisecond where a plotting library costs fifty, and needs no script.
"""

from __future__ import annotations

import html
import unicodedata
from typing import TYPE_CHECKING

from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FONT = "Inter,system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif"
MONOSPACE = "ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"
ACCENT_SOFT = "rgba(1,124,238,.14)"
SHAPES_CSS = (
    f"svg.drawing text{{font-family:{FONT};font-variant-numeric:tabular-nums}}"
    f"svg.drawing .mono{{font-family:{MONOSPACE};white-space:pre}}"
    "svg.drawing{--ink:#1f2937;--muted:#64748b;--line:#e2e8f0;--card:#f1f5f9;--accent:#017cee;--wrong:#dd6b20;--soft:rgba(1,124,238,.14)}"
    "@media(prefers-color-scheme:dark){svg.drawing{--ink:#e5e9f0;--muted:#94a3b8;--line:#334155;--card:#1e293b;"
    "--accent:#4da3ff;--wrong:#f6ad55;--soft:rgba(77,163,255,.18)}}"
    "svg.drawing .ink,svg.drawing .strong,svg.drawing .mono{fill:var(--ink)}svg.drawing .strong{font-weight:650}"
    "svg.drawing .muted{fill:var(--muted)}svg.drawing .card{fill:var(--card)}"
    "svg.drawing .accent{fill:var(--accent)}svg.drawing .wrong{fill:var(--wrong)}svg.drawing .soft{fill:var(--soft)}"
    "svg.drawing .grid{stroke:var(--line);stroke-width:1;fill:none}"
    "svg.drawing .axis{stroke:var(--muted);stroke-width:1;fill:none}"
    "svg.drawing .dashed{stroke:var(--muted);stroke-width:1.5;stroke-dasharray:5 5;fill:none}"
    "svg.drawing .curve{stroke:var(--accent);stroke-width:2.5;fill:none;stroke-linejoin:round;stroke-linecap:round}"
    "svg.drawing .outline{stroke:var(--line);stroke-width:1.5;fill:none}svg.drawing .light{fill:#fff}"
)
AVERAGE_CHARACTER = 0.56
MONOSPACE_CHARACTER = 0.61


def coordinate(value: float) -> str:
    """Return a coordinate with at most two decimals."""
    return (
        f"{value:.2f}".rstrip("0").rstrip(".").replace("-0", "0")
        if abs(value) < 0.005
        else f"{value:.2f}".rstrip("0").rstrip(".")
    )


def escaped(text: str) -> str:
    """Return text from strangers ready to stand in SVG or HTML, as content or as a quoted attribute."""
    return html.escape(clean(text), quote=True)


def text_width(text: str, size: float, *, mono: bool = False) -> float:
    """Estimate how wide a text is; East Asian characters are as wide as they are high."""
    unit = MONOSPACE_CHARACTER if mono else AVERAGE_CHARACTER
    return size * sum(1.0 if unicodedata.east_asian_width(character) in "WF" else unit for character in text)


def fitted(text: str, width: float, size: float, *, mono: bool = False) -> str:
    """Return ``text`` on one line, cut with an ellipsis where it would be wider than ``width``."""
    line = " ".join(text.split()) if not mono else text
    line = line[: int(width / size * 4) + 2]
    if text_width(line, size, mono=mono) <= width:
        return line
    while line and text_width(line + "…", size, mono=mono) > width:
        line = line[:-1]
    return line.rstrip() + "…"


class Drawing:
    """An SVG drawing of ``width`` by ``height`` units, with ``label`` for people who cannot see it.

    Shapes are coloured by the classes of ``SHAPES_CSS`` (``ink``, ``muted``, ``accent``, ``card`` ...), which follow
    the reader's light or dark scheme; ``rules`` are further CSS of this drawing alone.
    """

    def __init__(self, width: float, height: float, *, label: str, rules: str = "") -> None:
        self.width, self.height, self.label, self.rules = width, height, label, rules
        self._parts: list[str] = []

    def rectangle(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        css: str = "",
        radius: float = 0,
        opacity: float | None = None,
    ) -> None:
        """Draw a rectangle from its upper left corner."""
        rounded = f' rx="{coordinate(radius)}"' if radius else ""
        faded = f' fill-opacity="{opacity:.3g}"' if opacity is not None else ""
        place = f'x="{coordinate(x)}" y="{coordinate(y)}" width="{coordinate(width)}" height="{coordinate(height)}"'
        self._parts.append(f'<rect class="{css}" {place}{rounded}{faded}/>')

    def line(self, x1: float, y1: float, x2: float, y2: float, *, css: str = "grid") -> None:
        """Draw a straight line."""
        place = f'x1="{coordinate(x1)}" y1="{coordinate(y1)}" x2="{coordinate(x2)}" y2="{coordinate(y2)}"'
        self._parts.append(f'<line class="{css}" {place}/>')

    def polyline(self, points: Iterable[tuple[float, float]], *, css: str = "curve") -> None:
        """Draw a line through points."""
        path = " ".join(f"{coordinate(x)},{coordinate(y)}" for x, y in points)
        self._parts.append(f'<polyline class="{css}" points="{path}"/>')

    def polygon(self, points: Iterable[tuple[float, float]], *, css: str = "soft") -> None:
        """Fill the area within points."""
        path = " ".join(f"{coordinate(x)},{coordinate(y)}" for x, y in points)
        self._parts.append(f'<polygon class="{css}" points="{path}"/>')

    def path(self, steps: str, *, fill: str = "none", opacity: float = 1, stroke: str = "none") -> None:
        """Draw a path given in SVG's own notation, in colours of its own."""
        self._parts.append(f'<path d="{steps}" fill="{fill}" fill-opacity="{opacity:.3g}" stroke="{stroke}"/>')

    def place(self, markup: str) -> None:
        """Put in finished SVG."""
        self._parts.append(markup)

    def circle(self, x: float, y: float, radius: float, *, css: str = "accent") -> None:
        """Draw a disc."""
        self._parts.append(
            f'<circle class="{css}" cx="{coordinate(x)}" cy="{coordinate(y)}" r="{coordinate(radius)}"/>'
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        css: str = "ink",
        size: float = 14,
        anchor: str = "start",
        fit: float | None = None,
        rotate: float | None = None,
    ) -> None:
        """Write one line with its baseline at ``y``; ``fit``: cut it with an ellipsis at that width."""
        shown = fitted(text, fit, size, mono="mono" in css) if fit else text
        turned = f' transform="rotate({coordinate(rotate)} {coordinate(x)} {coordinate(y)})"' if rotate else ""
        place = f'x="{coordinate(x)}" y="{coordinate(y)}" font-size="{coordinate(size)}" text-anchor="{anchor}"'
        kept = ' xml:space="preserve"' if "mono" in css else ""
        self._parts.append(f'<text class="{css}" {place}{turned}{kept}>{escaped(shown)}</text>')

    def picture(self, x: float, y: float, width: float, height: float, data_uri: str) -> None:
        """Place an image given as a ``data:`` address; its pixels stay sharp."""
        place = f'x="{coordinate(x)}" y="{coordinate(y)}" width="{coordinate(width)}" height="{coordinate(height)}"'
        self._parts.append(
            f'<image {place} preserveAspectRatio="none" style="image-rendering:pixelated" href="{data_uri}"/>'
        )

    def bars(
        self, x: float, y: float, width: float, height: float, values: Sequence[float], *, css: str = "accent"
    ) -> None:
        """Draw a histogram in the box: one bar a value, the highest as high as the box."""
        highest = max(values, default=0) or 1
        step = width / max(1, len(values))
        for at, value in enumerate(values):
            tall = max(1.0, height * value / highest) if value else 0.0
            if tall:
                self.rectangle(x + at * step, y + height - tall, max(0.6, step - 1), tall, css=css)

    def inner(self) -> str:
        """Return the shapes alone, for standing in another drawing."""
        return "".join(self._parts)

    def to_text(self) -> str:
        """Return the drawing for standing inside a page that has ``SHAPES_CSS`` already."""
        box = f"0 0 {coordinate(self.width)} {coordinate(self.height)}"
        size = f'width="{coordinate(self.width)}" height="{coordinate(self.height)}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" viewBox="{box}" {size} role="img"'
        own = f"<style>{self.rules}</style>" if self.rules else ""
        return f'{head} aria-label="{escaped(self.label)}">{own}{"".join(self._parts)}</svg>'

    def to_bytes(self) -> bytes:
        """Return the drawing as a file of its own."""
        text = self.to_text()
        at = text.index(">") + 1
        title = f"<title>{escaped(self.label)}</title><style>{SHAPES_CSS}</style>"
        return (text[:at] + title + text[at:]).encode()
