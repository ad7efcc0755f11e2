"""Lists of artifacts as the gallery shows them: filtered, ordered, page by page, with how many there are.

A page costs two statements whatever it shows: its rows, found by keyset (never by offset), and their total; a search
costs one more, which says how to go about it (``catalog.ways``). Each takes the asker's ``scope`` (``catalog.browse``).
Lists are never prepared: a plan without the values takes a hundred times longer for common words (measured).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import compress
from typing import TYPE_CHECKING, Any

from belvedere.catalog.browse import COLUMNS, artifacts_of
from belvedere.catalog.filters import (
    conditions_of,
    facet_conditions,
    number_conditions,
    other_conditions,
    searched_conditions,
)
from belvedere.catalog.ways import FEW, Means, Way, all_found, numbers_of, quickest_way

if TYPE_CHECKING:
    from belvedere.catalog.filters import Filter
    from belvedere.catalog.search import Conditions
    from belvedere.clients.postgres import Connection
    from belvedere.model.access import Scope
    from belvedere.model.artifact import Artifact

# Counting 10,000 matches of a word among 100,000 keys takes longer than all else of a page together.
MOST_COUNTED = 2_000
# So many of the newest are looked through to say at least how many match; of numbers' artifacts, so many.
LOOKED_AT = 1_000
LOOKED_UP = 400
# So many are walked past for one page at most, so many if facts must be looked up, so many numbers, and so many if
# their artifacts must be looked up. A page may so be short, or even empty, and still have one after it.
MOST_WALKED = 10_000
MOST_WALKED_FOR_FACTS = 4_000
MOST_NUMBERS = 50_000
MOST_FETCHED = 5_000
NUMBER = "artifact_id, event_at, tenant, kind, part, name, value"
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
class Total:
    """How many artifacts match; where ``exact`` is false, counting stopped there, and there may be more."""

    count: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of artifacts, how many match in all, and the position after which the next page starts, if there is one.

    A page may be shorter than was asked for, even empty, and still have one after it.
    """

    artifacts: tuple[Artifact, ...]
    total: Total
    next: Position | None


def listing(
    connection: Connection, wanted: Filter, order: Order, limit: int, after: Position | None = None, *, scope: Scope
) -> Listing:
    """Return a page and the total: two statements, and for a search at most a third that says how to go about them."""
    if wanted.searches:
        way = quickest_way(connection, wanted, limit, newest_first=order is Order.NEWEST, scope=scope)
        return listing_by(way, connection, wanted, order, limit, after, scope=scope)
    matches = total(connection, wanted, scope=scope)
    if matches == Total(0, exact=True):  # else all there is would be walked along in vain
        return Listing((), matches, None)
    return _listing(page(connection, wanted, order, limit + 1, after, scope=scope), matches, order, limit)


def listing_by(
    way: Way,
    connection: Connection,
    wanted: Filter,
    order: Order,
    limit: int,
    after: Position | None = None,
    *,
    scope: Scope,
) -> Listing:
    """Return a page and the total in one of the ways there are (``catalog.ways``); all find the same, page by page."""
    if way.means is Means.GATHERING or (way.means is Means.FEW_NUMBERS and order is not Order.NEWEST):
        found, matches = _gathered(way, connection, wanted, order, limit + 1, after, scope)
        return _listing(found, matches, order, limit)
    if way.means is Means.WALKING:
        found, walked_to = _walked(connection, wanted, order, limit + 1, after, scope)
        return _listing(found, total_among_newest(connection, wanted, scope=scope), order, limit, walked_to)
    found, walked_to = _by_numbers(way, connection, wanted, limit + 1, after, scope)
    return _listing(found, _total_by_numbers(way, connection, wanted, scope), order, limit, walked_to)


def _listing(
    found: list[Artifact], counted: Total, order: Order, limit: int, walked_to: Position | None = None
) -> Listing:
    more = position_of(found[limit - 1], order) if len(found) > limit else walked_to
    return Listing(tuple(found[:limit]), counted, more)


