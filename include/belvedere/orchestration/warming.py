"""Warm forks: the scheduler does once what every task forked from it would otherwise do again.

A task of LocalExecutor inherits what the scheduler has imported, built and exercised before its executor forks.
Measured: a task that imports the rendering libraries itself takes 4 to 8 s, one that inherits them 0.3.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from airflow.listeners import hookimpl

# What a task would import at its first request, besides the rendering libraries.
TASK_MODULES = (
    "_strptime",
    "encodings.idna",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "belvedere.orchestration.render_task",
    "belvedere.orchestration.tenant_reconciling",
    "belvedere.orchestration.tenant_rotation",
)
PARSES = 8


@hookimpl
def on_starting(component: Any) -> None:
    """Warm the scheduler; other components of Airflow go their way."""
    from airflow.jobs.job import Job

    # A job does not know its type yet when Airflow calls this; tasks call it too, with the scheduler's arguments.
    if isinstance(component, Job) and "scheduler" in sys.argv[:3]:
        warm()


def warm() -> None:
    """Import and exercise what tasks use: above all those of ``render_artifacts``. Takes about two seconds."""
    from belvedere.rendering import registry

    for name in TASK_MODULES:
        importlib.import_module(name)
    registry.warm()
    _load_plugins_for_tasks()
    _parse_render_dag()


def _load_plugins_for_tasks() -> None:
    """Let the Task SDK find its listeners: its registry is another than the scheduler's."""
    from airflow.sdk.listener import get_listener_manager

    get_listener_manager()


def _parse_render_dag() -> None:
    """Parse the DAG as each of its tasks does: the first time costs ten times as much as the next."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag

    from belvedere.orchestration.dispatching import RENDER_DAG

    for bundle in DagBundlesManager().get_all_dag_bundles():  # type: ignore[no-untyped-call]
        file = Path(bundle.path) / f"{RENDER_DAG}.py"
        if not file.exists():
            continue
        for _ in range(PARSES):
            BundleDagBag(
                dag_folder=str(file),
                safe_mode=False,
                load_op_links=False,
                bundle_path=bundle.path,
                bundle_name=bundle.name,
            )
