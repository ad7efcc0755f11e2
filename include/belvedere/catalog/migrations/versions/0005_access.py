"""Who belongs to which tenant. The tenant that was everybody's so far stays so."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLE = """
create table tenant_members (
    tenant     text not null,
    user_name  text not null,
    role       text not null check (role in ('member', 'viewer', 'auditor')),
    created_at timestamptz not null default now(),
    primary key (tenant, user_name),
    check ((role = 'auditor') = (tenant = '*'))
);
create index tenant_members_of_user on tenant_members (user_name);
"""


def upgrade() -> None:
    """Create the table."""
    op.execute(TABLE)
