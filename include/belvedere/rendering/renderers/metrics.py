"""Metrics in JSON: Kubeflow's ``mlpipeline-metrics.json`` (v1), or names with numbers."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.naming import file_name
from belvedere.rendering.numbers import short
from belvedere.rendering.page import table, verdict
from belvedere.rendering.part import Part, as_rendering
from belvedere.rendering.plaintext import clean, decode
from belvedere.rendering.registry import renderer
from belvedere.rendering.svg import Drawing

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.metrics", "1.0.0"
MOST_BYTES = 4 * 1024**2
MOST_IN_VERDICT, MOST_IN_THUMBNAIL = 6, 4


@dataclass(frozen=True, slots=True)
class Metric:
    """A named number; ``percentage``: it is a share to be shown in percent."""

    name: str
    value: float
    percentage: bool = False

    @property
    def shown(self) -> str:
        """The value as people read it."""
        return f"{100 * self.value:.2f} %" if self.percentage else short(self.value)


@renderer(NAME, version=VERSION, kinds=("kfp_metrics", "metrics"))
def render_metrics(source: Source, limits: Limits) -> Rendering:
    """Show the numbers in large type and as a table."""
    if source.size > MOST_BYTES:
        text = f"The metrics have {source.size:,} bytes; at most {MOST_BYTES:,} are read."
        raise LimitExceeded(text, code="metrics_size")
    try:
        document = json.loads(decode(source.path.read_bytes()).text)
    except ValueError as error:
        raise MalformedArtifact(
            f"The metrics are not valid JSON (invalid or truncated): {error}.", code="not_json"
        ) from error
    listed = isinstance(document, dict) and isinstance(document.get("metrics"), list)
    metrics, warnings = _listed(document["metrics"]) if listed else _named(document)
    if not metrics:
        raise MalformedArtifact(f"There is no metric to show. {' '.join(warnings)}", code="no_metrics")
    kind = "kfp_metrics" if listed else "metrics"
    return as_rendering(_part(kind, metrics, warnings, file_name(source)), name=NAME, version=VERSION)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _listed(items: list[Any]) -> tuple[list[Metric], list[str]]:
    metrics, warnings = [], []
    for position, item in enumerate(items, 1):
        entry = item if isinstance(item, dict) else {}
        name, value = entry.get("name"), _number(entry.get("numberValue"))
        if not isinstance(name, str) or value is None:
            warnings.append(f"Metric {position} is invalid: it needs a name and a finite numberValue.")
            continue
        metrics.append(Metric(clean(name)[:200], value, entry.get("format") == "PERCENTAGE"))
    return metrics, warnings


def _named(document: Any) -> tuple[list[Metric], list[str]]:
    if not isinstance(document, dict):
        return [], ["The file is no object of names and numbers."]
    pairs = [(clean(str(name))[:200], _number(value)) for name, value in document.items()]
    warnings = [f"The value of {name} is not a finite number." for name, value in pairs if value is None]
    return [Metric(name, value) for name, value in pairs if value is not None], warnings


def _part(kind: str, metrics: list[Metric], warnings: list[str], title: str) -> Part:
    said = ", ".join(f"{metric.name} {metric.shown}" for metric in metrics[:8])
    percentages = any(metric.percentage for metric in metrics)
    header = ["metric", "value", *(["percent"] if percentages else [])]
    lines = [
        [
            metric.name,
            repr(metric.value),
            *([f"{100 * metric.value:.2f}" if metric.percentage else ""] if percentages else []),
        ]
        for metric in metrics
    ]
    figures = {metric.name: metric.shown for metric in metrics[:MOST_IN_VERDICT]}
    return Part(
        kind=kind,
        title=title,
        lead=f"{len(metrics):,} {'metric' if len(metrics) == 1 else 'metrics'}.",
        alt_text=f"Metrics: {said}.",
        facts={"metrics": {metric.name: metric.value for metric in metrics[:200]}},
        body=verdict(figures) + table(header, lines, numeric=[False, True, True][: len(header)]),
        thumbnail=_thumbnail(metrics, said),
        data={metric.name: metric.value for metric in metrics},
        warnings=tuple(warnings[:20]),
    )


def _thumbnail(metrics: list[Metric], said: str) -> Drawing:
    drawing = Drawing(480, 300, label=f"Metrics: {said}")
    for at, metric in enumerate(metrics[:MOST_IN_THUMBNAIL]):
        y = 56 + at * 66
        drawing.text(20, y + 8, metric.name, css="muted", size=19, fit=240)
        drawing.text(460, y + 10, metric.shown, css="strong", size=34, anchor="end")
    if len(metrics) > MOST_IN_THUMBNAIL:
        drawing.text(20, 294, f"+ {len(metrics) - MOST_IN_THUMBNAIL:,} more", css="muted", size=14)
    return drawing
