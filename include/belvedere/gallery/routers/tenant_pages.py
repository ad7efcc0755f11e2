"""The pages of tenants: all of them, one of them, and who changed what."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from belvedere.gallery.resources import Resources, ResourcesDep, root_of
from belvedere.gallery.revealing import Places
from belvedere.gallery.routers.tenant_changes import DEFAULT_LIMIT, Before
from belvedere.gallery.routers.tenants import TenantPath, WithRemoved
from belvedere.gallery.templating import templates
from belvedere.gallery.tenant_page import (
    KIND_WORDS,
    PHASE_LEVELS,
    STATES,
    UNDECLARED,
    as_file,
    counted,
    source_words,
    whole,
    why_no_credentials,
)
from belvedere.gallery.tenants import known_tenant, read_changes, read_tenant, read_tenants
from belvedere.gallery.viewers import ViewerDep
from belvedere.model.tenant_state import CredentialKind, CredentialPhase

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

StateName = Literal["", "failed", "drifted", "orphaned", "declared", "ready", "removed", "undeclared"]
Looked = Annotated[StateName, Query(description="Only tenants of this state.")]


@router.get("/tenants")
def tenants_page(
    request: Request, resources: ResourcesDep, who: ViewerDep, state: Looked = "", removed: WithRemoved = False
) -> HTMLResponse:
    """Show the tenants that the viewer may see, and how one is declared."""
    with resources.catalog.connection() as connection:
        found = read_tenants(connection, who.tenants, with_removed=removed).tenants
    shown = {
        "tenants": [tenant for tenant in found if state in ("", tenant.state or UNDECLARED)],
        "counts": counted(found),
        "state": state,
        "removed": removed,
        "who": who,
    }
    return templates.TemplateResponse(request, "tenants.html", shown | _around(request, resources))


@router.get("/tenants/{tenant}")
def tenant_page(request: Request, tenant: TenantPath, resources: ResourcesDep, who: ViewerDep) -> HTMLResponse:
    """Show one tenant: what it should be, what was found, its keys, and how to get at them."""
    with resources.catalog.connection() as connection:
        told = read_tenant(connection, tenant, who)
    alive = [key for key in told.keys if key.phase is not CredentialPhase.REVOKED]
    active = [key for key in alive if key.phase is CredentialPhase.ACTIVE and key.kind is CredentialKind.S3_KEY]
    shown = {
        "tenant": told,
        "spec": whole(told.spec),
        "file": as_file(told.spec),
        "keys": alive,
        "revoked": len(told.keys) - len(alive),
        "kind_words": KIND_WORDS,
        "phase_levels": PHASE_LEVELS,
        "has_key": bool(active),
        "hidden_because": why_no_credentials(told.members, who, declared=told.state is not None, keys=len(active)),
        "places": Places.of(resources.settings),
        "who": who,
    }
    return templates.TemplateResponse(request, "tenant.html", shown | _around(request, resources))


@router.get("/changes")
def changes_page(
    request: Request,
    resources: ResourcesDep,
    who: ViewerDep,
    tenant: Annotated[str, Query(max_length=255)] = "",
    before: Before = None,
) -> HTMLResponse:
    """Show who changed what of the tenants that the viewer may see, newest first."""
    with resources.catalog.connection() as connection:
        if tenant:
            known_tenant(connection, tenant, who)
        told = read_changes(connection, tenant or None, who.tenants, limit=DEFAULT_LIMIT, before=before)
        names = [one.name for one in read_tenants(connection, who.tenants, with_removed=True).tenants]
    shown = {"told": told, "chosen": tenant, "names": names, "before": before}
    return templates.TemplateResponse(request, "changes.html", shown | _around(request, resources))


def _around(request: Request, resources: Resources) -> dict[str, Any]:
    gallery_path = resources.settings.gallery_path
    server = str(request.base_url).rstrip("/").removesuffix(gallery_path)
    return {
        "server_root": root_of(request).removesuffix(gallery_path),
        "server": server,
        "states": STATES,
        "source_words": source_words,
    }
