"""Plotly figures as data: common traces drawn here, all of them alive in the gallery's own shell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.model.rendering import Output
from belvedere.rendering.charts.plotly_figures import Figure, array, needs_map, read_figure, type_of, words
from belvedere.rendering.charts.plotly_plots import draw_figure, undrawn
from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.page import figure as framed
from belvedere.rendering.pages.page import table
from belvedere.rendering.pages.part import Part, as_json, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.texts.plaintext import clean, decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.plotly", "1.0.0"
PLOTLY_TYPE = "application/vnd.plotly.v1+json"
MOST_BYTES = 24 * 1024**2
MOST_LISTED = 100


@renderer(NAME, version=VERSION, kinds=("plotly",))
def render_plotly(source: Source, limits: Limits) -> Rendering:
    """Draw the figure's common traces, and say in words what else it holds.

    Raises:
        MalformedArtifact: it is no figure.
        LimitExceeded: it is too large.
    """
    if source.size > MOST_BYTES:
        text = f"The figure has {source.size:,} bytes; at most {MOST_BYTES:,} are drawn: aggregate its data first."
        raise LimitExceeded(text, code="chart_size")
    try:
        document = json.loads(decode(source.path.read_bytes()).text)
    except RecursionError:
        raise MalformedArtifact("The figure is nested too deeply to be read.", code="too_deep") from None
    except ValueError as error:
        text = f"The figure is not valid JSON (invalid or truncated): {str(error)[:200]}."
        raise MalformedArtifact(text, code="not_json") from error
    return as_rendering(draw_plotly(read_figure(document), file_name(source)), name=NAME, version=VERSION)


def draw_plotly(figure: Figure, name: str) -> Part:
    """Return a figure as a part."""
    title = words(figure.layout.get("title")) or name
    types = [type_of(trace) for trace in figure.traces]
    names = [words(trace.get("name")) for trace in figure.traces]
    axes = {letter: words(_axis(figure, letter).get("title")) for letter in "xy"}
    said = ", ".join(name for name in names[:8] if name)
    alt = f"Plotly chart {title}: {_counted(types)}{f' ({said})' if said else ''}."
    drawing = draw_figure(figure, alt)
    facts = {"traces": len(types), "trace_types": types[:MOST_LISTED], "title": title, "series": names[:MOST_LISTED]}
    return Part(
        kind="plotly",
        title=title,
        lead=f"Plotly chart, {_counted(types)}.",
        alt_text=alt,
        facts={"chart": facts},
        body=_body(figure, drawing, axes),
        thumbnail=_thumbnail(figure, title, alt),
        figure=drawing,
        warnings=(*figure.warnings, *_limits_of_drawing(figure)),
        more=(Output("data", "chart.plotly.json", PLOTLY_TYPE, as_json(figure.to_json())),),
    )


def _axis(figure: Figure, letter: str) -> Mapping[str, Any]:
    found = figure.layout.get(f"{letter}axis")
    return found if isinstance(found, dict) else {}


def _counted(types: list[str]) -> str:
    if not types:
        return "no traces"
    kinds = ", ".join(dict.fromkeys(types))
    return f"{len(types):,} {'trace' if len(types) == 1 else 'traces'} ({kinds})"


def _limits_of_drawing(figure: Figure) -> tuple[str, ...]:
    if not figure.traces:
        return ("The figure has no traces: there is nothing to draw.",)
    said = []
    if any(needs_map(trace) for trace in figure.traces):
        said.append(
            "The figure lies over a map, whose tiles and outlines would come from elsewhere: they are not loaded. "
            "Its points are drawn by longitude and latitude, its areas are left out."
        )
    left_out = undrawn(figure)
    if left_out:
        listed = ", ".join(f"{count:,} {kind}" for kind, count in list(left_out.items())[:8])
        said.append(f"The still picture leaves out traces that only the interactive view draws: {listed}.")
    return tuple(said)


def _body(figure: Figure, drawing: Drawing | None, axes: Mapping[str, str]) -> str:
    drawn = framed(drawing.to_text()) if drawing is not None else ""
    labels = [f"{letter}: {title}" for letter, title in axes.items() if title]
    said = f"<p>{'; '.join(map(escaped, labels))}</p>" if labels else ""
    notes = [words(item) for item in _listed(figure.layout.get("annotations"))]
    noted = f"<p>Annotations: {escaped('; '.join(note for note in notes[:20] if note))}</p>" if any(notes) else ""
    return drawn + said + noted + _trace_table(figure)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _trace_table(figure: Figure) -> str:
    lines = [
        [
            str(at),
            words(trace.get("name")),
            type_of(trace),
            clean(str(trace.get("mode", "")))[:40],
            f"{_points(trace):,}",
        ]
        for at, trace in enumerate(figure.traces[:MOST_LISTED], 1)
    ]
    rest = f"<p>The first {MOST_LISTED} of {len(figure.traces):,}.</p>" if len(figure.traces) > MOST_LISTED else ""
    listing = table(["#", "trace", "type", "mode", "values"], lines, numeric=[True, False, False, False, True])
    return f"<h2>Traces</h2>{rest}{listing}" if lines else ""


def _points(trace: Mapping[str, Any]) -> int:
    lengths = [len(array(trace.get(name))) for name in ("x", "y", "values", "labels", "locations", "lat", "r", "theta")]
    rows = array(trace.get("z"))
    cells = sum(len(row) for row in rows if isinstance(row, list)) or len(rows)
    return max([*lengths, cells])


def _thumbnail(figure: Figure, title: str, alt: str) -> Drawing:
    small = draw_figure(figure, alt, width=480, height=300, bare=True)
    if small is not None:
        return _titled(small, title)
    drawing = Drawing(480, 300, label=alt)
    drawing.text(20, 60, title, css="strong", size=25, fit=440)
    for at, (kind, count) in enumerate(list(undrawn(figure).items())[:6]):
        drawing.text(20, 104 + 30 * at, f"{count:,} × {kind}", css="muted", size=19, fit=440)
    return drawing


def _titled(drawing: Drawing, title: str) -> Drawing:
    drawing.text(20, 38, title, css="strong", size=22, fit=440)
    return drawing
