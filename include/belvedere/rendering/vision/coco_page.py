"""What a COCO file holds, as HTML and drawings: the sample grid, categories, box sizes, annotations an image."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from belvedere.rendering.drawing.svg import Drawing, coordinate, escaped
from belvedere.rendering.pages.numbers import compact, percent
from belvedere.rendering.pages.page import figure
from belvedere.rendering.vision.coco_drawing import TILE_CSS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.rendering.vision.coco import Coco
    from belvedere.rendering.vision.coco_samples import Sample

GRID_CSS = (
    "<style>.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:16px;margin:8px 0 4px}"
    ".tiles figure{margin:0}.tiles figcaption{font-size:12.5px;color:var(--muted);margin-top:5px}"
    ".tiles figcaption b{color:var(--ink);font-weight:600}.tiles q{display:block;font-style:italic;color:var(--ink)}"
    ".tiles .odd{color:var(--warn-ink);display:block}.tiles svg{width:100%;height:auto}"
    ".layer{position:absolute;opacity:0}.layer+label{cursor:pointer;border:1px solid var(--line);border-radius:99px;"
    "padding:1px 11px;margin-right:6px;font-size:12.5px;color:var(--muted);display:inline-block}"
    ".layer:checked+label{background:var(--card);color:var(--ink);border-color:var(--accent)}"
    ".layer:focus-visible+label{outline:2px solid var(--accent)}"
    "#boxes:not(:checked)~.tiles .b,#masks:not(:checked)~.tiles :is(.m,.r),#points:not(:checked)~.tiles .k,"
    "#names:not(:checked)~.tiles .l{display:none}"
    ".swatch{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:7px;vertical-align:-1px}"
    ".bar{display:block;height:9px;border-radius:3px;background:var(--accent);min-width:1px}td.chart{width:38%}"
)
MOST_ROWS = 400
OCTAVES = 24
SIZE_COLOURS = (("small", "#f59e0b"), ("medium", "#3b82f6"), ("large", "#10b981"))
WIDTH, HEIGHT, WIDEST_BAR = 560, 130, 44


def grid(samples: Sequence[Sample], features: Counter[str]) -> str:
    """Return the sample grid, with switches for what is drawn on the images."""
    if not samples:
        return ""
    layers = [("boxes", "Boxes", "boxes"), ("names", "Names", "boxes"), ("masks", "Masks", "with_segmentation")]
    layers += [("points", "Keypoints", "with_keypoints")]
    switches = "".join(
        f'<input class="layer" type="checkbox" id="{name}" checked><label for="{name}">{label}</label>'
        for name, label, feature in layers
        if features[feature]
    )
    tiles = "".join(
        f"<figure>{sample.drawing}<figcaption>{_caption(sample)}</figcaption></figure>" for sample in samples
    )
    return f'{GRID_CSS}{TILE_CSS}</style>{switches}<div class="tiles">{tiles}</div>'


def _caption(sample: Sample) -> str:
    shown = f"{sample.annotations:,} annotation{'' if sample.annotations == 1 else 's'}"
    shown += f", {sample.drawn:,} of them drawn" if sample.drawn < sample.annotations else ""
    quotes = "".join(f"<q>{escaped(caption)}</q>" for caption in sample.captions)
    odd = "".join(f'<span class="odd">{escaped(text)}</span>' for text in (sample.note, *sample.broken[:3]) if text)
    return f"<b>{escaped(sample.name)}</b> · {shown}{quotes}{odd}"


def category_table(rows: Sequence[tuple[str, str, str, int]], total: int) -> str:
    """Return categories as a table; each row is colour, name, supercategory and count."""
    if not rows:
        return ""
    highest = max(count for _, _, _, count in rows) or 1
    grouped = any(group for _, _, group, _ in rows)
    head = '<th scope="col">Category</th>' + ('<th scope="col">Group</th>' if grouped else "")
    lines = "".join(
        f'<tr><td><span class="swatch" style="background:{colour}"></span>{escaped(name)}</td>'
        + (f"<td>{escaped(group)}</td>" if grouped else "")
        + f'<td class="n">{count:,}</td><td class="n">{percent(count / total) if total else ""}</td>'
        f'<td class="chart"><span class="bar" style="width:{100 * count / highest:.1f}%;'
        f'background:{colour}"></span></td></tr>'
        for colour, name, group, count in rows[:MOST_ROWS]
    )
    more = f"<p>The {MOST_ROWS} most frequent of {len(rows):,} categories.</p>" if len(rows) > MOST_ROWS else ""
    return (
        f"<h2>Categories</h2>{more}<div class=scroll><table><thead><tr>{head}<th class=n>Annotations</th>"
        f"<th class=n>Share</th><th></th></tr></thead><tbody>{lines}</tbody></table></div>"
    )


def size_section(coco: Coco) -> str:
    """Return how large the objects are: in the words of the COCO evaluation, and as a histogram of their areas."""
    total = sum(coco.sizes.values())
    if not total:
        return ""
    meaning = {"small": "under 32²", "medium": "32² to 96²", "large": "96² and more"}
    words = " · ".join(
        f"{name} ({meaning[name]} pixels): {coco.sizes[name]:,}, {percent(coco.sizes[name] / total)}"
        for name, _ in SIZE_COLOURS
    )
    return f"<h2>Object sizes</h2><p>{words}</p>{figure(size_histogram(coco).to_text())}"


def size_histogram(coco: Coco) -> Drawing:
    """Return bars over the octaves of the objects' areas, in the colours of small, medium and large."""
    highest = max(coco.side_octaves.values(), default=1)
    first = min(coco.side_octaves, default=0)
    last = min(max(coco.side_octaves, default=1), first + OCTAVES)
    drawing = Drawing(WIDTH, HEIGHT + 34, label="Histogram of object areas in pixels, by powers of two")
    step = min(WIDEST_BAR, WIDTH / (last - first + 1))
    wide = step * (last - first + 1)
    for at in range(first, last + 1):
        count = coco.side_octaves[at]
        tall = HEIGHT * count / highest
        colour = SIZE_COLOURS[0 if at < 10 else 1 if at < 13 else 2][1]
        x = (at - first) * step
        drawing.path(f"M{x + 1:.1f} {HEIGHT}v-{max(tall, 1 if count else 0):.1f}h{step - 2:.1f}V{HEIGHT}Z", fill=colour)
        if (at - first) % 2 == 0 or step > 30:
            side = 2 ** (at / 2)
            drawing.text(x + 1, HEIGHT + 14, f"{side:.0f}²", css="muted", size=11)
    drawing.line(0, HEIGHT, wide, HEIGHT, css="axis")
    drawing.text(0, HEIGHT + 30, "area in pixels, from", css="muted", size=11)
    return drawing


