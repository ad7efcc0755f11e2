"""Airflow as a person's program uses it: start runs, wait for them, read their logs."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT = httpx.Timeout(60.0, connect=5.0)
ENDED = ("success", "failed")


def log_in(url: str, user: str, password: str) -> str:
    """Return a token."""
    answer = httpx.post(f"{url}/auth/token", json={"username": user, "password": password}, timeout=TIMEOUT)
    return str(answer.raise_for_status().json()["access_token"])


def client_of(url: str, user: str, password: str) -> httpx.Client:
    """Return a logged-in client."""
    headers = {"Authorization": f"Bearer {log_in(url, user, password)}"}
    return httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT, trust_env=False)


class Airflow:
    """A logged-in client of Airflow's REST API."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def get(self, path: str, **query: Any) -> Any:
        """GET below /api/v2."""
        return self.http.get(f"/api/v2{path}", params=query).raise_for_status().json()

    def await_dag(self, dag_id: str, seconds: float = 90.0) -> None:
        """Wait until Airflow knows a DAG."""
        eventually(
            lambda: self.http.get(f"/api/v2/dags/{dag_id}").is_success,
            seconds,
            what=f"Airflow knowing {dag_id} (import errors: {self.import_errors()})",
        )

    def import_errors(self) -> list[str]:
        """Return what Airflow says of DAG files that it cannot import."""
        return [
            f"{each['filename']}: {each['stack_trace'][-300:]}" for each in self.get("/importErrors")["import_errors"]
        ]

    def start(self, dag_id: str, conf: Mapping[str, Any]) -> str:
        """Start a run and return its id."""
        run_id = f"test__{uuid.uuid4().hex}"
        body = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf)}
        self.http.post(f"/api/v2/dags/{dag_id}/dagRuns", json=body).raise_for_status()
        return run_id

    def state(self, dag_id: str, run_id: str) -> str:
        """Return a run's state."""
        return str(self.get(f"/dags/{dag_id}/dagRuns/{quote(run_id)}")["state"])

    def run(self, dag_id: str, conf: Mapping[str, Any], *, seconds: float = 120.0, expect: str = "success") -> str:
        """Start a run, wait for its end, and return its id.

        Raises:
            AssertionError: it did not end as expected; the text holds its logs.
        """
        self.await_dag(dag_id)
        run_id = self.start(dag_id, conf)
        eventually(lambda: self.state(dag_id, run_id) in ENDED, seconds, what=f"the end of {dag_id} {run_id}")
        state = self.state(dag_id, run_id)
        assert state == expect, f"{dag_id} {run_id} ended as {state}:\n{self.logs(dag_id, run_id)}"
        return run_id

    def logs(self, dag_id: str, run_id: str) -> str:
        """Return what all tries of all tasks of a run wrote."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances"
        texts = []
        for task in self.get(path)["task_instances"]:
            for number in range(1, max(task["try_number"], 1) + 1):
                answer = self.http.get(
                    f"/api/v2{path}/{task['task_id']}/logs/{number}", params={"full_content": "true"}
                )
                texts.append(answer.text)
        return "\n".join(texts)

    def xcom(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """Return what a task returned."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances/{task_id}/xcomEntries/return_value"
        return self.get(path, deserialize="true")["value"]

    def pause(self, dag_id: str) -> None:
        """Let new runs of a DAG wait."""
        self._set_paused(dag_id, paused=True)

    def unpause(self, dag_id: str) -> None:
        """Let a DAG's runs go on."""
        self._set_paused(dag_id, paused=False)

    def _set_paused(self, dag_id: str, *, paused: bool) -> None:
        self.http.patch(f"/api/v2/dags/{dag_id}", json={"is_paused": paused}).raise_for_status()
