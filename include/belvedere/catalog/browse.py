"""What the gallery reads from the catalog: every SELECT behind a page, as a function with a name.

Every question takes a ``scope``: the tenants of whom the asker may see anything (None: of all), and every statement
enforces it, so that no caller has to remember. Somebody else's artifact is not there, like one that never was.

A page costs two statements whatever it shows: its rows, found by keyset (never by offset), and their total.
Lists are never prepared: a plan without the values takes a hundred times longer for common words (measured).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from belvedere.catalog.search import choice_conditions, literal, row_conditions
from belvedere.catalog.serial import ARTIFACTS_CHANNEL, MEMBERS_CHANNEL
from belvedere.model.artifact import Artifact, ArtifactState, stored_outputs
from belvedere.model.search import Search

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from belvedere.clients.postgres import AsyncConnection, Connection, Row
    from belvedere.model.access import Scope

# Counting 10,000 matches of a word among 100,000 keys takes longer than all else of a page together.
MOST_COUNTED = 2_000
# Among so many of the newest it is looked how common a search is; so many matches there make it a common one.
LOOKED_AT = 6_000
COMMON = 60
HIDDEN = (ArtifactState.DELETED, ArtifactState.SUPERSEDED)
Position = tuple[Any, ...]


class Order(StrEnum):
    """How a list of artifacts may be ordered."""

    NEWEST = "newest"
    OLDEST = "oldest"
    KEY = "key"
    LARGEST = "largest"


@dataclass(frozen=True, slots=True)
class _Ordering:
    columns: tuple[str, ...]
    types: tuple[str, ...]
    descending: bool


ORDERINGS = {
    Order.NEWEST: _Ordering(("event_at", "id"), ("timestamptz", "text"), descending=True),
    Order.OLDEST: _Ordering(("event_at", "id"), ("timestamptz", "text"), descending=False),
    Order.KEY: _Ordering(("bucket", "key", "id"), ("text", "text", "text"), descending=False),
    Order.LARGEST: _Ordering(("size", "id"), ("bigint", "text"), descending=True),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which artifacts to list. Empty means any.

    Without ``states`` deleted and superseded artifacts are left out; of each key only the latest version
    is listed, except that superseded ones are found when asked for. Parts of other artifacts are left out unless
    ``parts`` says otherwise, or ``prefix`` is the part's own key. ``run`` is a run's prefix as ``model.runs`` tells it
    (the empty one is a run too), ``ids`` narrows the list to some artifacts, and ``search`` is what was typed.
    """

    tenant: str = ""
    bucket: str = ""
    prefix: str = ""
    kinds: tuple[str, ...] = ()
    states: tuple[ArtifactState, ...] = ()
    parts: bool = False
    run: str | None = None
    ids: tuple[str, ...] = ()
    search: Search = Search()  # noqa: RUF009 - it never changes

    @property
    def looks_at_keys(self) -> bool:
        """Whether the counted facets are not enough to count the matches."""
        narrowed = self.prefix or self.ids or self.run is not None
        return bool(narrowed or self.search.looks_at_rows)

    @property
    def asked_states(self) -> tuple[str, ...]:
        """The states that are asked for, if any."""
        return (*(state.value for state in self.states), *self.search.chosen("state"))


@dataclass(frozen=True, slots=True)
class Total:
    """How many artifacts match; ``exact`` is false where counting stopped at ``MOST_COUNTED``."""

    count: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """How many artifacts of one tenant, bucket, kind and state hang in the gallery; parts are counted apart."""

    tenant: str
    bucket: str
    kind: str
    state: str
    part: bool
    count: int


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


@dataclass(frozen=True, slots=True)
class Freshness:
    """Milliseconds from event to picture over a window: median, 95th percentile, and of how many."""

    p50_ms: int | None
    p95_ms: int | None
    samples: int


def page(
    connection: Connection,
    wanted: Filter,
    order: Order,
    limit: int,
    after: Position | None = None,
    *,
    scope: Scope,
    common: bool = False,
) -> list[Artifact]:
    """Return up to ``limit`` artifacts that come after a position (as ``position_of`` gave it)."""
    ordering = ORDERINGS[order]
    conditions, values = conditions_of(wanted, scope, common=common)
    if after is not None:
        marks = ", ".join(f"%(after_{i})s::{kind}" for i, kind in enumerate(ordering.types))
        conditions.append(f"({', '.join(ordering.columns)}) {'<' if ordering.descending else '>'} ({marks})")
        values |= {f"after_{i}": value for i, value in enumerate(after)}
    way = "desc" if ordering.descending else "asc"
    statement = f"""
        select {COLUMNS} from artifacts where {" and ".join(conditions)}
        order by {", ".join(f"{column} {way}" for column in ordering.columns)} limit %(limit)s
    """  # noqa: S608
    return artifacts_of(connection.execute(statement, values | {"limit": limit}, prepare=False))


