"""GeoJSON: the features as a map without a background, what they are, and what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from belvedere.errors import MalformedArtifact
from belvedere.model.rendering import Sampled
from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import short
from belvedere.rendering.pages.page import figure, table, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.vision.geo_drawing import MAP_CSS, Map, draw_map
from belvedere.rendering.vision.geo_features import GeoSummary, Property, summarise

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.geojson", "1.0.0"
MAP_SIZE = (900.0, 560.0)
THUMBNAIL_MAP = (464.0, 236.0)
MOST_COLUMNS = 12
TOP_VALUES = 3


@renderer(NAME, version=VERSION, kinds=("geojson",))
def render_geojson(source: Source, limits: Limits) -> Rendering:
    """Draw the features.

    Raises:
        MalformedArtifact: the file holds no feature that can be read.
    """
    summary = summarise(source.path)
    if not summary.features and summary.cut:
        raise MalformedArtifact(summary.cut, code="malformed_json")
    name = file_name(source)
    alt = f"Map of {_in_short(summary)}."
    drawn = draw_map(source.path, summary, *MAP_SIZE, alt) if summary.bounds else None
    small = draw_map(source.path, summary, *THUMBNAIL_MAP, alt, detailed=False) if summary.bounds else None
    part = Part(
        kind="geojson",
        title=name,
        lead=f"GeoJSON, {_in_short(summary)}.",
        alt_text=alt,
        facts={"geojson": _facts(summary)},
        body=_body(summary, drawn),
        thumbnail=_thumbnail(summary, small, alt),
        figure=drawn.drawing if drawn else None,
        data=_facts(summary) | {"property_summaries": {key: _plain(one) for key, one in summary.properties.items()}},
        warnings=_warnings(summary),
        sampled=_sampled(summary, drawn),
    )
    return as_rendering(part, name=NAME, version=VERSION)


def _in_short(summary: GeoSummary) -> str:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in summary.geometries.most_common(4))
    count = f"{summary.features:,} feature{'' if summary.features == 1 else 's'}"
    return f"{count} ({kinds})" if kinds else count


def _facts(summary: GeoSummary) -> dict[str, Any]:
    return {
        "features": summary.features,
        "geometries": dict(summary.geometries.most_common()),
        "positions": summary.positions,
        "bounds": [round(value, 7) for value in summary.bounds] if summary.bounds else None,
        "properties": list(summary.properties),
    }


def _plain(one: Property) -> dict[str, Any]:
    return {
        "given": one.given,
        "types": dict(one.types),
        "minimum": one.lowest,
        "maximum": one.highest,
        "top": dict(one.values.most_common(TOP_VALUES)),
    }


def _warnings(summary: GeoSummary) -> tuple[str, ...]:
    said = [summary.cut] if summary.cut else []
    said += [
        f"Broken: {what}: {times:,}. They are left out of the map." for what, times in summary.broken.most_common()
    ]
    if not summary.in_degrees:
        said.append(
            "The coordinates are no degrees of longitude and latitude, as GeoJSON demands: drawn as a plain grid."
        )
    if not summary.features:
        said.append("The file holds no features.")
    return tuple(said)


def _sampled(summary: GeoSummary, drawn: Map | None) -> Sampled | None:
    room = drawn is None or drawn.drawn + sum(summary.broken.values()) >= summary.features
    without = summary.geometries["no geometry"]
    if drawn is None or room or drawn.drawn + without >= summary.features:
        return None
    return Sampled(drawn.drawn, summary.features, "features drawn")


def _body(summary: GeoSummary, drawn: Map | None) -> str:
    figures = {"Features": f"{summary.features:,}", "Positions": f"{summary.positions:,}"}
    figures |= {kind: f"{count:,}" for kind, count in summary.geometries.most_common(5)}
    shown = verdict(figures)
    if drawn is not None and summary.bounds:
        west, south, east, north = (f"{value:.6g}" for value in summary.bounds)
        shown += figure(drawn.drawing.to_text())
        shown += f'<p class="lead">Bounds: west {west}, south {south}, east {east}, north {north}.</p>'
    return shown + _property_table(summary) + _rows(summary)


def _property_table(summary: GeoSummary) -> str:
    if not summary.properties:
        return ""
    rows = [
        [
            name,
            ", ".join(kind for kind, _ in one.types.most_common(3)),
            f"{one.given:,}",
            f"{short(one.lowest)} to {short(one.highest)}"
            if one.lowest is not None and one.highest is not None
            else "",
            ", ".join(f"{value} ({times:,})" for value, times in one.values.most_common(TOP_VALUES)),
        ]
        for name, one in summary.properties.items()
    ]
    header = ["Property", "Type", "Given", "Range", "Commonest of the first values"]
    return f"<h2>Properties</h2>{table(header, rows, numeric=[False, False, True])}"


def _rows(summary: GeoSummary) -> str:
    names = list(summary.properties)[:MOST_COLUMNS]
    if not names or not summary.rows:
        return ""
    rows = [[row.get(name, "") for name in names] for row in summary.rows]
    said = f"<p>The first {len(rows):,} of {summary.features:,} features.</p>" if len(rows) < summary.features else ""
    return f"<h2>Features</h2>{said}{table(names, rows)}"


def _thumbnail(summary: GeoSummary, small: Map | None, label: str) -> Drawing:
    drawing = Drawing(480, 300, label=label, rules=MAP_CSS)
    if small is not None:
        left, top = (480 - small.width) / 2, 8 + (236 - small.height) / 2
        drawing.place(f'<g transform="translate({left:.1f} {top:.1f})">')
        drawing.place(small.drawing.inner())
        drawing.place("</g>")
    drawing.text(8, 282, _in_short(summary), css="strong", size=19, fit=464)
    return drawing
