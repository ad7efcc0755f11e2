"""Metrics in JSON: Kubeflow's ``mlpipeline-metrics.json`` (v1), or names with numbers, perhaps in groups."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import finite_number, short
from belvedere.rendering.pages.page import table, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.texts.plaintext import clean, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.metrics", "1.1.0"
MOST_BYTES = 4 * 1024**2
MOST_IN_VERDICT, MOST_IN_THUMBNAIL = 6, 4
MOST_METRICS, LONGEST_NAME = 1000, 200
# kubeflow/pipelines, backend/src/apiserver/server/api_util.go and metrics_reporter.go
KUBEFLOW_NAME = re.compile(r"[a-zA-Z](?:[-_a-zA-Z0-9]{0,62}[a-zA-Z0-9])?")
KUBEFLOW_MOST = 50


@dataclass(frozen=True, slots=True)
class Metric:
    """A named number, perhaps of a ``group``; ``percentage``: it is a share to be shown in percent."""

    name: str
    value: float
    percentage: bool = False
    group: str = ""

    @property
    def shown(self) -> str:
        """The value as people read it."""
        return f"{100 * self.value:.2f} %" if self.percentage else short(self.value)

    @property
    def full_name(self) -> str:
        """The name with its group before it."""
        return f"{self.group} {self.name}" if self.group else self.name


@renderer(NAME, version=VERSION, kinds=("kfp_metrics", "metrics"))
def render_metrics(source: Source, limits: Limits) -> Rendering:
    """Show the numbers in large type and as a table."""
    if source.size > MOST_BYTES:
        text = f"The metrics have {source.size:,} bytes; at most {MOST_BYTES:,} are read."
        raise LimitExceeded(text, code="metrics_size")
    try:
        document = json.loads(decode(source.path.read_bytes()).text)
    except RecursionError:
        raise MalformedArtifact("The metrics are nested too deeply to be read.", code="too_deep") from None
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


def draw_named(values: Mapping[str, Any], title: str) -> Part | None:
    """Return names with numbers (Kubeflow v2 keeps metrics so) as a part; None where nothing is a number."""
    metrics, warnings = _named({name: value for name, value in values.items() if not isinstance(value, str)})
    return _part("metrics", metrics, warnings, title) if metrics else None


def _listed(items: list[Any]) -> tuple[list[Metric], list[str]]:
    metrics, warnings, refused = [], [], []
    for position, item in enumerate(items, 1):
        entry = item if isinstance(item, dict) else {}
        name, value = entry.get("name"), finite_number(entry.get("numberValue"))
        if not isinstance(name, str) or value is None:
            warnings.append(f"Metric {position} is invalid: {_reason(item)}.")
            continue
        if not KUBEFLOW_NAME.fullmatch(name):
            refused.append(repr(clean(name)[:60]))
        form = entry.get("format")
        if form not in (None, "RAW", "PERCENTAGE"):
            warnings.append(f"Metric {position} has the unknown format {clean(str(form))[:40]!r}: shown as it is.")
        metrics.append(Metric(clean(name)[:LONGEST_NAME] or "(no name)", value, form == "PERCENTAGE"))
    if refused:
        names = ", ".join(refused[:5]) + (" ..." if len(refused) > 5 else "")
        warnings.append(f"Kubeflow refuses these names (letters, digits, - and _, at most 64): {names}; shown here.")
    if len(items) > KUBEFLOW_MOST:
        text = f"The file lists {len(items):,} metrics; Kubeflow keeps the first {KUBEFLOW_MOST} and drops the rest."
        warnings.append(f"{text} All are shown here.")
    return metrics, [*warnings, *_repeated(metrics)]


def _reason(item: Any) -> str:
    if not isinstance(item, dict):
        return "it is not an object"
    name, value = item.get("name"), item.get("numberValue")
    if not isinstance(name, str):
        return "it needs a name"
    if value is None:
        return f"{clean(name)[:60]!r} has no numberValue: it is missing"
    return f"the numberValue of {clean(name)[:60]!r} is {clean(str(value))[:40]!r}, not a finite number"


def _repeated(metrics: list[Metric]) -> list[str]:
    counts = Counter(metric.full_name for metric in metrics)
    again = [name for name, times in counts.items() if times > 1]
    return [f"These names are given more than once: {', '.join(again[:5])}."] if again else []


def _named(document: Any) -> tuple[list[Metric], list[str]]:
    if not isinstance(document, dict):
        return [], ["The file is no object of names and numbers."]
    inner = document.get("metadata")
    if "uri" in document and isinstance(inner, dict) and inner:
        document = inner
    metrics, warnings = [], []
    for name, value in list(document.items())[:MOST_METRICS]:
        plain = clean(str(name))[:LONGEST_NAME]
        pairs = value.items() if isinstance(value, dict) else [(None, value)]
        for below, given in list(pairs)[:MOST_METRICS]:
            found = finite_number(given)
            if found is None:
                where = plain if below is None else f"{plain} {clean(str(below))[:LONGEST_NAME]}"
                warnings.append(f"The value of {where} is not a finite number.")
            elif below is None:
                metrics.append(Metric(plain, found))
            else:
                metrics.append(Metric(clean(str(below))[:LONGEST_NAME], found, group=plain))
    return metrics, warnings


def _part(kind: str, metrics: list[Metric], warnings: list[str], title: str) -> Part:
    said = ", ".join(f"{metric.full_name} {metric.shown}" for metric in metrics[:8])
    columns: dict[str, Callable[[Metric], str]] = {"metric": lambda one: one.name, "value": lambda one: repr(one.value)}
    if any(metric.group for metric in metrics):
        columns = {"group": lambda one: one.group, **columns}
    if any(metric.percentage for metric in metrics):
        # the column says the unit: a reader of plain text takes 71.67 % for 0.7167
        columns["percent"] = lambda one: f"{100 * one.value:.2f}" if one.percentage else ""
    lines = [[write(metric) for write in columns.values()] for metric in metrics]
    numeric = [name in ("value", "percent") for name in columns]
    figures = {metric.full_name: metric.shown for metric in metrics[:MOST_IN_VERDICT]}
    values = _values(metrics)
    return Part(
        kind=kind,
        title=title,
        lead=f"{len(metrics):,} {'metric' if len(metrics) == 1 else 'metrics'}.",
        alt_text=f"Metrics: {said}.",
        facts={"metrics": values},
        body=verdict(figures) + table(list(columns), lines, numeric=numeric),
        thumbnail=_thumbnail(metrics, said),
        data=values,
        warnings=tuple(warnings[:20]),
    )


def _values(metrics: list[Metric]) -> dict[str, Any]:
    """Return the numbers under their names, those of a group below its name."""
    values: dict[str, Any] = {}
    for metric in metrics[:MOST_METRICS]:
        place = values.setdefault(metric.group, {}) if metric.group else values
        if isinstance(place, dict):
            place[metric.name] = metric.value
    return values


def _thumbnail(metrics: list[Metric], said: str) -> Drawing:
    drawing = Drawing(480, 300, label=f"Metrics: {said}")
    for at, metric in enumerate(metrics[:MOST_IN_THUMBNAIL]):
        y = 56 + at * 66
        drawing.text(20, y + 8, metric.full_name, css="muted", size=19, fit=240)
        drawing.text(460, y + 10, metric.shown, css="strong", size=34, anchor="end")
    if len(metrics) > MOST_IN_THUMBNAIL:
        drawing.text(20, 294, f"+ {len(metrics) - MOST_IN_THUMBNAIL:,} more", css="muted", size=14)
    return drawing
