"""Which run an object belongs to, told by its key alone: the layouts that pipelines are known to write.

The catalog groups by the same patterns (migration 0006 holds its own copy, and a test holds both together), so they
use only what Python's and PostgreSQL's regular expressions read alike. Each captures the run's prefix first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

FOLDERS = "(?:[^/]+/)*"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
RUN_TYPES = "manual|scheduled|backfill|asset_triggered|asset_materialization|operator_triggered"


class System(StrEnum):
    """What lays objects out in a way of its own."""

    AIRFLOW = "airflow"
    KUBEFLOW = "kubeflow"
    MLFLOW = "mlflow"
    MLFLOW_MODEL = "mlflow_model"
    ARGO = "argo"
    METAFLOW = "metaflow"
    RUN = "run"
    FOLDER = "folder"


LABELS = {
    System.AIRFLOW: "DAG run",
    System.KUBEFLOW: "Kubeflow run",
    System.MLFLOW: "MLflow run",
    System.MLFLOW_MODEL: "MLflow model",
    System.ARGO: "Argo workflow",
    System.METAFLOW: "Metaflow run",
    System.RUN: "run",
    System.FOLDER: "folder",
}

# The first that fits is taken.
LAYOUTS: tuple[tuple[System, str], ...] = (
    (System.AIRFLOW, f"^({FOLDERS}dag_id=[^/]+/run_id=[^/]+/)"),
    (System.AIRFLOW, f"^({FOLDERS}[^/]+/(?:{RUN_TYPES})__[^/]+/)"),
    (System.KUBEFLOW, f"^({FOLDERS}v2/artifacts/(?:[^/]+/){{1,2}}{UUID}/)"),
    (System.KUBEFLOW, "^((?:private-artifacts/[^/]+|artifacts)/[^/]+/)[0-9]{4}/[0-9]{2}/[0-9]{2}/"),
    (System.MLFLOW, f"^({FOLDERS}[0-9]+/[0-9a-f]{{32}}/)artifacts/"),
    (System.MLFLOW_MODEL, f"^({FOLDERS}[0-9]+/models/m-[0-9a-f]{{32}}/)artifacts/"),
    (System.METAFLOW, f"^({FOLDERS}[^/]+/runs/[^/]+/)steps/"),
    # Argo names a pod after its workflow and a number; the pod of a single step like the workflow itself.
    (System.ARGO, f"^({FOLDERS}([^/]+)/)\\2(?:-[^/]+)?-[0-9]{{6,10}}/"),
    (System.ARGO, f"^({FOLDERS}([^/]+-[bcdfghjklmnpqrstvwxz2456789]{{5}})/)\\2/"),
    (System.RUN, f"^({FOLDERS}run(?:_id)?=[^/]+/)"),
    (System.RUN, f"^({FOLDERS}runs/[^/]+/)"),
    (System.FOLDER, "^(.*/)"),
)
COMPILED = tuple((system, re.compile(pattern, re.DOTALL)) for system, pattern in LAYOUTS)
NAMED = re.compile("(?:dag_id|run_id|run)=")


@dataclass(frozen=True, slots=True)
class Run:
    """What made an object: the system, the part of the key that all objects of the run share, and a name to read."""

    system: System
    prefix: str
    name: str

    @property
    def label(self) -> str:
        """What the run is called among its like: ``Kubeflow run``."""
        return LABELS[self.system]


@lru_cache(maxsize=4096)
def run_of(key: str) -> Run:
    """Return the run that a key belongs to; at least the folder it lies in."""
    for system, layout in COMPILED:
        found = layout.match(key)
        if found:
            return Run(system, found[1], _name(system, found[1]))
    return Run(System.FOLDER, "", "(top of the bucket)")


def _name(system: System, prefix: str) -> str:
    parts = prefix.rstrip("/").split("/")
    if system is System.AIRFLOW:
        return " / ".join(NAMED.sub("", part) for part in parts[-2:])
    if system is System.KUBEFLOW and re.fullmatch(UUID, parts[-1]):
        return f"{parts[-2]} / {parts[-1][:8]}"
    if system is System.MLFLOW:
        return f"experiment {parts[-2]} / {parts[-1][:8]}"
    if system is System.MLFLOW_MODEL:
        return f"experiment {parts[-3]} / {parts[-1][:10]}"
    if system is System.METAFLOW:
        return f"{parts[-3]} / {parts[-1]}"
    if system is System.FOLDER:
        return "/".join(parts[-2:]) or prefix
    return NAMED.sub("", parts[-1])
