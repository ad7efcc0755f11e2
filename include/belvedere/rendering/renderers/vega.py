"""Vega-Lite and Vega charts as data: drawn here as SVG, alive in the gallery's own shell, never with remote data."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.model.rendering import Output, Sampled
from belvedere.rendering.charts.vega_sampling import thinned
from belvedere.rendering.charts.vega_scenes import Language, Scene, draw_scene
from belvedere.rendering.charts.vega_specs import CleanSpec, Described, cleaned, described
from belvedere.rendering.drawing.svg import coordinate, escaped
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.page import fact_list, table
from belvedere.rendering.pages.part import VEGA_LITE_SCHEMA, Part, as_json, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.texts.plaintext import clean, decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.vega", "1.0.0"
VEGA_TYPE = "application/vnd.vega.v6+json"
VEGA_LITE_TYPE = "application/vnd.vegalite.v6+json"
MOST_BYTES = 24 * 1024**2
ROWS_SHOWN, COLUMNS_SHOWN = 20, 12
THUMBNAIL = (480.0, 300.0)


@renderer(NAME, version=VERSION, kinds=("vega_lite", "vega"))
def render_vega(source: Source, limits: Limits) -> Rendering:
    """Draw the chart, with what it says of itself in words.

    Raises:
        MalformedArtifact: it is no JSON, or Vega cannot draw it.
        LimitExceeded: it is too large.
    """
    if source.size > MOST_BYTES:
        text = f"The chart has {source.size:,} bytes; at most {MOST_BYTES:,} are drawn: aggregate its data first."
        raise LimitExceeded(text, code="chart_size")
    harmless = cleaned(_document(source))
    language: Language = "vega" if "marks" in harmless.spec and "mark" not in harmless.spec else "vega_lite"
    seen = described(harmless.spec)
    drawable = thinned(harmless.spec)
    scene = draw_scene(drawable.spec, language)
    part = _part(harmless, seen, scene, language, file_name(source))
    if drawable.is_partial:
        sampled = Sampled(drawable.shown, drawable.total, "rows")
        part = replace(part, warnings=(*part.warnings, *drawable.warnings), sampled=sampled)
    return as_rendering(part, name=NAME, version=VERSION)


def _document(source: Source) -> Any:
    try:
        return json.loads(decode(source.path.read_bytes()).text)
    except RecursionError:
        raise MalformedArtifact("The chart is nested too deeply to be read.", code="too_deep") from None
    except ValueError as error:
        text = f"The chart is not valid JSON (invalid or truncated): {str(error)[:200]}."
        raise MalformedArtifact(text, code="not_json") from error


def _part(harmless: CleanSpec, seen: Described, scene: Scene, language: Language, name: str) -> Part:
    title = seen.title or name
    mark = seen.marks[0] if seen.marks else ""
    axes = {channel: said for channel, said in seen.channels if channel in ("x", "y")}
    across = f" of {axes['y']} by {axes['x']}" if len(axes) == 2 else ""
    series = f", series {', '.join(scene.series[:8])}" if scene.series else ""
    alt = f"Chart {title}: {scene.marks:,} {mark or 'drawn'} marks{across}{series}."
    facts: dict[str, Any] = {"marks": scene.marks, "mark_type": mark, "series": list(scene.series), "title": title}
    if len(seen.marks) > 1:
        facts["mark_types"] = list(seen.marks)
    image = scene.vector.content
    words = "Vega-Lite" if language == "vega_lite" else "Vega"
    return Part(
        kind=language,
        title=title,
        lead=f"{words} chart, {scene.marks:,} marks, {seen.rows:,} rows of data.",
        alt_text=alt,
        facts={"chart": facts},
        body=_body(harmless, seen, scene, alt),
        thumbnail=Output("thumbnail", "thumbnail.svg", "image/svg+xml", _thumbnail(scene, alt)),
        warnings=(*harmless.warnings, *_emptiness(scene)),
        more=(Output("figure", "figure.svg", "image/svg+xml", image), _chart(harmless, language)),
    )


def _emptiness(scene: Scene) -> tuple[str, ...]:
    return () if scene.marks else ("The chart draws nothing: its data are empty or do not fit its marks.",)


def _chart(harmless: CleanSpec, language: Language) -> Output:
    if language == "vega":
        return Output("data", "chart.vg.json", VEGA_TYPE, as_json(harmless.spec))
    spec = {**harmless.spec, "$schema": harmless.spec.get("$schema", VEGA_LITE_SCHEMA)}
    return Output("data", "chart.vl.json", VEGA_LITE_TYPE, as_json(spec))


def _body(harmless: CleanSpec, seen: Described, scene: Scene, alt: str) -> str:
    drawing = scene.vector.content.decode("utf-8", "replace")
    drawn = f'<div class="figure" role="img" aria-label="{escaped(alt)}">{drawing}</div>'
    said = dict(seen.channels)
    if seen.marks:
        said["marks"] = ", ".join(seen.marks)
    if scene.series:
        said["series"] = ", ".join(scene.series[:40])
    return drawn + fact_list(said) + _data_table(harmless.spec)


def _data_table(spec: Mapping[str, Any]) -> str:
    rows = _first_rows(spec)
    if not rows:
        return ""
    names = list(dict.fromkeys(name for row in rows[:ROWS_SHOWN] for name in row))[:COLUMNS_SHOWN]
    lines = [[_cell(row.get(name)) for name in names] for row in rows[:ROWS_SHOWN]]
    numeric = [all(isinstance(row.get(name), int | float) for row in rows[:ROWS_SHOWN]) for name in names]
    count = f"<p>The first {len(lines)} of {len(rows):,} rows.</p>" if len(rows) > ROWS_SHOWN else ""
    return f"<h2>Data</h2>{count}{table([clean(str(name))[:80] for name in names], lines, numeric=numeric)}"


def _cell(value: Any) -> str:
    return "" if value is None else clean(f"{value:.6g}" if isinstance(value, float) else str(value))[:120]


def _first_rows(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the first table of data that holds objects."""
    held = spec.get("datasets")
    tables = list(held.values()) if isinstance(held, dict) else []
    data = spec.get("data")
    tables += [one.get("values") for one in (data if isinstance(data, list) else [data]) if isinstance(one, dict)]
    for rows in tables:
        if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows[:ROWS_SHOWN]):
            return [row for row in rows if isinstance(row, dict)]
    return []


def _thumbnail(scene: Scene, alt: str) -> bytes:
    """Return the drawing fitted into the small picture's size."""
    width, height = THUMBNAIL
    scale = min((width - 24) / scene.vector.width, (height - 24) / scene.vector.height)
    shown = (scene.vector.width * scale, scene.vector.height * scale)
    place = f'x="{coordinate((width - shown[0]) / 2)}" y="{coordinate((height - shown[1]) / 2)}"'
    size = f'width="{coordinate(shown[0])}" height="{coordinate(shown[1])}"'
    inner = scene.vector.content.decode("utf-8", "replace")
    box = f'viewBox="0 0 {coordinate(scene.vector.width)} {coordinate(scene.vector.height)}"'
    frame = '<svg xmlns="http://www.w3.org/2000/svg" width="480" height="300" viewBox="0 0 480 300" role="img"'
    return f"{frame}><title>{escaped(alt)}</title><svg {place} {size} {box}>{inner}</svg></svg>".encode()
