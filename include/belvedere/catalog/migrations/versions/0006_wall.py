"""What the wall groups, searches and remembers: the run of each key, numbers among facts, saved views.

A run is a stored column, for a page of groups asks for the newest artifacts of each. Numbers are rows of their own:
an index on JSON finds equal values only. Both follow their artifact by themselves, whoever writes it.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FOLDERS = "(?:[^/]+/)*"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
RUN_TYPES = "manual|scheduled|backfill|asset_triggered|asset_materialization|operator_triggered"
# As in belvedere.model.runs; a change there needs a migration that makes the column anew.
LAYOUTS = (
    f"^({FOLDERS}dag_id=[^/]+/run_id=[^/]+/)",
    f"^({FOLDERS}[^/]+/(?:{RUN_TYPES})__[^/]+/)",
    f"^({FOLDERS}v2/artifacts/(?:[^/]+/){{1,2}}{UUID}/)",
    "^((?:private-artifacts/[^/]+|artifacts)/[^/]+/)[0-9]{4}/[0-9]{2}/[0-9]{2}/",
    f"^({FOLDERS}[0-9]+/[0-9a-f]{{32}}/)artifacts/",
    f"^({FOLDERS}[0-9]+/models/m-[0-9a-f]{{32}}/)artifacts/",
    f"^({FOLDERS}[^/]+/runs/[^/]+/)steps/",
    f"^({FOLDERS}([^/]+)/)\\2(?:-[^/]+)?-[0-9]{{6,10}}/",
    f"^({FOLDERS}([^/]+-[bcdfghjklmnpqrstvwxz2456789]{{5}})/)\\2/",
    f"^({FOLDERS}run(?:_id)?=[^/]+/)",
    f"^({FOLDERS}runs/[^/]+/)",
    "^(.*/)",
)
TRIED = ",\n    ".join(f"substring(key from '{layout}')" for layout in LAYOUTS)

RUNS = f"""
create function run_of_key(key text) returns text language sql immutable parallel safe as $$
select coalesce(
    {TRIED},
    '')
$$;
alter table artifacts add column run text not null generated always as (run_of_key(key)) stored;
create index artifacts_run_wall on artifacts (bucket, run, event_at desc, id desc, part)
    where is_latest and state <> 'deleted';
"""

# Numbers that no double holds are left out: a fact must never make a rendering's end fail.
NUMBERS = r"""
create table fact_numbers (
    artifact_id text not null,
    path        text not null,
    name        text not null,
    value       double precision not null,
    event_at    timestamptz not null,
    primary key (artifact_id, path)
);
create index fact_numbers_by_value on fact_numbers (name, value);
create index fact_numbers_wall on fact_numbers (name, event_at desc, artifact_id desc) include (value);

create table fact_names (
    tenant text not null,
    name   text not null,
    primary key (tenant, name)
);

create function fact_name(name text) returns text language sql immutable parallel safe as $$
select translate(lower(regexp_replace(name, '\s+', '_', 'g')), '/', '.')
$$;

create function numbers_of(facts jsonb) returns table (path text, name text, value double precision)
language sql immutable parallel safe as $$
with recursive nodes (path, outer_path, value, depth) as (
    select e.key, e.key, e.value, 1
    from jsonb_each(case when jsonb_typeof(facts) = 'object' then facts else '{}' end) as e
    union all
    select n.path || '.' || e.key,
        case when e.key in ('last_value', 'value') then n.path else n.path || '.' || e.key end, e.value, n.depth + 1
    from nodes n
    cross join lateral jsonb_each(case when jsonb_typeof(n.value) = 'object' then n.value else '{}' end) as e
    where n.depth < 6
), numbers as (
    select n.path, n.outer_path, n.depth, case when jsonb_typeof(n.value) = 'number' then n.value::numeric end as value
    from nodes n where jsonb_typeof(n.value) = 'number'
)
select distinct on (1)
    left(fact_name(n.path), 300), left(regexp_replace(fact_name(n.outer_path), '^.*[.](?![0-9]|$)', ''), 100),
    case when abs(n.value) between 1e-300 and 1e300 then n.value else 0 end::double precision
from (select * from numbers where value = 0 or abs(value) between 1e-300 and 1e300 order by depth limit 64) as n
$$;

create function keep_numbers() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        delete from fact_numbers where artifact_id = old.id;
    end if;
    if tg_op = 'DELETE' then
        return null;
    end if;
    if new.is_latest and new.facts <> '{}' then
        insert into fact_numbers (artifact_id, path, name, value, event_at)
        select new.id, n.path, n.name, n.value, new.event_at from numbers_of(new.facts) as n;
        insert into fact_names (tenant, name)
        select distinct new.tenant, n.name from fact_numbers n where n.artifact_id = new.id
        and not exists (select from fact_names k where k.tenant = new.tenant and k.name = n.name)
        on conflict do nothing;
    end if;
    return null;
end $$;
create trigger keep_numbers_of_added after insert on artifacts for each row
    when (new.is_latest and new.facts <> '{}') execute function keep_numbers();
create trigger keep_numbers_of_changed after update of facts, is_latest, event_at on artifacts for each row
    when (old.facts is distinct from new.facts or old.is_latest <> new.is_latest or old.event_at <> new.event_at)
    execute function keep_numbers();
create trigger forget_numbers_of_removed after delete on artifacts for each row
    when (old.facts <> '{}') execute function keep_numbers();

create function forget_numbers() returns trigger language plpgsql as $$
begin
    delete from fact_numbers;
    return null;
end $$;
create trigger forget_numbers after truncate on artifacts for each statement execute function forget_numbers();

insert into fact_numbers (artifact_id, path, name, value, event_at)
select a.id, n.path, n.name, n.value, a.event_at from artifacts a cross join lateral numbers_of(a.facts) as n
where a.is_latest and a.facts <> '{}';
insert into fact_names (tenant, name)
select distinct a.tenant, n.name from fact_numbers n join artifacts a on a.id = n.artifact_id;
"""

VIEWS = """
create table saved_views (
    id         bigint generated always as identity primary key,
    owner      text not null,
    name       text not null,
    tenant     text,
    query      text not null,
    created_at timestamptz not null default now(),
    unique (owner, name)
);
create index saved_views_of_tenant on saved_views (tenant) where tenant is not null;
"""


def upgrade() -> None:
    """Create the column, the tables and what keeps them."""
    op.execute(RUNS.replace("(?:", "(?\\:"))  # else a colon begins a parameter
    op.execute(NUMBERS)
    op.execute(VIEWS)
