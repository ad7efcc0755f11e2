"""What the run that rendered an artifact wrote about it, and about no other: one run renders many tenants' objects."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends

from belvedere.clients.airflow_api import AirflowApi
from belvedere.errors import ObjectMissing, ServiceUnavailable
from belvedere.gallery.resources import ResourcesDep  # noqa: TC001 - FastAPI reads annotations at run time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from belvedere.model.artifact import Artifact

MOST_BYTES = 8 * 1024**2
MOST_TASKS = 4
MOST_LINES = 1000
MOST_LETTERS = 4000
# The log comes over HTTP from this very server: its threads must not all wait for each other.
AT_ONCE = 4
PATIENCE_SECONDS = 5.0
_places = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line: when, how serious, by which part of the program, and what."""

    at: str | None
    level: str
    logger: str
    text: str


@dataclass(frozen=True, slots=True)
class RenderLog:
    """The lines about one artifact; ``cut``: the run wrote more than was searched or is shown."""

    lines: tuple[LogLine, ...]
    cut: bool
    state: str | None


def airflow_account(resources: ResourcesDep) -> AirflowApi:
    """Return a client of Airflow with the dispatcher's account; it is logged in at its first question."""
    return AirflowApi.from_settings(resources.settings)


AirflowDep = Annotated[AirflowApi, Depends(airflow_account)]


def log_of(airflow: AirflowApi, artifact: Artifact) -> RenderLog:
    """Read what the artifact's last run wrote about it.

    Raises:
        ObjectMissing: no run has begun with it, or Airflow keeps that run no longer.
        ServiceUnavailable, AccessDenied, PermanentError: as their names say.
    """
    if not artifact.run_dag_id or not artifact.run_id:
        raise ObjectMissing("no run has begun with this artifact yet, so there is no log", code="no_run")
    lines: list[LogLine] = []
    cut, state = False, None
    with _place(), airflow:
        tasks = airflow.tasks_of_run(artifact.run_dag_id, artifact.run_id)
        begun = [task for task in tasks if task.get("try_number")][:MOST_TASKS]
        for task in begun:
            read = airflow.task_log(
                artifact.run_dag_id,
                artifact.run_id,
                str(task["task_id"]),
                int(task["try_number"]),
                map_index=int(task.get("map_index", -1)),
                most_bytes=MOST_BYTES,
            )
            lines += [said_of(line, place_of(artifact)) for line in read.lines if is_about(line, artifact)]
            cut, state = cut or read.cut, task.get("state")
    return RenderLog(tuple(lines[:MOST_LINES]), cut or len(lines) > MOST_LINES, state)


def is_about(line: Mapping[str, Any], artifact: Artifact) -> bool:
    """Tell whether a line is about an artifact: it carries its id, or (older runs) begins with its place."""
    if "artifact" in line:
        return bool(line["artifact"] == artifact.id)
    return str(line.get("event", "")).startswith(place_of(artifact))


def place_of(artifact: Artifact) -> str:
    """Return what lines begin with to say whom they are about."""
    return f"{artifact.bucket}/{artifact.key}: "


def said_of(line: Mapping[str, Any], place: str = "") -> LogLine:
    """Return what a line says to people: of an exception its kind and message, never the server's own paths."""
    text = str(line.get("event", "")).removeprefix(place)
    errors = line.get("error_detail")
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict):
            text += f"\n{error.get('exc_type', 'Error')}: {error.get('exc_value', '')}"
    at, level, logger = (line.get(name) for name in ("timestamp", "level", "logger"))
    return LogLine(str(at) if at else None, str(level or "info"), str(logger or ""), text[:MOST_LETTERS])


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise ServiceUnavailable("many logs are being read just now: try again in a moment")
    try:
        yield
    finally:
        _places.release()
