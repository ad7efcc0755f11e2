"""An artifact: one version of one object, and how far its picture has come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
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


# Renderings made before outputs said it themselves: these kinds' pages hold users' HTML.
ACTIVE_BEFORE = frozenset({"html", "kfp_ui_metadata"})


@dataclass(frozen=True, slots=True)
class StoredOutput:
    """One file of a rendering, as it lies in the renderings bucket under ``object_key``.

    ``active``: it holds users' own HTML and is served so that its scripts run (``model.rendering.Output``).
    """

    role: str
    name: str
    media_type: str
    size: int
    object_key: str
    active: bool = False


def stored_outputs(kind: str | None, outputs: Iterable[Mapping[str, Any]]) -> tuple[StoredOutput, ...]:
    """Read outputs as records and catalog keep them; old ones do not say whether they are active.

    Raises:
        TypeError: one of them lacks or misnames a field.
    """
    old = kind in ACTIVE_BEFORE
    return tuple(StoredOutput(**{"active": old and output.get("role") == "page", **output}) for output in outputs)


@dataclass(frozen=True, slots=True)
class Artifact:
    """One object version with everything the gallery shows of it.

    ``part``: its object is a member of another artifact, which shows it.
    """

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
    part: bool = False
