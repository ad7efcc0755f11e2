"""Tenants as they were declared and as they were last found: one row each, which outlives the tenant's removal.

States: ``declared`` (not applied yet), ``ready``, ``drifted``, ``failed`` (the problem says why), ``orphaned``
(its file is gone; nothing is taken away) and ``removed``. A failure stays until something is applied or declared anew.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.catalog.browse import listed
from belvedere.catalog.serial import TENANT_LOCKS
from belvedere.clients.postgres import Jsonb
from belvedere.errors import TenantBusy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from belvedere.clients.postgres import Connection, Row
    from belvedere.model.access import Scope

Run = tuple[str, str]
"""The DAG and the run of it that did something."""


@dataclass(frozen=True, slots=True)
class DeclaredTenant:
    """A tenant: its declaration, what was applied of it, and what was found when somebody last looked.

    ``source`` is ``api``, ``git:<file name>`` or ``adopted``. ``drift`` lists what differs from the declaration.
    """

    name: str
    spec: Mapping[str, Any]
    digest: str
    source: str
    state: str
    applied_digest: str | None
    declared_at: datetime
    applied_at: datetime | None
    observed_at: datetime | None
    removed_at: datetime | None
    observed: Mapping[str, Any]
    drift: tuple[Mapping[str, Any], ...]
    problem_code: str | None
    problem: str | None
    dag_id: str | None
    run_id: str | None


def declare(connection: Connection, name: str, spec: Mapping[str, object], digest: str, source: str) -> bool:
    """Keep what a tenant should be; return whether anything changed.

    Another declaration waits to be applied. The same one brings an orphan back to where it was.
    A removed tenant begins anew.
    """
    told = {"name": name, "spec": Jsonb(dict(spec)), "digest": digest, "source": source}
    return connection.execute(DECLARE, told).fetchone() is not None


def find_tenant(connection: Connection, name: str, scope: Scope = None) -> DeclaredTenant | None:
    """Return one tenant, removed ones too; None for one that was never declared or is out of the scope."""
    row = connection.execute(FIND, {"name": name, "scope": listed(scope)}).fetchone()
    return None if row is None else _tenant(row)


def list_tenants(connection: Connection, scope: Scope, *, with_removed: bool = False) -> list[DeclaredTenant]:
    """Return the tenants of a scope, by name."""
    told = {"scope": listed(scope), "with_removed": with_removed}
    return [_tenant(row) for row in connection.execute(LIST, told)]


def note_observed(
    connection: Connection,
    name: str,
    *,
    observed: Mapping[str, object],
    drift: Sequence[Mapping[str, object]],
    run: Run | None,
    since: datetime | None = None,
) -> bool:
    """Note what was found of a tenant: it is ready or drifted if its declaration was applied. Changes nothing else.

    ``since`` says when the looking began, by ``clock``. What somebody else noted after that is fresher and stays: then
    nothing is noted, and False returned.
    """
    told = {"name": name, "since": since, "drift": Jsonb([dict(each) for each in drift])}
    return connection.execute(OBSERVED, told | _found(observed, run)).fetchone() is not None


def clock(connection: Connection) -> datetime:
    """Return what time it is for the catalog, by which everything is noted."""
    now: datetime = connection.execute("select clock_timestamp() as now").fetchall()[0]["now"]
    return now


def note_applied(
    connection: Connection, name: str, digest: str, observed: Mapping[str, object], run: Run | None
) -> None:
    """Note that the declaration of this digest was applied and found so; a later declaration goes on waiting."""
    connection.execute(APPLIED, {"name": name, "digest": digest} | _found(observed, run))


def note_failed(connection: Connection, name: str, code: str, problem: str, run: Run | None) -> None:
    """Note why a run could not bring a tenant to what it should be; an orphan stays one."""
    connection.execute(FAILED, {"name": name, "code": code, "problem": problem} | _told(run))


def note_orphaned(connection: Connection, names: Sequence[str]) -> list[str]:
    """Mark tenants whose file is gone; return the names of those that were not marked yet."""
    rows = connection.execute(ORPHANED, {"names": list(names)})
    return sorted(row["name"] for row in rows)


def note_removed(connection: Connection, name: str) -> None:
    """Note that a tenant is no more; what it was stays for the record."""
    connection.execute(REMOVED, {"name": name})


@contextmanager
def tenant_lock(connection: Connection, name: str) -> Iterator[None]:
    """Be the only one at work on a tenant, until the block ends or the connection dies.

    One run a connection: a session gets a lock of its own twice.

    Raises:
        TenantBusy: another run is at work on it.
    """
    told = {"locks": TENANT_LOCKS, "name": name}
    found = connection.execute(LOCK, told).fetchone()
    if not (found and found["taken"]):
        raise TenantBusy(f"another run is at work on the tenant {name}: try again when it has ended")
    try:
        yield
    finally:
        connection.execute(UNLOCK, told)


def _found(observed: Mapping[str, object], run: Run | None) -> dict[str, object]:
    return {"observed": Jsonb(dict(observed))} | _told(run)


def _told(run: Run | None) -> dict[str, object]:
    dag_id, run_id = run or (None, None)
    return {"dag_id": dag_id, "run_id": run_id}


def _tenant(row: Row) -> DeclaredTenant:
    return DeclaredTenant(**{**row, "drift": tuple(row["drift"])})


COLUMNS = ", ".join(DeclaredTenant.__slots__)
IN_SCOPE = "(%(scope)s::text[] is null or name = any(%(scope)s::text[]))"

# where a tenant stands whose declaration is the same as before
STANDING = """
case when t.problem_code is not null then 'failed' when t.applied_digest is distinct from t.digest then 'declared'
    when t.drift = '[]' then 'ready' else 'drifted' end
