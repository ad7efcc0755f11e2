"""Storage is provisioned the way a person would do it: by running the DAG ``provision_storage``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stack.errors import StepFailed
from stack.showcase.waiting import wait_until

if TYPE_CHECKING:
    from stack.showcase.airflow_client import AirflowClient

PROVISION = "provision_storage"
WATCH = "watch_artifacts"
PARSE_SECONDS = 60.0
PROVISION_SECONDS = 180.0
WATCH_SECONDS = 90.0
LOG_LINES = 12


def provision_storage(client: AirflowClient) -> None:
    """Run the DAG with its defaults and wait for its end.

    Raises:
        NotReady: Airflow does not know the DAG, or the run does not end in time.
        StepFailed: the run failed; the text holds the end of its log.
    """
    _await_dag(client, PROVISION)
    run_id = f"make-up-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
    client.trigger(PROVISION, run_id, {})
    wait_until(
        lambda: client.run_state(PROVISION, run_id) in ("success", "failed"),
        PROVISION_SECONDS,
        lambda: f"the run {run_id} of {PROVISION} did not end in {PROVISION_SECONDS:.0f} s: look at it in Airflow's UI",
    )
    if client.run_state(PROVISION, run_id) == "failed":
        tail = "\n".join(f"    {line}" for line in client.failed_task_log(PROVISION, run_id, LOG_LINES))
        raise StepFailed(f"the run {run_id} of {PROVISION} failed. The end of its log:\n{tail}")


def watch_artifacts(client: AirflowClient) -> None:
    """Make sure that somebody watches the buckets.

    Raises:
        NotReady: Airflow does not know the DAG, or it does not come to watch.
    """
    _await_dag(client, WATCH)
    client.unpause(WATCH)
    wait_until(
        lambda: client.is_watching(WATCH),
        WATCH_SECONDS,
        lambda: (
            f"{WATCH} does not watch after {WATCH_SECONDS:.0f} s: look at its runs in Airflow's UI, "
            "and at `make logs S=triggerer`"
        ),
    )


def _await_dag(client: AirflowClient, dag_id: str) -> None:
    wait_until(
        lambda: client.find(f"/api/v2/dags/{dag_id}") is not None,
        PARSE_SECONDS,
        lambda: f"Airflow does not know the DAG {dag_id} after {PARSE_SECONDS:.0f} s. {_why_unknown(client, dag_id)}",
    )


def _why_unknown(client: AirflowClient, dag_id: str) -> str:
    errors = client.import_errors()
    mine = [f"{file}: {why}" for file, why in errors.items() if dag_id in file]
    if mine:
        return f"Its file cannot be imported: {mine[0]}"
    return f"Is there a file dags/{dag_id}.py? See `make logs S=dag-processor`."
