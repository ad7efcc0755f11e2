"""Airflow's REST API, as its own service account: start runs, look at them, prune them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from belvedere.errors import AccessDenied, PermanentError, ServiceUnavailable, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from belvedere.settings import Settings

TIMEOUT = httpx.Timeout(30.0, connect=5.0)


class DagNotReady(TransientError):
    """Airflow does not know the DAG: its file has not been parsed yet, or failed to parse."""

    code = "dag_not_ready"


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


def _check(response: httpx.Response, what: str) -> None:
    if response.is_success:
        return
    if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise ServiceUnavailable(f"Airflow answered {response.status_code} to {what}")
    if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise AccessDenied(f"Airflow does not allow our account {what} ({response.status_code})")
    raise PermanentError(f"Airflow refused {what} ({response.status_code}): {response.text[:300]}", code="airflow")
