"""What one run of ``render_artifacts`` works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.catalog.sources import RegisteredRenderer
    from belvedere.catalog.tenant_rendering import TenantRendering
    from belvedere.clients.object_store import ObjectStore
    from belvedere.clients.postgres import Connection
    from belvedere.orchestration.storing import RunIdentity
    from belvedere.rendering.isolation.ahead import ChildAhead
    from belvedere.settings import Settings


@dataclass(frozen=True, slots=True)
class Workplace:
    """Services and settings. ``sources`` maps each source bucket to its tenant; ``renderers`` are tenants' own.

    ``rendering`` holds what tenants declare of their renderings: see ``settings_for``.
    """

    settings: Settings
    connection: Connection
    store: ObjectStore
    sources: Mapping[str, str]
    run: RunIdentity
    renderers: tuple[RegisteredRenderer, ...] = ()
    ahead: ChildAhead | None = None
    rendering: Mapping[str, TenantRendering] = field(default_factory=dict)

    def settings_for(self, tenant: str) -> Settings:
        """Return the settings that a tenant's artifacts are rendered by.

        Its declaration is made by operators, so it may raise the deployment's limits as well as lower them. Users'
        code that the deployment does not run stays off.
        """
        declared = self.rendering.get(tenant)
        if declared is None:
            return self.settings
        limits = self.settings.limits.with_changes(declared.limits)
        user_code = self.settings.user_code if declared.user_code else "off"
        return self.settings.model_copy(update={"limits": limits, "user_code": user_code})

    def renderings_of(self, bucket: str) -> str:
        """Return the bucket that holds the renderings of a source bucket."""
        return bucket + self.settings.renderings_suffix
