"""Tenants as declared and as found, their credentials (encrypted), every change made to them; sources' filters."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TENANTS = """
create table tenants (
    name           text primary key,
    spec           jsonb not null,
    digest         text not null,
    source         text not null,
    state          text not null default 'declared'
                   check (state in ('declared', 'ready', 'drifted', 'failed', 'orphaned', 'removed')),
    applied_digest text,
    declared_at    timestamptz not null default clock_timestamp(),
    applied_at     timestamptz,
    observed_at    timestamptz,
    removed_at     timestamptz,
    observed       jsonb not null default '{}',
    drift          jsonb not null default '[]',
    problem_code   text,
    problem        text,
    dag_id         text,
    run_id         text
);
create index tenants_by_state on tenants (state, name);
"""

CREDENTIALS = """
create table credentials (
    id          text primary key,
    tenant      text not null,
    kind        text not null check (kind in ('s3_account', 's3_key', 'mlflow_user')),
    fingerprint text not null,
    phase       text not null check (phase in ('creating', 'active', 'retiring', 'revoked')),
    sealed      bytea,
    created_at  timestamptz not null default clock_timestamp(),
    changed_at  timestamptz not null default clock_timestamp(),
    retire_at   timestamptz,
    check ((phase = 'revoked') = (sealed is null)),
    unique (tenant, kind, fingerprint)
);
create index credentials_of_tenant on credentials (tenant, created_at);
"""

CHANGES = """
create table tenant_changes (
    id       bigint generated always as identity primary key,
    tenant   text not null,
    at       timestamptz not null default clock_timestamp(),
    actor    text not null,
    dag_id   text,
    run_id   text,
    action   text not null,
    summary  text not null,
    reason   text not null default '',
    before   jsonb,
    after    jsonb,
    outcome  text not null check (outcome in ('done', 'failed')),
    problem  text
);
create index tenant_changes_of_tenant on tenant_changes (tenant, id desc);
"""


ORPHANS = """
create table orphans (
    system text not null,
    kind   text not null,
    name   text not null,
    tenant text not null,
    reason text not null,
    since  timestamptz not null default clock_timestamp(),
    primary key (system, kind, name)
);
"""

# Of each filter the prefix and the suffix of the keys that become artifacts.
FILTERS = """
alter table sources add column filters jsonb not null default '[["", ""]]';
"""


def upgrade() -> None:
    """Create the tables and the column."""
    op.execute(TENANTS)
    op.execute(CREDENTIALS)
    op.execute(CHANGES)
    op.execute(ORPHANS)
    op.execute(FILTERS)
