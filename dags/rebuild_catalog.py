"""Rebuild the catalog from MinIO alone. Wiring only; see ``belvedere.upkeep.restoring``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

DOC = """
### Rebuild the catalog

The catalog is only an index: everything in it can be read again from the buckets.

1. **empty** forgets all artifacts and all open work, if *empty first* is set and confirmed.
2. **find_sources** asks the buckets' tags which of them are sources, and whose.
3. **restore** reads every `rendering.json` of the renderings buckets. Ids, facts, states and times come back as they
   were, so shared links go on working. A broken record is reported and skipped.
4. **sweep** compares with the source buckets: what has no record is rendered again, what is gone is marked deleted.

Without *empty first* it repairs: what is missing is added, what is known stays.
"""


@dag(
    dag_id="rebuild_catalog",
    description="Rebuild the catalog from MinIO alone",
    doc_md=DOC,
    is_paused_upon_creation=False,
    schedule=None,
    catchup=False,
    max_active_runs=1,
    tags=["belvedere", "upkeep"],
    dagrun_timeout=timedelta(hours=12),
    default_args={
        "owner": "belvedere",
        "retries": 2,
        "retry_delay": timedelta(seconds=20),
        "execution_timeout": timedelta(hours=6),
    },
    params={
        "bucket": Param(
            None,
            type=["null", "string"],
            pattern="^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
            title="Bucket",
            description_md="Restore this source only. Empty: all of them.",
        ),
        "empty_first": Param(
            False,
            type="boolean",
            title="Empty first",
            description_md="Forget everything before restoring, for **all** buckets.",
            section="Start over",
        ),
        "confirm": Param(
            "",
            type="string",
            maxLength=100,
            title="Confirmation",
            description_md="To empty the catalog, write here: `empty the catalog`",
            section="Start over",
        ),
    },
)
def rebuild_catalog() -> None:
    """Empty, find the sources, restore, sweep."""

    @task(doc_md="Forgets all artifacts, if confirmed; skipped unless asked for.")
    def empty(params: dict[str, Any] | None = None) -> None:
        from belvedere.orchestration import rebuilding

        rebuilding.empty(params or {})

    @task(trigger_rule="none_failed", doc_md="Registers the sources that the buckets' tags name.")
    def find_sources() -> list[str]:
        from belvedere.orchestration import rebuilding

        return rebuilding.find_sources()

    @task(doc_md="Returns, for each bucket, how many records and versions were restored and how many are broken.")
    def restore(params: dict[str, Any] | None = None) -> dict[str, dict[str, int]]:
        from belvedere.orchestration import rebuilding

        return rebuilding.restore(params or {})

    @task(doc_md="Returns, for each bucket, how many keys were compared, enqueued and found deleted.")
    def sweep(params: dict[str, Any] | None = None, run_id: str | None = None) -> dict[str, dict[str, int]]:
        from belvedere.orchestration import rebuilding

        return rebuilding.sweep(params or {}, str(run_id))

    empty() >> find_sources() >> restore() >> sweep()


rebuild_catalog()