def position_of(artifact: Artifact, order: Order) -> Position:
    """Return where an artifact stands in an order: a page after it starts with the next one."""
    return tuple(getattr(artifact, column) for column in ORDERINGS[order].columns)


def matches_among_newest(connection: Connection, wanted: Filter, *, scope: Scope) -> int:
    """Count what is searched for among the ``LOOKED_AT`` newest that the other filters leave."""
    others, values = conditions_of(replace(wanted, search=wanted.search.choices_alone), scope)
    searched, theirs = row_conditions(wanted.search, common=True)
    statement = f"""
        select count(*) as n from (
            select id, key, title, run, size, attempts, latency_ms, event_at from artifacts
            where {" and ".join(others)} order by event_at desc, id desc limit {LOOKED_AT}) as artifacts
        where {" and ".join(searched)}
    """  # noqa: S608
    found = connection.execute(statement, values | theirs, prepare=False).fetchone()
    return int(found["n"]) if found else 0


def listing(
    connection: Connection, wanted: Filter, order: Order, limit: int, after: Position | None = None, *, scope: Scope
) -> tuple[list[Artifact], Total]:
    """Return a page and the total: two statements, and for a search a third that says how to go about them.

    Of a common search at least as many are counted as there are among the newest.
    """
    seen = matches_among_newest(connection, wanted, scope=scope) if wanted.search.looks_at_rows else 0
    common = seen >= COMMON
    found = page(connection, wanted, order, limit, after, scope=scope, common=common)
    return found, Total(min(seen, MOST_COUNTED), exact=False) if common else total(connection, wanted, scope=scope)


def total(connection: Connection, wanted: Filter, *, scope: Scope) -> Total:
    """Count the matches: exactly by the counted facets, by keys and words up to ``MOST_COUNTED``."""
    if wanted.looks_at_keys:
        conditions, values = conditions_of(wanted, scope)
        statement = f"""
            select count(*) as n from (
                select from artifacts where {" and ".join(conditions)} limit {MOST_COUNTED + 1}) as matches
        """  # noqa: S608
    else:
        conditions, values = facet_conditions(wanted, scope)
        if not wanted.parts:
            conditions.append("not part")
        where = " and ".join(conditions)
        statement = f"select coalesce(sum(n), 0)::bigint as n from artifact_counts where {where}"  # noqa: S608
    counted = connection.execute(statement, values, prepare=False).fetchone()
    n = int(counted["n"]) if counted else 0
    if wanted.looks_at_keys and n > MOST_COUNTED:
        return Total(MOST_COUNTED, exact=False)
    return Total(n, exact=True)


def find(connection: Connection, artifact_id: str, scope: Scope) -> Artifact | None:
    """Return one artifact by its id."""
    found = artifacts_of(connection.execute(FIND, {"id": artifact_id, "scope": _listed(scope)}))
    return found[0] if found else None


def look_up(connection: Connection, bucket: str, key: str, scope: Scope) -> Artifact | None:
    """Return the latest version of an object, even when it is deleted."""
    found = artifacts_of(connection.execute(LOOK_UP, {"bucket": bucket, "key": key, "scope": _listed(scope)}))
    return found[0] if found else None


def versions(connection: Connection, artifact: Artifact, scope: Scope, limit: int = 200) -> list[Artifact]:
    """Return the known versions of the artifact's object, newest first."""
    where = {"bucket": artifact.bucket, "key": artifact.key, "limit": limit, "scope": _listed(scope)}
    return artifacts_of(connection.execute(VERSIONS, where))


def family(connection: Connection, artifact: Artifact, scope: Scope, limit: int = 200) -> Family:
    """Return what an artifact belongs together with."""
    where = {"bucket": artifact.bucket, "key": artifact.key, "limit": limit, "scope": _listed(scope)}
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
    return artifacts_of(connection.execute(CHANGES, {"seq": seq, "limit": limit, "scope": _listed(scope)}))


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


def facets(connection: Connection, scope: Scope) -> list[Facet]:
    """Return how many artifacts there are of each tenant, bucket, kind and state."""
    rows = connection.execute(FACETS, {"scope": _listed(scope)})
    return [Facet(row["tenant"], row["bucket"], row["kind"], row["state"], row["part"], row["n"]) for row in rows]