def page(
    connection: Connection, wanted: Filter, order: Order, limit: int, after: Position | None = None, *, scope: Scope
) -> list[Artifact]:
    """Return up to ``limit`` artifacts that come after a position (``position_of``), however long that takes."""
    conditions, values = conditions_of(wanted, scope)
    beyond, position = _beyond(order, after)
    statement = f"""
        select {COLUMNS} from artifacts where {" and ".join([*conditions, *beyond])}
        order by {_ordered(order)} limit %(limit)s
    """  # noqa: S608
    return artifacts_of(connection.execute(statement, values | position | {"limit": limit}, prepare=False))


def position_of(artifact: Artifact, order: Order) -> Position:
    """Return where an artifact stands in an order: a page after it starts with the next one."""
    return tuple(getattr(artifact, column) for column in ORDERINGS[order].columns)


def total_among_newest(connection: Connection, wanted: Filter, *, scope: Scope) -> Total:
    """Count what is searched for among the ``LOOKED_AT`` newest that the other filters leave."""
    others, values = other_conditions(wanted, scope)
    searched, theirs = searched_conditions(wanted)
    statement = f"""
        select count(*) filter (where {" and ".join(searched) or "true"}) as n, count(*) as looked_at from (
            select id, key, words, run, size, attempts, latency_ms, event_at from artifacts
            where {" and ".join(others)} order by event_at desc, id desc limit {LOOKED_AT}) as artifacts
    """  # noqa: S608
    found = connection.execute(statement, values | theirs, prepare=False).fetchone()
    return Total(found["n"], exact=found["looked_at"] < LOOKED_AT) if found else Total(0, exact=True)


def _walked(
    connection: Connection, wanted: Filter, order: Order, limit: int, after: Position | None, scope: Scope
) -> tuple[list[Artifact], Position | None]:
    """Walk past ``MOST_WALKED`` artifacts at most and take those that are searched for; return also where that ended.

    The last one that may be walked past is returned in any case, to go on from there.
    """
    most = MOST_WALKED_FOR_FACTS if wanted.search.facts else MOST_WALKED
    conditions, values = other_conditions(wanted, scope)
    searched, theirs = searched_conditions(wanted)
    met = " and ".join(searched) or "true"
    beyond, position = _beyond(order, after)
    # The order is the inner one's: ordered again, the planner would think all of it were wanted.
    statement = f"""
        select {COLUMNS}, number = {most} as ends, {met} as met from (
            select *, row_number() over (order by {_ordered(order)}) as number from artifacts
            where {" and ".join([*conditions, *beyond])} order by {_ordered(order)} limit {most}) as artifacts
        where {met} or number = {most} limit %(limit)s
    """  # noqa: S608
    rows = connection.execute(statement, values | theirs | position | {"limit": limit}, prepare=False).fetchall()
    ends = [row.pop("ends") for row in rows]
    matching = [row.pop("met") for row in rows]
    artifacts = artifacts_of(rows)
    walked_to = position_of(artifacts[-1], order) if any(ends) else None
    return list(compress(artifacts, matching)), walked_to


def _gathered(
    way: Way, connection: Connection, wanted: Filter, order: Order, limit: int, after: Position | None, scope: Scope
) -> tuple[list[Artifact], Total]:
    """Gather all matches and take a page of them; the planner, which knows that all are wanted, chooses the indexes."""
    found, values = all_found(way, wanted, scope)
    beyond, position = _beyond(order, after)
    statement = f"""
        with found as materialized ({found}), paged as (
            select id as paged_id from found where {" and ".join(beyond) or "true"}
            order by {_ordered(order)} limit %(limit)s
        )
        select counted.matches, a.* from (select count(*) as matches from found) as counted
        left join (select {COLUMNS} from artifacts join paged on id = paged_id) as a on true
        order by {_ordered(order)}
    """  # noqa: S608
    rows = connection.execute(statement, values | position | {"limit": limit}, prepare=False).fetchall()
    matches = [row.pop("matches") for row in rows]
    return artifacts_of(row for row in rows if row["id"] is not None), Total(matches[0], exact=True)


