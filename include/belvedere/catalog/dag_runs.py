"""The artifacts of one run of Airflow: those that it wrote, told by their keys, and those that it rendered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.catalog.browse import COLUMNS, IN_SCOPE, artifacts_of, listed
from belvedere.catalog.search import literal
from belvedere.model.runs import RUN_TYPES

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection
    from belvedere.model.access import Scope
    from belvedere.model.artifact import Artifact

MOST = 100
# Of such runs the catalog keeps the folder with each artifact; others are found by the words of their keys.
KEPT = re.compile(f"(?:{RUN_TYPES})__")


@dataclass(frozen=True, slots=True)
class RunArtifacts:
    """What a run (or one of its tasks) wrote, and what was rendered by it, newest first: up to ``MOST`` of each."""

    written: tuple[Artifact, ...]
    rendered: tuple[Artifact, ...]


def artifacts_of_run(
    connection: Connection, dag_id: str, run_id: str, scope: Scope, *, task_id: str | None = None
) -> RunArtifacts:
    """Return the artifacts of a run. Of a task, those whose key names the task below the run: two statements."""
    asked: dict[str, Any] = {
        "scope": listed(scope),
        "dag_id": dag_id,
        "run_id": run_id,
        "limit": MOST,
        "plain": f"%{literal(_folder(dag_id, run_id, task_id))}%",
        "named": f"%{literal(_named_folder(dag_id, run_id, task_id))}%",
        "plain_run": literal(_folder(dag_id, run_id)[::-1]) + "%",
        "named_run": literal(_named_folder(dag_id, run_id)[::-1]) + "%",
    }
    statement = WRITTEN.format(found=BY_FOLDER if KEPT.match(run_id) else BY_WORDS)
    written = artifacts_of(connection.execute(statement, asked, prepare=False))
    rendered = artifacts_of(connection.execute(RENDERED, asked, prepare=False))
    return RunArtifacts(tuple(written), tuple(rendered))


def _folder(dag_id: str, run_id: str, task_id: str | None = None) -> str:
    return "/".join((dag_id, run_id, *([task_id] if task_id else ()), ""))


def _named_folder(dag_id: str, run_id: str, task_id: str | None = None) -> str:
    named = [f"dag_id={dag_id}", f"run_id={run_id}", *([f"task_id={task_id}"] if task_id else ()), ""]
    return "/".join(named)


BY_WORDS = "(words like lower(%(plain)s) or words like lower(%(named)s))"
BY_FOLDER = "(reverse(run) like %(plain_run)s or reverse(run) like %(named_run)s)"

# What is found by an index is held to the whole names of folders.
WRITTEN = f"""
select {COLUMNS} from artifacts
where is_latest and state <> 'deleted' and not part and {{found}}
    and (('/' || key) like ('%%/' || substr(%(plain)s, 2)) or ('/' || key) like ('%%/' || substr(%(named)s, 2)))
    and {IN_SCOPE}
order by event_at desc, id desc limit %(limit)s
"""  # noqa: S608

RENDERED = f"""
select {COLUMNS} from artifacts
where run_id = %(run_id)s and run_dag_id = %(dag_id)s and state <> 'deleted' and {IN_SCOPE}
order by event_at desc, id desc limit %(limit)s
"""  # noqa: S608
