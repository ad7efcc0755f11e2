"""The query of a list, the same for the wall's address and the JSON API, read strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Query

from belvedere.catalog.filters import Filter
from belvedere.catalog.groups import day_of
from belvedere.catalog.listings import Order
from belvedere.errors import PermanentError
from belvedere.model.artifact import ArtifactState
from belvedere.model.search import BadSearch, Search
from belvedere.model.search import read as read_search

LONGEST = 2048
DEFAULT_LIMIT = 50
MOST = 200
ARTIFACT_ID = re.compile(r"[0-9a-f]{24}")

Text = Annotated[str, Query(max_length=LONGEST)]
Several = Annotated[list[str] | None, Query(max_length=50, description="Several by commas or by repetition.")]
LANGUAGE = (
    'Words that all occur in the key or the title ("quoted ones" as they are, `-word` must not occur), '
    "`kind:` `tenant:` `state:` `bucket:` `folder:` `run:` `after:` `before:`, and facts: `auc>0.9`, `rows>1e6`."
)


class BadQuery(PermanentError):
    """A parameter of the query is not one the gallery knows."""

    code = "bad_query"


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which artifacts, in which order, how many, from where; ``text`` is the search as it was typed."""

    filter: Filter
    order: Order
    limit: int
    cursor: str | None
    text: str = ""
    day: str = ""


def list_query(
    tenant: Text = "",
    bucket: Text = "",
    prefix: Text = "",
    kind: Several = None,
    state: Several = None,
    q: Annotated[str, Query(max_length=LONGEST, description=LANGUAGE)] = "",
    parts: Annotated[bool, Query(description="Show parts of other artifacts too.")] = False,
    run: Annotated[str | None, Query(max_length=LONGEST, description="Only one run of `bucket`: its prefix.")] = None,
    day: Annotated[str, Query(max_length=20, description="Only one day (UTC), such as 2026-11-22.")] = "",
    id: Annotated[list[str] | None, Query(max_length=MOST, description="Only these artifacts.")] = None,
    order: Order = Order.NEWEST,
    limit: Annotated[int, Query(ge=1, le=MOST)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=4096)] = None,
) -> ListQuery:
    """Read the query of a list.

    Raises:
        BadQuery: naming the parameter and what it may be.
    """
    for name, value in {"tenant": tenant, "bucket": bucket, "prefix": prefix, "q": q, "run": run or ""}.items():
        if "\0" in value:
            raise BadQuery(f"{name}: holds a NUL character, which no key can hold")
    if run is not None and not bucket:
        raise BadQuery("run: needs the parameter bucket beside it, in which the run lies")
    wanted = Filter(
        tenant=tenant,
        bucket=bucket,
        prefix=prefix,
        kinds=_split(kind),
        states=tuple(_state(word) for word in _split(state)),
        parts=parts,
        run=run,
        ids=tuple(_id(word) for word in _split(id)),
        search=_on_day(_search(q), day),
    )
    return ListQuery(wanted, order, limit, cursor or None, q, day)


def _search(text: str) -> Search:
    try:
        return read_search(text)
    except BadSearch as error:
        raise BadQuery(error.message) from None


def _on_day(search: Search, day: str) -> Search:
    if not day:
        return search
    try:
        began, ended = day_of(day)
    except ValueError:
        raise BadQuery(f"day: {day!r} is not a day, such as 2026-11-22") from None
    after = max(search.after, began) if search.after else began
    before = min(search.before, ended) if search.before else ended
    return replace(search, after=after, before=before)


def _split(values: list[str] | None) -> tuple[str, ...]:
    words = (word.strip() for value in values or () for word in value.split(","))
    return tuple(dict.fromkeys(word for word in words if word and "\0" not in word))


def _id(word: str) -> str:
    if not ARTIFACT_ID.fullmatch(word):
        raise BadQuery(f"id: {word[:40]!r} is not 24 hexadecimal digits")
    return word


def _state(word: str) -> ArtifactState:
    try:
        return ArtifactState(word)
    except ValueError:
        known = ", ".join(state.value for state in ArtifactState)
        raise BadQuery(f"state: {word[:40]!r} is not one of {known}") from None
