"""The ways in which matches of a search are found, and which of them is the quickest for one search.

- *Walking*: along the list, looking at each artifact. A page is full soon if much matches.
- *Gathering*: all that the indexes on words and measures find, then sorting it. Quick if they find little.
- By *few numbers*: all that an index finds by a fact's value, sorted, then artifact by artifact until a page is full.
- By *many numbers*: along the numbers of that name, newest first, looking at each number in the index alone.

Which is quickest depends on how much matches, so one statement asks a sample: the artifacts in some hundred blocks of
the table, the same ones as long as the table does not grow, and for each fact how many numbers there are, up to a
limit. Whatever it says, all ways find the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from belvedere.catalog.filters import conditions_of, number_conditions, other_conditions, searched_conditions
from belvedere.catalog.search import indexed_conditions, number_of_fact

if TYPE_CHECKING:
    from belvedere.catalog.filters import Filter
    from belvedere.catalog.search import Conditions
    from belvedere.clients.postgres import Connection, Row
    from belvedere.model.access import Scope

SAMPLED_BLOCKS = 300
# Numbers of a fact that are sorted: ten thousand take as long as everything else of a page.
FEW = 10_000
# What one row costs, measured in rows that are walked along: found by an index and fetched, its number looked up,
# a number sorted, an artifact fetched for its number.
GATHERED, PROBED, SORTED, FETCHED = 2.0, 3.0, 0.3, 3.0
# What finding all matches may cost.
MOST_FOUND = 15_000
# In a sample without any match there may still be some.
UNSEEN = 0.3


class Means(StrEnum):
    """How matches are found; see the module."""

    WALKING = "walking"
    GATHERING = "gathering"
    FEW_NUMBERS = "few numbers"
    MANY_NUMBERS = "many numbers"


@dataclass(frozen=True, slots=True)
class Way:
    """How matches are found, and by which of the search's facts."""

    means: Means
    fact: int = 0


@dataclass(frozen=True, slots=True)
class _Numbers:
    """How many numbers of a fact were seen, ``FEW`` and one at most, and how many of them can be of what is wanted."""

    seen: int
    met: int


@dataclass(frozen=True, slots=True)
class _Told:
    """How many artifacts are likely listed, match the whole search, or meet what indexes find; numbers by fact."""

    listed: float
    matching: float
    gathered: float
    numbers: dict[int, _Numbers]


WALK, GATHER = Way(Means.WALKING), Way(Means.GATHERING)
TO_ALL = (Means.GATHERING, Means.FEW_NUMBERS)


def ways_for(wanted: Filter, *, newest_first: bool) -> list[Way]:
    """Return all ways that there are to find what is wanted."""
    ways = [WALK]
    if wanted.prefix or indexed_conditions(wanted.search)[0]:
        ways.append(GATHER)
    if not wanted.asks_for_hidden:
        by_numbers = (Means.FEW_NUMBERS, Means.MANY_NUMBERS) if newest_first else (Means.FEW_NUMBERS,)
        facts = [i for i, fact in enumerate(wanted.search.facts) if not fact.negated]
        ways += [Way(means, i) for i in facts for means in by_numbers]
    return ways


def quickest_way(connection: Connection, wanted: Filter, most: int, *, newest_first: bool, scope: Scope) -> Way:
    """Return the way by which a page of ``most`` matches is likely found first: one statement."""
    ways = ways_for(wanted, newest_first=newest_first)
    told = _asked_of_sample(connection, wanted, ways, scope)

    def cost(way: Way) -> float:
        # In another order a page of numbers' artifacts is known only when all of them are.
        all_needed = way.means is Means.FEW_NUMBERS and not newest_first
        return _cost(way, told, wanted, FEW if all_needed else most)

    return min(ways, key=cost)


def quickest_way_to_all(connection: Connection, wanted: Filter, *, scope: Scope) -> Way:
    """Return the way by which all matches are found within the time of a page, else ``WALK``: one statement."""
    ways = [way for way in ways_for(wanted, newest_first=True) if way.means in TO_ALL]
    told = _asked_of_sample(connection, wanted, ways, scope)
    costs = {way: _cost(way, told, wanted, FEW) for way in ways}
    return min((way for way in ways if costs[way] <= MOST_FOUND), key=lambda way: costs[way], default=WALK)


