"""A report: what is told to others when a rendering has ended, as a CloudEvent (version 1.0 of that standard).

No I/O: events are made here from artifacts, and written in either of the two forms that HTTP knows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from belvedere.model.artifact import ArtifactState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from belvedere.model.artifact import Artifact

MOST_FACTS_BYTES = 4000
TYPE_PREFIX = "io.belvedere.report."
# What CloudEvents lets stand in a header as it is: printable ASCII without space, quote and percent sign.
PLAIN_IN_HEADER = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')


class ReportKind(StrEnum):
    """What is told: a picture is there, there will be none, or (to try a subscription) nothing at all."""

    READY = "ready"
    FAILED = "failed"
    PING = "ping"


class EventMode(StrEnum):
    """How HTTP carries a CloudEvent: its attributes in headers, or all of it as JSON."""

    BINARY = "binary"
    STRUCTURED = "structured"


@dataclass(frozen=True, slots=True)
class Written:
    """An event as it goes over the wire."""

    headers: Mapping[str, str]
    body: bytes


def kind_of(state: ArtifactState) -> ReportKind | None:
    """Return what there is to tell of an artifact in this state; None while its rendering has not ended."""
    if state is ArtifactState.RENDERED:
        return ReportKind.READY
    return ReportKind.FAILED if state in (ArtifactState.DEAD, ArtifactState.UNSUPPORTED) else None


def report_event(artifact: Artifact, at: datetime, gallery_path: str) -> dict[str, Any]:
    """Return the CloudEvent of an artifact whose rendering ended at a time; the same again for the same ending."""
    kind = kind_of(artifact.state) or ReportKind.FAILED
    return _event(
        event_id=f"{artifact.id}.{int(at.timestamp() * 1_000_000):x}",
        kind=kind,
        tenant=artifact.tenant,
        subject=f"{artifact.bucket}/{artifact.key}",
        at=at,
        data=artifact_data(artifact, gallery_path),
    )


def ping_event(event_id: str, tenant: str, subscription_id: str, at: datetime) -> dict[str, Any]:
    """Return an event that says nothing but that it arrives."""
    data = {"subscription": subscription_id, "message": "If you can read this, the subscription works."}
    return _event(
        event_id=event_id,
        kind=ReportKind.PING,
        tenant=tenant,
        subject=f"subscriptions/{subscription_id}",
        at=at,
        data=data,
    )


def artifact_data(artifact: Artifact, gallery_path: str) -> dict[str, Any]:
    """Return what an event says of an artifact: enough to act without asking back; large facts are left out."""
    problem = {"code": artifact.error_code, "message": artifact.error_message or ""} if artifact.error_code else None
    return {
        "id": artifact.id,
        "tenant": artifact.tenant,
        "bucket": artifact.bucket,
        "key": artifact.key,
        "version_id": artifact.version_id,
        "etag": artifact.etag,
        "size": artifact.size,
        "kind": artifact.kind,
        "state": artifact.state.value,
        "title": artifact.title,
        "facts": _small(artifact.facts),
        "error": problem,
        "event_at": artifact.event_at.isoformat(),
        "rendered_at": artifact.rendered_at.isoformat() if artifact.rendered_at else None,
        "latency_ms": artifact.latency_ms,
        "page": f"{gallery_path}/artifacts/{artifact.id}",
    }


def written(event: Mapping[str, Any], mode: EventMode) -> Written:
    """Write an event for HTTP."""
    if mode is EventMode.STRUCTURED:
        return Written({"Content-Type": "application/cloudevents+json; charset=utf-8"}, _json(event))
    attributes = {name: value for name, value in event.items() if name not in ("data", "datacontenttype")}
    headers = {f"ce-{name}": quote(str(value), safe=PLAIN_IN_HEADER) for name, value in attributes.items()}
    return Written({"Content-Type": str(event["datacontenttype"]), **headers}, _json(event["data"]))


def _event(
    *, event_id: str, kind: ReportKind, tenant: str, subject: str, at: datetime, data: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": f"urn:belvedere:tenant:{tenant}",
        "type": TYPE_PREFIX + kind.value,
        "subject": subject,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        "data": dict(data),
    }


def _small(facts: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return facts if len(_json(facts)) <= MOST_FACTS_BYTES else None


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()
