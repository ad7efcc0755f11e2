"""``make down``: everything ends in order, and nothing stays behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.processes import end, left_of
from stack.progress import say, step
from stack.supervisor.client import Supervisor

if TYPE_CHECKING:
    from stack.paths import Paths

# Airflow needs the servers below it to end its work in order; MinIO hands its last events to Kafka.
ORDER = (("triggerer", "scheduler", "dag-processor"), ("api-server", "mlflow"), ("minio",), ("kafka", "postgres"))
LEFTOVER_PATIENCE = 10.0


def stop(paths: Paths) -> None:
    """Stop the stack of this data folder; harmless when it does not run."""
    supervisor = Supervisor(paths)
    if supervisor.is_running():
        for names in ORDER:
            with step(f"stopping {', '.join(names)}"):
                supervisor.stop_services(names)
        supervisor.shut_down()
    else:
        say("The stack is not running.")
    end(left_of(str(paths.home)), LEFTOVER_PATIENCE)
