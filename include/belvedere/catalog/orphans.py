"""What the last survey found that belongs to no tenant: credentials are named by their fingerprints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from belvedere.clients.postgres import Connection


@dataclass(frozen=True, slots=True)
class KnownOrphan:
    """Something that nobody looks after, and since when that is known."""

    system: str
    kind: str
    name: str
    tenant: str
    reason: str
    since: datetime


def note_orphans(connection: Connection, found: Sequence[Mapping[str, Any]]) -> None:
    """Let these be the orphans that are known; those that were known before keep their time."""
    with connection.transaction():
        connection.execute(FORGET, {"names": [_key(each) for each in found]})
        for each in found:
            connection.execute(NOTE, dict(each))


def list_orphans(connection: Connection) -> list[KnownOrphan]:
    """Return the orphans of the last survey, the newest first."""
    return [KnownOrphan(**row) for row in connection.execute(LIST)]


def _key(orphan: Mapping[str, Any]) -> str:
    return "\n".join(str(orphan[part]) for part in ("system", "kind", "name"))


FORGET = r"delete from orphans where not (system || E'\n' || kind || E'\n' || name) = any(%(names)s)"

NOTE = """
insert into orphans (system, kind, name, tenant, reason)
values (%(system)s, %(kind)s, %(name)s, %(tenant)s, %(reason)s)
on conflict (system, kind, name) do update set tenant = excluded.tenant, reason = excluded.reason
"""

LIST = "select system, kind, name, tenant, reason, since from orphans order by since desc, system, kind, name"
