"""Tenants."""

from __future__ import annotations

from fastapi import APIRouter

from belvedere.catalog import browse
from belvedere.gallery.resources import ResourcesDep
from belvedere.gallery.responses import TenantResponse, TenantsResponse
from belvedere.gallery.viewers import ViewerDep

router = APIRouter(tags=["tenants"])


@router.get("/tenants")
def tenants(resources: ResourcesDep, who: ViewerDep) -> TenantsResponse:
    """List the tenants that have a source bucket and that the asker may see."""
    with resources.catalog.connection() as connection:
        found = browse.tenants(connection, who.tenants)
    return TenantsResponse(tenants=[TenantResponse(name=name) for name in found])
