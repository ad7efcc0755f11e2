"""Who belongs to which tenant. Tenants' provisioning writes it, the gallery reads it at every request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.catalog.serial import MEMBERS_CHANNEL
from belvedere.model.access import EVERYONE, Role

if TYPE_CHECKING:
    from datetime import datetime

    from belvedere.clients.postgres import Connection


@dataclass(frozen=True, slots=True)
class Membership:
    """What one user (or ``EVERYONE``) is in one tenant, and since when."""

    user: str
    role: Role
    since: datetime


@dataclass(frozen=True, slots=True)
class CatalogMembers:
    """The memberships of one catalog, for those who know no connections."""

    connection: Connection

    def roles(self, tenant: str) -> dict[str, Role]:
        """Return the users of a tenant and what they are; ``EVERYONE`` is no user."""
        found = members_of(self.connection, tenant)
        return {member.user: member.role for member in found if member.user != EVERYONE}

    def grant(self, tenant: str, user: str, role: Role) -> None:
        """Make a user something in a tenant; see ``grant``."""
        grant(self.connection, tenant, user, role)

    def revoke(self, tenant: str, user: str) -> None:
        """Take a user out of a tenant; see ``revoke``."""
        revoke(self.connection, tenant, user)


def roles_of(connection: Connection, user: str) -> dict[str, Role]:
    """Return what a user is in each tenant; what everyone is counts where nothing else is said of the user."""
    rows = connection.execute(ROLES, {"user": user, "everyone": EVERYONE})
    return {row["tenant"]: Role(row["role"]) for row in rows}


def members_of(connection: Connection, tenant: str) -> list[Membership]:
    """Return who belongs to a tenant, by name; of ``ALL_TENANTS`` these are the auditors."""
    rows = connection.execute(MEMBERS, {"tenant": tenant})
    return [Membership(row["user_name"], Role(row["role"]), row["created_at"]) for row in rows]


def grant(connection: Connection, tenant: str, user: str, role: Role) -> None:
    """Make a user (or ``EVERYONE``) something in a tenant (or, as auditor, in ``ALL_TENANTS``)."""
    connection.execute(GRANT, {"tenant": tenant, "user": user, "role": role.value, "channel": MEMBERS_CHANNEL})


def revoke(connection: Connection, tenant: str, user: str) -> bool:
    """Take a user out of a tenant; return whether the user was in it."""
    told = {"tenant": tenant, "user": user, "channel": MEMBERS_CHANNEL}
    return connection.execute(REVOKE, told).rowcount > 0


ROLES = """
select distinct on (tenant) tenant, role from tenant_members where user_name in (%(user)s, %(everyone)s)
order by tenant, user_name = %(everyone)s
"""

MEMBERS = "select user_name, role, created_at from tenant_members where tenant = %(tenant)s order by user_name"

GRANT = """
insert into tenant_members (tenant, user_name, role) values (%(tenant)s, %(user)s, %(role)s)
on conflict (tenant, user_name) do update set role = excluded.role
returning pg_notify(%(channel)s, user_name)
"""

REVOKE = """
delete from tenant_members where tenant = %(tenant)s and user_name = %(user)s
returning pg_notify(%(channel)s, user_name)
"""
