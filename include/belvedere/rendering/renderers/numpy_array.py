"""NumPy arrays (.npy, .npz): shape, type, figures and distribution; matrices as heat maps, pixels as images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from belvedere.model.rendering import Limits, Rendering, Sampled, Source
from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words, count, short
from belvedere.rendering.pages.page import figure, table, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.tables.profiles import histogram
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from belvedere.rendering.arrays.numpy_files import StoredArray

NAME, VERSION = "belvedere.numpy", "1.0.0"
ROWS_SHOWN, COLUMNS_SHOWN = 20, 16
DRAWN_IN_FULL = 8
PLOTTED = 600
WIDTH, HEIGHT = 640, 150


@renderer(NAME, version=VERSION, kinds=("numpy", "npz"))
def render_numpy(source: Source, limits: Limits) -> Rendering:
    """Show NumPy arrays; arrays of Python objects are never unpickled."""
    from belvedere.rendering.arrays.numpy_files import read_arrays

    arrays, in_all = read_arrays(source.path, limits.expanded_bytes)
    return as_rendering(_part(source, arrays, in_all), name=NAME, version=VERSION)


def _part(source: Source, arrays: Sequence[StoredArray], in_all: int) -> Part:
    title, first = file_name(source), arrays[0]
    facts: dict[str, Any] = {"arrays": {_name(array): _facts(array) for array in arrays}}
    if in_all == 1:
        facts = {"array": _facts(first)}
        lead = f"NumPy array of {shape_in_words(first)} ({first.dtype}, {bytes_in_words(source.size)})."
    else:
        lead = f"{in_all:,} NumPy arrays: {', '.join(f'{_name(each)} {_shape(each)}' for each in arrays[:8])}."
    cut = sum(array.figures.count for array in arrays if array.figures is not None and array.problem)
    return Part(
        kind="numpy",
        title=title,
        lead=lead,
        alt_text=lead,
        facts=facts,
        body=_body(arrays, in_all),
        thumbnail=_thumbnail(first, in_all),
        warnings=_warnings(arrays, in_all),
        sampled=Sampled(cut, sum(array.size for array in arrays if array.problem), "elements") if cut else None,
    )


def _name(array: StoredArray) -> str:
    return clean(array.name) or "array"


def _shape(array: StoredArray) -> str:
    return "×".join(f"{length:,}" for length in array.shape) or "scalar"


def shape_in_words(array: StoredArray) -> str:
    """Return an array's shape as people say it: ``3 × 4 elements``."""
    return f"{' × '.join(f'{length:,}' for length in array.shape)} elements" if array.shape else "one element"


def _facts(array: StoredArray) -> dict[str, Any]:
    figures = array.figures.as_facts() if array.figures is not None else {}
    return {"shape": list(array.shape), "dtype": str(array.dtype)[:200], "size": array.size, **figures}


def _warnings(arrays: Sequence[StoredArray], in_all: int) -> tuple[str, ...]:
    found = [f"{_name(array)}: {array.problem}" for array in arrays if array.problem]
    if in_all > len(arrays):
        found.append(f"The first {len(arrays):,} of {in_all:,} arrays are shown.")
    return tuple(found)


def _body(arrays: Sequence[StoredArray], in_all: int) -> str:
    if in_all == 1:
        return _section(arrays[0])
    heads = ("array", "shape", "type", "min", "mean", "max")
    rows = [(_name(array), _shape(array), str(array.dtype)[:80], *_figures(array)) for array in arrays]
    listed = table(heads, rows, numeric=(False, False, False, True, True, True))
    drawn = "".join(
        f"<section><h2>{escaped(_name(array))}</h2>{_section(array)}</section>" for array in arrays[:DRAWN_IN_FULL]
    )
    return f"<h2>Arrays</h2>{listed}{drawn}"


def _figures(array: StoredArray) -> tuple[str, str, str]:
    known = array.figures
    if known is None or known.minimum is None or known.maximum is None:
        return "", "", ""
    return short(known.minimum), "" if known.mean is None else short(known.mean), short(known.maximum)


def _section(array: StoredArray) -> str:
    known = {"Shape": _shape(array), "Type": str(array.dtype)[:60]}
    figures = array.figures
    if figures is not None and figures.minimum is not None and figures.maximum is not None:
        known |= {"Min": short(figures.minimum), "Mean": "–" if figures.mean is None else short(figures.mean)}
        known |= {"Max": short(figures.maximum)}
        if figures.deviation is not None:
            known["Std"] = short(figures.deviation)
    if figures is not None and figures.missing:
        known["NaN"] = f"{figures.missing:,}"
    if figures is not None and figures.infinite:
        known["Infinite"] = f"{figures.infinite:,}"
    if array.problem and array.kept is None:
        return f"{verdict(known)}<p>{escaped(array.problem)}</p>"
    return f"{verdict(known)}{_pictures(array)}{_distribution(array)}{_values(array)}"


