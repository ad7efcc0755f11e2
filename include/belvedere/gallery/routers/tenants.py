"""Tenants."""

from __future__ import annotations

from fastapi import APIRouter

from belvedere.catalog import browse
from belvedere.gallery.resources import ResourcesDep
from belvedere.gallery.responses import TenantResponse, TenantsResponse

router = APIRouter(tags=["tenants"])


@router.get("/tenants")
def tenants(resources: ResourcesDep) -> TenantsResponse:
    """List the tenants that have a source bucket."""
    with resources.catalog.connection() as connection:
        return TenantsResponse(tenants=[TenantResponse(name=name) for name in browse.tenants(connection)])
