"""Updates whose numbers are told and whose picture waits; a key's many versions cost its next one nothing."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SCHEMA = """
alter table inbox add column told boolean not null default false;
create index artifacts_versions on artifacts (bucket, key, sequencer desc, id)
    where state <> 'superseded' or rendered_at is not null;
create index inbox_removals on inbox (bucket, key) where occasion like 'removed:%';
create index artifacts_waiting on artifacts (bucket, key) where state in ('queued', 'failed');
"""


def upgrade() -> None:
    """Create what it needs."""
    op.execute(SCHEMA)
