"""The versions of one object in the order of time: what the slider goes through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.gallery.verdict import verdict
from belvedere.model.artifact import Artifact, ArtifactState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from belvedere.gallery.presenting import Presenter
    from belvedere.model.artifact import StoredOutput

# A figure says more than a thumbnail, but hundreds of them are fetched to be played.
MOST_PICTURE_BYTES = 256 * 1024
STATE_WORDS = {
    ArtifactState.QUEUED: "queued",
    ArtifactState.RENDERING: "rendering",
    ArtifactState.RENDERED: "rendered",
    ArtifactState.FAILED: "failed, will be tried again",
    ArtifactState.DEAD: "failed for good",
    ArtifactState.UNSUPPORTED: "no renderer for this kind",
    ArtifactState.SUPERSEDED: "superseded by a newer version",
    ArtifactState.DELETED: "deleted",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One version: its number from the oldest, which is 1, and what the slider shows of it."""

    number: int
    id: str
    state: ArtifactState
    at: datetime
    page: str
    picture: str | None
    said: str | None

    @property
    def words(self) -> str:
        """Its state in words."""
        return STATE_WORDS[self.state]

    def told(self) -> dict[str, Any]:
        """Return it as the page's script reads it."""
        plain = {name: getattr(self, name) for name in ("number", "id", "page", "picture", "said", "words")}
        return plain | {"at": self.at.isoformat()}


@dataclass(frozen=True, slots=True)
class Timeline:
    """The newest versions, oldest first, of ``total``; ``here`` is the one on the page, if it is among them."""

    moments: tuple[Moment, ...]
    total: int
    here: int | None

    @property
    def present(self) -> Moment | None:
        """The version on the page."""
        return None if self.here is None else self.moments[self.here]

    @property
    def previous(self) -> Moment | None:
        """The version before the one on the page."""
        return self.moments[self.here - 1] if self.here else None

    @property
    def newest(self) -> Moment | None:
        """The last version of all."""
        return self.moments[-1] if self.moments else None


def timeline(shown: Artifact, newest_first: Sequence[Artifact], total: int, presenter: Presenter) -> Timeline:
    """Put versions in the order of time."""
    moments = tuple(
        Moment(
            number=total - at,
            id=version.id,
            state=version.state,
            at=version.event_at,
            page=f"{presenter.root}/artifacts/{version.id}",
            picture=_picture(version, presenter),
            said=verdict(version.facts),
        )
        for at, version in enumerate(newest_first)
    )[::-1]
    here = next((at for at, moment in enumerate(moments) if moment.id == shown.id), None)
    return Timeline(moments, total, here)


def _picture(version: Artifact, presenter: Presenter) -> str | None:
    if version.state is ArtifactState.DELETED:
        return None
    found = next((output for output in version.outputs if output.role == "figure" and _is_light(output)), None)
    found = found or next((output for output in version.outputs if output.role == "thumbnail"), None)
    return presenter.address(version, found.name) if found else None


def _is_light(output: StoredOutput) -> bool:
    return output.media_type.startswith("image/") and output.size <= MOST_PICTURE_BYTES
