"""Who may see and do what: the only place that knows the rules; SQL and routers ask it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EVERYONE = "*"
ALL_TENANTS = "*"
Scope = tuple[str, ...] | None
"""The tenants whose artifacts a question is about, as ``Viewer.tenants`` says them; None stands for all."""


class Role(StrEnum):
    """What somebody is in a tenant. An auditor of ``ALL_TENANTS`` reads everything and changes nothing."""

    MEMBER = "member"
    VIEWER = "viewer"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: a user of Airflow, the tenants that are theirs, and whether they operate Belvedere as a whole."""

    name: str
    roles: Mapping[str, Role] = field(default_factory=dict)
    operates: bool = False

    @property
    def tenants(self) -> Scope:
        """The tenants whose artifacts may be shown, in order; None stands for every tenant."""
        if self.operates or self.roles.get(ALL_TENANTS) is Role.AUDITOR:
            return None
        return tuple(sorted(self.roles))

    def may_see(self, tenant: str) -> bool:
        """Whether the tenant's artifacts may be shown."""
        return self.tenants is None or tenant in self.tenants

    def may_change(self, tenant: str) -> bool:
        """Whether the viewer may render again, upload, and drive the tenant's events again."""
        return self.operates or self.roles.get(tenant) is Role.MEMBER