def _by_numbers(
    way: Way, connection: Connection, wanted: Filter, limit: int, after: Position | None, scope: Scope
) -> tuple[list[Artifact], Position | None]:
    """Go from number to number, newest first, and take the artifacts that meet the other conditions too.

    At most so many numbers are passed as can be looked at in time, fewer if their artifacts must be looked at too. The
    last one is returned in any case, to go on from there.
    """
    most = MOST_NUMBERS if wanted.asks_numbers_only else MOST_FETCHED
    of_fact, values = numbers_of(way, wanted)
    of_artifact, theirs = number_conditions(wanted, scope)
    conditions, of_row = conditions_of(wanted, scope, but=way.fact)
    few, numbers = "", "fact_numbers"
    if way.means is Means.FEW_NUMBERS:  # few enough to be sorted: the planner shall not think again
        few = f"with few as materialized (select {NUMBER} from fact_numbers where {' and '.join(of_fact)})"  # noqa: S608
        numbers, of_fact = "few", []
    if after is not None:
        of_fact.append("(event_at, artifact_id) < (%(after_0)s::timestamptz, %(after_1)s)")
    statement = f"""
        {few} select n.event_at as walked_at, n.artifact_id as walked_with, n.number, a.* from (
            select *, {" and ".join(["first", *of_artifact])} as fits from (
                select {NUMBER}, row_number() over newest as number,
                    artifact_id is distinct from lag(artifact_id) over newest as first
                from {numbers} where {" and ".join(of_fact) or "true"}
                window newest as (order by event_at desc, artifact_id desc)
                order by event_at desc, artifact_id desc limit {most}) as numbers
        ) as n left join lateral (
            select {COLUMNS} from artifacts where n.fits and id = n.artifact_id and {" and ".join(conditions)} offset 0
        ) as a on true
        where a.id is not null or n.number = {most} limit %(limit)s
    """  # noqa: S608
    values |= theirs | of_row | _position_values(after or ()) | {"limit": limit}
    rows = connection.execute(statement, values, prepare=False).fetchall()
    walks = [(row.pop("number"), row.pop("walked_at"), row.pop("walked_with")) for row in rows]
    walked_to = walks[-1][1:] if walks and walks[-1][0] == most else None
    return artifacts_of(row for row in rows if row["id"] is not None), walked_to


def _total_by_numbers(way: Way, connection: Connection, wanted: Filter, scope: Scope) -> Total:
    """Count the artifacts of numbers: exactly if there are few and they say all that is asked, else of the newest."""
    numbers, values = numbers_of(way, wanted)
    of_artifact, theirs = number_conditions(wanted, scope)
    fits = " and ".join(of_artifact) or "true"
    values |= theirs
    few, newest = way.means is Means.FEW_NUMBERS, "event_at desc, artifact_id desc"
    if wanted.asks_numbers_only:
        most, order = (FEW, "name, value") if few else (MOST_COUNTED, newest)
        met = "true"
    else:
        most, order = LOOKED_UP, newest
        conditions, of_row = conditions_of(wanted, scope, but=way.fact)
        met = f"exists (select from artifacts where id = n.artifact_id and {' and '.join(conditions)} offset 0)"
        values |= of_row
    statement = f"""
        with numbers as {"materialized" if few else "not materialized"} (
            select {NUMBER} from fact_numbers where {" and ".join(numbers)})
        select count(distinct artifact_id) filter (where {fits} and {met}) as n, count(*) as looked_at
        from (select * from numbers order by {order} limit {most + 1}) as n
    """  # noqa: S608
    found = connection.execute(statement, values, prepare=False).fetchone()
    return Total(min(found["n"], most), exact=found["looked_at"] <= most) if found else Total(0, exact=True)


def _beyond(order: Order, after: Position | None) -> Conditions:
    if after is None:
        return [], {}
    ordering = ORDERINGS[order]
    marks = ", ".join(f"%(after_{i})s::{kind}" for i, kind in enumerate(ordering.types))
    sign = "<" if ordering.descending else ">"
    return [f"({', '.join(ordering.columns)}) {sign} ({marks})"], _position_values(after)


def _position_values(after: Position) -> dict[str, Any]:
    return {f"after_{i}": value for i, value in enumerate(after)}


def _ordered(order: Order) -> str:
    ordering = ORDERINGS[order]
    return ", ".join(f"{column} {'desc' if ordering.descending else 'asc'}" for column in ordering.columns)


def total(connection: Connection, wanted: Filter, *, scope: Scope) -> Total:
    """Count the matches: exactly by the counted facets, by keys and words up to ``MOST_COUNTED``."""
    if wanted.looks_at_keys:
        conditions, values = conditions_of(wanted, scope, by_index=True)
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
