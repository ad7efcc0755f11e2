"""Numbers among facts, kept in rows of their own by whoever writes the facts: an index on JSON finds no ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from belvedere.clients.postgres import Connection
    from belvedere.model.numbers import Number


def keep_numbers(
    connection: Connection, artifact_id: str, tenant: str, event_at: datetime, numbers: Sequence[Number]
) -> None:
    """Make an artifact be found by these numbers (``numbers_of`` its facts), and by no others: one statement."""
    told = {
        "id": artifact_id,
        "tenant": tenant,
        "event_at": event_at,
        "paths": [number.path for number in numbers],
        "names": [number.name for number in numbers],
        "values": [number.value for number in numbers],
    }
    connection.execute(KEEP, told)


def copy_numbers(connection: Connection, artifact_ids: Sequence[str]) -> None:
    """Let artifacts that share another's facts (the same bytes under the same key) be found by them too."""
    connection.execute(COPY, {"ids": list(artifact_ids)})


# What the artifact is like stands beside each number; ``follow_artifact`` (a trigger) keeps it so.
OF_ARTIFACT = "a.tenant, a.kind, a.part, a.is_latest and a.state not in ('deleted', 'superseded')"

KEEP = f"""
with new as (
    select * from unnest(%(paths)s::text[], %(names)s::text[], %(values)s::double precision[]) as n (path, name, value)
), gone as (
    delete from fact_numbers where artifact_id = %(id)s and path <> all(%(paths)s::text[])
), named as (
    insert into fact_names (tenant, name) select distinct %(tenant)s, name from new
    where not exists (select from fact_names k where k.tenant = %(tenant)s and k.name = new.name)
    on conflict do nothing
)
insert into fact_numbers (artifact_id, path, name, value, event_at, tenant, kind, part, listed)
select a.id, n.path, n.name, n.value, %(event_at)s, {OF_ARTIFACT}
from new n join artifacts a on a.id = %(id)s
on conflict (artifact_id, path) do update set name = excluded.name, value = excluded.value,
    event_at = excluded.event_at, tenant = excluded.tenant, kind = excluded.kind, part = excluded.part,
    listed = excluded.listed
"""  # noqa: S608

COPY = f"""
insert into fact_numbers (artifact_id, path, name, value, event_at, tenant, kind, part, listed)
select a.id, n.path, n.name, n.value, a.event_at, {OF_ARTIFACT}
from artifacts a
cross join lateral (
    select t.id from artifacts t where t.bucket = a.bucket and t.key = a.key and t.etag = a.etag and t.id <> a.id
        and exists (select from fact_numbers where artifact_id = t.id) limit 1) as twin
join fact_numbers n on n.artifact_id = twin.id
where a.id = any(%(ids)s) and a.facts <> '{{}}'
on conflict do nothing
"""  # noqa: S608
