"""What a JSON object is, by its fields: metrics, Kubeflow's documents, charts as data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.rendering.texts.json_outline import Outline

MOST_METRICS, LINES_LOOKED_AT = 400, 12
VEGA_LITE_PARTS = frozenset({"layer", "hconcat", "vconcat", "concat", "facet", "repeat", "spec"})
TRACE_FIELDS = frozenset(
    {"x", "y", "z", "mode", "marker", "line", "values", "labels", "hovertemplate", "xaxis", "yaxis"}
)
STEP_NAMES = frozenset(
    {"step", "steps", "epoch", "iter", "iteration", "batch", "round", "global_step", "current", "trial"}
)
TOTAL_NAMES = frozenset(
    {"total", "total_steps", "total_epochs", "max_steps", "num_steps", "num_epochs", "epochs", "max_epochs", "percent"}
    | {"progress", "of", "n_epochs", "eta", "total_batches", "num_train_steps"}
)
METRIC_WORDS = (
    "loss",
    "acc",
    "auc",
    "f1",
    "error",
    "score",
    "reward",
    "lr",
    "learning_rate",
    "perplexity",
    "mse",
    "mae",
)
SCHEMA_VEGA_LITE, SCHEMA_VEGA = "/vega-lite/", "/vega/"


def kind_of_object(document: Mapping[str, Any]) -> str | None:
    """Return the kind of a parsed object, None where it is none of these."""
    return _kubeflow_kind(document) or _chart_kind(document) or _metrics_kind(document)


def _kubeflow_kind(document: Mapping[str, Any]) -> str | None:
    artifacts = document.get("artifacts")
    if isinstance(artifacts, dict) and any(
        isinstance(value, dict) and isinstance(value.get("artifacts"), list) for value in artifacts.values()
    ):
        return "kfp_executor_output"
    inner = document.get("metadata")
    held = inner if isinstance(inner, dict) else document
    for fields in (document, held):
        if isinstance(fields.get("evaluationSlices"), list | dict):
            return "kfp_sliced_metrics"
        if isinstance(fields.get("confusionMatrix"), dict) or isinstance(fields.get("confidenceMetrics"), list | dict):
            return "kfp_classification_metrics"
    return None


def _chart_kind(document: Mapping[str, Any]) -> str | None:
    schema = str(document.get("$schema", ""))[:300]
    if SCHEMA_VEGA_LITE in schema or "vega-lite" in schema:
        return "vega_lite"
    if SCHEMA_VEGA in schema and "marks" in document:
        return "vega"
    if "mark" in document and isinstance(document.get("encoding"), dict):
        return "vega_lite"
    return "plotly" if _is_plotly(document) else None


def _is_plotly(document: Mapping[str, Any]) -> bool:
    traces = document.get("data")
    if not isinstance(traces, list) or not all(isinstance(trace, dict) for trace in traces):
        return False
    if isinstance(document.get("layout"), dict):
        return True
    return bool(traces) and all(isinstance(trace.get("type"), str) and TRACE_FIELDS & trace.keys() for trace in traces)


def _metrics_kind(document: Mapping[str, Any]) -> str | None:
    metrics = document.get("metrics")
    if isinstance(metrics, list) and any(isinstance(item, dict) and "numberValue" in item for item in metrics):
        return "kfp_metrics"
    inner = document.get("metadata")
    if "uri" in document and isinstance(inner, dict) and inner and _is_metrics(inner):
        return "metrics"
    return "metrics" if _is_metrics(document) else None


def _is_metrics(document: Mapping[str, Any]) -> bool:
    """Whether all values are numbers, or groups of numbers under names."""
    groups = [value for value in document.values() if isinstance(value, dict)]
    numbers = [value for value in document.values() if _is_number(value)]
    inner = [value for group in groups for value in group.values()]
    named = all(group and not all(str(name).isdigit() for name in group) for group in groups)
    whole = len(groups) + len(numbers) == len(document) and all(map(_is_number, inner))
    return whole and named and 0 < len(numbers) + len(inner) <= MOST_METRICS


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def kind_of_beginning(seen: Outline, text: str) -> str | None:
    """Return the kind of a chart whose JSON is too long to be parsed for its kind."""
    if '"$schema"' in text and "vega-lite" in text[: text.find('"$schema"') + 200][text.find('"$schema"') :]:
        return "vega_lite"
    if {"mark", "encoding"} <= seen.keys or ({"datasets", "config"} <= seen.keys and VEGA_LITE_PARTS & seen.keys):
        return "vega_lite"
    traces = seen.elements.get("data", set())
    if "data" in seen.keys and ("layout" in seen.keys or "type" in traces) and len(TRACE_FIELDS & traces) >= 1:
        return "plotly"
    if {"confusionMatrix", "confidenceMetrics"} & seen.keys:
        return "kfp_classification_metrics"
    return "kfp_sliced_metrics" if "evaluationSlices" in seen.keys else None


def first_lines(text: str) -> list[Any]:
    """Return the first few lines of JSON lines, parsed; a line that the end cuts off is left out."""
    found = []
    for line in text.split("\n", LINES_LOOKED_AT)[:LINES_LOOKED_AT]:
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError):
            continue
    return found


def is_progress(lines: list[Any]) -> bool:
    """Whether objects of JSON lines tell how far work is: steps that rise, with a total or metrics."""
    if not lines or not all(isinstance(line, dict) for line in lines):
        return False
    names = set.intersection(*({str(name).casefold() for name in line} for line in lines))
    steps = STEP_NAMES & names
    if not steps:
        return False
    metrics = any(word in name for line in lines for name in map(str, line) for word in METRIC_WORDS)
    counted = any(TOTAL_NAMES & {str(name).casefold() for name in line} for line in lines)
    values = [value for line in lines for name, value in line.items() if str(name).casefold() in steps][: len(lines)]
    rising = all(map(_is_number, values)) and values == sorted(values)
    return rising and (metrics or counted)