def all_found(way: Way, wanted: Filter, scope: Scope) -> tuple[str, dict[str, Any]]:
    """Return the statement that finds all matches in a way that ``quickest_way_to_all`` returned, and its values."""
    columns = "id, bucket, key, run, kind, tenant, size, event_at"
    conditions, values = conditions_of(wanted, scope, by_index=way.means is Means.GATHERING)
    where = " and ".join(conditions)
    if way.means is Means.GATHERING:
        return f"select {columns} from artifacts where {where}", values  # noqa: S608
    numbers, of_numbers = numbers_of(way, wanted)
    of_artifact, theirs = number_conditions(wanted, scope)
    statement = f"""
        select a.* from (
            select distinct artifact_id from fact_numbers where {" and ".join([*numbers, *of_artifact])}) as n
        cross join lateral (select {columns} from artifacts where id = n.artifact_id and {where} offset 0) as a
    """  # noqa: S608
    return statement, values | of_numbers | theirs


def numbers_of(way: Way, wanted: Filter) -> Conditions:
    """Return the conditions on the rows of ``fact_numbers`` that a way by numbers begins with."""
    conditions, values = number_of_fact(
        way.fact, wanted.search.facts[way.fact], by_value=way.means is Means.FEW_NUMBERS
    )
    return ["listed", *conditions], values


def _asked_of_sample(connection: Connection, wanted: Filter, ways: list[Way], scope: Scope) -> _Told:
    """Ask the sample of everything but facts (looking up their numbers takes too long), and the numbers of facts."""
    others, values = other_conditions(wanted, scope)
    searched, theirs = searched_conditions(replace(wanted, search=replace(wanted.search, facts=())))
    indexed, of_index = _searched_by_index(wanted)
    values |= theirs | of_index
    facts = [way.fact for way in ways if way.means is Means.FEW_NUMBERS]
    numbers, (met, of_numbers) = "", number_conditions(wanted, scope)
    for fact in facts:
        (named, compared, *_), of_fact = number_of_fact(fact, wanted.search.facts[fact])
        some = f"""
            select event_at, tenant, kind, part from fact_numbers where listed and {named} and {compared}
            order by name, value limit {FEW + 1}
        """  # noqa: S608 - ordered, for else the planner rather reads the table
        counts = f"array[count(*), count(*) filter (where {' and '.join(met) or 'true'})]"
        numbers += f", (select {counts} from ({some}) as numbers) as fact_{fact}"  # noqa: S608
        values |= of_fact
    values |= of_numbers
    statement = f"""
        select {PERCENT}::float as percent, count(*) filter (where {" and ".join(others)}) as listed,
            count(*) filter (where {" and ".join([*others, *searched])}) as matching,
            count(*) filter (where {" and ".join([LISTED, *met])}) as alike,
            count(*) filter (where {" and ".join(indexed) or "false"}) as gathered {numbers}
        from artifacts tablesample system ({PERCENT}) repeatable (0)
    """  # noqa: S608
    row = connection.execute(statement, values, prepare=False).fetchone() or {}
    return _told(row, facts)


def _told(row: Row, facts: list[int]) -> _Told:
    weight = 100 / row["percent"]
    names = ("listed", "matching", "gathered", "alike")
    listed, matching, gathered, alike = (max(row[name], UNSEEN) * weight for name in names)
    numbers = {fact: _Numbers(*row[f"fact_{fact}"]) for fact in facts}
    for each in numbers.values():
        matching *= min(1.0, max(each.met, UNSEEN) / alike)
    return _Told(listed, matching, gathered, numbers)


def _searched_by_index(wanted: Filter) -> Conditions:
    conditions, values = indexed_conditions(wanted.search)
    if wanted.prefix:
        conditions.append("key like %(prefix)s")
    return conditions, values


def _cost(way: Way, told: _Told, wanted: Filter, most: int) -> float:
    """Return how many rows a way likely looks at, each as dear as one that is walked along."""
    if way.means is Means.WALKING:
        alone = wanted.search.facts and not wanted.search.words
        return min(told.listed, most * told.listed / told.matching) * (PROBED if alone else 1.0)
    if way.means is Means.GATHERING:
        return GATHERED * told.gathered
    numbers = told.numbers[way.fact]
    if (numbers.seen > FEW) == (way.means is Means.FEW_NUMBERS):
        return float("inf")
    fetched = FETCHED * min(numbers.met, most * max(1.0, numbers.met / told.matching))
    if way.means is Means.FEW_NUMBERS:
        return SORTED * numbers.seen + fetched
    return SORTED * most * told.listed / told.matching + fetched


LISTED = "is_latest and state not in ('deleted', 'superseded')"
PERCENT = f"""(select least(100.0, {SAMPLED_BLOCKS} * 100.0 * 8192 / greatest(pg_relation_size('artifacts'), 1)))
"""
