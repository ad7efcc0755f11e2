"""The query of a list, the same for the wall's address and the JSON API, read strictly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

from belvedere.catalog.browse import Filter, Order
from belvedere.errors import PermanentError
from belvedere.model.artifact import ArtifactState

MOST_WORDS = 8
LONGEST = 2048
DEFAULT_LIMIT = 50
MOST = 200

Text = Annotated[str, Query(max_length=LONGEST)]
Several = Annotated[list[str] | None, Query(max_length=50, description="Several by commas or by repetition.")]


class BadQuery(PermanentError):
    """A parameter of the query is not one the gallery knows."""

    code = "bad_query"


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which artifacts, in which order, how many, from where."""

    filter: Filter
    order: Order
    limit: int
    cursor: str | None


def list_query(
    tenant: Text = "",
    bucket: Text = "",
    prefix: Text = "",
    kind: Several = None,
    state: Several = None,
    q: Annotated[str, Query(max_length=500, description="Words that all occur in the key or the title.")] = "",
    parts: Annotated[bool, Query(description="Show parts of other artifacts too.")] = False,
    order: Order = Order.NEWEST,
    limit: Annotated[int, Query(ge=1, le=MOST)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=4096)] = None,
) -> ListQuery:
    """Read the query of a list.

    Raises:
        BadQuery: naming the parameter and what it may be.
    """
    for name, value in {"tenant": tenant, "bucket": bucket, "prefix": prefix, "q": q}.items():
        if "\0" in value:
            raise BadQuery(f"{name}: holds a NUL character, which no key can hold")
    wanted = Filter(
        tenant=tenant,
        bucket=bucket,
        prefix=prefix,
        kinds=_split(kind),
        states=tuple(_state(word) for word in _split(state)),
        words=tuple(q.split()[:MOST_WORDS]),
        parts=parts,
    )
    return ListQuery(wanted, order, limit, cursor or None)


def _split(values: list[str] | None) -> tuple[str, ...]:
    words = (word.strip() for value in values or () for word in value.split(","))
    return tuple(dict.fromkeys(word for word in words if word and "\0" not in word))


def _state(word: str) -> ArtifactState:
    try:
        return ArtifactState(word)
    except ValueError:
        known = ", ".join(state.value for state in ArtifactState)
        raise BadQuery(f"state: {word[:40]!r} is not one of {known}") from None
