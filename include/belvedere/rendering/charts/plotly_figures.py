"""Plotly figures as data: typed arrays unpacked, addresses and links taken out.

Source: plotly.js attribute reference (https://plotly.com/javascript/reference/); typed arrays as ``{"dtype", "bdata",
"shape"}`` since plotly.py 6.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

DTYPES = frozenset({"i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8", "u1c", "uint8", "int32", "float64"})
NAMES_OF_DTYPES = {"u1c": "u1", "uint8": "u1", "int32": "i4", "float64": "f8"}
INLINE_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]{1,8000000}", re.IGNORECASE)
LINK = re.compile(r"</?a\b[^<>]{0,4000}>?", re.IGNORECASE)
MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,400}>")
BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
MOST_DEPTH, MOST_TRACES, MOST_VALUES, LARGEST_SIDE = 40, 500, 5_000_000, 4000
MAP_PARTS = re.compile(r"(?:mapbox|map|geo)\d*")
MAP_TYPES = re.compile(r"(?:scatter|density)(?:mapbox|map|geo)|choropleth.*")
FETCHED_MAPS = frozenset({"style", "layers", "accesstoken", "uirevision"})


@dataclass(slots=True)
class Figure:
    """A figure fit to be drawn: traces and layout as plain data, and sentences about what was taken out."""

    traces: list[dict[str, Any]]
    layout: dict[str, Any]
    frames: list[Any] = field(default_factory=list)
    links: int = 0
    remote: dict[str, None] = field(default_factory=dict)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was taken out, in sentences."""
        said = []
        if self.links:
            words = "1 link" if self.links == 1 else f"{self.links:,} links"
            said.append(f"{words} in the figure's texts were removed: charts here lead nowhere.")
        if self.remote:
            named = ", ".join(list(self.remote)[:5])
            said.append(f"The figure refers to things elsewhere, which are not loaded here: {named}.")
        return tuple(said)

    def to_json(self) -> dict[str, Any]:
        """Return the figure for the browser, without what needs maps."""
        layout = {name: part for name, part in self.layout.items() if not MAP_PARTS.fullmatch(name)}
        frames = {"frames": self.frames} if self.frames and not any(map(needs_map, self.traces)) else {}
        return {"data": self.off_maps, "layout": layout, **frames}

    @property
    def off_maps(self) -> list[dict[str, Any]]:
        """The traces that need no map; points on a map become points by longitude and latitude."""
        return [flat for flat in map(_off_map, self.traces) if flat is not None]


def read_figure(document: Any) -> Figure:
    """Return a harmless copy of a figure.

    Raises:
        MalformedArtifact: it has no list of traces.
        LimitExceeded: it has too many traces, or is nested too deeply.
    """
    traces = document.get("data") if isinstance(document, dict) else None
    if not isinstance(traces, list) or not all(isinstance(trace, dict) for trace in traces):
        raise MalformedArtifact("The figure has no list of traces under data.", code="no_traces")
    if len(traces) > MOST_TRACES:
        text = f"The figure has {len(traces):,} traces; at most {MOST_TRACES} are drawn."
        raise LimitExceeded(text, code="traces")
    figure = Figure([], {})
    figure.traces = [_cleaned(trace, figure, 0, "trace") for trace in traces]
    layout = document.get("layout")
    figure.layout = _cleaned(layout, figure, 0, "layout") if isinstance(layout, dict) else {}
    frames = document.get("frames")
    figure.frames = _cleaned(frames, figure, 0, "frames") if isinstance(frames, list) else []
    return figure


def _off_map(trace: dict[str, Any]) -> dict[str, Any] | None:
    if not needs_map(trace):
        return trace
    if not (trace.get("lon") and trace.get("lat")):
        return None
    kept: dict[str, Any] = {
        name: trace[name] for name in ("name", "text", "marker", "line", "opacity", "showlegend") if name in trace
    }
    return {**kept, "type": "scatter", "mode": trace.get("mode", "markers"), "x": trace["lon"], "y": trace["lat"]}


def _cleaned(value: Any, figure: Figure, depth: int, name: str) -> Any:
    if depth > MOST_DEPTH:
        raise MalformedArtifact("The figure is nested too deeply to be read.", code="too_deep")
    if isinstance(value, dict):
        return {key: _member(key, item, figure, depth) for key, item in value.items() if key != "config"}
    if isinstance(value, list):
        if value and isinstance(value[0], int | float) and isinstance(value[-1], int | float):
            return [
                item if isinstance(item, int | float) else _cleaned(item, figure, depth + 1, name) for item in value
            ]
        return [_cleaned(item, figure, depth + 1, name) for item in value]
    return _text(value, figure) if isinstance(value, str) else _number(value)


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text(value: str, figure: Figure) -> str:
    if "<" not in value:
        return value
    found, links = LINK.subn("", value)
    figure.links += (links + 1) // 2
    return found


def _member(key: str, item: Any, figure: Figure, depth: int) -> Any:
    if key in ("source", "geojson", "url", "src") and isinstance(item, str):
        if INLINE_PICTURE.fullmatch(item):
            return item
        figure.remote[clean(item)[:100]] = None
        return "" if key != "geojson" else None
    if MAP_PARTS.fullmatch(key) and isinstance(item, dict):
        return {
            name: _cleaned(part, figure, depth + 1, name) for name, part in item.items() if name not in FETCHED_MAPS
        }
    if key in ("width", "height") and isinstance(item, int | float) and item > LARGEST_SIDE:
        return LARGEST_SIDE
    return _cleaned(item, figure, depth + 1, key)


def type_of(trace: Mapping[str, Any]) -> str:
    """Return a trace's type; plotly's default is scatter."""
    kind = trace.get("type")
    return clean(kind)[:40] if isinstance(kind, str) and kind else "scatter"


def needs_map(trace: Mapping[str, Any]) -> bool:
    """Whether a trace is drawn over a map, whose tiles or outlines are fetched from elsewhere."""
    return MAP_TYPES.fullmatch(type_of(trace)) is not None


def array(value: Any) -> list[Any]:
    """Return an array attribute as a list: plain lists as they are, typed arrays unpacked; [] for anything else."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or not isinstance(value.get("bdata"), str):
        return []
    name = str(value.get("dtype", ""))
    if name not in DTYPES:
        return []
    try:
        packed = base64.b64decode(value["bdata"], validate=True)
    except (binascii.Error, ValueError):
        return []
    return _shaped(packed, NAMES_OF_DTYPES.get(name, name), value.get("shape"))


def _shaped(packed: bytes, dtype: str, shape: Any) -> list[Any]:
    import numpy as np

    kind = np.dtype(f"<{dtype}")
    flat = np.frombuffer(packed[: len(packed) // kind.itemsize * kind.itemsize], kind)[:MOST_VALUES]
    sizes = [int(part) for part in re.findall(r"\d{1,9}", str(shape))] if shape is not None else []
    if len(sizes) > 1 and math.prod(sizes) == flat.size:
        return list(flat.reshape(sizes).tolist())
    return list(flat.tolist())


def words(value: Any) -> str:
    """Return a label as plain text: plotly's own small HTML left out, breaks as spaces."""
    text = value.get("text") if isinstance(value, dict) else value
    return clean(MARKUP.sub("", BREAK.sub(" ", text)))[:300].strip() if isinstance(text, str) else ""
