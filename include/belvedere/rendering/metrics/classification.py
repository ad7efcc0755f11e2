"""Kubeflow v2's classification metrics as they stand in an artifact's metadata.

Source: kubeflow/pipelines, sdk/python/kfp/dsl/types/artifact_types.py (ClassificationMetrics,
SlicedClassificationMetrics). Kubeflow's metadata store wraps values as ``{"struct": ...}`` and ``{"list": ...}``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.metrics.curves import RocCurve, read_roc
from belvedere.rendering.metrics.matrices import MAX_CLASSES, ConfusionMatrix, Count
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

MATRIX, CURVE, SLICES = "confusionMatrix", "confidenceMetrics", "evaluationSlices"
POINT_FIELDS = ("falsePositiveRate", "recall", "confidenceThreshold")
MOST_SLICES, LONGEST_NAME = 500, 120


@dataclass(frozen=True, slots=True)
class Classification:
    """What classification metrics hold: a matrix, a curve, further numbers, and what was wrong with a part."""

    matrix: ConfusionMatrix | None
    curve: RocCurve | None
    numbers: Mapping[str, float]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Slice:
    """The classification metrics of one slice of the data; ``problem``: why there are none."""

    name: str
    metrics: Classification | None
    problem: str = ""


def metadata_of(document: Any) -> Mapping[str, Any]:
    """Return an artifact's metadata, where the document is the whole artifact, or the document itself."""
    inner = document.get("metadata") if isinstance(document, dict) else None
    if isinstance(inner, dict) and not {MATRIX, CURVE, SLICES} & document.keys():
        return inner
    return document if isinstance(document, dict) else {}


def read_classification(metadata: Mapping[str, Any]) -> Classification:
    """Read a matrix, a curve or both; a bad one is told in ``warnings`` beside a good one.

    Raises:
        MalformedArtifact, LimitExceeded: nothing of it can be read; the message says why.
    """
    matrix, curve, problems = None, None, []
    if metadata.get(MATRIX) is not None:
        try:
            matrix = _matrix(_unwrapped(metadata[MATRIX]))
        except (MalformedArtifact, LimitExceeded) as error:
            problems.append(f"The confusion matrix cannot be shown: {error.message}")
    if metadata.get(CURVE) is not None:
        try:
            curve = _curve(_unwrapped(metadata[CURVE]))
        except (MalformedArtifact, LimitExceeded) as error:
            problems.append(f"The ROC curve cannot be shown: {error.message}")
    if matrix is None and curve is None:
        said = " ".join(problems) or "they hold neither a confusionMatrix nor confidenceMetrics"
        raise MalformedArtifact(f"The classification metrics are not readable: {said}", code="no_metrics")
    return Classification(matrix, curve, _numbers(metadata), (*problems, *_disagreement(metadata, curve)))


def _unwrapped(value: Any) -> Any:
    while isinstance(value, dict) and len(value) == 1 and ("struct" in value or "list" in value):
        value = next(iter(value.values()))
    return value


def _numbers(metadata: Mapping[str, Any]) -> dict[str, float]:
    return {
        clean(str(name))[:LONGEST_NAME]: float(value)
        for name, value in list(metadata.items())[:1000]
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
    }


def _disagreement(metadata: Mapping[str, Any], curve: RocCurve | None) -> tuple[str, ...]:
    stated = _numbers(metadata).get("auc")
    if curve is None or stated is None or abs(stated - curve.auc) < 0.005:
        return ()
    return (f"The metadata state an AUC of {stated:.4f}, but the area under these points is {curve.auc:.4f}.",)


def _matrix(value: Any) -> ConfusionMatrix:
    if not isinstance(value, dict) or not isinstance(value.get("rows"), list) or not value["rows"]:
        raise MalformedArtifact("it has no rows of counts.", code="empty")
    rows = [_unwrapped(row.get("row") if isinstance(row, dict) else row) for row in value["rows"]]
    if len(rows) > MAX_CLASSES:
        text = f"it has {len(rows):,} classes; at most {MAX_CLASSES:,} are drawn."
        raise LimitExceeded(text, code="classes")
    labels, warnings = _labels(_unwrapped(value.get("annotationSpecs")), len(rows))
    grid = tuple(_row(row, at, len(rows)) for at, row in enumerate(rows, 1))
    if any(not isinstance(amount, int) for row in grid for amount in row):
        warnings.append("Some counts are not whole numbers: the matrix seems to hold shares or weights.")
    return ConfusionMatrix(labels, grid, "target", "predicted", tuple(warnings))


