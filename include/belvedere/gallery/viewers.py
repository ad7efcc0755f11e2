"""Who asks: what Airflow knows of the user together with what the catalog knows. Every route starts here."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from belvedere.catalog.memberships import roles_of
from belvedere.errors import AccessDenied
from belvedere.gallery.auth import Identity, identity
from belvedere.gallery.resources import ResourcesDep  # noqa: TC001 - FastAPI reads annotations at run time
from belvedere.model.access import EVERYONE, Role, Viewer

LOOKING = ("GET", "HEAD")


def viewer(request: Request, who: Annotated[Identity, Depends(identity)], resources: ResourcesDep) -> Viewer:
    """Return the user with the tenants that are theirs: one statement.

    Visitors without a name of their own only look, and only at what is everybody's. Pages' frames read who asks
    from the request's state.

    Raises:
        AccessDenied: a visitor wants to change something.
    """
    if who.public and request.method not in LOOKING:
        raise AccessDenied("log in first: visitors without a login only look")
    shared = dict.fromkeys(resources.settings.shared_tenants, Role.VIEWER if who.public else Role.MEMBER)
    with resources.catalog.connection() as connection:
        roles = roles_of(connection, EVERYONE if who.public else who.name)
    if who.public:
        roles = dict.fromkeys(roles, Role.VIEWER)
    found = Viewer(who.name, shared | roles, who.operates)
    request.state.viewer, request.state.public = found, who.public
    return found


ViewerDep = Annotated[Viewer, Depends(viewer)]


def require_change(who: Viewer, tenant: str) -> None:
    """Refuse those who only look at a tenant (of which they must be able to see that it exists).

    Raises:
        AccessDenied: saying which role is missing.
    """
    if not who.may_change(tenant):
        raise AccessDenied(f"this needs the role member in the tenant {tenant}; ask an operator for it")


def require_operator(who: ViewerDep) -> None:
    """Refuse users who do not operate Belvedere.

    Raises:
        AccessDenied: saying which right is missing.
    """
    if not who.operates:
        raise AccessDenied("this page is for operators: it needs the right to change Airflow's pools (role Op)")


def require_overseer(who: ViewerDep) -> None:
    """Refuse users who do not see every tenant.

    Raises:
        AccessDenied: saying who may.
    """
    if who.tenants is not None:
        raise AccessDenied("this shows every tenant's work: it is for operators (role Op) and auditors")
