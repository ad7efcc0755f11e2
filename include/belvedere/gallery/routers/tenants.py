"""Tenants: which there are, and what each of them is, has, and should be."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from belvedere.gallery.resources import ResourcesDep
from belvedere.gallery.responses import ErrorResponse
from belvedere.gallery.tenant_responses import TenantDetailResponse, TenantsResponse
from belvedere.gallery.tenants import read_tenant, read_tenants
from belvedere.gallery.viewers import ViewerDep
from belvedere.model.tenant import TenantSpec

router = APIRouter(tags=["tenants"])

TenantPath = Annotated[str, Path(max_length=255, description="Name of a tenant.")]
WithRemoved = Annotated[bool, Query(description="Tell of removed tenants too.")]
FAILURES: dict[int | str, dict[str, Any]] = {404: {"model": ErrorResponse}}


@router.get("/tenants")
def tenants(resources: ResourcesDep, who: ViewerDep, removed: WithRemoved = False) -> TenantsResponse:
    """List the tenants that the asker may see: those that are declared or have a source bucket."""
    with resources.catalog.connection() as connection:
        return read_tenants(connection, who.tenants, with_removed=removed)


@router.get("/tenants/schema")
def schema(_: ViewerDep) -> dict[str, Any]:
    """Return the JSON schema of a tenant's declaration."""
    return TenantSpec.model_json_schema(by_alias=True)


@router.get("/tenants/{tenant}", responses=FAILURES)
def tenant_detail(tenant: TenantPath, resources: ResourcesDep, who: ViewerDep) -> TenantDetailResponse:
    """Return what a tenant should be, what was found, what differs, its keys by fingerprint, and its last changes."""
    with resources.catalog.connection() as connection:
        return read_tenant(connection, tenant, who)
