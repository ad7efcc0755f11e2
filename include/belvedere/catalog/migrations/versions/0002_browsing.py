"""For the gallery's readers: counted facets, search by substring, freshness, further orders."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Counting a hundred thousand rows for each page takes longer than finding the page. Writers take one lock
# in turn anyway, so keeping exact counts beside the rows costs them next to nothing.
COUNTS = """
create table artifact_counts (
    tenant text not null,
    bucket text not null,
    kind   text not null,
    state  text not null,
    n      bigint not null,
    primary key (tenant, bucket, kind, state)
) with (fillfactor = 50);

create function count_artifacts() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        perform add_artifact_counts(array(select added from added), 1);
    elsif tg_op = 'DELETE' then
        perform add_artifact_counts(array(select removed from removed), -1);
    elsif tg_op = 'TRUNCATE' then
        truncate artifact_counts;
    end if;
    return null;
end $$;
"""


def upgrade() -> None:
    """Create what the gallery reads."""
    op.execute(COUNTS)
