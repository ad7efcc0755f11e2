"""Which buckets are sources of artifacts, whose they are, and where their renderings go."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from belvedere.catalog.browse import listed
from belvedere.catalog.forgetting import forget_artifacts
from belvedere.catalog.tenant_rendering import DECLARED, rendering_of
from belvedere.clients.postgres import Jsonb
from belvedere.model.storage import RENDERERS_PREFIX, KeyFilter, Registration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.catalog.tenant_rendering import TenantRendering
    from belvedere.clients.postgres import Connection, Row
    from belvedere.model.access import Scope


@dataclass(frozen=True, slots=True)
class SourceBucket:
    """A bucket whose objects (those that a filter takes) are rendered for ``tenant`` into ``renderings_bucket``."""

    bucket: str
    tenant: str
    renderings_bucket: str
    filters: tuple[KeyFilter, ...] = (KeyFilter(),)

    def takes(self, key: str) -> bool:
        """Whether an object of this key becomes an artifact."""
        return any(each.takes(key) for each in self.filters)


@dataclass(frozen=True, slots=True)
class RegisteredRenderer:
    """A tenant's own renderer: the object that holds it, and the patterns of the keys that it draws."""

    tenant: str
    bucket: str
    key: str
    etag: str
    patterns: tuple[str, ...]

    def draws(self, tenant: str, key: str) -> bool:
        """Whether an object of ``tenant`` with this key is for this renderer."""
        return tenant == self.tenant and any(fnmatchcase(key, pattern) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class SourcesInUse:
    """The tenant of every source bucket, and the renderers that tenants have registered, by key.

    ``rendering`` holds the tenants whose declarations say something of their renderings.
    """

    tenants: Mapping[str, str]
    renderers: tuple[RegisteredRenderer, ...]
    rendering: Mapping[str, TenantRendering]


@dataclass(frozen=True, slots=True)
class CatalogSources:
    """The sources of one catalog, for those who know no connections."""

    connection: Connection

    def registration(self, bucket: str) -> Registration | None:
        """Return what is known of one source; see ``find_source``."""
        found = find_source(self.connection, bucket)
        return Registration(found.tenant, found.renderings_bucket, found.filters) if found else None

    def tenants(self) -> dict[str, str]:
        """Return the tenant of every source; see ``tenants_of_buckets``."""
        return tenants_of_buckets(self.connection)

    def register(self, bucket: str, registration: Registration) -> bool:
        """Make a bucket a source; see ``register_source``."""
        found = SourceBucket(bucket, registration.tenant, registration.renderings_bucket, registration.filters)
        return register_source(self.connection, found)

    def unregister(self, bucket: str) -> bool:
        """Let a bucket be no source any more; see ``unregister_source``."""
        return unregister_source(self.connection, bucket)

    def forget_artifacts(self, bucket: str) -> int:
        """Mark all artifacts of a bucket as deleted; see ``catalog.forgetting``."""
        return forget_artifacts(self.connection, bucket)


def register_source(connection: Connection, source: SourceBucket) -> bool:
    """Make a bucket a source, or correct what is known of it; return whether anything changed."""
    told = {
        "bucket": source.bucket,
        "tenant": source.tenant,
        "renderings_bucket": source.renderings_bucket,
        "filters": Jsonb([[each.prefix, each.suffix] for each in source.filters]),
    }
    return connection.execute(REGISTER, told).fetchone() is not None


def unregister_source(connection: Connection, bucket: str) -> bool:
    """Let a bucket be no source any more; return whether it was one. Its artifacts stay as they are."""
    return connection.execute(UNREGISTER, {"bucket": bucket}).rowcount > 0


def list_sources(connection: Connection) -> list[SourceBucket]:
    """Return every source, by bucket name."""
    return [_source(row) for row in connection.execute(LIST).fetchall()]


def sources_in(connection: Connection, scope: Scope) -> list[SourceBucket]:
    """Return the sources of the tenants in a scope, each tenant's bucket of its own name first."""
    facts = {"scope": listed(scope)}
    return [_source(row) for row in connection.execute(LIST_IN, facts)]


def tenants_of_buckets(connection: Connection) -> dict[str, str]:
    """Return the tenant of every source bucket, by the bucket's name."""
    return {source.bucket: source.tenant for source in list_sources(connection)}


def sources_in_use(connection: Connection) -> SourcesInUse:
    """Return what a run must know of the sources, by one statement."""
    rows = connection.execute(IN_USE).fetchall()
    renderers = [
        RegisteredRenderer(row["tenant"], row["bucket"], row["key"], row["etag"], tuple(row["declared"]))
        for row in rows
        if row["key"] is not None and isinstance(row["declared"], list)
    ]
    tenants = {row["bucket"]: row["tenant"] for row in rows if row["bucket"] is not None and row["key"] is None}
    rendering = {row["tenant"]: rendering_of(row["tenant"], row["declared"]) for row in rows if row["bucket"] is None}
    return SourcesInUse(tenants, tuple(sorted(renderers, key=lambda each: (each.key, each.bucket))), rendering)


def find_source(connection: Connection, bucket: str) -> SourceBucket | None:
    """Return one source, or None for a bucket that is none."""
    row = connection.execute(FIND, {"bucket": bucket}).fetchone()
    return None if row is None else _source(row)


def _source(row: Row) -> SourceBucket:
    filters = tuple(KeyFilter(prefix, suffix) for prefix, suffix in row["filters"])
    return SourceBucket(row["bucket"], row["tenant"], row["renderings_bucket"], filters)


REGISTER = """
insert into sources as s (bucket, tenant, renderings_bucket, filters)
values (%(bucket)s, %(tenant)s, %(renderings_bucket)s, %(filters)s)
on conflict (bucket) do update
set tenant = excluded.tenant, renderings_bucket = excluded.renderings_bucket, filters = excluded.filters
where (s.tenant, s.renderings_bucket, s.filters) is distinct from
    (excluded.tenant, excluded.renderings_bucket, excluded.filters)
returning bucket
"""

UNREGISTER = "delete from sources where bucket = %(bucket)s"

LIST_IN = """
select bucket, tenant, renderings_bucket, filters from sources
where %(scope)s::text[] is null or tenant = any(%(scope)s::text[])
order by tenant, bucket <> tenant, bucket
"""

LIST = "select bucket, tenant, renderings_bucket, filters from sources order by bucket"

# the prefix stands in the statement itself: the partial index of tenants' own renderers serves no parameter
IN_USE = f"""
select bucket, tenant, null as key, null as etag, null::jsonb as declared from sources
union all
select bucket, tenant, key, etag, facts -> 'user_renderer' -> 'patterns'
from artifacts
where is_latest and kind = 'viz_script' and state = 'rendered' and starts_with(key, '{RENDERERS_PREFIX}')
union all
{DECLARED}
"""  # noqa: S608

FIND = "select bucket, tenant, renderings_bucket, filters from sources where bucket = %(bucket)s"
