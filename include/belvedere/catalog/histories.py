"""The history of an object as people look at it: its versions, without those overtaken before they were drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.catalog.browse import COLUMNS, IN_SCOPE, artifacts_of, listed

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection
    from belvedere.model.access import Scope
    from belvedere.model.artifact import Artifact


def history(connection: Connection, artifact: Artifact, scope: Scope, limit: int) -> list[Artifact]:
    """Return the newest versions of the artifact's object that there is anything to see of, newest first."""
    where = {"bucket": artifact.bucket, "key": artifact.key, "limit": limit, "scope": listed(scope)}
    return artifacts_of(connection.execute(HISTORY, where))


def count_versions(connection: Connection, bucket: str, key: str, scope: Scope) -> int:
    """Count the versions of an object that there is anything to see of; a page shows the newest of them."""
    where = {"bucket": bucket, "key": key, "scope": listed(scope)}
    found = connection.execute(COUNT, where).fetchone()
    return int(found["n"]) if found else 0


SEEN = f"""
bucket = %(bucket)s and key = %(key)s and (state <> 'superseded' or rendered_at is not null) and {IN_SCOPE}
"""

HISTORY = f"select {COLUMNS} from artifacts where {SEEN} order by sequencer desc, id limit %(limit)s"  # noqa: S608

COUNT = f"select count(*) as n from artifacts where {SEEN}"  # noqa: S608
