"""From a search that was read (``model.search``) to conditions on the rows of ``artifacts``.

Conditions name the table ``artifacts`` where they look from another one, so that they also hold in a subquery.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from belvedere.model.numbers import last_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from belvedere.model.search import Choice, Comparison, Place, Search, Word

Condition = tuple[str, dict[str, Any]]
Conditions = tuple[list[str], dict[str, Any]]
UNINDEXED_WORDS = "(words || '')"
COLUMNS_OF_MEASURES = {"size": "size", "attempts": "attempts", "latency": "latency_ms"}
SIGNS = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}
ROUNDED = {"<": math.ceil, "<=": math.floor, ">": math.floor, ">=": math.ceil}
LARGEST = 2**63 - 1
# The index of words knows three letters together.
INDEXED = re.compile(r"[^\W_]{3}")


def choice_conditions(choices: Sequence[Choice], names: Sequence[str] = ()) -> Conditions:
    """Return the conditions that hold for rows of ``artifacts`` and of ``artifact_counts`` alike.

    With ``names`` only those of choices with one of these names.
    """
    return _joined(_choice(f"choice_{i}", one) for i, one in enumerate(choices) if not names or one.name in names)


def time_conditions(search: Search) -> Conditions:
    """Return the conditions on when the artifact's event was."""
    times = {"after": (">=", search.after), "before": ("<", search.before)}
    return _joined(([f"event_at {sign} %({name})s"], {name: at}) for name, (sign, at) in times.items() if at)


def row_conditions(search: Search, *, by_index: bool = False, but: int | None = None) -> Conditions:
    """Return the conditions that only an artifact's own row can meet; without one fact, if it is known to meet that.

    ``by_index``: they are written such that the indexes on words and measures may serve them. Otherwise none can, for
    an index gathers all there are, where walking along the list's order finds a page of them soon.
    """

    def each() -> Iterator[Conditions]:
        for i, word in enumerate(search.words):
            yield _word(f"word_{i}", word, by_index=by_index)
        for i, place in enumerate(search.places):
            yield _place(f"place_{i}", place, by_index=by_index)
        for i, measure in enumerate(search.measures):
            yield _measure(f"measure_{i}", measure, by_index=by_index)
        for i, fact in enumerate(search.facts):
            if i != but:
                yield _fact(i, fact)

    return _joined(each())


def indexed_conditions(search: Search) -> Conditions:
    """Return those of the conditions on rows that an index finds rows by."""

    def each() -> Iterator[Conditions]:
        for i, word in enumerate(search.words):
            if not word.negated and INDEXED.search(word.text):
                yield _word(f"word_{i}", word, by_index=True)
        for i, place in enumerate(search.places):
            if not place.negated and INDEXED.search(place.value):
                yield _place(f"place_{i}", place, by_index=True)
        for i, measure in enumerate(search.measures):
            if not measure.negated:
                yield _measure(f"measure_{i}", measure, by_index=True)

    return _joined(each())


def number_of_fact(number: int, fact: Comparison, *, by_value: bool = True) -> Conditions:
    """Return the conditions on a row of ``fact_numbers`` that holds a wanted number: its name and value, then its path.

    A number is found by its name, by its path, or by the end of its path. Without ``by_value`` no index on values
    serves them.
    """
    mark = f"fact_{number}"
    compared, values = _compared("value" if by_value else "(value + 0)", mark, fact)
    last = last_part(fact.name)
    conditions = [f"name = %({mark}_name)s", compared]
    values |= {f"{mark}_name": last}
    if last != fact.name:
        conditions.append(f"('.' || path) like %({mark}_path)s")
        values[f"{mark}_path"] = "%." + literal(fact.name)
    return conditions, values


def literal(text: str) -> str:
    """Escape what LIKE would take for a pattern."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _joined(several: Iterator[Conditions]) -> Conditions:
    conditions: list[str] = []
    values: dict[str, Any] = {}
    for some, theirs in several:
        conditions += some
        values |= theirs
    return conditions, values


def _choice(mark: str, choice: Choice) -> Conditions:
    if choice.negated:  # no kind yet is NULL among artifacts and empty among counts
        return [f"coalesce({choice.name}, '') <> all(%({mark})s)"], {mark: list(choice.values)}
    if len(choice.values) == 1:  # an index keeps its order under "=", not under "any"
        return [f"{choice.name} = %({mark})s"], {mark: choice.values[0]}
    return [f"{choice.name} = any(%({mark})s)"], {mark: list(choice.values)}


def _word(mark: str, word: Word, *, by_index: bool) -> Conditions:
    words = "words" if by_index else UNINDEXED_WORDS
    return [f"{words} {'not ' if word.negated else ''}like lower(%({mark})s)"], {mark: f"%{literal(word.text)}%"}


def _place(mark: str, place: Place, *, by_index: bool) -> Conditions:
    text = place.value.removeprefix("/") if place.name == "folder" else place.value
    sign = "not " if place.negated else ""
    if place.name == "folder":
        condition, values = f"key {sign}like %({mark})s", {mark: literal(text) + "%"}
    else:
        condition, values = f"run {sign}ilike %({mark})s", {mark: f"%{literal(text)}%"}
    if place.negated or not by_index:
        return [condition], values
    within = f"words like lower(%({mark}_words)s)"  # for the index of words
    return [condition, within], values | {f"{mark}_words": f"%{literal(text)}%"}


def _measure(mark: str, measure: Comparison, *, by_index: bool) -> Conditions:
    column = COLUMNS_OF_MEASURES[measure.name]
    if measure.sign in SIGNS:
        number = _whole(ROUNDED[measure.sign](measure.value))
        condition, values = f"{column} {SIGNS[measure.sign]} %({mark})s::bigint", {mark: number}
    else:
        condition, values = _around(column, mark, measure)
        values = {
            f"{mark}_low": _whole(math.ceil(values[f"{mark}_low"])),
            f"{mark}_high": _whole(math.floor(values[f"{mark}_high"])),
        }
    if measure.negated:
        return [f"({condition}) is not true"], values
    return [condition if by_index else f"({condition}) is true"], values


def _fact(number: int, fact: Comparison) -> Conditions:
    """Ask an artifact for its number; "offset 0" keeps the planner from turning it into a join."""
    conditions, values = number_of_fact(number, fact)
    where = " and ".join(conditions)
    found = f"select from fact_numbers where artifact_id = artifacts.id and {where} offset 0"
    return [f"{'not ' if fact.negated else ''}exists ({found})"], values


def _compared(column: str, mark: str, wanted: Comparison) -> Condition:
    if wanted.sign in SIGNS:
        return f"{column} {SIGNS[wanted.sign]} %({mark})s", {mark: wanted.value}
    return _around(column, mark, wanted)


def _around(column: str, mark: str, wanted: Comparison) -> Condition:
    low, high = wanted.value - wanted.slack, wanted.value + wanted.slack
    negation = "not " if wanted.sign == "!=" else ""
    return f"{column} {negation}between %({mark}_low)s and %({mark}_high)s", {f"{mark}_low": low, f"{mark}_high": high}


def _whole(number: int) -> int:
    return max(-LARGEST, min(number, LARGEST))