def per_image_section(coco: Coco) -> str:
    """Return how many annotations the images have."""
    if coco.image_count < 2 or not coco.annotations:
        return ""
    counts = Counter(coco.of_image.values())
    without = coco.without_annotations
    most = max(counts, default=0)
    width = max(1, -(-(most + 1) // 28))
    bars = [0] * (most // width + 1)
    for value, times in counts.items():
        bars[value // width] += times
    bars[0] += without
    drawing = Drawing(WIDTH, HEIGHT + 34, label="Histogram of annotations an image")
    wide = min(WIDTH, WIDEST_BAR * len(bars))
    drawing.bars(0, 4, wide, HEIGHT - 4, bars)
    drawing.line(0, HEIGHT, wide, HEIGHT, css="axis")
    drawing.text(0, HEIGHT + 14, "0", css="muted", size=11)
    drawing.text(wide, HEIGHT + 14, f"{most:,}", css="muted", size=11, anchor="end")
    drawing.text(0, HEIGHT + 30, "annotations an image", css="muted", size=11)
    mean = coco.annotations / coco.image_count
    words = f"{mean:.2f} on average, {most:,} at most; {without:,} images without annotations."
    return f"<h2>Annotations an image</h2><p>{words}</p>{figure(drawing.to_text())}"


def sheet(samples: Sequence[Sample], label: str) -> Drawing | None:
    """Return the samples as one drawing, four a row."""
    if not samples:
        return None
    columns, tile, gap = min(4, len(samples)), 300, 12
    rows = -(-len(samples) // columns)
    side = tile * 0.75
    drawing = Drawing(columns * (tile + gap) + gap, rows * (side + 30 + gap) + gap, label=label, rules=TILE_CSS)
    for at, sample in enumerate(samples):
        x, y = gap + at % columns * (tile + gap), gap + at // columns * (side + 30 + gap)
        place = f'x="{coordinate(x)}" y="{coordinate(y)}" width="{tile}" height="{coordinate(side)}"'
        drawing.place(sample.canvas.svg(sample.small_picture, sample.name, placed=place))
        drawing.text(x, y + side + 18, sample.name, css="muted", size=13, fit=tile)
    return drawing


def thumbnail(samples: Sequence[Sample], coco: Coco, words: str) -> Drawing:
    """Return up to two samples side by side above the counts; bars of the categories where there is no image."""
    drawing = Drawing(480, 300, label=words, rules=TILE_CSS + ".tile .l{display:none}")
    shown = [sample for sample in samples if sample.picture][:2] or list(samples[:1])
    wide = (480 - 8 * (len(shown) - 1)) / max(1, len(shown))
    for at, sample in enumerate(shown):
        place = f'x="{coordinate(at * (wide + 8))}" y="0" width="{coordinate(wide)}" height="248"'
        drawing.place(
            sample.canvas.svg(sample.small_picture, sample.name, placed=f'{place} preserveAspectRatio="xMidYMid slice"')
        )
    if not shown:
        _bars(drawing, coco)
    drawing.text(4, 282, words, css="strong", size=20, fit=470)
    return drawing


def _bars(drawing: Drawing, coco: Coco) -> None:
    common = coco.of_category.most_common(6)
    for at, (category, count) in enumerate(common):
        known = coco.categories.get(category)
        y = 16 + at * 40
        drawing.text(8, y + 20, known.name if known else f"category {category}", css="ink", size=17, fit=180)
        drawing.rectangle(200, y + 4, 200 * count / common[0][1], 22, css="accent", radius=3)
        drawing.text(470, y + 21, compact(count), css="muted", size=16, anchor="end")
