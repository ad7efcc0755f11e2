"""Who changed what of tenants, when, and from which run."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from belvedere.gallery.resources import ResourcesDep
from belvedere.gallery.routers.tenants import FAILURES, TenantPath
from belvedere.gallery.tenant_responses import TenantChangesResponse
from belvedere.gallery.tenants import known_tenant, read_changes
from belvedere.gallery.viewers import ViewerDep

router = APIRouter(tags=["tenants"])

Before = Annotated[int | None, Query(ge=1, lt=2**63, description="`next_before` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=500)]
DEFAULT_LIMIT = 50


@router.get("/tenants/{tenant}/changes", responses=FAILURES)
def changes_of_tenant(
    tenant: TenantPath, resources: ResourcesDep, who: ViewerDep, before: Before = None, limit: Limit = DEFAULT_LIMIT
) -> TenantChangesResponse:
    """List one tenant's changes, newest first."""
    with resources.catalog.connection() as connection:
        known_tenant(connection, tenant, who)
        return read_changes(connection, tenant, who.tenants, limit=limit, before=before)


@router.get("/changes")
def changes(
    resources: ResourcesDep, who: ViewerDep, before: Before = None, limit: Limit = DEFAULT_LIMIT
) -> TenantChangesResponse:
    """List the changes of every tenant that the asker may see, newest first."""
    with resources.catalog.connection() as connection:
        return read_changes(connection, None, who.tenants, limit=limit, before=before)
