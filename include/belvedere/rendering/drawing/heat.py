"""Heat maps of confusion matrices: cells drawn one by one while there are few, pixels when there are many."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from belvedere.rendering.pages.numbers import compact

if TYPE_CHECKING:
    from belvedere.rendering.drawing.svg import Drawing

MOST_CELLS = 30
MOST_NUMBERS = 16
MOST_PIXELS = 400
RIGHT, WRONG = (1, 124, 238), (221, 107, 32)

Grid = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Box:
    """Where on a drawing something stands."""

    x: float
    y: float
    size: float


@dataclass(frozen=True)
class HeatMap:
    """A square of counts; its picture is made once, however often it is drawn."""

    rows: Grid

    @cached_property
    def picture(self) -> str:
        """The ``data:`` address of a PNG, one pixel a cell or block of cells."""
        return heat_picture(self.rows)


def shares(rows: Grid) -> list[list[float]]:
    """Return each row divided by its sum: of the things of one class, how many were called what."""
    return [[value / total if total else 0.0 for value in row] for row in rows for total in (sum(row),)]


def draw_heat(drawing: Drawing, heat: HeatMap, box: Box, *, numbers: bool) -> None:
    """Draw a square heat map: the diagonal in one colour, mistakes in another, darker for a larger share of the row."""
    rows = heat.rows
    if len(rows) > MOST_CELLS:
        drawing.rectangle(box.x, box.y, box.size, box.size, css="card")
        drawing.picture(box.x, box.y, box.size, box.size, heat.picture)
        return
    step = box.size / len(rows)
    gap = 1.5 if len(rows) <= 16 else 0.5
    size = min(18.0, step * 0.36)
    for i, (row, row_shares) in enumerate(zip(rows, shares(rows), strict=True)):
        for j, (value, share) in enumerate(zip(row, row_shares, strict=True)):
            x, y = box.x + j * step, box.y + i * step
            drawing.rectangle(x, y, step - gap, step - gap, css="card", radius=min(4, step / 10))
            if share:
                css = "accent" if i == j else "wrong"
                drawing.rectangle(
                    x, y, step - gap, step - gap, css=css, radius=min(4, step / 10), opacity=0.12 + 0.88 * share
                )
            if numbers and len(rows) <= MOST_NUMBERS:
                css = "light" if share > 0.5 else "ink" if value else "muted"
                drawing.text(
                    x + (step - gap) / 2,
                    y + step / 2 + size * 0.35,
                    compact(value),
                    css=css,
                    size=size,
                    anchor="middle",
                )


def pooled(rows: Grid, most: int = MOST_PIXELS) -> list[list[float]]:
    """Return a grid of at most ``most`` by ``most``: each value the sum of a block of the original."""
    size = len(rows)
    block = -(-size // most)
    if block == 1:
        return [list(row) for row in rows]
    starts = range(0, size, block)
    bands = ([sum(column) for column in zip(*rows[start : start + block], strict=True)] for start in starts)
    return [[sum(band[start : start + block]) for start in starts] for band in bands]


def heat_picture(rows: Grid) -> str:
    """Return the heat map of a large matrix as the ``data:`` address of a PNG, one pixel a cell or block of cells."""
    from PIL import Image

    grid = pooled(rows)
    size = len(grid)
    opacity = bytes(round(255 * min(1.0, share**0.5)) for row in shares(grid) for share in row)
    image = Image.new("RGB", (size, size), WRONG)
    for at in range(size):
        image.putpixel((at, at), RIGHT)
    image.putalpha(Image.frombytes("L", (size, size), opacity))
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=6)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")
