"""How bright a picture's pixels are, channel by channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.rendering.drawing.svg import Drawing

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 512
BINS, WIDTH, HEIGHT, BASE = 64, 384, 96, 14
CHANNELS = (("red", "#e5484d"), ("green", "#30a46c"), ("blue", "#3b82f6"))


def histogram(image: Image) -> Drawing:
    """Return a drawing of the channels of a picture in RGB or RGBA: one curve where all three are the same."""
    sampled = image.convert("RGB")
    if max(sampled.size) > SIDE:
        from PIL import Image

        share = SIDE / max(sampled.size)
        size = (max(1, round(sampled.width * share)), max(1, round(sampled.height * share)))
        sampled = sampled.resize(size, Image.Resampling.NEAREST)
    counts = sampled.histogram()
    channels = [_binned(counts[at : at + 256]) for at in (0, 256, 512)]
    grey = channels[0] == channels[1] == channels[2]
    shown = [("grey", "#8b95a5", channels[0])] if grey else [(*CHANNELS[at], channels[at]) for at in range(3)]
    drawing = Drawing(
        WIDTH, HEIGHT + BASE, label=f"Histogram of {', '.join(name for name, _, _ in shown)}, dark to bright"
    )
    highest = max(max(values) for _, _, values in shown) or 1
    for _, colour, values in shown:
        drawing.path(_area(values, highest), fill=colour, opacity=0.75 if grey else 0.4, stroke=colour)
    drawing.line(0, HEIGHT, WIDTH, HEIGHT, css="axis")
    drawing.text(0, HEIGHT + 12, "0", css="muted", size=11)
    drawing.text(WIDTH, HEIGHT + 12, "255", css="muted", size=11, anchor="end")
    return drawing


def _binned(counts: list[int]) -> list[float]:
    """Return square roots of counts, so that one flat background does not flatten all the rest."""
    each = 256 // BINS
    return [float(sum(counts[at : at + each])) ** 0.5 for at in range(0, 256, each)]


def _area(values: list[float], highest: float) -> str:
    step = WIDTH / BINS
    points = [
        f"{(at + 0.5) * step:.1f} {HEIGHT - (HEIGHT - 4) * value / highest:.1f}" for at, value in enumerate(values)
    ]
    return f"M0 {HEIGHT}L{'L'.join(points)}L{WIDTH} {HEIGHT}Z"
