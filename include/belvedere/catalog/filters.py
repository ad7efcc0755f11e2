"""Which artifacts a list is about, and that as conditions on rows of ``artifacts``, of their counts and their numbers.

Every condition keeps to a ``scope``: the tenants of whom the asker may see anything (None: of all).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.catalog.search import Conditions, choice_conditions, literal, row_conditions, time_conditions
from belvedere.model.artifact import ArtifactState
from belvedere.model.search import Search

if TYPE_CHECKING:
    from belvedere.model.access import Scope

HIDDEN = (ArtifactState.DELETED, ArtifactState.SUPERSEDED)
OF_NUMBERS = ("tenant", "kind")


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
    def searches(self) -> bool:
        """Whether matches are found in more ways than along the list."""
        return bool(self.prefix or self.search.looks_at_rows)

    @property
    def asks_numbers_only(self) -> bool:
        """Whether the rows of one fact's numbers say all that has to be known (``number_conditions``)."""
        search = self.search
        others = search.words or search.places or search.measures or len(search.facts) != 1 or search.facts[0].negated
        narrowed = self.bucket or self.prefix or self.ids or self.asked_states or self.run is not None
        return not (others or narrowed or any(choice.name not in OF_NUMBERS for choice in search.choices))

    @property
    def asked_states(self) -> tuple[str, ...]:
        """The states that are asked for, if any."""
        return (*(state.value for state in self.states), *self.search.chosen("state"))

    @property
    def asks_for_hidden(self) -> bool:
        """Whether versions may match that no list shows unasked."""
        return any(state.value in self.asked_states for state in HIDDEN)


def conditions_of(wanted: Filter, scope: Scope, *, by_index: bool = False, but: int | None = None) -> Conditions:
    """Return the conditions on an artifact's row and their values; the options are ``row_conditions``'."""
    conditions, values = other_conditions(wanted, scope)
    searched, theirs = searched_conditions(wanted, by_index=by_index, but=but)
    return conditions + searched, values | theirs


def other_conditions(wanted: Filter, scope: Scope) -> Conditions:
    """Return the conditions that are no search: along the list's order they leave what is looked through."""
    conditions, values = facet_conditions(wanted, scope)
    if not wanted.parts:
        conditions.append("(not part or key = %(prefix_itself)s)" if wanted.prefix else "not part")
        values["prefix_itself"] = wanted.prefix
    latest = "is_latest or state = 'superseded'" if "superseded" in wanted.asked_states else "is_latest"
    conditions.append(f"({latest})")
    if wanted.run is not None:
        conditions.append("run = %(run)s")
        values["run"] = wanted.run
    if wanted.ids:
        conditions.append("artifacts.id = any(%(ids)s)")
        values["ids"] = list(wanted.ids)
    times, theirs = time_conditions(wanted.search)
    return conditions + times, values | theirs


def searched_conditions(wanted: Filter, *, by_index: bool = False, but: int | None = None) -> Conditions:
    """Return the conditions of the search but its choices and times, and of ``prefix``."""
    conditions, values = row_conditions(wanted.search, by_index=by_index, but=but)
    if wanted.prefix:
        conditions.append("key like %(prefix)s")
        values["prefix"] = literal(wanted.prefix) + "%"
        if by_index:
            conditions.append("words like lower(%(prefix_words)s)")
            values["prefix_words"] = f"%{literal(wanted.prefix)}%"
    return conditions, values


def facet_conditions(wanted: Filter, scope: Scope) -> Conditions:
    """Return the conditions that rows and their counts are chosen by alike; parts are the caller's."""
    asked: dict[str, tuple[str, ...]] = {
        "tenant": (wanted.tenant,) if wanted.tenant else (),
        "bucket": (wanted.bucket,) if wanted.bucket else (),
        "kind": wanted.kinds,
        "state": tuple(state.value for state in wanted.states),
    }
    conditions, values = _chosen(asked)
    if not wanted.asked_states:
        conditions += [f"state <> '{state.value}'" for state in HIDDEN]
    chosen, theirs = choice_conditions(wanted.search.choices)
    within, of_scope = _within(scope)
    return conditions + chosen + within, values | theirs | of_scope


def number_conditions(wanted: Filter, scope: Scope) -> Conditions:
    """Return those conditions that a row of ``fact_numbers`` says itself whether they hold."""
    asked = {"tenant": (wanted.tenant,) if wanted.tenant else (), "kind": wanted.kinds}
    conditions, values = _chosen(asked)
    chosen, theirs = choice_conditions(wanted.search.choices, OF_NUMBERS)
    times, of_times = time_conditions(wanted.search)
    within, of_scope = _within(scope)
    if not wanted.parts and not wanted.prefix:
        conditions.append("not part")
    return [*conditions, *chosen, *times, *within], values | theirs | of_times | of_scope


def _chosen(asked: dict[str, tuple[str, ...]]) -> Conditions:
    conditions: list[str] = []
    values: dict[str, Any] = {}
    for name, allowed in asked.items():
        if len(allowed) == 1:  # an index keeps its order under "=", not under "any"
            conditions.append(f"{name} = %({name})s")
            values[name] = allowed[0]
        elif allowed:
            conditions.append(f"{name} = any(%({name})s)")
            values[name] = list(allowed)
    return conditions, values


def _within(scope: Scope) -> Conditions:
    if scope is None:
        return [], {}
    if len(scope) == 1:
        return ["tenant = %(scope)s"], {"scope": scope[0]}
    return ["tenant = any(%(scope)s::text[])"], {"scope": list(scope)}