def open_work(connection: Connection, scope: Scope) -> tuple[int, int]:
    """Return how many renderings wait or run, and how many undecodable events are on record.

    Events that nobody could read belong to no tenant: who may not see all is told of none.
    """
    found = connection.execute(OPEN_WORK, {"scope": _listed(scope)}).fetchone()
    return (int(found["queued"]), int(found["dead_events"])) if found else (0, 0)


def freshness(connection: Connection, minutes: float, scope: Scope) -> Freshness:
    """Return the times from event to picture of what was rendered in the last ``minutes``."""
    found = connection.execute(FRESHNESS, {"minutes": minutes, "scope": _listed(scope)}).fetchone()
    if not found or not found["samples"]:
        return Freshness(None, None, 0)
    return Freshness(round(found["p50"]), round(found["p95"]), found["samples"])


def tenants(connection: Connection, scope: Scope) -> list[str]:
    """Return the tenants that have a source bucket."""
    return [row["tenant"] for row in connection.execute(TENANTS, {"scope": _listed(scope)})]


def conditions_of(wanted: Filter, scope: Scope, *, common: bool = False) -> tuple[list[str], dict[str, Any]]:
    """Return the conditions on an artifact's row and their values; ``common`` as for ``row_conditions``."""
    conditions, values = facet_conditions(wanted, scope)
    if not wanted.parts:
        conditions.append("(not part or key = %(prefix_itself)s)" if wanted.prefix else "not part")
        values["prefix_itself"] = wanted.prefix
    latest = "is_latest or state = 'superseded'" if "superseded" in wanted.asked_states else "is_latest"
    conditions.append(f"({latest})")
    if wanted.prefix:
        conditions.append("key like %(prefix)s")
        values["prefix"] = literal(wanted.prefix) + "%"
    if wanted.run is not None:
        conditions.append("run = %(run)s")
        values["run"] = wanted.run
    if wanted.ids:
        conditions.append("artifacts.id = any(%(ids)s)")
        values["ids"] = list(wanted.ids)
    searched, theirs = row_conditions(wanted.search, common=common)
    return conditions + searched, values | theirs


def facet_conditions(wanted: Filter, scope: Scope) -> tuple[list[str], dict[str, Any]]:
    """Return the conditions that rows and their counts are chosen by alike; parts are the caller's."""
    asked: dict[str, tuple[str, ...]] = {
        "tenant": (wanted.tenant,) if wanted.tenant else (),
        "bucket": (wanted.bucket,) if wanted.bucket else (),
        "kind": wanted.kinds,
        "state": tuple(state.value for state in wanted.states),
    }
    conditions: list[str] = []
    values: dict[str, Any] = {}
    for name, allowed in asked.items():
        if len(allowed) == 1:  # an index keeps its order under "=", not under "any"
            conditions.append(f"{name} = %({name})s")
            values[name] = allowed[0]
        elif allowed:
            conditions.append(f"{name} = any(%({name})s)")
            values[name] = list(allowed)
    if not wanted.asked_states:
        conditions += [f"state <> '{state.value}'" for state in HIDDEN]
    chosen, theirs = choice_conditions(wanted.search)
    conditions += chosen
    values |= theirs
    if scope is not None and len(scope) == 1:
        conditions.append("tenant = %(scope)s")
        values["scope"] = scope[0]
    elif scope is not None:
        conditions.append("tenant = any(%(scope)s::text[])")
        values["scope"] = list(scope)
    return conditions, values


def _listed(scope: Scope) -> list[str] | None:
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

FACETS = f"select tenant, bucket, kind, state, part, n from artifact_counts where n > 0 and {IN_SCOPE}"  # noqa: S608

TENANTS = f"select distinct tenant from sources where {IN_SCOPE} order by tenant"  # noqa: S608

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

OPEN_WORK = f"""
select (select count(*) from inbox where state in ('queued', 'claimed') and {IN_SCOPE}) as queued,
    (select count(*) from dead_events where %(scope)s::text[] is null) as dead_events
"""  # noqa: S608

FRESHNESS = f"""
select percentile_cont(0.5) within group (order by latency_ms) as p50,
    percentile_cont(0.95) within group (order by latency_ms) as p95, count(latency_ms) as samples
from artifacts where rendered_at > now() - make_interval(secs => %(minutes)s * 60)
    and {IN_SCOPE}
"""  # noqa: S608
