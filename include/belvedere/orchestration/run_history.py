"""Airflow's own history of our runs: thousands a day, of which only the last days are of use."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from belvedere.clients.airflow_api import AirflowApi

log = logging.getLogger(__name__)

BELVEDERE_TAG = "belvedere"
PAGE_RUNS = 100
FINISHED_STATES = ("success", "failed")


def our_dags(api: AirflowApi) -> list[str]:
    """Return the ids of Belvedere's DAGs, told by their tag; raises as ``count_old_runs`` does."""
    found = api.request("GET", "/dags", params={"tags": BELVEDERE_TAG, "limit": PAGE_RUNS})
    return sorted(dag["dag_id"] for dag in found["dags"])


def count_old_runs(api: AirflowApi, dag_id: str, before: datetime) -> int:
    """Return how many runs of a DAG ended before a moment.

    Raises:
        ServiceUnavailable, AccessDenied, PermanentError: as their names say.
    """
    return int(_page(api, dag_id, before, 1)["total_entries"] or 0)


def prune_old_runs(api: AirflowApi, dag_id: str, before: datetime) -> int:
    """Remove a DAG's runs that ended before a moment, page by page, and return how many; raises as above.

    Removing a run removes its task instances and XComs. A run that Airflow refuses to remove is left.
    """
    removed = 0
    for run_ids in _pages(api, dag_id, before):
        gone = _remove(api, dag_id, run_ids)
        removed += gone
        if gone < len(run_ids):
            log.warning("Airflow kept %d runs of %s", len(run_ids) - gone, dag_id)
            break
    return removed


def _pages(api: AirflowApi, dag_id: str, before: datetime) -> Iterator[list[str]]:
    while run_ids := [run["dag_run_id"] for run in _page(api, dag_id, before, PAGE_RUNS)["dag_runs"]]:
        yield run_ids


def _page(api: AirflowApi, dag_id: str, before: datetime, limit: int) -> dict[str, Any]:
    query = {
        "dag_ids": [dag_id],
        "states": list(FINISHED_STATES),
        "end_date_lt": before.isoformat(),
        "order_by": "end_date",
        "page_limit": limit,
    }
    page: dict[str, Any] = api.request("POST", "/dags/~/dagRuns/list", json=query)
    return page


def _remove(api: AirflowApi, dag_id: str, run_ids: Sequence[str]) -> int:
    entities = [{"dag_run_id": run_id} for run_id in run_ids]
    action = {"action": "delete", "entities": entities, "action_on_non_existence": "skip"}
    answer = api.request("PATCH", f"/dags/{dag_id}/dagRuns", json={"actions": [action]})
    return len((answer.get("delete") or {}).get("success") or [])
