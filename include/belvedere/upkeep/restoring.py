"""The catalog restored from the buckets alone: from the records beside the renderings, and the list of versions.

What has no readable record is not restored but reported; the sweep that follows renders it again.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from belvedere.catalog.intake import settle_latest
from belvedere.catalog.membership import settle_parts_of_bucket
from belvedere.catalog.rebuild import StoredVersion, restore_all, restore_versions
from belvedere.catalog.serial import writing_artifacts
from belvedere.errors import LimitExceeded, ObjectMissing
from belvedere.model.artifact import ArtifactState
from belvedere.model.events import artifact_id, sequencer_at, sortable_sequencer
from belvedere.model.record import RECORD_NAME, RenderingRecord
from belvedere.model.storage import is_reserved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.catalog.sources import SourceBucket
    from belvedere.clients.object_store import ObjectInfo, ObjectStore
    from belvedere.clients.postgres import Connection

log = logging.getLogger(__name__)

READERS = 8
BATCH = 200
MOST_RECORD_BYTES = 16 * 1024**2
FINAL_STATES = {ArtifactState.RENDERED, ArtifactState.UNSUPPORTED, ArtifactState.DEAD}
IDENTITY = ("tenant", "bucket", "key", "version_id", "etag", "sequencer")


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What was restored of one source: records, versions without one, and records that could not be used."""

    bucket: str
    records: int
    versions: int
    broken: int

    def __str__(self) -> str:
        return (
            f"bucket {self.bucket}: {self.records} records restored, {self.versions} versions without a record of "
            f"their own, {self.broken} records unusable"
        )


class UnusableRecord(Exception):
    """A rendering's record cannot be believed; the message says why."""


def restore_source(connection: Connection, store: ObjectStore, source: SourceBucket) -> RestoreReport:
    """Restore everything that the buckets tell of one source.

    Raises:
        BucketMissing, ServiceUnavailable: as their names say; doing it again is harmless.
    """
    restored = broken = 0
    paths = (info.key for info in store.list(source.renderings_bucket) if info.key.endswith(f"/{RECORD_NAME}"))
    with ThreadPoolExecutor(READERS) as readers:
        while batch := list(islice(paths, BATCH)):
            found = list(readers.map(lambda path: _read(store, source, path), batch))
            records = [record for record in found if isinstance(record, RenderingRecord)]
            refused = restore_all(connection, records)
            for record, reason in refused:
                log.warning("%s/%s: the catalog refused it: %s", source.renderings_bucket, record.object_key, reason)
            restored += len(records) - len(refused)
            broken += len(batch) - len(records) + len(refused)
    versions = _restore_versions(connection, store, source)
    with writing_artifacts(connection):
        settle_parts_of_bucket(connection, source.bucket)
    return RestoreReport(source.bucket, restored, versions, broken)


def believable(content: bytes, path: str, bucket: str) -> RenderingRecord:
    """Read a record that was found at ``path``.

    Raises:
        UnusableRecord: it is no record, or one of another object.
    """
    try:
        record = RenderingRecord.from_json(content)
    except (ValueError, RecursionError) as error:
        raise UnusableRecord(f"not a record: {error}") from error
    if not all(isinstance(getattr(record, name), str) for name in IDENTITY):
        raise UnusableRecord("its identity is not text")
    if record.bucket != bucket or record.object_key != path:
        raise UnusableRecord("it is the record of another object")
    if record.state not in FINAL_STATES:
        raise UnusableRecord(f"state {record.state.value} is not the end of a rendering")
    try:
        sortable_sequencer(record.sequencer)
    except ValueError as error:
        raise UnusableRecord("its sequencer is not a time") from error
    return record


def _read(store: ObjectStore, source: SourceBucket, path: str) -> RenderingRecord | None:
    try:
        content = store.read(source.renderings_bucket, path, max_bytes=MOST_RECORD_BYTES)
        return believable(content, path, source.bucket)
    except (UnusableRecord, LimitExceeded, ObjectMissing) as error:
        log.warning("%s/%s is skipped: %s", source.renderings_bucket, path, error)
        return None


def _restore_versions(connection: Connection, store: ObjectStore, source: SourceBucket) -> int:
    versions = (_version(info) for info in store.versions(source.bucket) if not is_reserved(info.key))
    added = 0
    while batch := list(islice(versions, BATCH)):
        added += restore_versions(connection, source.tenant, batch)
        _settle(connection, batch)
    return added


def _settle(connection: Connection, versions: Sequence[StoredVersion]) -> None:
    keys = sorted({(version.bucket, version.key) for version in versions})
    with writing_artifacts(connection):
        settle_latest(connection, [bucket for bucket, _ in keys], [key for _, key in keys])


def _version(info: ObjectInfo) -> StoredVersion:
    return StoredVersion(
        artifact_id=artifact_id(info.bucket, info.key, info.version_id, info.etag),
        bucket=info.bucket,
        key=info.key,
        version_id=info.version_id,
        etag=info.etag,
        size=info.size,
        sequencer=sequencer_at(info.modified_at),
        modified_at=info.modified_at,
    )
