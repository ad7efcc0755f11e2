"""The catalog's side of a sweep: what it knows of a bucket, in key order, and how far a sweep has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.model.artifact import ArtifactState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.clients.postgres import Connection, Row

PAGE_ROWS = 2000
# No text that PostgreSQL can hold lies between a key and the key with this character behind it.
LOWEST_CHARACTER = "\x01"


@dataclass(frozen=True, slots=True)
class KnownArtifact:
    """What the catalog says of one key's latest version.

    ``stranded``: it should be on its way to a picture, but no open work would bring it there.
    ``fresh``: it changed so lately that the bucket's listing may be older.
    """

    id: str
    key: str
    version_id: str
    etag: str
    sequencer: str
    state: ArtifactState
    stranded: bool
    fresh: bool


def known_artifacts(
    connection: Connection, bucket: str, *, prefix: str = "", after: str = "", grace_seconds: float
) -> Iterator[KnownArtifact]:
    """Yield the latest version of every key of a bucket in key order (by bytes, as listings are), page by page."""
    start = after + LOWEST_CHARACTER if after else prefix
    while True:
        facts = {"bucket": bucket, "start": start, "rows": PAGE_ROWS, "grace": grace_seconds}
        rows = connection.execute(KNOWN, facts).fetchall()
        for row in rows:
            if not row["key"].startswith(prefix):
                return
            yield _known(row)
        if len(rows) < PAGE_ROWS:
            return
        start = rows[-1]["key"] + LOWEST_CHARACTER


def _known(row: Row) -> KnownArtifact:
    return KnownArtifact(
        id=row["id"],
        key=row["key"],
        version_id=row["version_id"],
        etag=row["etag"],
        sequencer=row["sequencer"],
        state=ArtifactState(row["state"]),
        stranded=row["stranded"],
        fresh=row["fresh"],
    )


def begin_sweep(connection: Connection, bucket: str, *, afresh: bool) -> str:
    """Begin or go on with the sweep of a bucket and return the key after which it goes on (empty: the start)."""
    row = connection.execute(BEGIN, {"bucket": bucket, "afresh": afresh}).fetchone()
    return str(row["resume_key"]) if row else ""


def save_progress(
    connection: Connection, bucket: str, *, resume_key: str, listed: int, enqueued: int, removed: int
) -> None:
    """Remember that everything up to ``resume_key`` is compared, and add to the sweep's counts."""
    connection.execute(
        PROGRESS,
        {"bucket": bucket, "resume_key": resume_key, "listed": listed, "enqueued": enqueued, "removed": removed},
    )


def end_sweep(connection: Connection, bucket: str) -> None:
    """Remember that the bucket has been compared to its end."""
    connection.execute(END, {"bucket": bucket})


# text_pattern_ops compares bytes: the order of the index artifacts_prefix, of S3 and of Python's strings.
KNOWN = """
select a.id, a.key, a.version_id, a.etag, a.sequencer, a.state,
    a.updated_at > clock_timestamp() - make_interval(secs => %(grace)s) as fresh,
    a.state in ('queued', 'rendering', 'failed') and not exists (
        select from inbox i where i.artifact_id = a.id and i.state in ('queued', 'claimed')) as stranded
from artifacts a
where a.bucket = %(bucket)s and a.is_latest and a.key ~>=~ %(start)s
order by a.key using ~<~ limit %(rows)s
"""

BEGIN = """
insert into sweeps as s (bucket, started_at) values (%(bucket)s, clock_timestamp())
on conflict (bucket) do update set
    resume_key = case when %(afresh)s or s.finished_at is not null then '' else s.resume_key end,
    started_at = case when %(afresh)s or s.finished_at is not null then clock_timestamp() else s.started_at end,
    listed = case when %(afresh)s or s.finished_at is not null then 0 else s.listed end,
    enqueued = case when %(afresh)s or s.finished_at is not null then 0 else s.enqueued end,
    removed = case when %(afresh)s or s.finished_at is not null then 0 else s.removed end,
    finished_at = null
returning resume_key
"""

PROGRESS = """
update sweeps set resume_key = %(resume_key)s, listed = listed + %(listed)s, enqueued = enqueued + %(enqueued)s,
    removed = removed + %(removed)s
where bucket = %(bucket)s
"""

END = "update sweeps set resume_key = '', finished_at = clock_timestamp() where bucket = %(bucket)s"
