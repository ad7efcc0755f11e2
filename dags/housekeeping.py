"""Forget what is over: old runs, finished work, old renderings, orphaned outputs. Wiring only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from belvedere.settings import settings

DOC = """
### Housekeeping

Once a day, everything that nobody needs any more goes:

* **prune_runs**: finished runs of Belvedere's own DAGs, with their task instances and XComs (there are thousands a
  day). Log files are Airflow's; its own `[logging]` settings or a log rotation take care of them.
* **prune_work**: finished work, buried events and webhooks' old messages in the catalog.
* **prune_versions**: renderings of versions that were superseded or deleted long ago, and their cards. The objects
  in the source buckets are never touched.
* **prune_orphans**: renderings whose artifact is neither in the catalog nor in its source bucket.

Each returns its counts. With *dry run* they only count. Removed renderings can be restored by hand for as long as the
renderings bucket keeps old versions (see `provision_storage`), and rendered again at any time.
"""


def _days(default: float, title: str, description: str) -> Param:
    return Param(
        default, type="number", minimum=0, maximum=36500, title=title, description_md=description, section="Keep"
    )


@dag(
    dag_id="housekeeping",
    description="Forget old runs, finished work, old renderings and orphaned outputs",
    doc_md=DOC,
    is_paused_upon_creation=False,
    schedule="17 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["belvedere", "upkeep"],
    dagrun_timeout=timedelta(hours=6),
    default_args={
        "owner": "belvedere",
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "execution_timeout": timedelta(hours=2),
    },
    params={
        "dry_run": Param(
            False, type="boolean", title="Dry run", description_md="Only count; remove nothing.", section="How"
        ),
        "keep_runs_days": _days(settings().keep_runs_days, "Runs (days)", "How long finished runs stay in Airflow."),
        "keep_inbox_days": _days(
            settings().keep_inbox_days, "Finished work (days)", "How long finished work stays in the catalog's inbox."
        ),
        "keep_dead_events_days": _days(30, "Buried events (days)", "How long undecodable events stay to be looked at."),
        "keep_versions_days": _days(
            30, "Old versions (days)", "How long superseded and deleted versions keep their pictures."
        ),
        "orphan_grace_days": _days(1, "Orphans (days)", "How old an orphaned output must be before it is removed."),
    },
)
def housekeeping() -> None:
    """Forget what is over."""

    @task(doc_md="Returns the number of runs removed, by DAG.")
    def prune_runs(params: dict[str, Any] | None = None) -> dict[str, int]:
        from belvedere.orchestration import housekeeping

        return housekeeping.prune_runs(params or {})

    @task(doc_md="Returns the number of inbox rows, buried events and messages removed.")
    def prune_work(params: dict[str, Any] | None = None) -> dict[str, int]:
        from belvedere.orchestration import housekeeping

        return housekeeping.prune_work(params or {})

    @task(doc_md="Returns the number of old versions, and of objects of their renderings, removed.")
    def prune_versions(params: dict[str, Any] | None = None) -> dict[str, int]:
        from belvedere.orchestration import housekeeping

        return housekeeping.prune_versions(params or {})

    @task(trigger_rule="all_done", doc_md="Returns, for each bucket, the number of places, orphans and their objects.")
    def prune_orphans(params: dict[str, Any] | None = None) -> dict[str, dict[str, int]]:
        from belvedere.orchestration import housekeeping

        return housekeeping.prune_orphaned_outputs(params or {})

    prune_runs()
    prune_work()
    prune_versions() >> prune_orphans()


housekeeping()
