"""Parses the DAG files as Airflow's DAG processor does, in a process of its own, and prints what it found as JSON."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.dag_processing.dagbag import DagBag
from airflow.exceptions import RemovedInAirflow4Warning
from airflow.utils.deprecation_tools import DeprecatedImportWarning

if TYPE_CHECKING:
    from airflow.sdk import DAG


def parse(folder: Path) -> dict[str, Any]:
    """Return the errors, the DAGs, and the modules that each file brought in."""
    warnings.simplefilter("error", RemovedInAirflow4Warning)
    warnings.simplefilter("error", DeprecatedImportWarning)
    bag = DagBag(dag_folder=str(folder / "nothing-here"))
    before, brought = set(sys.modules), {}
    for file in sorted(folder.glob("*.py")):
        bag.process_file(str(file))
        brought[file.name] = sorted(set(sys.modules) - before)
        before |= set(sys.modules)
    return {
        "errors": bag.import_errors,
        "dags": {dag_id: described(dag) for dag_id, dag in bag.dags.items()},
        "brought": brought,
    }


def described(dag: DAG) -> dict[str, Any]:
    """Return what the tests want to know of a DAG."""
    return {
        "file": Path(dag.fileloc).name,
        "tags": sorted(dag.tags),
        "doc_md": dag.doc_md,
        "description": dag.description,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "scheduled": dag.schedule is not None,
        "params": {name: described_param(dag.params.get_param(name)) for name in dag.params},
        "tasks": {
            task.task_id: {
                "owner": task.owner,
                "retries": task.retries,
                "bounded": task.execution_timeout is not None,
                "waits_in_triggerer": bool(task.start_from_trigger),
            }
            for task in dag.tasks
        },
    }


def described_param(param: Any) -> dict[str, Any]:
    """Return a param's default (checked against its own schema), its description and its schema."""
    return {"default": param.resolve(), "description": param.description, "schema": param.schema}


if __name__ == "__main__":
    print("\n" + json.dumps(parse(Path(sys.argv[1]))))
