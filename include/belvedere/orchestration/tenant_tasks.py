"""The one way from a task's context to a run of the tenants' DAGs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from belvedere.orchestration.tenant_work import SCHEDULE, RunOfTenants

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


def run_of(context: Mapping[str, Any]) -> RunOfTenants:
    """Return the run that a task belongs to, and the name of whoever started it."""
    dag_run = context["dag_run"]
    return RunOfTenants(dag_run.dag_id, dag_run.run_id, dag_run.triggering_user_name or SCHEDULE)


def began(context: Mapping[str, Any]) -> datetime:
    """Return when the run of a task began: the same for every try of it."""
    start: datetime = context["dag_run"].start_date
    return start
