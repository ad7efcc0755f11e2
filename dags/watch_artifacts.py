"""### Watch the buckets.

Waits for MinIO's bucket events on the Kafka topic. Every event becomes a card in the gallery at once, and a run of
`render_artifacts` soon after.

The sensor lives in the triggerer, so no worker waits. A session ends after an hour with a summary (records read,
artifacts queued, removed, known, ignored and buried, runs started), and the next one takes over. Outages of Kafka,
PostgreSQL, MinIO or the API server are waited out inside the session. Pause the DAG to stop all rendering.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG

from belvedere.orchestration.sensor import AwaitArtifacts

with DAG(
    dag_id="watch_artifacts",
    description="Turn every object that lands in a bucket into a card and a rendering",
    doc_md=__doc__,
    schedule="@continuous",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args={"owner": "belvedere"},
    tags=["belvedere", "rendering"],
):
    AwaitArtifacts(
        task_id="await_artifacts",
        doc_md="Ingests events and dispatches runs; deferred for the whole session.",
        kafka_config_id="belvedere_kafka",
        timeout=timedelta(hours=2),
        retries=1_000_000,
        retry_delay=timedelta(seconds=5),
    )
