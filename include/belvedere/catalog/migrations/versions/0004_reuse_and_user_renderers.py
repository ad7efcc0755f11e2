"""Found at once: renderings of the same bytes within a tenant, and the renderers that tenants have registered."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXES = """
create index artifacts_by_bytes on artifacts (tenant, etag, size) where state = 'rendered';
create index artifacts_user_renderers on artifacts (tenant, key)
    where is_latest and kind = 'viz_script' and state = 'rendered' and starts_with(key, '.belvedere/renderers/');
"""


def upgrade() -> None:
    """Create the indexes."""
    op.execute(INDEXES)
