"""What a search may go on with: names of facts, folders and runs of a scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.catalog.browse import listed
from belvedere.catalog.search import literal

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection
    from belvedere.model.access import Scope

LOOKED_AT = 300


def fact_names(connection: Connection, beginning: str, scope: Scope, limit: int) -> list[str]:
    """Return names of numeric facts that begin with some letters; without letters the first names there are."""
    told = {"like": literal(beginning) + "%", "scope": listed(scope), "limit": limit}
    return [row["name"] for row in connection.execute(FACT_NAMES, told)]


def places(connection: Connection, words: str, scope: Scope) -> list[tuple[str, str]]:
    """Return keys and their runs' prefixes of the newest artifacts in whose key or title some text occurs."""
    told = {"like": f"%{literal(words)}%", "scope": listed(scope), "limit": LOOKED_AT}
    return [(row["key"], row["run"]) for row in connection.execute(PLACES, told, prepare=False)]


FACT_NAMES = """
select distinct name from fact_names
where name like %(like)s and (%(scope)s::text[] is null or tenant = any(%(scope)s::text[]))
order by name limit %(limit)s
"""

PLACES = """
select key, run from artifacts
where is_latest and state <> 'deleted' and words like lower(%(like)s)
    and (%(scope)s::text[] is null or tenant = any(%(scope)s::text[]))
order by event_at desc, id desc limit %(limit)s
"""
