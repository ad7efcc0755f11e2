"""Airflow's four processes. Their settings are in ``airflow_settings``."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from stack.services.airflow_settings import airflow_environment
from stack.services.probes import answer_of, answers
from stack.services.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stack.instance import Instance

# Logs are read from the shared folder: the log servers of scheduler and triggerer would only cost memory and ports.
PROCESSES = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
CODE_FOLDERS = ("include", "plugins", "config")
JOBS = {"scheduler": "scheduler", "dag-processor": "dag_processor", "triggerer": "triggerer"}


def airflow_services(instance: Instance) -> list[Service]:
    """Describe the four processes."""
    airflow = str(instance.paths.venv / "bin" / "airflow")
    # Code is imported once, when a process starts: other code, other settings, so `make up` restarts them.
    environment = airflow_environment(instance) | {"BELVEDERE_CODE": code_digest(instance.paths.root)}
    return [
        Service(
            name=name,
            command=(airflow, *words),
            environment=environment,
            healthy=_health_check(instance, name),
            port=instance.ports.airflow if name == "api-server" else None,
            folder=instance.paths.airflow_home,
            stop_seconds=20,
            priority=40,
        )
        for name, words in PROCESSES.items()
    ]


def code_digest(root: Path) -> str:
    """Return a hash of all code that Airflow's processes keep in memory (DAG files are read anew anyway)."""
    digest = hashlib.sha256()
    for file in sorted(file for folder in CODE_FOLDERS for file in (root / folder).rglob("*.py")):
        digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _health_check(instance: Instance, name: str) -> Callable[[datetime], bool]:
    if name == "api-server":
        return lambda _since: answers(f"{instance.airflow_url}/api/v2/version")
    return lambda since: _has_beaten(health_report(instance), JOBS[name], since)


def health_report(instance: Instance) -> dict[str, Any]:
    """Return Airflow's own word on its parts, empty while the API server is away."""
    return answer_of(f"{instance.airflow_url}/api/v2/monitor/health")


def _has_beaten(report: dict[str, Any], job: str, since: datetime) -> bool:
    """Tell whether a part lives; a heartbeat from before its process started belongs to the one before it."""
    part = report.get(job) or {}
    beat: str | None = part.get(f"latest_{job}_heartbeat")
    return part.get("status") == "healthy" and beat is not None and datetime.fromisoformat(beat) >= since
