"""The gallery and Airflow as a person's program sees them: over HTTP, with the administrator's login."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import httpx

from stack.errors import NotReady, StepFailed
from stack.instance import ADMIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stack.instance import Instance

TIMEOUT = httpx.Timeout(30.0, connect=5.0)


class AirflowClient:
    """A logged-in client. Use as a context manager."""

    def __init__(self, instance: Instance) -> None:
        self._http = httpx.Client(base_url=instance.airflow_url, timeout=TIMEOUT, trust_env=False)
        self._password = instance.secrets.airflow_admin_password

    def __enter__(self) -> Self:
        with _told("logging in"):
            login = {"username": ADMIN, "password": self._password}
            answer = self._http.post("/auth/token", json=login).raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def find(self, path: str, **query: Any) -> dict[str, Any] | None:
        """GET a JSON object; None when there is none (404).

        Raises:
            NotReady: the server does not answer, or answers with another error.
        """
        with _told(f"GET {path}"):
            response = self._http.get(path, params=query)
            if response.status_code == httpx.codes.NOT_FOUND:
                return None
            found: dict[str, Any] = response.raise_for_status().json()
            return found

    def import_errors(self) -> dict[str, str]:
        """Return the DAG files that Airflow could not import, each with the last line of why."""
        found = self.find("/api/v2/importErrors") or {}
        return {each["filename"]: each["stack_trace"].strip().splitlines()[-1] for each in found["import_errors"]}

    def unpause(self, dag_id: str) -> None:
        """Let a DAG run."""
        with _told(f"unpausing {dag_id}"):
            self._http.patch(f"/api/v2/dags/{dag_id}", json={"is_paused": False}).raise_for_status()

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> None:
        """Start a run.

        Raises:
            StepFailed: Airflow refuses it.
        """
        body = {"logical_date": None, "dag_run_id": run_id, "conf": dict(conf)}
        with _told(f"starting {dag_id}"):
            response = self._http.post(f"/api/v2/dags/{dag_id}/dagRuns", json=body)
        if response.is_error:
            raise StepFailed(f"Airflow refuses to start {dag_id}: {response.status_code} {response.text[:500]}")

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return a run's state: queued, running, success or failed."""
        found = self.find(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}") or {}
        return str(found.get("state"))

    def is_watching(self, dag_id: str) -> bool:
        """Tell whether one run of a DAG is under way and one of its tasks waits in the triggerer or runs."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/~/taskInstances"
        found = self.find(path, state=["deferred", "running"], limit=1) or {}
        return bool(found.get("total_entries"))

    def failed_task_log(self, dag_id: str, run_id: str, lines: int) -> list[str]:
        """Return the end of the log of the first failed task of a run."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        tasks = (self.find(path, state="failed") or {}).get("task_instances", [])
        if not tasks:
            return []
        found = self.find(f"{path}/{tasks[0]['task_id']}/logs/{tasks[0]['try_number']}") or {}
        return [_log_line(each) for each in found.get("content", [])][-lines:]


def _log_line(entry: object) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    details = [str(each.get("exc_value")) for each in entry.get("error_detail") or []]
    return " ".join([str(entry.get("event", "")), *details])


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except httpx.HTTPStatusError as error:
        raise NotReady(
            f"Airflow answered {error.response.status_code} to {what}: see `make logs S=api-server`"
        ) from error
    except httpx.HTTPError as error:
        raise NotReady(f"Airflow did not answer {what} ({type(error).__name__}): see `make status`") from error
