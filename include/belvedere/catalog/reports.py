"""The news of ended renderings: read once for webhooks, once for Airflow's assets, then forgotten.

Of several news of one object only the newest that still holds is told: who updates a file ten times a second is
told of as often as the news are read.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.catalog.browse import COLUMNS, artifacts_of
from belvedere.model.report import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from belvedere.clients.postgres import Connection
    from belvedere.model.artifact import Artifact

REPORTS_CHANNEL = "belvedere_reports"
READ_AT_ONCE = 500
FAN_OUT_LOCK = 0x42454C10
ANNOUNCE_LOCK = 0x42454C11


@dataclass(frozen=True, slots=True)
class Report:
    """A rendering that has ended, and when."""

    artifact: Artifact
    at: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """News that are being told: all that were read, and the reports that are worth telling."""

    ids: tuple[int, ...]
    reports: tuple[Report, ...]


@contextmanager
def fresh_news(connection: Connection) -> Iterator[Batch]:
    """Read what no subscription has been asked about, in one transaction with what the block writes.

    Reports worth telling go on to ``fanned_out_news``. Only one process does this at a time: to others there is
    nothing new.
    """
    with connection.transaction():
        batch = _batch(connection, FAN_OUT_LOCK, fanned_out=False)
        yield batch
        if batch.ids:
            told = [report.artifact.id for report in batch.reports]
            connection.execute(FAN_OUT, {"ids": list(batch.ids), "artifacts": told})
            connection.execute(FORGET_OTHERS, {"ids": list(batch.ids)})
            connection.execute("select pg_notify(%s, '')", (REPORTS_CHANNEL,))


@contextmanager
def fanned_out_news(connection: Connection) -> Iterator[Batch]:
    """Read what Airflow's assets have not been told; forgotten when the block ends well."""
    with connection.transaction():
        batch = _batch(connection, ANNOUNCE_LOCK, fanned_out=True)
        yield batch
        if batch.ids:
            connection.execute("delete from report_news where id = any(%(ids)s)", {"ids": list(batch.ids)})


def _batch(connection: Connection, lock: int, *, fanned_out: bool) -> Batch:
    locked = connection.execute("select pg_try_advisory_xact_lock(%(lock)s) as mine", {"lock": lock}).fetchone()
    if not locked or not locked["mine"]:
        return Batch((), ())
    rows = connection.execute(READ, {"fanned_out": fanned_out, "limit": READ_AT_ONCE}).fetchall()
    ended = {row["artifact_id"]: row["at"] for row in rows}
    artifacts = artifacts_of(connection.execute(ENDED, {"ids": list(ended)})) if ended else []
    reports = [Report(artifact, ended[artifact.id]) for artifact in _worth_telling(artifacts)]
    reports.sort(key=lambda report: report.at)
    return Batch(tuple(row["id"] for row in rows), tuple(reports))


def _worth_telling(artifacts: Sequence[Artifact]) -> list[Artifact]:
    """Leave out what was overtaken, is being rendered again (its end will be news), or is shown by another one."""
    return [each for each in artifacts if each.is_latest and not each.part and kind_of(each.state) is not None]


READ = """
select id, artifact_id, at from report_news where fanned_out = %(fanned_out)s order by id limit %(limit)s
"""

ENDED = f"select {COLUMNS} from artifacts where id = any(%(ids)s)"  # noqa: S608

FAN_OUT = """
update report_news n set fanned_out = true
where n.id = any(%(ids)s) and n.artifact_id = any(%(artifacts)s)
    and not exists (select from report_news later
                    where later.id = any(%(ids)s) and later.artifact_id = n.artifact_id and later.id > n.id)
"""

FORGET_OTHERS = "delete from report_news where id = any(%(ids)s) and not fanned_out"
