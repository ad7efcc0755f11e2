"""Warm forks: the scheduler does once what every task forked from it would otherwise do again.

A task of LocalExecutor inherits what the scheduler has imported, built and exercised before its executor forks.
Measured: a task that imports the rendering libraries itself takes 4 to 8 s, one that inherits them 0.3.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from airflow.listeners import hookimpl

# What a task would import at its first request, besides the rendering libraries.
TASK_MODULES = (
    "_strptime",
    "encodings.ascii",
    "encodings.idna",
    "airflow.sdk.definitions.connection",
    "airflow.sdk.execution_time.cache",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "belvedere.orchestration.render_task",
    "belvedere.orchestration.tenant_reconciling",
    "belvedere.orchestration.tenant_rotation",
)
WARM_DAGS = ("render_artifacts", "reconcile_tenants")
"""Whose tasks are many, or are waited for. Parsed for the first time, the tenants' DAG takes 70 ms, then 10 to 20."""
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
    read_settings()
    _parse_dags()


def _load_plugins_for_tasks() -> None:
    """Let the Task SDK find its listeners: its registry is another than the scheduler's."""
    from airflow.sdk.listener import get_listener_manager

    get_listener_manager()


def read_settings() -> None:
    """Read the settings, which tasks have from the same environment. What is wrong with them, tasks tell."""
    from belvedere.errors import ConfigurationError
    from belvedere.settings import settings

    with suppress(ConfigurationError):
        settings()


def _parse_dags() -> None:
    """Parse DAGs as each of their tasks does: the first time costs up to ten times as much as the next."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag

    for bundle in DagBundlesManager().get_all_dag_bundles():  # type: ignore[no-untyped-call]
        files = [file for name in WARM_DAGS if (file := Path(bundle.path) / f"{name}.py").exists()]
        for file in files * PARSES:
            BundleDagBag(
                dag_folder=str(file),
                safe_mode=False,
                load_op_links=False,
                bundle_path=bundle.path,
                bundle_name=bundle.name,
            )
