"""A tenant's credentials, for its members by name. Every look is recorded before it is granted."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import APIRouter, Depends, Response

from belvedere.catalog.memberships import members_of
from belvedere.catalog.tenant_changes import record_change
from belvedere.gallery.auth import require_own_page
from belvedere.gallery.resources import ResourcesDep
from belvedere.gallery.responses import ErrorResponse
from belvedere.gallery.revealing import Places, look_of, require_member_by_name, reveal
from belvedere.gallery.routers.tenants import TenantPath
from belvedere.gallery.tenant_responses import CredentialsResponse
from belvedere.gallery.tenants import known_tenant
from belvedere.gallery.viewers import ViewerDep
from belvedere.tenants.credential_store import CatalogCredentials

log = logging.getLogger(__name__)
router = APIRouter(tags=["tenants"])

FAILURES: dict[int | str, dict[str, Any]] = {status: {"model": ErrorResponse} for status in (403, 404, 409, 503)}


@router.post("/tenants/{tenant}/credentials", responses=FAILURES, dependencies=[Depends(require_own_page)])
def credentials(tenant: TenantPath, response: Response, resources: ResourcesDep, who: ViewerDep) -> CredentialsResponse:
    """Show the newest access key and the account at MLflow to a member; others are told what is missing."""
    with resources.catalog.connection() as connection:
        known_tenant(connection, tenant, who)
        require_member_by_name(members_of(connection, tenant), tenant, who)
        store = CatalogCredentials.from_settings(connection, resources.settings)
        shown = reveal(tenant, store, Places.of(resources.settings))
        record_change(connection, look_of(tenant, shown, who))
    log.info("tenants: %r was shown the credentials of %r", who.name, tenant)
    response.headers["Cache-Control"] = "no-store"
    return shown
