"""Who may see the gallery: people with an Airflow login. The only place of the gallery that imports Airflow.

Airflow does not authenticate plugin apps; every route here asks for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep  # noqa: TC002 - FastAPI reads it
from fastapi import Depends, Header, HTTPException

from belvedere.errors import AccessDenied

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser

RENDER_DAG = "render_artifacts"


@dataclass(frozen=True, slots=True)
class Identity:
    """What Airflow says of a user: the name to log in with, and whether they operate the deployment.

    ``public`` is nobody in particular: FAB lets in visitors without a login when it has a public role.
    """

    name: str
    operates: bool
    public: bool = False


def require_login(user: GetUserDep) -> None:
    """Let in whom Airflow shows plugins' pages: the same people see the gallery in its menu.

    Raises:
        AccessDenied: Airflow knows the user, but shows them no plugins.
        HTTPException: a visitor without a login is shown none: who logs in may be.
    """
    if get_auth_manager().is_authorized_view(access_view=AccessView.PLUGINS, user=user):
        return
    if _is_public(user):
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "log in first: visitors without a login do not see the gallery")
    raise AccessDenied(
        "the gallery is for users who may read Airflow's plugins. With FAB the roles User and Viewer may not at first; "
        "an administrator lets one in by: airflow roles add-perms User --action can_read --resource Plugins"
    )


def identity(user: GetUserDep) -> Identity:
    """Return who is logged in; whoever may change Airflow's pools (role Op and above) operates Belvedere too."""
    operates = get_auth_manager().is_authorized_pool(method="PUT", user=user)
    return Identity(user.get_name(), operates, public=_is_public(user))


def may_render(user: GetUserDep) -> bool:
    """Tell whether the user may start renderings: whoever may trigger the DAG that does them."""
    return get_auth_manager().is_authorized_dag(
        method="POST", access_entity=DagAccessEntity.RUN, details=DagDetails(id=RENDER_DAG), user=user
    )


def require_render(allowed: Annotated[bool, Depends(may_render)]) -> None:
    """Refuse users who may not start renderings.

    Raises:
        AccessDenied: saying which right is missing.
    """
    if not allowed:
        raise AccessDenied(f"rendering again needs the right to trigger the DAG {RENDER_DAG}")


def require_own_page(
    x_belvedere: Annotated[str | None, Header(description="Any value: other sites cannot send it.")] = None,
    authorization: Annotated[str | None, Header()] = None,
) -> None:
    """Refuse changes that another site may have made the browser ask for.

    Raises:
        AccessDenied: neither our header nor a bearer token came with the request.
    """
    if not x_belvedere and not (authorization or "").lower().startswith("bearer "):
        raise AccessDenied("changes need the header X-Belvedere or a bearer token", code="cross_site_request")


def login_address(server_root: str, back_to: str) -> str:
    """Return where a browser logs in, to come back afterwards; every auth manager answers there."""
    return f"{server_root}/api/v2/auth/login?next={quote(back_to, safe='')}"


def _is_public(user: BaseUser) -> bool:
    return bool(getattr(user, "is_anonymous", False))
