"""The page of help: what the gallery is, how to fill it, search it, move in it and read it by program."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from belvedere.gallery.resources import ResourcesDep
from belvedere.gallery.templating import templates
from belvedere.gallery.viewers import ViewerDep
from belvedere.model.access import Role

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/help")
def read_help(request: Request, resources: ResourcesDep, who: ViewerDep) -> HTMLResponse:
    """Show the help; it names the store and the bucket of this deployment."""
    settings = resources.settings
    shown = {
        "server": str(request.base_url).rstrip("/").removesuffix(settings.gallery_path),
        "api": str(request.base_url).rstrip("/") + "/api",
        "endpoint": settings.minio_endpoint,
        "bucket": settings.default_bucket,
        "who": who,
        "may_upload": who.operates or Role.MEMBER in who.roles.values(),
    }
    return templates.TemplateResponse(request, "help.html", shown)
