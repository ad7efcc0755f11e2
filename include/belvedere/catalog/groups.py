"""Artifacts in the groups people think in: by run, kind, tenant or day. A page of groups costs two statements.

The first finds the groups, the second of each its newest artifacts and how many there are. Runs come newest first:
of a window of matching artifacts each run's newest is taken, unless the run has been on an earlier page. The window
bounds the time; a page may so be short, or even empty, and still have one after it. Where a search has so few matches
that all are found in the time of a page (``catalog.ways``), one statement finds and groups them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from belvedere.catalog.browse import COLUMNS, artifact_of
from belvedere.catalog.filters import Filter, conditions_of, facet_conditions, other_conditions, searched_conditions
from belvedere.catalog.listings import Order, Position, Total, position_of, total, total_among_newest
from belvedere.catalog.ways import WALK, Way, all_found, quickest_way_to_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from belvedere.clients.postgres import Connection, Row
    from belvedere.model.access import Scope
    from belvedere.model.artifact import Artifact

    Finder = Callable[[Connection, Filter, int, Position | None, Scope], "_Heads"]

WINDOW = 2_000
WINDOW_FOR_FACTS = 1_000
WINDOW_OF_GROUP = 400
WINDOW_OF_GROUP_FOR_FACTS = 200
MOST_COUNTED = 1_000
DAY = timedelta(days=1)


class GroupBy(StrEnum):
    """What artifacts may be grouped by."""

    RUN = "run"
    KIND = "kind"
    TENANT = "tenant"
    DAY = "day"


# How many values a position among the groups has.
POSITION_LENGTHS = {GroupBy.RUN: 2, GroupBy.KIND: 1, GroupBy.TENANT: 1, GroupBy.DAY: 1}


@dataclass(frozen=True, slots=True)
class Group:
    """One group: its value (a run's prefix in its bucket, a kind, a tenant, a day), and its newest artifacts.

    ``exact`` is false where counting stopped.
    """

    by: GroupBy
    bucket: str
    value: str
    count: int
    exact: bool
    artifacts: tuple[Artifact, ...]


@dataclass(frozen=True, slots=True)
class GroupsPage:
    """Groups, and the position after which the next page starts, if there is one."""

    groups: tuple[Group, ...]
    next: Position | None


@dataclass(frozen=True, slots=True)
class _Heads:
    """The groups of a page; ``counts`` where the counted facets say how many artifacts each holds."""

    buckets: list[str]
    values: list[str]
    next: Position | None
    counts: list[int] | None = None


@dataclass(frozen=True, slots=True)
class _Grouping:
    """How found artifacts are grouped: by what, in which order, after what, and where a group stands in that order."""

    bucket: str
    value: str
    order: str
    beyond: str
    position: Callable[[Group], Position]


def groups_listing(
    connection: Connection,
    by: GroupBy,
    wanted: Filter,
    limit: int,
    each: int,
    after: Position | None = None,
    *,
    scope: Scope,
) -> tuple[GroupsPage, Total]:
    """Return up to ``limit`` groups of what is wanted, each with its ``each`` newest artifacts, and the total.

    Three statements; of a search a fourth says how to go about it, and two are enough if it finds little.
    """
    way = quickest_way_to_all(connection, wanted, scope=scope) if wanted.searches else WALK
    if way != WALK:
        return groups_of_all(way, connection, by, wanted, limit, each, after, scope=scope)
    page = groups_page(connection, by, wanted, limit, each, after, scope=scope)
    count = total_among_newest if wanted.searches else total
    return page, count(connection, wanted, scope=scope)


def groups_of_all(
    way: Way,
    connection: Connection,
    by: GroupBy,
    wanted: Filter,
    limit: int,
    each: int,
    after: Position | None = None,
    *,
    scope: Scope,
) -> tuple[GroupsPage, Total]:
    """Find all matches in a way that finds all, and group them: one statement."""
    found, values = all_found(way, wanted, scope)
    grouping = GROUPINGS[by]
    beyond = f"where {grouping.beyond}" if after is not None else ""
    values |= {f"after_{i}": value for i, value in enumerate(after or ())}
    statement = f"""
        with found as materialized (
            select id, event_at, {grouping.bucket} as group_bucket, {grouping.value} as group_value
            from ({found}) as matches
        ), ranked as materialized (
            select *, count(*) over (partition by group_bucket, group_value) as group_count, row_number() over (
                partition by group_bucket, group_value order by event_at desc, id desc) as place
            from found
        ), heads as (
            select group_bucket, group_value, row_number() over (order by {grouping.order}) as number
            from (select * from ranked where place = 1) as firsts {beyond} order by {grouping.order} limit %(limit)s
        ), members as (
            select h.number, r.* from heads h join ranked r using (group_bucket, group_value) where r.place <= %(each)s
        )
        select counted.matches, m.number, m.group_bucket, m.group_value, m.group_count, a.*
        from (select count(*) as matches from found) as counted
        left join (members m join (select {COLUMNS} from artifacts) as a using (id)) on true
        order by m.number, m.place
    """  # noqa: S608
    rows = connection.execute(statement, values | {"limit": limit + 1, "each": each}, prepare=False).fetchall()
    matches = Total(rows[0].pop("matches"), exact=True)
    members: dict[tuple[str, str, int], list[Artifact]] = {}
    for row in rows if rows[0]["number"] else ():
        row.pop("matches", None)
        row.pop("number")
        group = (row.pop("group_bucket"), row.pop("group_value"), row.pop("group_count"))
        members.setdefault(group, []).append(artifact_of(row))
    groups = [Group(by, *of, exact=True, artifacts=tuple(artifacts)) for of, artifacts in members.items()]
    more = len(groups) > limit
    return GroupsPage(tuple(groups[:limit]), grouping.position(groups[limit - 1]) if more else None), matches


def groups_page(
    connection: Connection,
    by: GroupBy,
    wanted: Filter,
    limit: int,
    each: int,
    after: Position | None = None,
    *,
    scope: Scope,
) -> GroupsPage:
    """Return a page of groups, found by walking.

    Of a search only so many of the newest artifacts of each group are looked at as bound the time.
    """
    windowed = wanted.searches and by is not GroupBy.RUN
    heads = FINDERS[by](connection, wanted, limit, after, scope)
    conditions, values = conditions_of(wanted, scope)
    rest, source = " and ".join(conditions), "artifacts where {}"
    if windowed:
        window = WINDOW_OF_GROUP_FOR_FACTS if wanted.search.facts else WINDOW_OF_GROUP
        some = f"select * from artifacts where {{}} order by event_at desc, id desc limit {window}"  # noqa: S608
        source = f"({some}) as artifacts"
        others, values_of_others = other_conditions(wanted, scope)
        values |= values_of_others
        wheres = [f"{' and '.join([of_group, *others])}" for of_group in OF_GROUP[by]]
        newest = f"select {COLUMNS} from {source} where {rest} order by event_at desc, id desc limit %(each)s"  # noqa: S608
        counted = f"select from {source} where {rest} limit {MOST_COUNTED + 1}"
    else:
        wheres = [" and ".join([of_group, *conditions]) for of_group in OF_GROUP[by]]
        newest = f"select {COLUMNS} from {source} order by event_at desc, id desc limit %(each)s"  # noqa: S608
        counted = f"select from {source} limit {MOST_COUNTED + 1}"
    count = f"select count(*) as n from ({_union(counted, wheres)}) as counted"  # noqa: S608
    if heads.counts is not None:
        count = "select 0 as n"
    statement = f"""
        select g.number, c.n as group_count, a.*
        from unnest(%(group_buckets)s::text[], %(group_values)s::text[]) with ordinality as g (bucket, value, number)
        cross join lateral ({_union(newest, wheres)}) as a
        cross join lateral ({count}) as c
        order by g.number, a.event_at desc, a.id desc
    """  # noqa: S608
    asked = {"group_buckets": heads.buckets, "group_values": heads.values, "each": each}
    rows = connection.execute(statement, values | asked, prepare=False).fetchall()
    return GroupsPage(_groups(by, heads, rows, windowed=windowed), heads.next)


def _union(statement: str, wheres: list[str]) -> str:
    return " union all ".join(f"({statement.format(where)})" for where in wheres)


def _groups(by: GroupBy, heads: _Heads, rows: list[Row], *, windowed: bool) -> tuple[Group, ...]:
    known = heads.counts
    members: dict[int, list[Artifact]] = {}
    counts: dict[int, int] = {}
    for row in rows:
        number, count = row.pop("number") - 1, row.pop("group_count")
        members.setdefault(number, []).append(artifact_of(row))
        counts[number] = count
    return tuple(
        Group(
            by,
            heads.buckets[number],
            heads.values[number],
            known[number] if known else min(counts[number], MOST_COUNTED),
            known is not None or (counts[number] <= MOST_COUNTED and not windowed),
            tuple(artifacts),
        )
        for number, artifacts in members.items()
    )


def _runs(connection: Connection, wanted: Filter, limit: int, after: Position | None, scope: Scope) -> _Heads:
    conditions, values = conditions_of(wanted, scope)
    where = " and ".join(conditions)
    beyond = unseen = ""
    matching = " and ".join(searched_conditions(wanted)[0]) or "true"
    window = WINDOW_FOR_FACTS if wanted.search.facts else WINDOW
    if after is not None:
        mark = "(%(after_at)s::timestamptz, %(after_id)s)"
        beyond = f"and (event_at, id) < {mark}"
        earlier = f"bucket = h.bucket and run = h.run and (event_at, id) >= {mark} and {where}"
        unseen = f"where not exists (select from artifacts where {earlier})"
        values |= {"after_at": after[0], "after_id": after[1]}
    statement = f"""
        with looked_at as materialized ({_window(wanted, window, beyond, scope)}
        ), seen as materialized (
            select id, bucket, run, event_at from looked_at as artifacts where {matching}
        ), heads as materialized (
            select distinct on (bucket, run) id, bucket, run, event_at from seen
            order by bucket, run, event_at desc, id desc
        ), found as (
            (select h.*, false as ends from heads h {unseen} order by h.event_at desc, h.id desc limit %(limit)s)
            union all
            (select id, bucket, run, event_at, true from looked_at
             where (select count(*) from looked_at) = {window} order by event_at, id limit 1)
        )
        select * from found order by ends, event_at desc, id desc
    """  # noqa: S608
    rows = connection.execute(statement, values | {"limit": limit + 1}, prepare=False).fetchall()
    heads, ends = [row for row in rows if not row["ends"]], [row for row in rows if row["ends"]]
    last = heads[limit - 1] if len(heads) > limit else ends[0] if ends else None
    shown = heads[:limit]
    position = (last["event_at"], last["id"]) if last else None
    return _Heads([row["bucket"] for row in shown], [row["run"] for row in shown], position)


def _window(wanted: Filter, size: int, beyond: str, scope: Scope) -> str:
    """Return the statement that reads as many of the newest artifacts as one page of runs looks at.

    A search is no part of it, so that the time is bounded however its matches lie among them.
    """
    conditions = other_conditions(wanted, scope)[0]
    return f"""
        select id, key, words, bucket, run, size, attempts, latency_ms, event_at from artifacts
        where {" and ".join(conditions)} {beyond} order by event_at desc, id desc limit {size}
    """  # noqa: S608


def _by_column(column: str) -> Finder:
    """Return a finder of groups by a counted column: the few values there are come from the counts."""

    def find(connection: Connection, wanted: Filter, limit: int, after: Position | None, scope: Scope) -> _Heads:
        conditions, values = facet_conditions(wanted, scope)
        if after is not None:
            conditions.append(f"{column} > %(after_value)s")
            values["after_value"] = after[0]
        if not wanted.parts and not wanted.looks_at_keys:
            conditions.append("not part")
        statement = f"""
            select {column} as value, sum(n)::bigint as n from artifact_counts
            where n > 0 and {" and ".join(conditions)} group by {column} order by {column} limit %(limit)s
        """  # noqa: S608
        rows = connection.execute(statement, values | {"limit": limit + 1}, prepare=False).fetchall()
        found = [row["value"] for row in rows[:limit]]
        counts = None if wanted.looks_at_keys else [row["n"] for row in rows[:limit]]
        return _Heads([""] * len(found), found, (found[-1],) if len(rows) > limit else None, counts)

    return find


def _days(connection: Connection, wanted: Filter, limit: int, after: Position | None, scope: Scope) -> _Heads:
    """Return days that have artifacts; whether one has matches of a search, a look at its newest ones tells."""
    conditions, values = (other_conditions if wanted.searches else conditions_of)(wanted, scope)
    where = " and ".join(conditions)
    newest = "date_trunc('day', event_at, 'UTC') as day from artifacts where"
    order = "order by event_at desc, id desc limit 1"
    first = f"{where} and event_at < %(after_day)s::timestamptz" if after is not None else where
    statement = f"""
        with recursive days (day, number) as (
            (select {newest.replace(" as day", ", 1")} {first} {order})
            union all
            select d.day, days.number + 1 from days
            cross join lateral (select {newest} {where} and event_at < days.day {order}) as d
            where days.number <= %(limit)s
        )
        select day from days order by day desc
    """  # noqa: S608
    asked = {"limit": limit, "after_day": after[0] if after else None}
    rows = connection.execute(statement, values | asked, prepare=False).fetchall()
    found = [row["day"].astimezone(UTC).strftime("%Y-%m-%d") for row in rows[:limit]]
    return _Heads([""] * len(found), found, (found[-1],) if len(rows) > limit else None)


def day_of(value: str) -> tuple[datetime, datetime]:
    """Return where a day (``2026-11-22``, in UTC) begins and ends.

    Raises:
        ValueError: it is not written as a day.
    """
    began = datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    return began, began + DAY


def _by_value(group: Group) -> Position:
    return (group.value,)


DAY_OF_EVENT = "to_char(event_at at time zone 'UTC', 'YYYY-MM-DD')"
GROUPINGS = {
    GroupBy.RUN: _Grouping(
        "bucket",
        "run",
        "event_at desc, id desc",
        "(event_at, id) < (%(after_0)s::timestamptz, %(after_1)s)",
        lambda group: position_of(group.artifacts[0], Order.NEWEST),
    ),
    GroupBy.KIND: _Grouping("''", "coalesce(kind, '')", "group_value", "group_value > %(after_0)s", _by_value),
    GroupBy.TENANT: _Grouping("''", "tenant", "group_value", "group_value > %(after_0)s", _by_value),
    GroupBy.DAY: _Grouping("''", DAY_OF_EVENT, "group_value desc", "group_value < %(after_0)s", _by_value),
}
FINDERS: dict[GroupBy, Finder] = {
    GroupBy.RUN: _runs,
    GroupBy.KIND: _by_column("kind"),
    GroupBy.TENANT: _by_column("tenant"),
    GroupBy.DAY: _days,
}
# Alternatives, for an index serves "kind = x", and not "kind is not distinct from x".
OF_GROUP: dict[GroupBy, tuple[str, ...]] = {
    GroupBy.RUN: ("bucket = g.bucket and run = g.value",),
    GroupBy.KIND: ("kind = g.value", "g.value = '' and kind is null"),
    GroupBy.TENANT: ("tenant = g.value",),
    GroupBy.DAY: (
        "event_at >= (g.value || ' UTC')::timestamptz and event_at < (g.value || ' UTC')::timestamptz + '1 d'",
    ),
}


def summary(connection: Connection, bucket: str, run: str, scope: Scope) -> dict[str, Any] | None:
    """Return what a run's page says above its artifacts, of at most ``MOST_COUNTED`` of them; None without any."""
    conditions, values = conditions_of(Filter(bucket=bucket, run=run, parts=True), scope)
    statement = f"""
        select (array_agg(key order by event_at desc, id desc))[1] as key, count(*) as n,
            min(event_at) as began, max(event_at) as ended, sum(size)::bigint as size, min(tenant) as tenant,
            count(*) filter (where state in ('failed', 'dead')) as failed,
            count(*) filter (where state in ('queued', 'rendering')) as waiting
        from (select id, key, tenant, size, state, event_at from artifacts where {" and ".join(conditions)}
              order by event_at desc, id desc limit {MOST_COUNTED}) as newest
    """  # noqa: S608
    found = connection.execute(statement, values, prepare=False).fetchone()
    return found if found and found["n"] else None
