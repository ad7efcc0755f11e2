"""What the DAG ``sweep_unrendered`` does: compare every source bucket, or a part of one, with the catalog."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from belvedere.catalog.serial import sweeping
from belvedere.catalog.sources import SourceBucket, find_source, list_sources
from belvedere.clients.object_store import ObjectStore
from belvedere.clients.postgres import connect
from belvedere.errors import ConfigurationError
from belvedere.events.sweep import Sweep, SweepReport
from belvedere.orchestration.failing import Troubles, permanent_errors_fail
from belvedere.settings import settings
from belvedere.upkeep.filled import require_filled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from belvedere.clients.postgres import Connection

log = logging.getLogger(__name__)


def sweep(params: Mapping[str, Any], run_id: str) -> dict[str, dict[str, int]]:
    """Sweep what the params name, bucket by bucket, and return the counts by bucket."""
    known = settings()
    store = ObjectStore.from_settings(known)
    troubles = Troubles()
    reports: list[SweepReport] = []
    dsn = known.catalog_dsn.get_secret_value()
    with permanent_errors_fail(), connect(dsn) as connection, sweeping(connection) as free:
        if not free:
            raise AirflowSkipException("the catalog is being rebuilt, which ends with a sweep of its own")
        for source in chosen_sources(connection, params["bucket"]):
            work = Sweep(connection, store, source, run_id, timedelta(seconds=params["grace_seconds"]))
            with troubles.of(f"bucket {source.bucket}"):
                require_filled(connection, store, source)
                reports.append(_swept(work, params))
                log.info("%s", reports[-1])
        troubles.complain()
    return summary(reports)


def chosen_sources(connection: Connection, bucket: str | None) -> list[SourceBucket]:
    """Return the source of this name, or all of them.

    Raises:
        ConfigurationError: the bucket is no source.
    """
    if bucket is None:
        return list_sources(connection)
    source = find_source(connection, bucket)
    if source is None:
        raise ConfigurationError(f"bucket {bucket} is no source: run the DAG provision_storage for it first")
    return [source]


def summary(reports: Sequence[SweepReport]) -> dict[str, dict[str, int]]:
    """Return the counts by bucket."""
    return {
        report.bucket: {"compared": report.compared, "enqueued": report.enqueued, "removed": report.removed}
        for report in reports
    }


def _swept(work: Sweep, params: Mapping[str, Any]) -> SweepReport:
    if params["prefix"]:
        return work.below(params["prefix"])
    return work.whole(afresh=params["full"])
