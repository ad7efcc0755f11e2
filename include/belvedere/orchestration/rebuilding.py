"""What the DAG ``rebuild_catalog`` does: empty (if asked to), find the sources, restore each, sweep each."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from belvedere.catalog.rebuild import empty_catalog
from belvedere.catalog.serial import rebuilding
from belvedere.catalog.sources import register_source
from belvedere.clients.bucket_admin import BucketAdmin
from belvedere.clients.object_store import ObjectStore
from belvedere.clients.postgres import connect
from belvedere.errors import ConfigurationError
from belvedere.events.sweep import Sweep, SweepReport
from belvedere.orchestration.failing import Troubles, permanent_errors_fail
from belvedere.orchestration.sweeping import chosen_sources, summary
from belvedere.settings import settings
from belvedere.storage.discovery import discover_sources
from belvedere.upkeep.restoring import RestoreReport, restore_source

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

CONFIRMATION = "empty the catalog"


def empty(params: Mapping[str, Any]) -> None:
    """Forget all artifacts and all work, if the params ask for it and confirm it word for word."""
    if not params["empty_first"]:
        raise AirflowSkipException("empty_first is not set: what the catalog knows stays")
    with permanent_errors_fail():
        if params["confirm"] != CONFIRMATION:
            raise ConfigurationError(f"empty_first needs the confirmation: {CONFIRMATION}", code="not_confirmed")
        if params["bucket"]:
            raise ConfigurationError("empty_first forgets all buckets, so all must be restored: leave bucket empty")
        with connect(settings().catalog_dsn.get_secret_value()) as connection:
            empty_catalog(connection)
    log.info("the catalog is empty")


def find_sources() -> list[str]:
    """Register every source that the buckets' tags name, and return the buckets."""
    known = settings()
    with permanent_errors_fail(), connect(known.catalog_dsn.get_secret_value()) as connection:
        for source in discover_sources(BucketAdmin.from_settings(known), known.renderings_suffix):
            if register_source(connection, source):
                log.info("bucket %s is a source of tenant %s", source.bucket, source.tenant)
        return [source.bucket for source in chosen_sources(connection, None)]


def restore(params: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Restore artifacts from the records beside the renderings, and return the counts by bucket."""
    known = settings()
    store = ObjectStore.from_settings(known)
    troubles = Troubles()
    reports: list[RestoreReport] = []
    dsn = known.catalog_dsn.get_secret_value()
    with permanent_errors_fail(), connect(dsn) as connection, rebuilding(connection):
        for source in chosen_sources(connection, params["bucket"]):
            with troubles.of(f"bucket {source.bucket}"):
                reports.append(restore_source(connection, store, source))
                log.info("%s", reports[-1])
        troubles.complain()
    return {
        report.bucket: {"records": report.records, "versions": report.versions, "broken": report.broken}
        for report in reports
    }


def sweep(params: Mapping[str, Any], run_id: str) -> dict[str, dict[str, int]]:
    """Compare each bucket with what was restored: enqueue what has no record, mark deleted what is gone."""
    known = settings()
    store = ObjectStore.from_settings(known)
    troubles = Troubles()
    reports: list[SweepReport] = []
    with permanent_errors_fail(), connect(known.catalog_dsn.get_secret_value()) as connection:
        for source in chosen_sources(connection, params["bucket"]):
            with troubles.of(f"bucket {source.bucket}"):
                work = Sweep(connection, store, source, run_id, timedelta(0))
                reports.append(work.whole(afresh=True))
                log.info("%s", reports[-1])
        troubles.complain()
    return summary(reports)
