"""Artifacts of the same bytes within one tenant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from belvedere.catalog.claims import ClaimedItem
    from belvedere.clients.postgres import Connection


@dataclass(frozen=True, slots=True)
class Twin:
    """A rendered artifact with the same fingerprint as another one."""

    bucket: str
    key: str
    etag: str


def find_twin(connection: Connection, item: ClaimedItem, fingerprint: str) -> Twin | None:
    """Return a rendered artifact of the item's tenant with the same fingerprint, if there is one."""
    facts = {
        "tenant": item.tenant,
        "etag": item.etag,
        "size": item.size,
        "id": item.artifact_id,
        "fingerprint": fingerprint,
    }
    row = connection.execute(TWIN, facts).fetchone()
    return None if row is None else Twin(row["bucket"], row["key"], row["etag"])


TWIN = """
select bucket, key, etag from artifacts
where tenant = %(tenant)s and etag = %(etag)s and size = %(size)s and state = 'rendered' and id <> %(id)s
    and provenance ->> 'fingerprint' = %(fingerprint)s
limit 1
"""
