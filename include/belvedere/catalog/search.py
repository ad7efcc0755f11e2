"""From a search that was read (``model.search``) to conditions on the rows of ``artifacts``.

Conditions name the table ``artifacts`` where they look from another one, so that they also hold in a subquery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from belvedere.model.numbers import last_part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.model.search import Choice, Comparison, Place, Search, Word

Conditions = tuple[list[str], dict[str, Any]]
SEARCHED = "(key || ' ' || coalesce(title, ''))"
COLUMNS_OF_MEASURES = {"size": "size", "attempts": "attempts", "latency": "latency_ms"}
SIGNS = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}


def choice_conditions(search: Search) -> Conditions:
    """Return the conditions that hold for rows of ``artifacts`` and of ``artifact_counts`` alike."""
    return _joined(_choice(f"choice_{i}", choice) for i, choice in enumerate(search.choices))


def row_conditions(search: Search, *, common: bool = False) -> Conditions:
    """Return the conditions that only an artifact's own row can meet.

    ``common``: many artifacts meet them, so that walking along the list's order finds a page of them soon. They are
    then written such that no index on words or numbers serves them, which would first gather all there are.
    """

    def each() -> Iterator[Conditions]:
        for i, word in enumerate(search.words):
            yield _word(f"word_{i}", word, common=common)
        for i, place in enumerate(search.places):
            yield _place(f"place_{i}", place)
        for i, measure in enumerate(search.measures):
            yield _measure(f"measure_{i}", measure)
        for i, fact in enumerate(search.facts):
            yield _fact(f"fact_{i}", fact, common=common)
        if search.after:
            yield ["event_at >= %(after)s"], {"after": search.after}
        if search.before:
            yield ["event_at < %(before)s"], {"before": search.before}

    return _joined(each())


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


def _word(mark: str, word: Word, *, common: bool) -> Conditions:
    searched = f"({SEARCHED} || '')" if common else SEARCHED
    return [f"{searched} {'not ' if word.negated else ''}ilike %({mark})s"], {mark: f"%{literal(word.text)}%"}


def _place(mark: str, place: Place) -> Conditions:
    if place.name == "folder":
        prefix = literal(place.value.removeprefix("/")) + "%"
        return [f"key {'not ' if place.negated else ''}like %({mark})s"], {mark: prefix}
    within = {mark: f"%{literal(place.value)}%"}
    if place.negated:
        return [f"run not ilike %({mark})s"], within
    return [f"run ilike %({mark})s", f"{SEARCHED} ilike %({mark})s"], within  # the second is for the index of words


def _measure(mark: str, measure: Comparison) -> Conditions:
    condition, values = _compared(COLUMNS_OF_MEASURES[measure.name], mark, measure)
    return [f"({condition}) is {'not true' if measure.negated else 'true'}"], values


def _fact(mark: str, fact: Comparison, *, common: bool) -> Conditions:
    """Look a number up by its name, by its path, or by the end of its path."""
    compared, values = _compared("value", mark, fact)
    last = last_part(fact.name)
    named = f"name = %({mark}_name)s"
    values |= {f"{mark}_name": last}
    if last != fact.name:
        named += f" and ('.' || path) like %({mark}_path)s"
        values[f"{mark}_path"] = "%." + literal(fact.name)
    if fact.negated or common:  # "offset 0" keeps the planner from turning it into a join
        found = f"select from fact_numbers where artifact_id = artifacts.id and {named} and {compared} offset 0"
        return [f"{'not ' if fact.negated else ''}exists ({found})"], values
    found = f"select artifact_id from fact_numbers where {named} and {compared}"  # noqa: S608
    # As an array, so that the planner begins with the few there are; it would rather walk along all artifacts.
    return [f"artifacts.id = any(array({found}))"], values


def _compared(column: str, mark: str, wanted: Comparison) -> tuple[str, dict[str, Any]]:
    if wanted.sign in SIGNS:
        return f"{column} {SIGNS[wanted.sign]} %({mark})s", {mark: wanted.value}
    low, high = wanted.value - wanted.slack, wanted.value + wanted.slack
    negation = "not " if wanted.sign == "!=" else ""
    return f"{column} {negation}between %({mark}_low)s and %({mark}_high)s", {f"{mark}_low": low, f"{mark}_high": high}