def _pictures(array: StoredArray) -> str:
    from belvedere.rendering.arrays.pictures import LARGEST_SIDE, TILE_SIDE, as_image, heat_map, images_in

    known, values = array.figures, array.kept
    if values is None or known is None or known.minimum is None or known.maximum is None or not array.is_whole:
        return ""
    images = images_in(values)
    if images:
        side = LARGEST_SIDE if len(images) == 1 else TILE_SIDE
        tiles = "".join(
            f'<img style="display:inline-block;margin:0 6px 6px 0" alt="Image {at}" '
            f'src="{as_image(image, known.minimum, known.maximum, side)}">'
            for at, image in enumerate(images, 1)
        )
        said = "" if len(images) == 1 else f"<p>The first {len(images):,} of {array.shape[0]:,} images.</p>"
        return f"<h2>As images</h2>{said}{figure(tiles)}"
    if values.ndim == 2 and min(values.shape) > 1:
        picture = heat_map(values, known.minimum, known.maximum)
        words = f"From {short(known.minimum)} (pale) to {short(known.maximum)} (strong)"
        return f'<h2>Heat map</h2><p>{words}.</p>{figure(f"""<img alt="Heat map: {words}" src="{picture}">""")}'
    return _line(array) if values.ndim == 1 and values.size > 1 else ""


def _line(array: StoredArray) -> str:
    drawing = Drawing(WIDTH, HEIGHT, label=f"The values of {_name(array)} in their order")
    _draw_line(drawing, array, 8, 8, WIDTH - 16, HEIGHT - 16)
    return f"<h2>Values in order</h2>{figure(drawing.to_text())}"


def _draw_line(drawing: Drawing, array: StoredArray, x: float, y: float, width: float, height: float) -> None:
    known, values = array.figures, array.kept
    if values is None or known is None or known.minimum is None or known.maximum is None:
        return
    step = max(1, values.size // PLOTTED)
    span = (known.maximum - known.minimum) or 1.0
    some = [float(value) for value in values.ravel()[::step]]
    points = [
        (x + width * at / max(1, len(some) - 1), y + height * (1 - (value - known.minimum) / span))
        for at, value in enumerate(some)
        if value - value == 0
    ]
    drawing.polyline(points, css="curve")


def _distribution(array: StoredArray) -> str:
    bars = _bars(array)
    if len(bars) < 2 or array.figures is None:
        return ""
    drawing = Drawing(WIDTH, HEIGHT, label=f"Distribution of {_name(array)}")
    drawing.bars(8, 8, WIDTH - 16, HEIGHT - 36, bars)
    drawing.line(8, HEIGHT - 28, WIDTH - 8, HEIGHT - 28, css="axis")
    drawing.text(8, HEIGHT - 10, short(array.figures.minimum or 0.0), css="muted", size=13)
    drawing.text(WIDTH - 8, HEIGHT - 10, short(array.figures.maximum or 0.0), css="muted", size=13, anchor="end")
    return f"<h2>Distribution</h2>{figure(drawing.to_text())}"


def _bars(array: StoredArray) -> tuple[float, ...]:
    known = array.figures
    if known is None or known.minimum is None or known.maximum is None:
        return ()
    return histogram(known.sample[:400_000].tolist(), known.minimum, known.maximum, bins=40)


def _values(array: StoredArray) -> str:
    values = array.kept
    if values is None or not values.size:
        return ""
    if values.dtype.names:
        return _records(values)
    flat = values if values.ndim <= 2 and array.is_whole else values.reshape(-1)
    rows = flat.reshape(1, -1) if flat.ndim < 2 else flat
    some = rows[:ROWS_SHOWN, :COLUMNS_SHOWN]
    right = [True] * (some.shape[1] + 1)
    lines = [(str(at), *map(_cell, row.tolist())) for at, row in enumerate(some)]
    head = ["", *map(str, range(some.shape[1]))]
    left_out = "" if some.size == array.size else f"<p>{some.size:,} of {array.size:,} elements.</p>"
    return f"<h2>Values</h2>{left_out}{table(head, lines, numeric=right)}"


def _records(values: NDArray[Any]) -> str:
    """Show records: a field a column."""
    some = values.reshape(-1)[:ROWS_SHOWN]
    names = [clean(name) for name in (values.dtype.names or ())]
    lines = [tuple(map(_cell, record)) for record in some.tolist()]
    return f"<h2>Records</h2><p>{len(some):,} of {values.size:,} records.</p>{table(names, lines)}"


def _cell(value: Any) -> str:
    return short(value) if isinstance(value, float) else str(value)[:200]


def _thumbnail(array: StoredArray, in_all: int) -> Drawing:
    from belvedere.rendering.arrays.pictures import as_image, heat_map, images_in

    drawing = Drawing(480, 300, label=f"NumPy array of {shape_in_words(array)}")
    known, values = array.figures, array.kept
    drawn = False
    if known is not None and known.minimum is not None and known.maximum is not None and values is not None:
        images = images_in(values) if array.is_whole else []
        if images:
            drawing.picture(140, 16, 200, 200, as_image(images[0], known.minimum, known.maximum, 200))
            drawn = True
        elif array.is_whole and values.ndim == 2 and min(values.shape) > 1:
            drawing.rectangle(20, 16, 440, 200, css="card", radius=4)
            drawing.picture(20, 16, 440, 200, heat_map(values, known.minimum, known.maximum))
            drawn = True
    if not drawn:
        drawing.rectangle(20, 16, 440, 200, css="card", radius=4)
        drawing.bars(28, 24, 424, 184, _bars(array))
    drawing.text(20, 262, f"{_shape(array)}", css="strong", size=28, fit=300)
    drawing.text(460, 262, str(array.dtype)[:20], css="muted", size=18, anchor="end")
    if in_all > 1:
        drawing.text(20, 288, f"{_name(array)}, and {count(in_all - 1)} more", css="muted", size=16, fit=440)
    return drawing
