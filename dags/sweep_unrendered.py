"""Compare the buckets with the catalog and enqueue what events missed. Wiring only; see ``belvedere.events.sweep``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Param, dag, task

DOC = """
### Sweep unrendered

Events are hints, the bucket is the truth: every ten minutes the listing of each source bucket is compared with the
catalog. Objects that no event announced are enqueued, artifacts whose object is gone are marked deleted, and work that
got lost on its way is set afloat again. While nothing is missing this costs one listing and one ordered query.

An interrupted sweep goes on where it stopped. Started by hand, it takes a bucket, a prefix, or everything afresh.
"""


@dag(
    dag_id="sweep_unrendered",
    description="Compare the buckets with the catalog and enqueue what events missed",
    doc_md=DOC,
    is_paused_upon_creation=False,
    schedule="*/10 * * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["belvedere", "upkeep"],
    dagrun_timeout=timedelta(hours=2),
    default_args={
        "owner": "belvedere",
        "retries": 3,
        "retry_delay": timedelta(seconds=20),
        "execution_timeout": timedelta(hours=1),
    },
    params={
        "bucket": Param(
            None,
            type=["null", "string"],
            pattern="^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
            title="Bucket",
            description_md="A source bucket. Empty: all of them.",
        ),
        "prefix": Param(
            "",
            type="string",
            maxLength=1024,
            title="Prefix",
            description_md="Compare only keys that start so.",
        ),
        "full": Param(
            False,
            type="boolean",
            title="Afresh",
            description_md="Begin at the first key, even if the last sweep was interrupted somewhere.",
        ),
        "grace_seconds": Param(
            30,
            type="integer",
            minimum=0,
            maximum=86400,
            title="Grace (seconds)",
            description_md="What changed within this time is left to its event, and to the next sweep.",
            section="Details",
        ),
    },
)
def sweep_unrendered() -> None:
    """Compare every source."""

    @task(doc_md="Returns, for each bucket, how many keys were compared, enqueued and found deleted.")
    def sweep(params: dict[str, Any] | None = None, run_id: str | None = None) -> dict[str, dict[str, int]]:
        from belvedere.orchestration import sweeping

        return sweeping.sweep(params or {}, str(run_id))

    sweep()


sweep_unrendered()
