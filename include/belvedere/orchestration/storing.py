"""From a rendering to objects: its outputs, then its record, at the place that key and etag determine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from belvedere.model.artifact import ArtifactState, StoredOutput
from belvedere.model.record import RenderingRecord, rendering_place

if TYPE_CHECKING:
    from belvedere.catalog.claims import ClaimedItem
    from belvedere.clients.object_store import ObjectStore
    from belvedere.errors import BelvedereError
    from belvedere.model.rendering import Rendering, Source, Usage
    from belvedere.model.watch import Watch

RECORD_TYPE = "application/json"
PUTS_AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """The Airflow run that renders."""

    dag_id: str
    run_id: str


def store_rendering(
    store: ObjectStore, bucket: str, item: ClaimedItem, rendering: Rendering
) -> tuple[StoredOutput, ...]:
    """Write a rendering's outputs and say where they lie; writing them twice changes nothing."""
    place = rendering_place(item.key, item.etag)
    stored = tuple(
        StoredOutput(
            role=output.role,
            name=output.name,
            media_type=output.media_type,
            size=len(output.content),
            object_key=f"{place}/{output.name}",
            active=output.active,
        )
        for output in rendering.outputs
    )
    # Side by side, for each PUT mostly waits. The threads are gone before the next artifact's child is forked.
    with ThreadPoolExecutor(max_workers=PUTS_AT_ONCE) as puts:
        written = [
            puts.submit(store.put, bucket, where.object_key, output.content, where.media_type)
            for where, output in zip(stored, rendering.outputs, strict=True)
        ]
    for put in written:
        put.result()
    return stored


def store_record(store: ObjectStore, bucket: str, record: RenderingRecord) -> None:
    """Write the record, last of all: where it is, the rendering is whole."""
    store.put(bucket, record.object_key, record.to_json(), RECORD_TYPE)


def record_of(
    item: ClaimedItem,
    run: RunIdentity,
    source: Source | None,
    rendering: Rendering | None,
    usage: Usage | None,
    outputs: tuple[StoredOutput, ...],
    *,
    state: ArtifactState,
    error: BelvedereError | None,
    watches: tuple[Watch, ...] = (),
    fingerprint: str | None = None,
) -> RenderingRecord:
    """Put together what is known of one rendering, at this moment. What ``watches`` do not see is no member."""
    return RenderingRecord(
        tenant=item.tenant,
        bucket=item.bucket,
        key=item.key,
        version_id=item.version_id,
        etag=item.etag,
        size=source.size if source else item.size,
        content_type=source.content_type if source else item.content_type,
        sequencer=item.sequencer,
        event_at=item.event_at,
        queued_at=item.queued_at,
        rendered_at=datetime.now(UTC),
        state=state,
        attempts=item.attempts,
        error_code=error.code if error else None,
        error_message=error.message if error else None,
        outputs=outputs,
        usage=_usage(usage),
        run_dag_id=run.dag_id,
        run_id=run.run_id,
        members=_members(item, rendering, watches),
        watches=watches,
        refreshes=item.refreshes,
        fingerprint=fingerprint,
        **_rendering(rendering),
    )


def _members(item: ClaimedItem, rendering: Rendering | None, watches: tuple[Watch, ...]) -> tuple[str, ...]:
    """Return the members that the artifact may have: a renderer that was taken over claims nothing it did not see."""
    claimed = rendering.members if rendering is not None else ()
    return tuple(key for key in claimed if key != item.key and any(watch.sees(item.bucket, key) for watch in watches))


def _usage(usage: Usage | None) -> dict[str, Any]:
    if usage is None:
        return {}
    return {
        "wall_ms": round(usage.wall_seconds * 1000, 1),
        "cpu_ms": round(usage.cpu_seconds * 1000, 1),
        "peak_memory_bytes": usage.peak_memory_bytes,
        "isolation": list(usage.isolation),
    }


def _rendering(rendering: Rendering | None) -> dict[str, Any]:
    if rendering is None:
        return {"kind": None}
    sampled = rendering.sampled
    return {
        "kind": rendering.kind,
        "renderer_name": rendering.renderer_name,
        "renderer_version": rendering.renderer_version,
        "title": rendering.title,
        "alt_text": rendering.alt_text,
        "facts": dict(rendering.facts),
        "warnings": rendering.warnings,
        "sampled": {"shown": sampled.shown, "total": sampled.total, "unit": sampled.unit} if sampled else None,
    }
