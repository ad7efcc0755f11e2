"""The page on which members choose who is told of their tenant's reports."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from belvedere.catalog import overview
from belvedere.gallery.resources import ResourcesDep
from belvedere.gallery.routers.subscriptions import known_tenant, list_subscriptions
from belvedere.gallery.templating import embedded, templates
from belvedere.gallery.viewers import ViewerDep

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/notifications")
def notifications(
    request: Request,
    resources: ResourcesDep,
    who: ViewerDep,
    tenant: Annotated[str, Query(max_length=255)] = "",
) -> HTMLResponse:
    """Show a tenant's subscriptions; without a tenant the first one that is the viewer's."""
    with resources.catalog.connection() as connection:
        tenants = overview.tenants(connection, who.tenants)
        if tenant:
            known_tenant(connection, tenant, who)
        chosen = tenant or next((name for name in tenants if name in who.roles), next(iter(tenants), ""))
        listed = list_subscriptions(connection, chosen, who) if chosen else None
    shown = {
        "tenants": tenants,
        "tenant": chosen,
        "some": bool(listed and listed.subscriptions),
        "may_change": bool(chosen) and who.may_change(chosen),
        "first": embedded(listed.model_dump(mode="json") if listed else {"subscriptions": []}),
    }
    return templates.TemplateResponse(request, "notifications.html", shown)
