"""Parts of artifacts: which keys belong to which leader, and whose change renders a leader again.

``part`` is kept on the artifacts themselves, and stands at the end of the wall's indexes: a page that leaves
parts out steps over a hundred thousand of them inside the index, and one that shows them uses the same index.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
alter table artifacts add column part boolean not null default false;
alter table inbox add column started_seq bigint;

create table members (
    bucket     text not null,
    leader_key text not null,
    member_key text not null,
    primary key (bucket, leader_key, member_key)
);
create index members_of on members (bucket, member_key);

create table watches (
    bucket        text not null,
    prefix        text not null,
    names         text[] not null,
    leader_bucket text not null,
    leader_key    text not null,
    primary key (leader_bucket, leader_key, bucket, prefix)
);
create index watches_by_prefix on watches (bucket, prefix);
"""

WALLS = """
drop index artifacts_wall, artifacts_tenant_wall, artifacts_kind_wall, artifacts_state_wall, artifacts_largest;
create index artifacts_wall on artifacts (event_at desc, id desc, part) where is_latest and state <> 'deleted';
create index artifacts_tenant_wall on artifacts (tenant, event_at desc, id desc, part)
    where is_latest and state <> 'deleted';
create index artifacts_kind_wall on artifacts (kind, event_at desc, id desc, part)
    where is_latest and state <> 'deleted';
create index artifacts_state_wall on artifacts (state, event_at desc, id desc, part) where is_latest;
create index artifacts_largest on artifacts (size desc, id desc, part) where is_latest and state <> 'deleted';
"""

COUNTED = "tenant, bucket, coalesce(kind, '') as kind, state, part"
VISIBLE = "where is_latest or state = 'superseded'"
ADDED = f"select {COUNTED}, 1 as change from added {VISIBLE}"  # noqa: S608
REMOVED = f"select {COUNTED}, -1 as change from removed {VISIBLE}"  # noqa: S608

COUNTS = f"""
drop table artifact_counts;
create table artifact_counts (
    tenant text not null,
    bucket text not null,
    kind   text not null,
    state  text not null,
    part   boolean not null,
    n      bigint not null,
    primary key (tenant, bucket, kind, state, part)
) with (fillfactor = 50);

insert into artifact_counts
select {COUNTED}, count(*) from artifacts {VISIBLE} group by tenant, bucket, coalesce(kind, ''), state, part;
"""  # noqa: S608

COUNTING = """
create or replace function {name}() returns trigger language plpgsql as $$
begin
    insert into artifact_counts as c (tenant, bucket, kind, state, part, n)
    select tenant, bucket, kind, state, part, sum(change) from ({changes}) as changes
    group by tenant, bucket, kind, state, part having sum(change) <> 0
    order by tenant, bucket, kind, state, part
    on conflict (tenant, bucket, kind, state, part) do update set n = c.n + excluded.n;
    return null;
end $$;
"""


def upgrade() -> None:
    """Create what remembers members, and count parts apart."""
    op.execute(TABLES)
    op.execute(WALLS)
    op.execute(COUNTS)
    op.execute(COUNTING.format(name="count_added_artifacts", changes=ADDED))
    op.execute(COUNTING.format(name="count_removed_artifacts", changes=REMOVED))
    op.execute(COUNTING.format(name="count_changed_artifacts", changes=f"{ADDED} union all {REMOVED}"))
