"""What the wall groups, searches and remembers: the run of each key, numbers among facts, saved views.

A run is a stored column, for a page of groups asks for the newest artifacts of each. Numbers are rows of their own:
an index on JSON finds equal values only. Whoever writes facts writes them (``catalog.numbers``), for reading them out
of the JSON here would keep all other writers waiting.
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

NUMBERS = """
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

create function forget_numbers_of_one() returns trigger language plpgsql as $$
begin
    delete from fact_numbers where artifact_id = old.id;
    return null;
end $$;
create trigger forget_numbers_of_removed after delete on artifacts for each row
    when (old.facts <> '{}') execute function forget_numbers_of_one();

create function forget_numbers() returns trigger language plpgsql as $$
begin
    delete from fact_numbers;
    return null;
end $$;
create trigger forget_numbers after truncate on artifacts for each statement execute function forget_numbers();
"""

# What was rendered before: as belvedere.model.numbers tells it, but for the rarest names.
KNOWN = r"""
insert into fact_numbers (artifact_id, path, name, value, event_at)
with recursive nodes (id, event_at, path, outer_path, value, depth) as (
    select id, event_at, ''::text, ''::text, facts, 0 from artifacts where jsonb_typeof(facts) = 'object'
    union all
    select n.id, n.event_at, n.path || '.' || e.key,
        case when e.key in ('last_value', 'value') and n.path <> '' then n.outer_path else n.path || '.' || e.key end,
        e.value, n.depth + 1
    from nodes n
    cross join lateral jsonb_each(case when jsonb_typeof(n.value) = 'object' then n.value else '{}' end) as e
    where n.depth < 6 and jsonb_typeof(e.value) in ('object', 'number')
), numbers as (
    select id, event_at, depth, translate(lower(regexp_replace(substr(path, 2), '\s+', '_', 'g')), '/', '.') as path,
        translate(lower(regexp_replace(substr(outer_path, 2), '\s+', '_', 'g')), '/', '.') as outer_path,
        case when jsonb_typeof(value) = 'number' then value::numeric end as value
    from nodes where jsonb_typeof(value) = 'number'
), ranked as (
    select *, row_number() over (partition by id order by depth, path) as place
    from numbers where value = 0 or abs(value) between 1e-300 and 1e300
)
select distinct on (id, left(path, 300)) id, left(path, 300),
    left(regexp_replace(outer_path, '^.*[.](?![0-9]|$)', ''), 100),
    case when abs(value) between 1e-300 and 1e300 then value else 0 end::double precision, event_at
from ranked where place <= 64;
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
    op.execute(KNOWN)
    op.execute(VIEWS)
