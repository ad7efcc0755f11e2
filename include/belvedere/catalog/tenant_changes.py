"""Every change made to tenants: who, when, what, why, and how it ended. Rows are added and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from belvedere.catalog.browse import listed
from belvedere.clients.postgres import Jsonb

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from belvedere.clients.postgres import Connection
    from belvedere.model.access import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChange:
    """A change to record. Nothing in it is a secret: credentials are told by their fingerprints."""

    tenant: str
    actor: str
    action: str
    summary: str
    reason: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    outcome: Literal["done", "failed"] = "done"
    problem: str | None = None
    dag_id: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantChange(NewChange):
    """A recorded change; a later one has a larger id."""

    id: int
    at: datetime


def record_change(connection: Connection, change: NewChange) -> int:
    """Record a change; return its id."""
    told = {
        "tenant": change.tenant,
        "actor": change.actor,
        "action": change.action,
        "summary": change.summary,
        "reason": change.reason,
        "before": _document(change.before),
        "after": _document(change.after),
        "outcome": change.outcome,
        "problem": change.problem,
        "dag_id": change.dag_id,
        "run_id": change.run_id,
    }
    return int(connection.execute(RECORD, told).fetchall()[0]["id"])


def list_changes(
    connection: Connection, tenant: str | None, scope: Scope, *, limit: int, before_id: int | None = None
) -> list[TenantChange]:
    """Return the latest changes of a tenant (None: of all in the scope); the next page lies before the last id."""
    told = {
        "tenant": tenant,
        "scope": listed(scope),
        "limit": limit,
        "before_id": before_id,
    }
    return [TenantChange(**row) for row in connection.execute(LIST, told)]


def _document(value: Mapping[str, Any] | None) -> Jsonb | None:
    return None if value is None else Jsonb(dict(value))


RECORD = """
insert into tenant_changes
    (tenant, actor, action, summary, reason, before, after, outcome, problem, dag_id, run_id)
values (%(tenant)s, %(actor)s, %(action)s, %(summary)s, %(reason)s, %(before)s, %(after)s, %(outcome)s, %(problem)s,
    %(dag_id)s, %(run_id)s)
returning id
"""

LIST = """
select id, tenant, at, actor, dag_id, run_id, action, summary, reason, before, after, outcome, problem
from tenant_changes
where (%(tenant)s::text is null or tenant = %(tenant)s)
    and (%(scope)s::text[] is null or tenant = any(%(scope)s::text[]))
    and (%(before_id)s::bigint is null or id < %(before_id)s::bigint)
order by id desc limit %(limit)s
"""
