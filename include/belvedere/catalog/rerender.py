"""Another rendering of many artifacts at once, chosen by what the catalog knows of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.catalog.serial import writing_artifacts
from belvedere.clients.postgres import Jsonb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.clients.postgres import Connection

BATCH_ROWS = 500


@dataclass(frozen=True, slots=True)
class Selection:
    """Which artifacts: all that match every condition given. Only latest versions that are not deleted.

    ``older_than`` is a renderer's version such as ``2`` or ``1.10``: whatever another version rendered matches,
    unless that version is a greater or equal number. ``installed`` holds the versions of renderers by their names:
    what one of them rendered in any other version matches.
    """

    bucket: str | None = None
    prefix: str = ""
    kind: str | None = None
    state: str | None = None
    renderer: str | None = None
    older_than: str | None = None
    installed: Mapping[str, str] | None = None

    def facts(self) -> dict[str, object]:
        """Return the conditions as the statements take them."""
        installed = Jsonb(dict(self.installed)) if self.installed is not None else None
        return {**{name: getattr(self, name) for name in self.__slots__}, "installed": installed}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the renderings that one occasion asked for have come."""

    asked: int
    done: int
    dead: int

    @property
    def is_over(self) -> bool:
        """Whether none of them is open any more."""
        return self.done >= self.asked

    def __str__(self) -> str:
        """Return the progress in words."""
        failed = f", {self.dead:,} of them given up (their cards say why)" if self.dead else ""
        return f"{self.done:,} of {self.asked:,} artifacts rendered again{failed}"


def count_selected(connection: Connection, selection: Selection, *, occasion: str) -> int:
    """Return how many artifacts a request would queue."""
    row = connection.execute(COUNT, {**selection.facts(), "occasion": occasion}).fetchone()
    return int(row["selected"]) if row else 0


def progress_of(connection: Connection, occasion: str) -> Progress:
    """Return how far the renderings that were queued on an occasion have come."""
    row = connection.execute(PROGRESS, {"occasion": occasion}).fetchone()
    return Progress(row["asked"], row["done"], row["dead"]) if row else Progress(0, 0, 0)


def request_renders(connection: Connection, selection: Selection, *, occasion: str, limit: int | None = None) -> int:
    """Queue the selected artifacts for another rendering and return how many were queued.

    An artifact whose rendering is open already, or that was queued on the same occasion before, is left alone.
    Each batch is a transaction of its own, so that the loop goes on meanwhile.
    """
    queued = 0
    while limit is None or queued < limit:
        rows = BATCH_ROWS if limit is None else min(BATCH_ROWS, limit - queued)
        with writing_artifacts(connection, wakes_dispatcher=True):
            facts = {**selection.facts(), "occasion": occasion, "rows": rows}
            batch = connection.execute(REQUEST_BATCH, facts).rowcount
        if batch == 0:
            break
        queued += batch
    return queued


SELECTED = r"""
from artifacts a
where a.is_latest and a.state <> 'deleted'
    and (%(bucket)s::text is null or a.bucket = %(bucket)s)
    and starts_with(a.key, %(prefix)s)
    and (%(kind)s::text is null or a.kind = %(kind)s)
    and (%(state)s::text is null or a.state = %(state)s)
    and (%(renderer)s::text is null or a.renderer_name = %(renderer)s)
    and (%(older_than)s::text is null or a.renderer_version is not null and case
        when a.renderer_version ~ '^\d{1,9}(\.\d{1,9})*$'
        then string_to_array(a.renderer_version, '.')::int[] < string_to_array(%(older_than)s, '.')::int[]
        else a.renderer_version <> %(older_than)s end)
    and (%(installed)s::jsonb is null or a.renderer_version <> %(installed)s::jsonb ->> a.renderer_name)
    and not exists (select from inbox i where i.artifact_id = a.id and i.state in ('queued', 'claimed'))
    and not exists (select from inbox i where i.artifact_id = a.id and i.occasion = %(occasion)s)
"""

PROGRESS = """
select count(*) as asked, count(*) filter (where state not in ('queued', 'claimed')) as done,
    count(*) filter (where state = 'dead') as dead
from inbox where occasion = %(occasion)s
"""

COUNT = f"select count(*) as selected {SELECTED}"

REQUEST_BATCH = f"""
with selected as (select a.* {SELECTED} order by a.id limit %(rows)s), queued as (
    insert into inbox (artifact_id, occasion, tenant, bucket, key, version_id, etag, sequencer, event_at, cost_class)
    select id, %(occasion)s, tenant, bucket, key, version_id, etag, sequencer, event_at,
        coalesce(kind, '') || '/' || length(size::text)
    from selected
    on conflict (artifact_id, occasion) do nothing
    returning artifact_id
)
update artifacts a set state = 'queued', attempts = 0, error_code = null, error_message = null,
    queued_at = clock_timestamp(), seq = nextval('artifact_seq'), updated_at = clock_timestamp()
from queued q where a.id = q.artifact_id
"""  # noqa: S608
