"""### Express lane.

Renders small updates of progress, logs and JSON lines (`.jsonl`, `.ndjson`, `.log`, `.txt`, `.progress` up to 512 KiB)
in long tasks, without a run for each: a step may write its progress ten times a second and be watched. Each task
renders one update after another; `BELVEDERE_EXPRESS_LANES` says how many of them there are. Of several waiting versions
of an object only the newest is rendered. Of progress the numbers are told at once, and a picture is drawn about once a
second.

Everything else, and everything while no lane is there, goes through `render_artifacts`. Pause the DAG to turn the lane
off; nothing is lost by that, updates only take longer. A session ends after an hour with a summary, and the next one
takes over. Outages of PostgreSQL and MinIO are waited out inside the session.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG

from belvedere.orchestration.render_operator import DriveExpressLane
from belvedere.settings import settings

with DAG(
    dag_id="express_lane",
    description="Render small updates at once, without a run for each",
    doc_md=__doc__,
    schedule="@continuous",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args={"owner": "belvedere"},
    tags=["belvedere", "rendering"],
):
    DriveExpressLane.partial(
        task_id="drive",
        doc_md="Claims and renders small updates for the whole session; occupies one worker slot.",
        execution_timeout=timedelta(hours=2),
        retries=1_000_000,
        retry_delay=timedelta(seconds=5),
    ).expand(lane=list(range(1, settings().express_lanes + 1)))
