"""Render artifacts again, chosen by prefix, kind, state or renderer. Wiring only (``belvedere.catalog.rerender``)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from belvedere.orchestration.sensor import FollowRenderings

DOC = """
### Render artifacts again

Queues the latest versions that match **all** conditions given, for instance after a renderer was improved
(*renderer* and *older than version*) or after a cause of failures was removed (*state* `dead`). The present pictures
stay until the new ones are there. What is on its way already is left alone. *Outdated* chooses everything that
another version of its renderer made than the one installed now.

The task *follow* and the run's note say how many are done. A run that was interrupted goes on where it was.

With *dry run* nothing is queued: the counts say what would be. Over REST:

    POST /api/v2/dags/rerender_artifacts/dagRuns
    {"logical_date": null, "conf": {"bucket": "mlpipeline", "prefix": "runs/", "state": "dead"}}
"""


@dag(
    dag_id="rerender_artifacts",
    description="Render artifacts again, chosen by prefix, kind, state or renderer",
    doc_md=DOC,
    is_paused_upon_creation=False,
    schedule=None,
    catchup=False,
    max_active_runs=1,
    tags=["belvedere", "rendering"],
    dagrun_timeout=timedelta(hours=25),
    default_args={
        "owner": "belvedere",
        "retries": 2,
        "retry_delay": timedelta(seconds=10),
        "execution_timeout": timedelta(minutes=30),
    },
    params={
        "bucket": Param(
            None,
            type=["null", "string"],
            pattern="^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
            title="Bucket",
            description_md="A source bucket. Empty: all of them.",
            section="Which artifacts",
        ),
        "prefix": Param(
            "",
            type="string",
            maxLength=1024,
            title="Prefix",
            description_md="Keys that start so.",
            section="Which artifacts",
        ),
        "kind": Param(
            None,
            type=["null", "string"],
            pattern="^[a-z0-9][a-z0-9_.-]{0,63}$",
            title="Kind",
            description_md="A kind as the gallery names it, such as `confusion_matrix`.",
            section="Which artifacts",
        ),
        "state": Param(
            None,
            type=["null", "string"],
            enum=[None, "rendered", "failed", "dead", "unsupported", "queued", "rendering"],
            title="State",
            description_md="Only artifacts in this state.",
            section="Which artifacts",
        ),
        "renderer": Param(
            None,
            type=["null", "string"],
            pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$",
            title="Renderer",
            description_md="Rendered by this renderer, such as `belvedere.roc`.",
            section="Which renderer",
        ),
        "older_than": Param(
            None,
            type=["null", "string"],
            pattern="^[0-9]{1,9}([.][0-9]{1,9})*$",
            title="Older than version",
            description_md="Rendered by a version before this one, such as `2` or `1.10`.",
            section="Which renderer",
        ),
        "outdated": Param(
            False,
            type="boolean",
            title="Outdated",
            description_md="Rendered by another version of a renderer than the one installed now, whichever it is.",
            section="Which renderer",
        ),
        "limit": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="At most",
            description_md="Queue no more than so many. Empty: all.",
            section="How",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description_md="Only count.",
            section="How",
        ),
    },
)
def rerender_artifacts() -> None:
    """Queue the chosen artifacts."""

    @task(doc_md="Returns how many artifacts match and how many were queued.")
    def request(params: dict[str, Any] | None = None, run_id: str | None = None) -> dict[str, int]:
        from belvedere.orchestration import rerendering

        return rerendering.request(params or {}, str(run_id))

    follow = FollowRenderings(
        task_id="follow",
        doc_md="Tells how many of the renderings are done, in its log and in the run's note, until all are.",
        mode="reschedule",
        poke_interval=5,
        timeout=24 * 3600,
    )
    request() >> follow


rerender_artifacts()
