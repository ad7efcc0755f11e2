"""The catalog emptied, and filled again with what the buckets tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.catalog.numbers import copy_numbers
from belvedere.catalog.results import restore
from belvedere.catalog.serial import writing_artifacts
from belvedere.clients.postgres import CatalogRejected

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from belvedere.clients.postgres import Connection
    from belvedere.model.record import RenderingRecord


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """An object version as a listing of versions tells it."""

    artifact_id: str
    bucket: str
    key: str
    version_id: str
    etag: str
    size: int
    sequencer: str
    modified_at: datetime


def empty_catalog(connection: Connection) -> None:
    """Forget all artifacts and all work. Sources, learnt costs and buried events stay."""
    with writing_artifacts(connection):
        connection.execute("truncate artifacts, fact_numbers, inbox, sweeps, members, watches")


def restore_all(connection: Connection, records: Sequence[RenderingRecord]) -> list[tuple[RenderingRecord, str]]:
    """Write records that were read back, in one transaction; return those that the catalog refused, with reasons."""
    refused: list[tuple[RenderingRecord, str]] = []
    with connection.transaction():
        for record in records:
            try:
                restore(connection, record)
            except CatalogRejected as error:
                refused.append((record, error.message))
    return refused


def restore_versions(connection: Connection, tenant: str, versions: Sequence[StoredVersion]) -> int:
    """Add versions that no record names, and return how many were added.

    A version of the same bytes as a rendered one shares its picture. Any other was superseded before its turn came
    (or is about to be swept, if it is its key's latest).
    """
    columns: dict[str, Any] = {
        "tenant": tenant,
        "id": [version.artifact_id for version in versions],
        "bucket": [version.bucket for version in versions],
        "key": [version.key for version in versions],
        "version_id": [version.version_id for version in versions],
        "etag": [version.etag for version in versions],
        "size": [version.size for version in versions],
        "sequencer": [version.sequencer for version in versions],
        "modified_at": [version.modified_at for version in versions],
    }
    with writing_artifacts(connection):
        added = connection.execute(RESTORE_VERSIONS, columns).rowcount
        copy_numbers(connection, columns["id"])
    return added


RESTORE_VERSIONS = """
insert into artifacts (id, tenant, bucket, key, version_id, etag, size, content_type, kind, state, sequencer, attempts,
    error_code, error_message, event_at, queued_at, rendered_at, latency_ms, renderer_name, renderer_version, title,
    alt_text, facts, warnings, outputs, provenance, run_dag_id, run_id, seq)
select v.id, %(tenant)s, v.bucket, v.key, v.version_id, v.etag, v.size, coalesce(twin.content_type, ''), twin.kind,
    coalesce(twin.state, 'superseded'), v.sequencer, coalesce(twin.attempts, 0), twin.error_code, twin.error_message,
    v.modified_at, v.modified_at, twin.rendered_at, twin.latency_ms, twin.renderer_name, twin.renderer_version,
    twin.title, twin.alt_text, coalesce(twin.facts, '{}'), coalesce(twin.warnings, '[]'), coalesce(twin.outputs, '[]'),
    coalesce(twin.provenance, '{}'), twin.run_dag_id, twin.run_id, nextval('artifact_seq')
from unnest(%(id)s::text[], %(bucket)s::text[], %(key)s::text[], %(version_id)s::text[], %(etag)s::text[],
    %(size)s::bigint[], %(sequencer)s::text[], %(modified_at)s::timestamptz[])
    as v(id, bucket, key, version_id, etag, size, sequencer, modified_at)
left join lateral (
    select * from artifacts a
    where a.bucket = v.bucket and a.key = v.key and a.etag = v.etag and a.rendered_at is not null
    order by a.rendered_at desc limit 1
) twin on true
on conflict (id) do nothing
"""
