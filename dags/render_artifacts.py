"""### Render artifacts.

Renders what one claim holds (the dispatcher of `watch_artifacts` starts these runs), or one object that you name:
fill in **bucket** and **key** and leave **claim** empty. The result is in the gallery; a run that you started fails
when its object cannot be rendered, and the object's card says why.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, Param

from belvedere.orchestration.render_operator import RenderArtifacts

with DAG(
    dag_id="render_artifacts",
    description="Render one claim of artifacts, or one object by name",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=16,
    max_active_tasks=16,
    is_paused_upon_creation=False,
    default_args={"owner": "belvedere"},
    tags=["belvedere", "rendering"],
    params={
        "bucket": Param(
            None,
            type=["null", "string"],
            title="Bucket",
            description="The source bucket of the object to render, such as mlpipeline.",
            pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        ),
        "key": Param(
            None,
            type=["null", "string"],
            title="Key",
            description="The object's key within the bucket, as the store lists it (not URL-escaped).",
            minLength=1,
            maxLength=1024,
        ),
        "claim": Param(
            None,
            type=["null", "string"],
            title="Claim",
            description="Set by the dispatcher: the claim whose artifacts this run renders. Leave it empty.",
            pattern=r"^[0-9a-f]{32}$",
        ),
    },
):
    RenderArtifacts(
        task_id="render", retries=2, retry_delay=timedelta(seconds=5), execution_timeout=timedelta(minutes=15)
    )
