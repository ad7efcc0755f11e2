"""What searches among a million artifacts go by: words in small letters, and numbers that know what they belong to.

``ilike`` makes small letters of a million keys for each search; here they are stored. A number knows its artifact's
tenant, kind and whether it is listed, so that the index alone says which of the numbers count for whom asks. Whoever
writes numbers writes that too (``catalog.numbers``); a trigger follows what happens to the artifact afterwards.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# New words wait beside the index, and every search reads all that wait: a fourth of a megabyte, not four.
WORDS = """
drop index artifacts_search;
alter table artifacts
    add column words text not null generated always as (lower(key || ' ' || coalesce(title, ''))) stored;
create index artifacts_words on artifacts using gin (words gin_trgm_ops) with (gin_pending_list_limit = 256)
    where is_latest and state <> 'deleted';
"""

# Filled by making the table anew: updating each row would leave twice as many behind.
NUMBERS = """
create table numbers as
select n.artifact_id, n.path, n.name, n.value, n.event_at, a.tenant, a.kind, a.part,
    a.is_latest and a.state not in ('deleted', 'superseded') as listed
from fact_numbers n join artifacts a on a.id = n.artifact_id;
drop table fact_numbers;
alter table numbers rename to fact_numbers;
alter table fact_numbers
    alter column path set not null, alter column name set not null, alter column value set not null,
    alter column event_at set not null, alter column tenant set not null, alter column part set not null,
    alter column listed set not null, add primary key (artifact_id, path);
create index fact_numbers_by_value on fact_numbers (name, value, event_at, artifact_id) include (tenant, kind, part)
    where listed;
create index fact_numbers_wall on fact_numbers (name, event_at desc, artifact_id desc)
    include (value, tenant, kind, part) where listed;
"""

FOLLOWING = """
create function follow_artifact() returns trigger language plpgsql as $$
begin
    update fact_numbers set tenant = new.tenant, kind = new.kind, part = new.part,
        listed = new.is_latest and new.state not in ('deleted', 'superseded')
    where artifact_id = new.id;
    return null;
end $$;
create trigger numbers_follow after update on artifacts for each row
    when ((old.tenant, old.kind, old.part, old.is_latest and old.state not in ('deleted', 'superseded'))
        is distinct from (new.tenant, new.kind, new.part, new.is_latest and new.state not in ('deleted', 'superseded'))
        and old.facts <> '{}')
    execute function follow_artifact();
"""

# For size:, latency: and attempts: that few artifacts meet.
MEASURES = """
create index artifacts_latency on artifacts (latency_ms) where is_latest and state <> 'deleted';
create index artifacts_attempts on artifacts (attempts) where is_latest and state <> 'deleted' and attempts > 1;
"""

# For the kinds of one tenant's artifacts, which a member's wall is grouped by.
KINDS = """
create index artifacts_tenant_kind_wall on artifacts (tenant, kind, event_at desc, id desc, part)
    where is_latest and state <> 'deleted';
"""

# An index alone answers only of pages that a vacuum has seen; by default that comes after a fifth of the table is new.
SEEN = """
alter table artifacts set (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
alter table fact_numbers set (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
"""


def upgrade() -> None:
    """Create it."""
    op.execute(WORDS)
    op.execute(NUMBERS)
    op.execute(FOLLOWING)
    op.execute(MEASURES)
    op.execute(KINDS)
    op.execute(SEEN)
