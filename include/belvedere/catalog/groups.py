"""Artifacts in the groups people think in: by run, kind, tenant or day. A page of groups costs two statements.

The first finds the groups, the second of each its newest artifacts and how many there are. Runs come newest first:
of a window of matching artifacts each run's newest is taken, unless the run has been on an earlier page. The window
bounds the time; a page may so be short, or even empty, and still have one after it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from belvedere.catalog.browse import COLUMNS, Filter, Position, artifact_of, conditions_of, facet_conditions
from belvedere.catalog.search import row_conditions

if TYPE_CHECKING:
    from collections.abc import Callable

    from belvedere.clients.postgres import Connection, Row
    from belvedere.model.access import Scope
    from belvedere.model.artifact import Artifact

    Finder = Callable[[Connection, Filter, int, Position | None, Scope, bool], "_Heads"]

WINDOW = 4_000
WINDOW_OF_GROUP = 1_500
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


def groups_page(
    connection: Connection,
    by: GroupBy,
    wanted: Filter,
    limit: int,
    each: int,
    after: Position | None = None,
    *,
    scope: Scope,
    common: bool = False,
) -> GroupsPage:
    """Return up to ``limit`` groups of what is wanted, each with its ``each`` newest artifacts.

    ``common``: much is found by the search (``browse.matches_among_newest``); then only so many of the newest
    artifacts of each group are looked at as bound the time, and the count stops there.
    """
    heads = FINDERS[by](connection, wanted, limit, after, scope, common)
    conditions, values = conditions_of(wanted, scope, common=common)
    rest, source = " and ".join(conditions), "artifacts where {}"
    if common and by is not GroupBy.RUN:
        some = f"select * from artifacts where {{}} order by event_at desc, id desc limit {WINDOW_OF_GROUP}"  # noqa: S608
        source = f"({some}) as artifacts"
        others, values_of_others = conditions_of(replace(wanted, search=wanted.search.choices_alone), scope)
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
    return GroupsPage(_groups(by, heads, rows, common=common and by is not GroupBy.RUN), heads.next)


def _union(statement: str, wheres: list[str]) -> str:
    return " union all ".join(f"({statement.format(where)})" for where in wheres)


def _groups(by: GroupBy, heads: _Heads, rows: list[Row], *, common: bool) -> tuple[Group, ...]:
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
            known is not None or (counts[number] <= MOST_COUNTED and not common),
            tuple(artifacts),
        )
        for number, artifacts in members.items()
    )


def _runs(
    connection: Connection, wanted: Filter, limit: int, after: Position | None, scope: Scope, common: bool
) -> _Heads:
    conditions, values = conditions_of(wanted, scope, common=common)
    where = " and ".join(conditions)
    beyond = unseen = ""
    matching = f"where {' and '.join(row_conditions(wanted.search, common=True)[0])}" if common else ""
    if after is not None:
        mark = "(%(after_at)s::timestamptz, %(after_id)s)"
        beyond = f"and (event_at, id) < {mark}"
        earlier = f"bucket = h.bucket and run = h.run and (event_at, id) >= {mark} and {where}"
        unseen = f"where not exists (select from artifacts where {earlier})"
        values |= {"after_at": after[0], "after_id": after[1]}
    statement = f"""
        with looked_at as materialized ({_window(wanted, conditions, beyond, scope, common=common)}
        ), seen as materialized (
            select id, bucket, run, event_at from looked_at as artifacts {matching}
        ), heads as materialized (
            select distinct on (bucket, run) id, bucket, run, event_at from seen
            order by bucket, run, event_at desc, id desc
        ), found as (
            (select h.*, false as ends from heads h {unseen} order by h.event_at desc, h.id desc limit %(limit)s)
            union all
            (select id, bucket, run, event_at, true from looked_at
             where (select count(*) from looked_at) = {WINDOW} order by event_at, id limit 1)
        )
        select * from found order by ends, event_at desc, id desc
    """  # noqa: S608
    rows = connection.execute(statement, values | {"limit": limit + 1}, prepare=False).fetchall()
    heads, ends = [row for row in rows if not row["ends"]], [row for row in rows if row["ends"]]
    last = heads[limit - 1] if len(heads) > limit else ends[0] if ends else None
    shown = heads[:limit]
    position = (last["event_at"], last["id"]) if last else None
    return _Heads([row["bucket"] for row in shown], [row["run"] for row in shown], position)


def _window(wanted: Filter, conditions: list[str], beyond: str, scope: Scope, *, common: bool) -> str:
    """Return the statement that reads as many of the newest artifacts as one page of runs looks at.

    Of a common search these are all artifacts, so that the time is bounded however the matches lie among them.
    """
    if common:
        conditions = conditions_of(replace(wanted, search=wanted.search.choices_alone), scope)[0]
    return f"""
        select id, key, title, bucket, run, size, attempts, latency_ms, event_at from artifacts
        where {" and ".join(conditions)} {beyond} order by event_at desc, id desc limit {WINDOW}
    """  # noqa: S608


def _by_column(column: str) -> Finder:
    """Return a finder of groups by a counted column: the few values there are come from the counts."""

    def find(
        connection: Connection, wanted: Filter, limit: int, after: Position | None, scope: Scope, _common: bool
    ) -> _Heads:
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


def _days(
    connection: Connection, wanted: Filter, limit: int, after: Position | None, scope: Scope, common: bool
) -> _Heads:
    conditions, values = conditions_of(wanted, scope, common=common)
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
