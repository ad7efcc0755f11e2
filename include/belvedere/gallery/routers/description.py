"""The API's own description (OpenAPI), behind the login like everything else."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

router = APIRouter(tags=["description"])


@router.get("/openapi.json")
def openapi(request: Request) -> dict[str, Any]:
    """Return the OpenAPI document of this gallery."""
    document: dict[str, Any] = request.app.openapi()
    return document | {"servers": [{"url": request.scope.get("root_path", "")}]}