"""

DECLARE = f"""
insert into tenants as t (name, spec, digest, source) values (%(name)s, %(spec)s, %(digest)s, %(source)s)
on conflict (name) do update set spec = excluded.spec, digest = excluded.digest, source = excluded.source,
    state = case when t.state = 'removed' or t.digest <> excluded.digest then 'declared'
        when t.state = 'orphaned' then {STANDING} else t.state end,
    declared_at = case when t.state = 'removed' or t.digest <> excluded.digest then clock_timestamp()
        else t.declared_at end,
    problem_code = case when t.digest = excluded.digest then t.problem_code end,
    problem = case when t.digest = excluded.digest then t.problem end,
    applied_at = case when t.state <> 'removed' then t.applied_at end,
    observed_at = case when t.state <> 'removed' then t.observed_at end,
    removed_at = null
where t.state in ('orphaned', 'removed') or (t.digest, t.source) is distinct from (excluded.digest, excluded.source)
returning name
"""  # noqa: S608

FIND = f"select {COLUMNS} from tenants where name = %(name)s and {IN_SCOPE}"  # noqa: S608

LIST = f"""
select {COLUMNS} from tenants where {IN_SCOPE} and (%(with_removed)s or state <> 'removed') order by name
"""  # noqa: S608

OBSERVED = """
update tenants set observed = %(observed)s, drift = %(drift)s, observed_at = clock_timestamp(),
    dag_id = %(dag_id)s, run_id = %(run_id)s,
    state = case when state in ('failed', 'orphaned') or applied_digest is distinct from digest then state
        when %(drift)s::jsonb = '[]' then 'ready' else 'drifted' end
where name = %(name)s and state <> 'removed'
    and (%(since)s::timestamptz is null or observed_at is null or observed_at <= %(since)s)
returning name
"""

APPLIED = """
update tenants set observed = %(observed)s, drift = '[]', observed_at = clock_timestamp(),
    applied_digest = %(digest)s, applied_at = clock_timestamp(), problem_code = null, problem = null,
    dag_id = %(dag_id)s, run_id = %(run_id)s,
    state = case when state = 'orphaned' then state when digest = %(digest)s then 'ready' else 'declared' end
where name = %(name)s and state <> 'removed'
"""

FAILED = """
update tenants set problem_code = %(code)s, problem = %(problem)s, dag_id = %(dag_id)s, run_id = %(run_id)s,
    state = case when state in ('orphaned', 'removed') then state else 'failed' end
where name = %(name)s
"""

ORPHANED = """
update tenants set state = 'orphaned' where name = any(%(names)s) and state not in ('orphaned', 'removed')
returning name
"""

REMOVED = """
update tenants set state = 'removed', removed_at = clock_timestamp(), applied_digest = null,
    observed = '{}', drift = '[]', problem_code = null, problem = null
where name = %(name)s and state <> 'removed'
"""

LOCK = "select pg_try_advisory_lock(%(locks)s::int, hashtext(%(name)s)) as taken"

UNLOCK = "select pg_advisory_unlock(%(locks)s::int, hashtext(%(name)s))"
