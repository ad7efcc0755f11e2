"""Who belongs to which tenant, and who asks. Operators change it; every change leaves a line in the log."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from belvedere.catalog import memberships, overview
from belvedere.clients.postgres import Connection
from belvedere.errors import ObjectMissing
from belvedere.gallery.auth import require_own_page
from belvedere.gallery.query import BadQuery
from belvedere.gallery.resources import ResourcesDep
from belvedere.gallery.responses import ErrorResponse
from belvedere.gallery.tenant_responses import MemberResponse
from belvedere.gallery.viewers import ViewerDep, require_operator
from belvedere.model.access import ALL_TENANTS, Role, Viewer

log = logging.getLogger(__name__)

router = APIRouter(tags=["members"])

FIRST_PRINTABLE = " "
TenantName = Annotated[str, Path(max_length=255, description="Name of a tenant; `*` for the auditors of all.")]
UserName = Annotated[str, Path(max_length=255, description="As the user logs in to Airflow; `*` for everybody.")]
FAILURES: dict[int | str, dict[str, Any]] = {status: {"model": ErrorResponse} for status in (400, 403, 404)}
CHANGES = [Depends(require_own_page), Depends(require_operator)]


class MembersResponse(BaseModel):
    """Who belongs to a tenant, by name."""

    tenant: str
    members: list[MemberResponse]


class MemberChange(BaseModel):
    """What to make of a user."""

    role: Role


class MeResponse(BaseModel):
    """Who asks, and what they may see and do."""

    name: str
    operates: bool
    sees_all: bool = Field(description="Whether every tenant's artifacts may be seen: operators and auditors.")
    tenants: dict[str, Role] = Field(description="The tenants of one's own and what one is in them.")


class MemberMissing(ObjectMissing):
    """The user is not in the tenant."""

    code = "member_missing"


@router.get("/me")
def me(who: ViewerDep) -> MeResponse:
    """Return who asks."""
    own = {tenant: role for tenant, role in sorted(who.roles.items()) if tenant != ALL_TENANTS}
    return MeResponse(name=who.name, operates=who.operates, sees_all=who.tenants is None, tenants=own)


@router.get("/tenants/{tenant}/members", responses=FAILURES)
def members(tenant: TenantName, resources: ResourcesDep, who: ViewerDep) -> MembersResponse:
    """List who belongs to a tenant; whoever sees the tenant may know."""
    with resources.catalog.connection() as connection:
        _known(connection, tenant, who)
        found = memberships.members_of(connection, tenant)
    listed = [MemberResponse(user=member.user, role=member.role, since=member.since) for member in found]
    return MembersResponse(tenant=tenant, members=listed)


@router.put("/tenants/{tenant}/members/{user}", responses=FAILURES, dependencies=CHANGES, status_code=204)
def put_member(
    tenant: TenantName, user: UserName, change: MemberChange, resources: ResourcesDep, who: ViewerDep
) -> None:
    """Make a user something in a tenant, whatever they were before."""
    _check(tenant, user, change.role)
    with resources.catalog.connection() as connection:
        _known(connection, tenant, who)
        memberships.grant(connection, tenant, user, change.role)
    log.info("access: %r made %r %s of tenant %r", who.name, user, change.role.value, tenant)


@router.delete("/tenants/{tenant}/members/{user}", responses=FAILURES, dependencies=CHANGES, status_code=204)
def delete_member(tenant: TenantName, user: UserName, resources: ResourcesDep, who: ViewerDep) -> None:
    """Take a user out of a tenant; what they have open ends within minutes."""
    _check(tenant, user)
    with resources.catalog.connection() as connection:
        if not memberships.revoke(connection, tenant, user):
            raise MemberMissing(f"user {user!r} has no role of their own in the tenant {tenant!r}")
    log.info("access: %r took %r out of tenant %r", who.name, user, tenant)


def _known(connection: Connection, tenant: str, who: Viewer) -> None:
    seen = who.may_see(tenant) and _printable(tenant)
    if not seen or (tenant != ALL_TENANTS and tenant not in overview.tenants(connection, who.tenants)):
        raise ObjectMissing(f"there is no tenant {tenant[:80]!r}")


def _check(tenant: str, user: str, role: Role | None = None) -> None:
    for name, value in {"tenant": tenant, "user": user}.items():
        if not value.strip() or not _printable(value):
            raise BadQuery(f"{name}: is empty or holds control characters")
    if role is None or (role is Role.AUDITOR) == (tenant == ALL_TENANTS):
        return
    if role is Role.AUDITOR:
        raise BadQuery(f"role: auditors read all tenants: put the user into the tenant {ALL_TENANTS}")
    raise BadQuery(f"role: in the tenant {ALL_TENANTS} (all) there are auditors only")


def _printable(text: str) -> bool:
    return all(character >= FIRST_PRINTABLE for character in text)
