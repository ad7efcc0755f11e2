"""What every request of the gallery shares: catalog connections, object store, signer, live changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from belvedere.catalog import browse
from belvedere.clients.object_store import ObjectStore
from belvedere.clients.postgres_pool import ConnectionPool
from belvedere.errors import ObjectMissing
from belvedere.gallery.broadcast import Broadcaster
from belvedere.gallery.capability import Signer
from belvedere.gallery.cursor import Cursors
from belvedere.gallery.presenting import Presenter
from belvedere.gallery.row_copies import RowCopies

if TYPE_CHECKING:
    from collections.abc import Callable

    from belvedere.model.artifact import Artifact
    from belvedere.settings import Settings

REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Rendition:
    """One artifact as it was when an address for it was signed, and the bucket of its renderings."""

    artifact: Artifact
    renderings_bucket: str


@dataclass(frozen=True)
class Resources:
    """Opened once a process, at the first request."""

    settings: Settings
    catalog: ConnectionPool
    store: ObjectStore
    signer: Signer
    cursors: Cursors
    changes: Broadcaster
    rows: RowCopies
    rendition: Callable[[str, int], Rendition] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rendition", lru_cache(REMEMBERED)(self._rendition))

    @classmethod
    def open(cls, settings: Settings) -> Resources:
        """Open what the settings name; nothing is connected before it is used."""
        dsn = settings.catalog_dsn.get_secret_value()
        secret = settings.capability_secret.get_secret_value()
        catalog = ConnectionPool(dsn)
        store = ObjectStore.from_settings(settings)
        return cls(
            settings=settings,
            catalog=catalog,
            store=store,
            signer=Signer(secret, settings.capability_seconds),
            cursors=Cursors(secret),
            changes=Broadcaster(dsn, catalog),
            rows=RowCopies(settings, store),
        )

    def _rendition(self, artifact_id: str, _revision: int) -> Rendition:
        """Read what a signed address is about: it was given to somebody who may see it, and carries that right."""
        with self.catalog.connection() as connection:
            artifact = browse.find(connection, artifact_id, None)
            if artifact is None:
                raise ObjectMissing("the catalog does not know this artifact any more")
            bucket = browse.renderings_bucket(connection, artifact.bucket)
        return Rendition(artifact, bucket or artifact.bucket + self.settings.renderings_suffix)


def root_of(request: Request) -> str:
    """Return the path under which the gallery is mounted, without a trailing slash."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def _resources(request: Request) -> Resources:
    found: Resources = request.app.state.resources()
    return found


def _presenter(request: Request, resources: Annotated[Resources, Depends(_resources)]) -> Presenter:
    return Presenter(root_of(request), resources.signer)


ResourcesDep = Annotated[Resources, Depends(_resources)]
PresenterDep = Annotated[Presenter, Depends(_presenter)]
