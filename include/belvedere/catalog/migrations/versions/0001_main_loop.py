"""The main loop: sources, artifacts, inbox, dead events, learnt costs, sweeps."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATES = "'queued','rendering','rendered','failed','dead','unsupported','superseded','deleted'"

SCHEMA = f"""
create table sources (
    bucket            text primary key,
    tenant            text not null,
    renderings_bucket text not null,
    created_at        timestamptz not null default now()
);

create sequence artifact_seq;

create table artifacts (
    id               text primary key,
    tenant           text not null,
    bucket           text not null,
    key              text not null,
    version_id       text not null default '',
    etag             text not null,
    size             bigint not null default 0,
    content_type     text not null default '',
    kind             text,
    state            text not null check (state in ({STATES})),
    is_latest        boolean not null default false,
    sequencer        text collate "C" not null,
    attempts         integer not null default 0,
    error_code       text,
    error_message    text,
    event_at         timestamptz not null,
    queued_at        timestamptz not null default clock_timestamp(),
    rendered_at      timestamptz,
    latency_ms       integer,
    renderer_name    text,
    renderer_version text,
    title            text,
    alt_text         text,
    facts            jsonb not null default '{{}}',
    warnings         jsonb not null default '[]',
    outputs          jsonb not null default '[]',
    provenance       jsonb not null default '{{}}',
    run_dag_id       text,
    run_id           text,
    seq              bigint not null default 0,
    updated_at       timestamptz not null default clock_timestamp(),
    unique (bucket, key, version_id, etag)
);
create unique index artifacts_latest on artifacts (bucket, key) where is_latest;
create index artifacts_by_seq on artifacts (seq);
create index artifacts_wall on artifacts (event_at desc, id desc) where is_latest and state <> 'deleted';
create index artifacts_tenant_wall on artifacts (tenant, event_at desc, id desc) where is_latest and state <> 'deleted';
create index artifacts_kind_wall on artifacts (kind, event_at desc, id desc) where is_latest and state <> 'deleted';
create index artifacts_state_wall on artifacts (state, event_at desc, id desc) where is_latest;
create index artifacts_prefix on artifacts (bucket, key text_pattern_ops) where is_latest;
create index artifacts_renderer on artifacts (renderer_name, renderer_version) where is_latest;

create table inbox (
    id           bigint generated always as identity primary key,
    artifact_id  text not null,
    occasion     text not null,
    tenant       text not null,
    bucket       text not null,
    key          text not null,
    version_id   text not null default '',
    etag         text not null,
    sequencer    text collate "C" not null,
    event_at     timestamptz not null,
    received_at  timestamptz not null default clock_timestamp(),
    cost_class   text not null,
    state        text not null default 'queued'
                 check (state in ('queued','claimed','done','failed','dead','superseded')),
    attempts     integer not null default 0,
    alone        boolean not null default false,
    available_at timestamptz not null default clock_timestamp(),
    claim_id     text,
    claimed_at   timestamptz,
    started_at   timestamptz,
    lease_until  timestamptz,
    finished_at  timestamptz,
    unique (artifact_id, occasion)
);
create index inbox_queue on inbox (tenant, id) where state = 'queued';
create index inbox_claims on inbox (claim_id) where state = 'claimed';
create index inbox_open on inbox (artifact_id) where state in ('queued', 'claimed');
create index inbox_by_object on inbox (bucket, key);
create index inbox_finished on inbox (finished_at) where finished_at is not null;

create table dead_events (
    id          bigint generated always as identity primary key,
    received_at timestamptz not null default clock_timestamp(),
    topic       text not null,
    partition   integer not null,
    "offset"    bigint not null,
    reason      text not null,
    raw         bytea,
    unique (topic, partition, "offset")
);

create table render_costs (
    cost_class text primary key,
    seconds    double precision not null,
    samples    bigint not null default 1,
    updated_at timestamptz not null default clock_timestamp()
);

create table sweeps (
    bucket      text primary key,
    resume_key  text not null default '',
    started_at  timestamptz not null,
    finished_at timestamptz,
    listed      bigint not null default 0,
    enqueued    bigint not null default 0,
    removed     bigint not null default 0
);
"""


def upgrade() -> None:
    """Create the tables."""
    op.execute(SCHEMA)
