"""An artifact as the catalog tells of it, for what reads artifacts and needs no catalog."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from belvedere.model.artifact import Artifact, ArtifactState

RENDERED_AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
CURVE = Artifact(
    id="0123456789abcdef01234567",
    tenant="team",
    bucket="team",
    key="runs/a/roc.csv",
    version_id="",
    etag="e",
    size=1,
    content_type="text/csv",
    kind="roc",
    state=ArtifactState.RENDERED,
    is_latest=True,
    attempts=1,
    error_code=None,
    error_message=None,
    event_at=RENDERED_AT,
    queued_at=RENDERED_AT,
    rendered_at=RENDERED_AT,
    latency_ms=1,
    renderer_name="belvedere.roc",
    renderer_version="1",
    title=None,
    alt_text=None,
    facts={"roc": {"auc": 0.9}},
    warnings=(),
    outputs=(),
    provenance={},
    run_dag_id=None,
    run_id=None,
    seq=1,
)


def rendered_curve(**told: Any) -> Artifact:
    """Return a ROC curve that was rendered, with some of its columns told otherwise."""
    return replace(CURVE, **told)
