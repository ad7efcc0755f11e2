"""What the gallery reads of single artifacts: one, its versions and family, and what has changed since.

Every question takes a ``scope``: the tenants of whom the asker may see anything (None: of all), and every statement
enforces it, so that no caller has to remember. Somebody else's artifact is not there, like one that never was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.catalog.serial import ARTIFACTS_CHANNEL, MEMBERS_CHANNEL
from belvedere.model.artifact import Artifact, ArtifactState, stored_outputs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from belvedere.clients.postgres import AsyncConnection, Connection, Row
    from belvedere.model.access import Scope


@dataclass(frozen=True, slots=True)
class Kin:
    """One artifact that belongs together with another: enough to write a link to it."""

    id: str
    key: str
    kind: str | None
    state: ArtifactState
    title: str | None
    size: int


@dataclass(frozen=True, slots=True)
class Family:
    """The leaders of which an artifact is a part, and its own members: the first of them by key, and how many."""

    leaders: tuple[Kin, ...]
    members: tuple[Kin, ...]
    member_count: int


def find(connection: Connection, artifact_id: str, scope: Scope) -> Artifact | None:
    """Return one artifact by its id."""
    found = artifacts_of(connection.execute(FIND, {"id": artifact_id, "scope": listed(scope)}))
    return found[0] if found else None


def look_up(connection: Connection, bucket: str, key: str, scope: Scope) -> Artifact | None:
    """Return the latest version of an object, even when it is deleted."""
    found = artifacts_of(connection.execute(LOOK_UP, {"bucket": bucket, "key": key, "scope": listed(scope)}))
    return found[0] if found else None


def versions(connection: Connection, artifact: Artifact, scope: Scope, limit: int = 200) -> list[Artifact]:
    """Return the known versions of the artifact's object, newest first."""
    where = {"bucket": artifact.bucket, "key": artifact.key, "limit": limit, "scope": listed(scope)}
    return artifacts_of(connection.execute(VERSIONS, where))


def family(connection: Connection, artifact: Artifact, scope: Scope, limit: int = 200) -> Family:
    """Return what an artifact belongs together with."""
    where = {"bucket": artifact.bucket, "key": artifact.key, "limit": limit, "scope": listed(scope)}
    rows = connection.execute(FAMILY, where).fetchall()
    leaders = tuple(_kin(row) for row in rows if row["leads"])
    members = tuple(_kin(row) for row in rows if not row["leads"])
    return Family(leaders, members, rows[0]["member_count"] if rows else 0)


def renderings_bucket(connection: Connection, bucket: str) -> str | None:
    """Return the bucket that holds the renderings of a source bucket, if that is a known one."""
    found = connection.execute(RENDERINGS_BUCKET, {"bucket": bucket}).fetchone()
    return str(found["renderings_bucket"]) if found else None


def last_change(connection: Connection) -> int:
    """Return the sequence number of the newest change to any artifact: it says that something changed, not what."""
    found = connection.execute("select coalesce(max(seq), 0) as seq from artifacts").fetchone()
    return int(found["seq"]) if found else 0


def changes_since(connection: Connection, seq: int, limit: int, scope: Scope) -> list[Artifact]:
    """Return artifacts changed after ``seq``, in the order of their changes."""
    return artifacts_of(connection.execute(CHANGES, {"seq": seq, "limit": limit, "scope": listed(scope)}))


async def announced_changes(connection: AsyncConnection, at_least_every: float) -> AsyncIterator[frozenset[str]]:
    """Yield at once, after each announcement of changes, and after ``at_least_every`` seconds without one.

    What is yielded are the users who belong to other tenants now than before.
    """
    await connection.execute(f"listen {ARTIFACTS_CHANNEL}")
    await connection.execute(f"listen {MEMBERS_CHANNEL}")
    users: frozenset[str] = frozenset()
    while True:
        yield users
        heard = [told async for told in connection.notifies(timeout=at_least_every, stop_after=1)]
        users = frozenset(told.payload for told in heard if told.channel == MEMBERS_CHANNEL)


def listed(scope: Scope) -> list[str] | None:
    """Return a scope as ``IN_SCOPE`` takes it."""
    return None if scope is None else list(scope)


def _kin(row: Row) -> Kin:
    return Kin(row["id"], row["key"], row["kind"], ArtifactState(row["state"]), row["title"], row["size"])


def artifacts_of(rows: Iterable[Row]) -> list[Artifact]:
    """Return the artifacts of rows that hold ``COLUMNS``."""
    return [artifact_of(row) for row in rows]


def artifact_of(row: Row) -> Artifact:
    """Return the artifact of a row that holds exactly ``COLUMNS``."""
    converted = {
        "state": ArtifactState(row["state"]),
        "warnings": tuple(row["warnings"]),
        "outputs": stored_outputs(row["kind"], row["outputs"]),
    }
    return Artifact(**{**row, **converted})


COLUMNS = ", ".join(Artifact.__slots__)
IN_SCOPE = "(%(scope)s::text[] is null or tenant = any(%(scope)s::text[]))"

FIND = f"select {COLUMNS} from artifacts where id = %(id)s and {IN_SCOPE}"  # noqa: S608

LOOK_UP = f"""
select {COLUMNS} from artifacts where bucket = %(bucket)s and key = %(key)s and {IN_SCOPE}
order by is_latest desc, sequencer desc, id limit 1
"""  # noqa: S608

VERSIONS = f"""
select {COLUMNS} from artifacts where bucket = %(bucket)s and key = %(key)s and {IN_SCOPE}
order by sequencer desc, id limit %(limit)s
"""  # noqa: S608

RENDERINGS_BUCKET = "select renderings_bucket from sources where bucket = %(bucket)s"

CHANGES = f"select {COLUMNS} from artifacts where seq > %(seq)s and {IN_SCOPE} order by seq limit %(limit)s"  # noqa: S608

FAMILY = f"""
with counted as (select count(*) as n from members where bucket = %(bucket)s and leader_key = %(key)s), kin as (
    select leader_key as key, true as leads from members where bucket = %(bucket)s and member_key = %(key)s
    union all
    (select member_key, false from members where bucket = %(bucket)s and leader_key = %(key)s
     order by member_key limit %(limit)s)
)
select kin.leads, a.id, a.key, a.kind, a.state, a.title, a.size, (select n from counted) as member_count
from kin join artifacts a on a.bucket = %(bucket)s and a.key = kin.key and a.is_latest and a.state <> 'deleted'
    and {IN_SCOPE}
order by length(a.key) * kin.leads::int desc, a.key
"""  # noqa: S608
