"""For the gallery's readers: counted facets, search by substring, freshness, further orders.

Counting a hundred thousand rows for every page takes longer than finding the page. Writers take turns anyway
(see ``catalog/serial.py``), so exact counts beside the rows cost them about 0.1 ms a statement (measured).
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COUNTED = "tenant, bucket, coalesce(kind, '') as kind, state"
VISIBLE = "where is_latest or state = 'superseded'"
ADDED = f"select {COUNTED}, 1 as change from added {VISIBLE}"  # noqa: S608
REMOVED = f"select {COUNTED}, -1 as change from removed {VISIBLE}"  # noqa: S608

COUNTS = f"""
create table artifact_counts (
    tenant text not null,
    bucket text not null,
    kind   text not null,
    state  text not null,
    n      bigint not null,
    primary key (tenant, bucket, kind, state)
) with (fillfactor = 50);

insert into artifact_counts
select {COUNTED}, count(*) from artifacts {VISIBLE} group by tenant, bucket, coalesce(kind, ''), state;
"""  # noqa: S608

TRIGGER = """
create function {name}() returns trigger language plpgsql as $$
begin
    insert into artifact_counts as c (tenant, bucket, kind, state, n)
    select tenant, bucket, kind, state, sum(change) from ({changes}) as changes
    group by tenant, bucket, kind, state having sum(change) <> 0
    order by tenant, bucket, kind, state
    on conflict (tenant, bucket, kind, state) do update set n = c.n + excluded.n;
    return null;
end $$;
create trigger {name} after {event} on artifacts referencing {tables}
    for each statement execute function {name}();
"""

TRUNCATED = """
create function forget_artifact_counts() returns trigger language plpgsql as $$
begin
    truncate artifact_counts;
    return null;
end $$;
create trigger forget_artifact_counts after truncate on artifacts
    for each statement execute function forget_artifact_counts();
"""

INDEXES = """
create extension if not exists pg_trgm;
create index artifacts_search on artifacts using gin ((key || ' ' || coalesce(title, '')) gin_trgm_ops)
    where is_latest and state <> 'deleted';
create index artifacts_rendered on artifacts (rendered_at) include (latency_ms) where rendered_at is not null;
create index artifacts_largest on artifacts (size desc, id desc) where is_latest and state <> 'deleted';
create index artifacts_superseded on artifacts (event_at desc, id desc) where state = 'superseded';
"""


def upgrade() -> None:
    """Create what the gallery reads."""
    op.execute(COUNTS)
    for event, name, changes, tables in (
        ("insert", "count_added_artifacts", ADDED, "new table as added"),
        ("delete", "count_removed_artifacts", REMOVED, "old table as removed"),
        (
            "update",
            "count_changed_artifacts",
            f"{ADDED} union all {REMOVED}",
            "old table as removed new table as added",
        ),
    ):
        op.execute(TRIGGER.format(name=name, event=event, changes=changes, tables=tables))
    op.execute(TRUNCATED)
    op.execute(INDEXES)