def _labels(specs: Any, size: int) -> tuple[tuple[str, ...], list[str]]:
    if specs is None:
        return tuple(map(str, range(size))), [
            "The classes have no names (annotationSpecs is missing): numbered from 0."
        ]
    named = specs if isinstance(specs, list) else []
    labels = tuple(str(spec.get("displayName", "")) if isinstance(spec, dict) else str(spec) for spec in named)
    if len(labels) != size:
        text = f"it names {len(labels):,} classes (annotationSpecs), but has {size:,} rows."
        raise MalformedArtifact(text, code="labels_differ")
    if len(set(labels)) < size:
        raise MalformedArtifact("two classes have the same name (a duplicate label).", code="duplicate_label")
    return labels, []


def _row(row: Any, at: int, size: int) -> tuple[Count, ...]:
    if not isinstance(row, list) or len(row) != size:
        there = len(row) if isinstance(row, list) else 0
        text = f"it is not square: row {at:,} has {there:,} counts, but there are {size:,} rows."
        raise MalformedArtifact(text, code="not_square")
    return tuple(_count(value, at) for value in row)


def _count(value: Any, row: int) -> Count:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise MalformedArtifact(f"row {row:,} holds {clean(repr(value))[:40]}, which is no count.", code="not_a_number")
    return int(value) if float(value).is_integer() and value < 1e15 else float(value)


def _curve(points: Any) -> RocCurve:
    if not isinstance(points, list):
        raise MalformedArtifact("confidenceMetrics is not a list of points.", code="not_a_list")
    if not all(isinstance(point, dict) for point in points):
        raise MalformedArtifact("a point of confidenceMetrics is not an object.", code="not_an_object")
    fields = [POINT_FIELDS[0], POINT_FIELDS[1]]
    known = any(POINT_FIELDS[2] in point for point in points)
    fields += [POINT_FIELDS[2]] if known else []
    absent = sum(1 for point in points for name in fields if name not in point)
    if absent and absent >= len(points):
        raise MalformedArtifact(f"its points lack values: each needs {', '.join(POINT_FIELDS)}.", code="missing_field")
    rows = [[str(point.get(name, 0.0)) for name in fields] for point in points]
    curve = read_roc(rows, columns=(0, 1, 2 if known else None))
    said = (f"{absent:,} values are missing in the points and counted as 0.",) if absent else ()
    return RocCurve(curve.fpr, curve.tpr, curve.thresholds, (*curve.warnings, *said))


def read_slices(metadata: Mapping[str, Any]) -> tuple[Slice, ...]:
    """Read the metrics of every slice, in the order of the file; a bad one stands with its problem.

    Raises:
        MalformedArtifact: there is no slice.
        LimitExceeded: there are more than ``MOST_SLICES``.
    """
    listed = _unwrapped(metadata.get(SLICES))
    if not isinstance(listed, list) or not listed:
        raise MalformedArtifact("The sliced metrics hold no slice (evaluationSlices is empty).", code="no_slices")
    if len(listed) > MOST_SLICES:
        text = f"The metrics have {len(listed):,} slices; at most {MOST_SLICES} are shown."
        raise LimitExceeded(text, code="slices")
    return tuple(_slice(item, at) for at, item in enumerate(listed, 1))


def _slice(item: Any, at: int) -> Slice:
    if not isinstance(item, dict):
        return Slice(f"slice {at}", None, "it is not an object")
    name = _slice_name(item.get("slice"), at)
    metrics = _unwrapped(item.get("sliceClassificationMetrics"))
    try:
        return Slice(name, read_classification(metrics if isinstance(metrics, dict) else item))
    except (MalformedArtifact, LimitExceeded) as error:
        return Slice(name, None, error.message)


def _slice_name(value: Any, at: int) -> str:
    if isinstance(value, dict):
        value = ", ".join(f"{name}={inner}" for name, inner in list(value.items())[:8])
    return clean(str(value)).strip()[:LONGEST_NAME] if value not in (None, "") else f"slice {at}"
