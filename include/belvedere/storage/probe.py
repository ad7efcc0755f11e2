"""The proof that events arrive: an object is put, and every notification target must announce it on the topic.

The probe reads the topic itself, so it proves the storage's part of the way whether or not somebody watches.
Its keys are reserved: ingestion, sweep and gallery leave them alone.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from belvedere.errors import TransientError
from belvedere.model.storage import RESERVED_PREFIX

if TYPE_CHECKING:
    from belvedere.clients.kafka import RawRecord
    from belvedere.clients.object_store import ObjectStore

PROBE_PREFIX = f"{RESERVED_PREFIX}probe/"
POLL_SECONDS = 0.5


class ProbeUnanswered(TransientError):
    """A probe object was put, but not every target announced it in time."""

    code = "probe_unanswered"


class Tail(Protocol):
    """The end of the topic (see ``clients.kafka_tail``)."""

    def read(self, timeout_seconds: float) -> list[RawRecord]:
        """Return what has arrived, waiting for the first record."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Seconds from the PUT to the announcements, the first target's first."""

    seconds: tuple[float, ...]

    def __str__(self) -> str:
        return "announced after " + " and ".join(f"{seconds:.2f} s" for seconds in self.seconds)


def probe(store: ObjectStore, tail: Tail, bucket: str, name: str, *, targets: int, limit_seconds: float) -> ProbeResult:
    """Put a tiny object and wait until ``targets`` notification targets have announced it; then remove it.

    Raises:
        ProbeUnanswered: fewer announcements than targets within ``limit_seconds``.
        ServiceUnavailable, AccessDenied, BucketMissing: as their names say.
    """
    key = f"{PROBE_PREFIX}{name}"
    started = time.monotonic()
    store.put(bucket, key, b"A probe of Belvedere's storage. It may be removed.\n", "text/plain")
    version_id = store.stat(bucket, key).version_id
    try:
        seconds = _announcements(tail, f"{bucket}/{key}", started, targets, limit_seconds)
    finally:
        store.remove_version(bucket, key, version_id)
    if len(seconds) < targets:
        raise ProbeUnanswered(
            f"object {key} in bucket {bucket} was announced by {len(seconds)} of {targets} notification targets within "
            f"{limit_seconds:g} s. Look at MinIO's log for errors of its Kafka targets, and at the brokers they name"
        )
    return ProbeResult(tuple(seconds))


def _announcements(tail: Tail, path: str, started: float, targets: int, limit_seconds: float) -> list[float]:
    seconds: list[float] = []
    while len(seconds) < targets and time.monotonic() - started < limit_seconds:
        records = tail.read(POLL_SECONDS)
        seconds += [time.monotonic() - started for record in records if _announces(record.value, path)]
    return seconds


def _announces(value: bytes, path: str) -> bool:
    """MinIO writes the unescaped ``bucket/key`` beside the records."""
    try:
        document = json.loads(value)
    except ValueError:
        return False
    return (
        isinstance(document, dict)
        and document.get("Key") == path
        and str(document.get("EventName")).startswith("s3:ObjectCreated:")
    )
