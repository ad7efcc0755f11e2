"""Airflow's REST API, as its own service account: start runs, look at them, prune them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from belvedere.errors import AccessDenied, ObjectMissing, PermanentError, ServiceUnavailable, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from belvedere.settings import Settings

TIMEOUT = httpx.Timeout(30.0, connect=5.0)


class DagNotReady(TransientError):
    """Airflow does not know the DAG: its file has not been parsed yet, or failed to parse."""

    code = "dag_not_ready"


@dataclass(frozen=True, slots=True)
class TaskLog:
    """What one try of a task wrote: its lines as Airflow keeps them; ``cut``: there are more than were asked for."""

    lines: tuple[Mapping[str, Any], ...]
    cut: bool


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise ServiceUnavailable(f"Airflow's API server did not answer {what} ({type(error).__name__})") from error


class AirflowApi:
    """A logged-in client of one Airflow. Not to be shared between threads."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._http = httpx.Client(base_url=url.rstrip("/"), timeout=TIMEOUT)
        self._credentials = {"username": user, "password": password}

    @classmethod
    def from_settings(cls, settings: Settings) -> AirflowApi:
        """Connect as the dispatcher's service account."""
        return cls(settings.airflow_url, settings.dispatcher_user, settings.dispatcher_password.get_secret_value())

    def __enter__(self) -> AirflowApi:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> bool:
        """Start one run under a given id; False when a run of this id exists already.

        The run id is the idempotency key (Airflow answers 409 the second time), so a repeated call after a lost
        answer is harmless.

        Raises:
            DagNotReady: Airflow does not know the DAG (yet).
            ServiceUnavailable, AccessDenied, PermanentError: as their names say.
        """
        body = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf)}
        response = self._send("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=body)
        if response.status_code == httpx.codes.CONFLICT:
            return False
        if response.status_code == httpx.codes.NOT_FOUND:
            raise DagNotReady(f"Airflow does not know the DAG {dag_id}: has its file been parsed without errors?")
        _check(response, f"starting {dag_id}")
        return True

    def request(self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None) -> Any:
        """Send one request below ``/api/v2`` and return the decoded answer (None when it is empty); raises as above."""
        response = self._send(method, f"/api/v2{path}", json=json, params=params)
        _check(response, f"{method} {path}")
        return response.json() if response.content else None

    def tasks_of_run(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the task instances of a run.

        Raises:
            ObjectMissing: Airflow does not know the run, or keeps it no longer.
            ServiceUnavailable, AccessDenied, PermanentError: as their names say.
        """
        path = f"/api/v2{_run_path(dag_id, run_id)}/taskInstances"
        response = self._send("GET", path)
        _check_known(response, dag_id, run_id)
        _check(response, f"the tasks of {dag_id}")
        found: list[dict[str, Any]] = response.json()["task_instances"]
        return found

    def task_log(
        self, dag_id: str, run_id: str, task_id: str, try_number: int, *, map_index: int = -1, most_bytes: int
    ) -> TaskLog:
        """Read the beginning of what one try of a task wrote; raises as ``tasks_of_run``."""
        path = f"/api/v2{_run_path(dag_id, run_id)}/taskInstances/{quote(task_id, safe='')}/logs/{try_number}"
        asked = {"full_content": "true", "map_index": str(map_index)}
        content = bytearray()
        with _translated(f"the log of {dag_id}"):
            if "Authorization" not in self._http.headers:
                self._log_in()
            accepts = {"Accept": "application/x-ndjson"}
            with self._http.stream("GET", path, params=asked, headers=accepts) as response:
                if not response.is_success:
                    response.read()
                _check_known(response, dag_id, run_id)
                _check(response, f"the log of {dag_id}")
                for piece in response.iter_bytes():
                    content += piece
                    if len(content) > most_bytes:
                        break
        whole, cut = bytes(content[:most_bytes]), len(content) > most_bytes
        lines = whole.split(b"\n")
        return TaskLog(tuple(line for each in (lines[:-1] if cut else lines) if (line := _line(each))), cut)

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        with _translated(f"{method} {path}"):
            if "Authorization" not in self._http.headers:
                self._log_in()
            response = self._http.request(method, path, **options)
            if response.status_code == httpx.codes.UNAUTHORIZED:
                self._log_in()
                response = self._http.request(method, path, **options)
        return response

    def _log_in(self) -> None:
        response = self._http.post("/auth/token", json=self._credentials)
        if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise AccessDenied(
                "Airflow refused the dispatcher's login: check BELVEDERE_DISPATCHER_USER and its password"
            )
        _check(response, "logging in")
        self._http.headers["Authorization"] = f"Bearer {response.json()['access_token']}"


def _run_path(dag_id: str, run_id: str) -> str:
    return f"/dags/{quote(dag_id, safe='')}/dagRuns/{quote(run_id, safe='')}"


def _line(text: bytes) -> dict[str, Any] | None:
    """Read one line of a log; Airflow hands out what it could not read as it is."""
    try:
        said = json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        said = {"event": text.decode("utf-8", "replace")}
    return said if isinstance(said, dict) else None


def _check_known(response: httpx.Response, dag_id: str, run_id: str) -> None:
    if response.status_code == httpx.codes.NOT_FOUND:
        raise ObjectMissing(f"Airflow does not keep the run {run_id} of {dag_id} any more", code="run_missing")


def _check(response: httpx.Response, what: str) -> None:
    if response.is_success:
        return
    if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise ServiceUnavailable(f"Airflow answered {response.status_code} to {what}")
    if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise AccessDenied(f"Airflow does not allow our account {what} ({response.status_code})")
    raise PermanentError(f"Airflow refused {what} ({response.status_code}): {response.text[:300]}", code="airflow")
