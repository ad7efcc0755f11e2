"""How many versions of an object there are; a page shows the newest of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.catalog.browse import IN_SCOPE

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection
    from belvedere.model.access import Scope


def count_versions(connection: Connection, bucket: str, key: str, scope: Scope) -> int:
    """Count the known versions of an object within a scope."""
    where = {"bucket": bucket, "key": key, "scope": None if scope is None else list(scope)}
    found = connection.execute(COUNT, where).fetchone()
    return int(found["n"]) if found else 0


COUNT = f"""
select count(*) as n from artifacts where bucket = %(bucket)s and key = %(key)s and {IN_SCOPE}
"""  # noqa: S608
