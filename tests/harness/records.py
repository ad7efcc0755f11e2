"""Rendering records, for tests to bend."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from belvedere.model.artifact import ArtifactState, StoredOutput
from belvedere.model.events import sortable_sequencer
from belvedere.model.record import RenderingRecord, rendering_place

MORNING = datetime(2026, 11, 22, 9, tzinfo=UTC)


def rendering_record(
    key: str = "a.csv", *, bucket: str = "models", etag: str = "e1", **changes: Any
) -> RenderingRecord:
    """Return the record of a rendered table."""
    place = rendering_place(key, etag)
    record = RenderingRecord(
        tenant="team",
        bucket=bucket,
        key=key,
        version_id="",
        etag=etag,
        size=12,
        content_type="text/csv",
        sequencer=sortable_sequencer("187B0C1D2E3F4A5B"),
        event_at=MORNING,
        queued_at=MORNING + timedelta(milliseconds=10),
        rendered_at=MORNING + timedelta(milliseconds=300),
        state=ArtifactState.RENDERED,
        kind="table",
        renderer_name="belvedere.table",
        renderer_version="1.0.0",
        title="a.csv",
        alt_text="A table of 2 rows.",
        facts={"table": {"rows": 2}},
        warnings=("one",),
        outputs=(StoredOutput("page", "page.html", "text/html", 5, f"{place}/page.html"),),
        usage={"wall_ms": 12, "cpu_ms": 10},
        run_dag_id="render_artifacts",
        run_id="claim__1",
    )
    return replace(record, **changes)
