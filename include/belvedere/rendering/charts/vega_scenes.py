"""Vega charts drawn without a browser, in V8 inside the shut-in child; the scene tells what was drawn."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.isolation.confinement import allow_reserving_addresses
from belvedere.rendering.texts.plaintext import clean
from belvedere.rendering.vision.vectors import clean_svg

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from belvedere.rendering.vision.vectors import Vector

Language = Literal["vega_lite", "vega"]
VERSIONS = {6: "6.4", 5: "5.21"}
OLDEST = "5.8"
MAJOR = re.compile(r"vega-lite/v(\d+)")
NOWHERE = ["https://nothing.invalid/"]
MOST_SVG_BYTES = 12 * 1024**2
LABELS = frozenset({"axis", "legend", "title"})
GREY, LINE = "#71809a", "#8894a840"
# greys that are read on light and on dark paper, where the chart itself chooses none
CONFIG: dict[str, Any] = {
    "background": "transparent",
    "view": {"stroke": LINE},
    "axis": {"labelColor": GREY, "titleColor": GREY, "gridColor": LINE, "tickColor": LINE, "domainColor": GREY},
    "legend": {"labelColor": GREY, "titleColor": GREY},
    "header": {"labelColor": GREY, "titleColor": GREY},
    "title": {"color": GREY, "subtitleColor": GREY},
    "text": {"color": GREY},
    "rule": {"color": GREY},
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A drawn chart: a harmless SVG, how many items its marks have, the names in its legends."""

    vector: Vector
    marks: int
    series: tuple[str, ...]


def draw_scene(spec: Mapping[str, Any], language: Language) -> Scene:
    """Draw a cleaned specification.

    Raises:
        MalformedArtifact: Vega cannot make sense of it; the message is Vega's own.
        LimitExceeded: the drawing is too large.
    """
    allow_reserving_addresses()
    import vl_convert

    try:
        if language == "vega_lite":
            version = vega_lite_version(str(spec.get("$schema", "")))
            told: dict[str, Any] = {"vl_version": version, "config": CONFIG, "allowed_base_urls": NOWHERE}
            scene = vl_convert.vegalite_to_scenegraph(dict(spec), **told)
            svg = vl_convert.vegalite_to_svg(dict(spec), **told)
        else:
            themed = {**spec, "config": _merged(CONFIG, spec.get("config"))}
            scene = vl_convert.vega_to_scenegraph(themed, allowed_base_urls=NOWHERE)
            svg = vl_convert.vega_to_svg(themed, allowed_base_urls=NOWHERE)
    except ValueError as error:
        raise MalformedArtifact(f"The chart cannot be drawn: {_reason(error)}", code="not_drawable") from None
    if len(svg) > MOST_SVG_BYTES:
        text = f"The drawn chart has {len(svg):,} bytes; at most {MOST_SVG_BYTES:,} are shown."
        raise LimitExceeded(text, code="chart_size")
    root = scene.get("scenegraph", {}) if isinstance(scene, dict) else {}
    return Scene(clean_svg(svg.encode("utf-8", "replace")), _marks(root), _series(root))


def vega_lite_version(schema: str) -> str:
    """Return the version to draw with: the newest of the schema's major version, the oldest there is for older ones."""
    found = MAJOR.search(schema)
    major = int(found.group(1)[:4]) if found else max(VERSIONS)
    return OLDEST if major < min(VERSIONS) else VERSIONS.get(major, VERSIONS[max(VERSIONS)])


def _merged(base: Mapping[str, Any], own: Any) -> dict[str, Any]:
    if not isinstance(own, dict):
        return dict(base)
    merged = {name: {**value, **own[name]} if isinstance(value, dict) and isinstance(own.get(name), dict) else value
              for name, value in base.items()}  # fmt: skip
    return {**merged, **{name: value for name, value in own.items() if not isinstance(merged.get(name), dict)}}


def _reason(error: ValueError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("at ") and "conversion failed" not in line]
    return clean(" ".join(told[:3]))[:400] or "Vega gives no reason"


def _groups(mark: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield each group of items that draws data; axes, legends and titles are none."""
    if not isinstance(mark, dict) or depth > 60:
        return
    role = str(mark.get("role") or "")
    if any(role.startswith(word) for word in LABELS) or role.endswith(("header", "footer", "title")):
        return
    if mark.get("marktype") != "group":
        yield mark
        return
    for item in mark.get("items") or ():
        for inner in (item.get("items") or ()) if isinstance(item, dict) else ():
            yield from _groups(inner, depth + 1)


def _marks(root: Any) -> int:
    return sum(len(group.get("items") or ()) for group in _groups(root))


def _series(root: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_legend_labels(root, 0)))[:200]


def _legend_labels(mark: Any, depth: int) -> Iterator[str]:
    if not isinstance(mark, dict) or depth > 60:
        return
    for item in mark.get("items") or ():
        if not isinstance(item, dict):
            continue
        if mark.get("role") == "legend-label" and item.get("text") not in (None, ""):
            text = item["text"]
            yield clean(" ".join(map(str, text)) if isinstance(text, list) else str(text))[:200]
        for inner in item.get("items") or ():
            yield from _legend_labels(inner, depth + 1)
