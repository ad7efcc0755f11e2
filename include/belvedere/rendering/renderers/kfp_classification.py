"""Kubeflow v2's classification metrics: matrix and curve; of sliced ones the slices side by side, worst first."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.metrics.classification import (
    Classification,
    metadata_of,
    read_classification,
    read_slices,
)
from belvedere.rendering.metrics.slices import draw_slices
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import short
from belvedere.rendering.pages.page import table
from belvedere.rendering.pages.part import Part, as_rendering, section
from belvedere.rendering.registry import renderer
from belvedere.rendering.renderers.confusion_matrix import draw_matrix
from belvedere.rendering.renderers.roc import draw_roc
from belvedere.rendering.texts.plaintext import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.kfp_classification", "1.0.0"
MOST_BYTES = 64 * 1024**2


@renderer(NAME, version=VERSION, kinds=("kfp_classification_metrics", "kfp_sliced_metrics"))
def render_classification(source: Source, limits: Limits) -> Rendering:
    """Draw what the metrics hold."""
    metadata = metadata_of(read_document(source))
    part = draw_metadata(metadata, file_name(source))
    return as_rendering(part, name=NAME, version=VERSION)


def read_document(source: Source) -> Any:
    """Read JSON.

    Raises:
        MalformedArtifact: it is none.
        LimitExceeded: it is longer than ``MOST_BYTES``.
    """
    if source.size > MOST_BYTES:
        text = f"The metrics have {source.size:,} bytes; at most {MOST_BYTES:,} are read."
        raise LimitExceeded(text, code="metrics_size")
    try:
        return json.loads(decode(source.path.read_bytes()).text)
    except RecursionError:
        raise MalformedArtifact("The metrics are nested too deeply to be read.", code="too_deep") from None
    except ValueError as error:
        text = f"The metrics are not valid JSON (invalid or truncated): {str(error)[:200]}."
        raise MalformedArtifact(text, code="not_json") from error


def draw_metadata(metadata: Mapping[str, Any], title: str) -> Part:
    """Return the metadata of a classification artifact, plain or sliced, as a part.

    Raises:
        MalformedArtifact, LimitExceeded: nothing of it can be drawn.
    """
    if "evaluationSlices" in metadata:
        return draw_slices(read_slices(metadata), title)
    return draw_classification(read_classification(metadata), title)


def draw_classification(metrics: Classification, title: str) -> Part:
    """Return a matrix, a curve or both as one part, with the numbers beside them."""
    parts = []
    if metrics.matrix is not None:
        parts.append(draw_matrix(metrics.matrix, title))
    if metrics.curve is not None:
        parts.append(draw_roc(metrics.curve, title))
    first = parts[0]
    body = first.body
    if len(parts) > 1:
        body = "".join(f"<section><p>{part.lead}</p>{section(part)}</section>" for part in parts)
    lines = [[name, short(value)] for name, value in metrics.numbers.items()]
    numbers = f"<h2>Further metrics</h2>{table(['metric', 'value'], lines, numeric=[False, True])}" if lines else ""
    facts = {name: value for part in parts for name, value in part.facts.items()}
    return replace(
        first,
        kind="kfp_classification_metrics",
        lead=first.lead if len(parts) == 1 else "Kubeflow classification metrics.",
        alt_text=" ".join(part.alt_text for part in parts),
        facts={**facts, **({"metrics": dict(metrics.numbers)} if lines else {})},
        body=body + numbers,
        warnings=(*metrics.warnings, *(first.warnings if len(parts) == 1 else ())),
    )
