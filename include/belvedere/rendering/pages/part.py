"""A part: what one renderer draws before it becomes files. Kubeflow's metadata shows many of them on one page."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.model.rendering import NOTHING, Output, Rendering, Sampled
from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.pages.page import notes, page

if TYPE_CHECKING:
    from collections.abc import Mapping

VEGA_LITE_TYPE = "application/vnd.vegalite.v6+json"
VEGA_LITE_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"


@dataclass(frozen=True, slots=True)
class Part:
    """One drawn thing: its facts, finished HTML ``body`` (without heading), and its pictures.

    ``chart`` is a Vega-Lite specification with its data inside; ``data`` what stands behind the figure.
    ``active``: the body or page holds users' own HTML (``model.rendering.Output``); ``members``: see ``Rendering``.
    """

    kind: str
    title: str
    lead: str
    alt_text: str
    facts: Mapping[str, Any]
    body: str
    thumbnail: Drawing | Output | bytes
    figure: Drawing | None = None
    chart: Mapping[str, Any] | None = None
    data: Any = None
    data_name: str = "data.json"
    warnings: tuple[str, ...] = ()
    sampled: Sampled | None = None
    page: bytes | None = None
    headed: bool = True
    more: tuple[Output, ...] = ()
    active: bool = False
    members: tuple[str, ...] = ()


def as_json(value: Any) -> bytes:
    """Return compact JSON, the same bytes for the same value; numbers that JSON does not know become null."""
    try:
        return _dumped(value)
    except ValueError:
        return _dumped(_finite(value))


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def thumbnail_output(thumbnail: Drawing | Output | bytes) -> Output:
    """Return a thumbnail as a file: SVG for drawings, WebP for pictures made of pixels."""
    if isinstance(thumbnail, Output):
        return thumbnail
    if isinstance(thumbnail, Drawing):
        return Output("thumbnail", "thumbnail.svg", "image/svg+xml", thumbnail.to_bytes())
    return Output("thumbnail", "thumbnail.webp", "image/webp", thumbnail)


def chart_output(chart: Mapping[str, Any]) -> Output:
    """Return a Vega-Lite chart as the file that the gallery's interactive view draws."""
    return Output("data", "chart.vl.json", VEGA_LITE_TYPE, as_json({"$schema": VEGA_LITE_SCHEMA, **chart}))


def section(part: Part) -> str:
    """Return a part as a section of a longer page."""
    return notes(part.warnings) + part.body


def as_rendering(part: Part, *, name: str, version: str, facts: Mapping[str, Any] = NOTHING) -> Rendering:
    """Return a part as a whole rendering: page, figure, thumbnail, data."""
    content = part.page or page(part.title, part.body, lead=part.lead, warnings=part.warnings, headed=part.headed)
    outputs = [Output("page", "page.html", "text/html", content, part.active)]
    if part.figure is not None:
        outputs.append(Output("figure", "figure.svg", "image/svg+xml", part.figure.to_bytes()))
    outputs.append(thumbnail_output(part.thumbnail))
    if part.data is not None:
        outputs.append(Output("data", part.data_name, "application/json", as_json(part.data)))
    if part.chart is not None:
        outputs.append(chart_output(part.chart))
    return Rendering(
        kind=part.kind,
        renderer_name=name,
        renderer_version=version,
        title=part.title,
        alt_text=part.alt_text,
        facts={**part.facts, **facts},
        outputs=(*outputs, *part.more),
        warnings=part.warnings,
        sampled=part.sampled,
        members=part.members,
    )
