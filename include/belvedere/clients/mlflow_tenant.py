"""MLflow as a tenant's own user: proves that the tenant can work there, and that no other one can."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from belvedere.clients.mlflow_api import EXISTS, MlflowApi
from belvedere.clients.mlflow_contents import CHECK_EXPERIMENT
from belvedere.errors import AccessDenied, PermanentError

if TYPE_CHECKING:
    from belvedere.model.tenant_state import Secret

METRIC = "belvedere_check"


class MlflowTenant:
    """One tenant's user in its workspace. Safe to share between threads."""

    def __init__(self, url: str, user: Secret, workspace: str) -> None:
        self._user = user.identifier
        self._workspace = workspace
        self._api = MlflowApi(url, user, f"user {user.identifier}", workspace)

    def check_round_trip(self) -> None:
        """Make a run in an experiment of ours, log a metric, read it back, and delete the experiment.

        MLflow keeps what is deleted, with its name, so the experiment is restored the next time.

        Raises:
            AccessDenied: the user may not, or its password is another one.
            ServiceUnavailable, PermanentError: as their names say.
        """
        experiment = self._check_experiment()
        try:
            self._check_run(experiment)
        finally:
            self._ask("POST", "/experiments/delete", body={"experiment_id": experiment})

    def may_read_workspace(self, other: str) -> bool:
        """Whether the user sees a workspace, or any experiment in it when it forges the header that names it."""
        listed = self._api.call("GET", "/3.0/mlflow/workspaces", "listing the workspaces as a tenant") or {}
        if other in {workspace["name"] for workspace in listed.get("workspaces", [])}:
            return True
        body = {"max_results": 1, "view_type": "ALL"}
        try:
            found = self._ask("POST", "/experiments/search", body=body, workspace=other)
        except AccessDenied:
            return False
        return bool(found.get("experiments"))

    def may_write_workspace(self, other: str) -> bool:
        """Whether the user can make an experiment in a workspace; it is deleted again."""
        body = {"name": f"{CHECK_EXPERIMENT}-{self._user}-{time.time_ns()}"}
        try:
            made = self._ask("POST", "/experiments/create", body=body, workspace=other)
        except AccessDenied:
            return False
        self._ask("POST", "/experiments/delete", body=made, workspace=other)
        return True

    def _check_experiment(self) -> str:
        """Return the id of the experiment for checks; each user has its own, for only its maker may write to it."""
        name = f"{CHECK_EXPERIMENT}-{self._user}"
        path, what = "/2.0/mlflow/experiments/create", f"making an experiment in workspace {self._workspace}"
        made = self._api.call("POST", path, what, body={"name": name}, harmless=(EXISTS,))
        if made is not None:
            return str(made["experiment_id"])
        found = self._ask("GET", "/experiments/get-by-name", params={"experiment_name": name})["experiment"]
        if found["lifecycle_stage"] == "deleted":
            self._ask("POST", "/experiments/restore", body={"experiment_id": found["experiment_id"]})
        return str(found["experiment_id"])

    def _check_run(self, experiment: str) -> None:
        now = _milliseconds()
        begun = self._ask("POST", "/runs/create", body={"experiment_id": experiment, "start_time": now})
        run = begun["run"]["info"]["run_id"]
        metric = {"run_id": run, "key": METRIC, "value": 1.0, "timestamp": now}
        self._ask("POST", "/runs/log-metric", body=metric)
        ended = {"run_id": run, "status": "FINISHED", "end_time": _milliseconds()}
        self._ask("POST", "/runs/update", body=ended)
        read = self._ask("GET", "/runs/get", params={"run_id": run})["run"]
        logged = {each["key"]: each["value"] for each in read["data"].get("metrics", [])}
        if logged != {METRIC: 1.0} or read["info"]["status"] != "FINISHED":
            raise PermanentError(
                f"MLflow did not give back the run that user {self._user} logged in workspace {self._workspace}",
                code="mlflow",
            )

    def _ask(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        what = f"checking workspace {self._workspace} as user {self._user}"
        return self._api.call(method, f"/2.0/mlflow{path}", what, **options) or {}


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000
