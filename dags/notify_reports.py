"""### Tell of reports.

Whenever a rendering has ended, those who asked for it are told: webhooks that tenants subscribed (the gallery's page
*Notifications*), and Airflow's assets `belvedere://reports`, `belvedere://reports/<tenant>` and
`belvedere://reports/<tenant>/<kind>`, on which DAGs schedule. Half a second after the picture; what one object said
twice within that is told once.

The sensor lives in the triggerer, so no worker waits. A session ends after an hour with a summary, and the next one
takes over. Outages of PostgreSQL, the API server and of targets are waited out. Pause the DAG to tell nobody; news
of a week are kept.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG

from belvedere.orchestration.sensor import TellOfReports

with DAG(
    dag_id="notify_reports",
    description="Tell webhooks and Airflow's assets of every report that is ready",
    doc_md=__doc__,
    schedule="@continuous",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args={"owner": "belvedere"},
    tags=["belvedere", "rendering"],
):
    TellOfReports(
        task_id="tell_of_reports",
        doc_md="Sends webhooks and asset events; deferred for the whole session.",
        timeout=timedelta(hours=2),
        retries=1_000_000,
        retry_delay=timedelta(seconds=5),
    )
