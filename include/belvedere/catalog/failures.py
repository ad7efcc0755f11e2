"""Artifacts without a picture: grouped by what went wrong, listed, and driven again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.catalog.browse import IN_SCOPE, listed
from belvedere.catalog.serial import writing_artifacts
from belvedere.model.artifact import ArtifactState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from belvedere.clients.postgres import Connection
    from belvedere.model.access import Scope

FAILED_STATES = (ArtifactState.DEAD, ArtifactState.FAILED, ArtifactState.UNSUPPORTED)
NO_CODE = "error"
BATCH_ROWS = 500


@dataclass(frozen=True, slots=True)
class Alike:
    """Failures that are of one sort: in one state, for one reason."""

    state: ArtifactState
    code: str


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """How many artifacts failed alike, whose they are, of which kinds, and what one of them says."""

    state: ArtifactState
    code: str
    count: int
    tenants: tuple[str, ...]
    kinds: tuple[str, ...]
    newest_at: datetime
    example: str


@dataclass(frozen=True, slots=True)
class FailedArtifact:
    """One artifact without a picture, and why."""

    id: str
    tenant: str
    bucket: str
    key: str
    kind: str | None
    message: str
    attempts: int
    event_at: datetime
    run_dag_id: str | None
    run_id: str | None


def failure_groups(connection: Connection, scope: Scope) -> list[FailureGroup]:
    """Return the failures by state and code: what was given up first, most of them first."""
    rows = connection.execute(GROUPS, _facts(scope))
    return [
        FailureGroup(
            state=ArtifactState(row["state"]),
            code=row["code"],
            count=row["n"],
            tenants=tuple(row["tenants"]),
            kinds=tuple(row["kinds"]),
            newest_at=row["newest_at"],
            example=row["example"],
        )
        for row in rows
    ]


def failures(
    connection: Connection, alike: Alike, scope: Scope, *, limit: int, after: str | None = None
) -> list[FailedArtifact]:
    """Return failures of one sort, newest first, from behind the artifact ``after`` on."""
    facts = _facts(scope) | _alike(alike) | {"limit": limit, "after": after}
    rows = connection.execute(LIST, facts)
    return [FailedArtifact(**{name: row[name] for name in FailedArtifact.__slots__}) for row in rows]


def redrive(connection: Connection, artifact_ids: Sequence[str], scope: Scope, *, occasion: str) -> int:
    """Queue failed artifacts for another rendering, and let those that wait for their next attempt go at once.

    Returns how many were; what is deleted, being rendered, or not in the scope is left alone.
    """
    facts = _facts(scope) | {"ids": list(artifact_ids), "occasion": occasion}
    with writing_artifacts(connection, wakes_dispatcher=True):
        queued = connection.execute(QUEUE, facts).rowcount
        return queued + connection.execute(HASTEN, facts).rowcount


def redrive_alike(connection: Connection, alike: Alike, scope: Scope, *, occasion: str, most: int) -> int:
    """Drive failures of one sort again, ``most`` of them at most, and return how many were.

    Each batch is a transaction of its own, so that the loop goes on meanwhile.
    """
    driven, after = 0, ""
    while driven < most:
        facts = _facts(scope) | _alike(alike) | {"after": after, "rows": min(BATCH_ROWS, most - driven)}
        ids = [row["id"] for row in connection.execute(BATCH, facts)]
        if not ids:
            break
        driven += redrive(connection, ids, scope, occasion=occasion)
        after = ids[-1]
    return driven


def _facts(scope: Scope) -> dict[str, Any]:
    return {
        "scope": listed(scope),
        "states": [state.value for state in FAILED_STATES],
        "no_code": NO_CODE,
    }


def _alike(alike: Alike) -> dict[str, Any]:
    return {"state": alike.state.value, "code": alike.code}


CODE = "coalesce(error_code, %(no_code)s)"
OPEN = "select from inbox i where i.artifact_id = a.id and i.state in ('queued', 'claimed')"
WAITS = "i.state = 'queued' and i.available_at > clock_timestamp()"

GROUPS = f"""
select state, {CODE} as code, count(*) as n, array_agg(distinct tenant) as tenants,
    coalesce(array_agg(distinct kind) filter (where kind is not null), '{{}}') as kinds,
    max(event_at) as newest_at, coalesce(any_value(error_message), '') as example
from artifacts where is_latest and state = any(%(states)s) and {IN_SCOPE}
group by state, {CODE} order by array_position(%(states)s::text[], state), n desc, code
"""  # noqa: S608

LIST = f"""
select id, tenant, bucket, key, kind, coalesce(error_message, '') as message, attempts, event_at, run_dag_id, run_id
from artifacts
where is_latest and state = %(state)s and {CODE} = %(code)s and {IN_SCOPE} and (%(after)s::text is null
    or (event_at, id) < (select event_at, id from artifacts where id = %(after)s))
order by event_at desc, id desc limit %(limit)s
"""  # noqa: S608

BATCH = f"""
select id from artifacts a
where is_latest and state = %(state)s and {CODE} = %(code)s and {IN_SCOPE} and id > %(after)s
    and (not exists ({OPEN}) or exists (select from inbox i where i.artifact_id = a.id and {WAITS}))
order by id limit %(rows)s
"""  # noqa: S608

QUEUE = f"""
with queued as (
    insert into inbox (artifact_id, occasion, tenant, bucket, key, version_id, etag, sequencer, event_at, cost_class)
    select id, %(occasion)s, tenant, bucket, key, version_id, etag, sequencer, event_at,
        coalesce(kind, '') || '/' || length(size::text)
    from artifacts a
    where id = any(%(ids)s) and is_latest and state = any(%(states)s) and {IN_SCOPE} and not exists ({OPEN})
    on conflict (artifact_id, occasion) do nothing
    returning artifact_id
)
update artifacts a set state = 'queued', attempts = 0, error_code = null, error_message = null,
    queued_at = clock_timestamp(), seq = nextval('artifact_seq'), updated_at = clock_timestamp()
from queued q where a.id = q.artifact_id
"""  # noqa: S608

HASTEN = f"""
update inbox i set available_at = clock_timestamp()
where i.artifact_id = any(%(ids)s) and {WAITS} and {IN_SCOPE}
    and exists (select from artifacts a where a.id = i.artifact_id and a.state = 'failed')
"""  # noqa: S608
