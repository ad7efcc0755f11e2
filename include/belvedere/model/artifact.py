"""An artifact: one version of one object, and how far its picture has come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class ArtifactState(StrEnum):
    """Where an artifact stands between landing in the bucket and hanging in the gallery."""

    QUEUED = "queued"
    RENDERING = "rendering"
    RENDERED = "rendered"
    FAILED = "failed"
    DEAD = "dead"
    UNSUPPORTED = "unsupported"
    SUPERSEDED = "superseded"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class StoredOutput:
    """One file of a rendering, as it lies in the renderings bucket under ``object_key``."""

    role: str
    name: str
    media_type: str
    size: int
    object_key: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """One object version with everything the gallery shows of it."""

    id: str
    tenant: str
    bucket: str
    key: str
    version_id: str
    etag: str
    size: int
    content_type: str
    kind: str | None
    state: ArtifactState
    is_latest: bool
    attempts: int
    error_code: str | None
    error_message: str | None
    event_at: datetime
    queued_at: datetime
    rendered_at: datetime | None
    latency_ms: int | None
    renderer_name: str | None
    renderer_version: str | None
    title: str | None
    alt_text: str | None
    facts: Mapping[str, Any]
    warnings: tuple[str, ...]
    outputs: tuple[StoredOutput, ...]
    provenance: Mapping[str, Any]
    run_dag_id: str | None
    run_id: str | None
    seq: int
