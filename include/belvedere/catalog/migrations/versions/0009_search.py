"""What searches among a million artifacts go by."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# An index alone answers only of pages that a vacuum has seen; by default that comes after a fifth of the table is new.
SEEN = """
alter table artifacts set (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
alter table fact_numbers set (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
"""


def upgrade() -> None:
    """Create it."""
    op.execute(SEEN)
