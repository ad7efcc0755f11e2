"""Several artifacts at once, as comparisons need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.catalog.browse import COLUMNS, IN_SCOPE, artifacts_of, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.clients.postgres import Connection
    from belvedere.model.access import Scope
    from belvedere.model.artifact import Artifact


def find_several(connection: Connection, ids: Sequence[str], scope: Scope) -> list[Artifact]:
    """Return the artifacts of the scope that have these ids, in the order of the ids: one statement."""
    rows = connection.execute(SEVERAL, {"ids": list(ids), "scope": listed(scope)})
    found = {artifact.id: artifact for artifact in artifacts_of(rows)}
    return [found[one] for one in ids if one in found]


SEVERAL = f"select {COLUMNS} from artifacts where id = any(%(ids)s) and {IN_SCOPE}"  # noqa: S608
