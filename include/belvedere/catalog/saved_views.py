"""Queries of the wall that people keep under a name: for themselves, or for everyone in a tenant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.catalog.browse import listed
from belvedere.errors import LimitExceeded

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection
    from belvedere.model.access import Scope

MOST_VIEWS = 200


@dataclass(frozen=True, slots=True)
class SavedView:
    """One kept query (as in the wall's address). ``tenant``: with whom it is shared; None for the owner alone."""

    id: int
    owner: str
    name: str
    tenant: str | None
    query: str


def views_for(connection: Connection, user: str, scope: Scope) -> list[SavedView]:
    """Return a user's own views and those shared within the tenants of the scope, by name."""
    rows = connection.execute(VIEWS, {"user": user, "scope": listed(scope)})
    return [SavedView(row["id"], row["owner"], row["name"], row["tenant"], row["query"]) for row in rows]


def save_view(connection: Connection, user: str, name: str, query: str, tenant: str | None) -> SavedView:
    """Keep a view; one of the same user and name is replaced.

    Raises:
        LimitExceeded: the user keeps too many views already.
    """
    told = {"user": user, "name": name, "query": query, "tenant": tenant, "most": MOST_VIEWS}
    row = connection.execute(SAVE, told).fetchone()
    if row is None:
        raise LimitExceeded(f"you keep {MOST_VIEWS} views already: forget one first", code="too_many_views")
    return SavedView(row["id"], user, name, tenant, query)


def forget_view(connection: Connection, view_id: int, user: str) -> bool:
    """Forget a view of this user; False when there is none of that number."""
    return connection.execute(FORGET, {"id": view_id, "user": user}).rowcount > 0


VIEWS = """
select id, owner, name, tenant, query from saved_views
where owner = %(user)s
    or (tenant is not null and (%(scope)s::text[] is null or tenant = any(%(scope)s::text[])))
order by lower(name), owner limit 500
"""

SAVE = """
insert into saved_views as v (owner, name, tenant, query)
select %(user)s, %(name)s, %(tenant)s, %(query)s
where exists (select from saved_views where owner = %(user)s and name = %(name)s)
    or (select count(*) from saved_views where owner = %(user)s) < %(most)s
on conflict (owner, name) do update set tenant = excluded.tenant, query = excluded.query
returning id
"""

FORGET = "delete from saved_views where id = %(id)s and owner = %(user)s"
