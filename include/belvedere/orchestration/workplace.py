"""What one run of ``render_artifacts`` works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.catalog.sources import RegisteredRenderer
    from belvedere.clients.object_store import ObjectStore
    from belvedere.clients.postgres import Connection
    from belvedere.orchestration.storing import RunIdentity
    from belvedere.settings import Settings


@dataclass(frozen=True, slots=True)
class Workplace:
    """Services and settings. ``sources`` maps each source bucket to its tenant; ``renderers`` are tenants' own."""

    settings: Settings
    connection: Connection
    store: ObjectStore
    sources: Mapping[str, str]
    run: RunIdentity
    renderers: tuple[RegisteredRenderer, ...] = ()

    def renderings_of(self, bucket: str) -> str:
        """Return the bucket that holds the renderings of a source bucket."""
        return bucket + self.settings.renderings_suffix
