"""What the DAG ``housekeeping`` does: forget what is over, and say how much it was."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from belvedere.catalog.deliveries import count_told, forget_told
from belvedere.catalog.pruning import (
    count_dead_events,
    count_finished_work,
    forget_dead_events,
    forget_finished_work,
)
from belvedere.catalog.sources import list_sources
from belvedere.clients.airflow_api import AirflowApi
from belvedere.clients.object_store import ObjectStore
from belvedere.clients.postgres import connect
from belvedere.orchestration.failing import Troubles, permanent_errors_fail
from belvedere.orchestration.run_history import count_old_runs, our_dags, prune_old_runs
from belvedere.settings import settings
from belvedere.upkeep.old_renderings import prune_old_renderings
from belvedere.upkeep.orphans import prune_orphans

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)


def prune_runs(params: Mapping[str, Any]) -> dict[str, int]:
    """Remove old finished runs of Belvedere's DAGs, and return the counts by DAG."""
    before = _days_ago(params["keep_runs_days"])
    pruned: dict[str, int] = {}
    with permanent_errors_fail(), AirflowApi.from_settings(settings()) as api:
        for dag_id in our_dags(api):
            prune = count_old_runs if params["dry_run"] else prune_old_runs
            pruned[dag_id] = prune(api, dag_id, before)
            log.info("%s: %d runs that ended before %s%s", dag_id, pruned[dag_id], before, _note(params))
    return pruned


def prune_work(params: Mapping[str, Any]) -> dict[str, int]:
    """Remove old finished work, old buried events and old messages of webhooks, and return the counts."""
    with permanent_errors_fail(), connect(settings().catalog_dsn.get_secret_value()) as connection:
        dry_run = params["dry_run"]
        forget_work, forget_dead = (
            (count_finished_work, count_dead_events) if dry_run else (forget_finished_work, forget_dead_events)
        )
        pruned = {
            "inbox": forget_work(connection, params["keep_inbox_days"]),
            "dead_events": forget_dead(connection, params["keep_dead_events_days"]),
            "messages": (count_told if dry_run else forget_told)(connection, params["keep_inbox_days"]),
        }
    log.info("%d finished pieces of work, %d buried events, %d messages%s", *pruned.values(), _note(params))
    return pruned


def prune_versions(params: Mapping[str, Any]) -> dict[str, int]:
    """Remove the renderings of versions that were superseded or deleted long ago, and return the counts."""
    known = settings()
    with permanent_errors_fail(), connect(known.catalog_dsn.get_secret_value()) as connection:
        pruned = prune_old_renderings(
            connection,
            ObjectStore.from_settings(known),
            keep_days=params["keep_versions_days"],
            dry_run=params["dry_run"],
        )
    log.info("%d old versions with %d objects of renderings%s", pruned.versions, pruned.objects, _note(params))
    return asdict(pruned)


def prune_orphaned_outputs(params: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Remove renderings that belong to nothing, and return the counts by bucket."""
    known = settings()
    store = ObjectStore.from_settings(known)
    before = _days_ago(params["orphan_grace_days"])
    pruned: dict[str, dict[str, int]] = {}
    troubles = Troubles()
    with permanent_errors_fail(), connect(known.catalog_dsn.get_secret_value()) as connection:
        for source in list_sources(connection):
            with troubles.of(f"bucket {source.bucket}"):
                found = prune_orphans(connection, store, source, before=before, dry_run=params["dry_run"])
                pruned[source.bucket] = {
                    "places": found.places,
                    "orphaned": found.orphaned,
                    "objects": found.objects,
                }
                log.info("bucket %s: %s%s", source.bucket, pruned[source.bucket], _note(params))
        troubles.complain()
    return pruned


def _days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def _note(params: Mapping[str, Any]) -> str:
    return " (dry run: nothing removed)" if params["dry_run"] else " removed"
