"""What the express lane claims, and whether a lane is there to claim it."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SCHEMA = """
alter table inbox add column express boolean not null default false;
create index inbox_express on inbox (id) where state = 'queued' and express;

create table lanes (
    name       text primary key,
    run_id     text not null,
    started_at timestamptz not null default clock_timestamp(),
    beat_at    timestamptz not null default clock_timestamp(),
    rendered   bigint not null default 0,
    declined   bigint not null default 0
);
"""


def upgrade() -> None:
    """Create what it needs."""
    op.execute(SCHEMA)
