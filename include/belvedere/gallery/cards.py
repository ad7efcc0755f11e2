"""The first cards of a page, in words: drawn by the server, so that they are seen before any script has run.

The scripts take them over as they are, and draw all later ones from the same template (``cards.html``). What is said
on them is put into words by ``words.js`` and ``card.js`` too: a test holds both together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.catalog.groups import GroupBy
from belvedere.gallery.templating import age
from belvedere.model.artifact import ArtifactState
from belvedere.model.express import has_progress, is_told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.gallery.responses import ArtifactResponse
    from belvedere.gallery.wall_responses import GroupResponse

STATE_WORDS = {
    ArtifactState.QUEUED: "queued",
    ArtifactState.RENDERING: "rendering",
    ArtifactState.RENDERED: "rendered",
    ArtifactState.FAILED: "failed, trying again",
    ArtifactState.DEAD: "failed",
    ArtifactState.UNSUPPORTED: "no renderer",
    ArtifactState.SUPERSEDED: "superseded",
    ArtifactState.DELETED: "deleted",
}
EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,8})$")
# So many of a group's cards are seen on every screen, before it is opened.
FEWEST_SHOWN = 4
# What no script reads of the artifacts that a page brings along.
UNREAD = frozenset(
    {"outputs", "provenance", "warnings", "run", "renderer", "version_id", "etag", "content_type", "attempts"}
)


@dataclass(frozen=True, slots=True)
class Card:
    """What one card shows. ``moves``: its picture is progress, which the scripts draw from the facts."""

    id: str
    page: str
    state: str
    state_words: str
    name: str
    folder: str
    kind: str
    verdict: str
    tenant: str
    size: int
    at: str
    age: str
    picture: str
    alt: str
    stand_in: str
    moves: bool


@dataclass(frozen=True, slots=True)
class CardGroup:
    """A heading and its first cards. ``alone``: no other group is there, so all its cards are shown."""

    id: str
    page: str
    name: str
    about: str
    said: str
    at: str
    age: str
    more: str
    alone: bool
    cards: tuple[Card, ...]


def card_of(artifact: ArtifactResponse) -> Card:
    """Return what an artifact's card shows."""
    folder, name = folder_and_name(artifact.key)
    told = is_told(artifact.state, artifact.rendered_at, artifact.facts)
    state = ArtifactState.RENDERED if told else artifact.state
    moves = state is ArtifactState.RENDERED and has_progress(artifact.facts)
    return Card(
        id=artifact.id,
        page=artifact.page,
        state=state.value,
        state_words=STATE_WORDS[state],
        name=name,
        folder=f"{artifact.bucket}/{folder}",
        kind=(artifact.kind or "").replace("_", " "),
        verdict=artifact.verdict or "",
        tenant=artifact.tenant,
        size=artifact.size,
        at=artifact.event_at.isoformat(),
        age=age(artifact.event_at),
        picture="" if moves else artifact.thumbnail or "",
        alt=f"Picture: {artifact.alt_text or artifact.title or artifact.key}" if artifact.thumbnail else "",
        stand_in="" if told else stand_in(artifact),
        moves=moves,
    )


def card_groups(by: GroupBy, groups: Sequence[GroupResponse], *, last: bool) -> tuple[CardGroup, ...]:
    """Return what stands above and in each group; ``last`` says that no further groups follow."""
    return tuple(_card_group(by, group, alone=last and len(groups) == 1) for group in groups)


def _card_group(by: GroupBy, group: GroupResponse, *, alone: bool) -> CardGroup:
    runs = by is GroupBy.RUN
    name = f"{group.name} UTC" if by is GroupBy.DAY else group.name
    name = name.replace("_", " ") if by is GroupBy.KIND else name
    count = f"{group.count:,}{'' if group.count_is_exact else '+'} {'artifact' if group.count == 1 else 'artifacts'}"
    hidden = group.count - FEWEST_SHOWN
    return CardGroup(
        id=group.id,
        page=group.page,
        name=name,
        about=f"Artifacts of {group.label} {name}",
        said=" · ".join(part for part in (group.label, group.tenant, count) if part) if runs else count,
        at=group.newest_at.isoformat(),
        age=f"{age(group.newest_at)} ago",
        more=f"Show {hidden:,} more" if hidden > 0 else "",
        alone=alone,
        cards=tuple(card_of(artifact) for artifact in group.artifacts),
    )


def folder_and_name(key: str) -> tuple[str, str]:
    """Split a key before its last part; a key may end in slashes."""
    at = key.rstrip("/").rfind("/") + 1
    return key[:at], key[at:] or key


def stand_in(artifact: ArtifactResponse) -> str:
    """Return what stands where the picture will be: the reason why none comes, or how far it is."""
    if artifact.thumbnail:
        return ""
    if artifact.error:
        what = extension(artifact.key) if artifact.state is ArtifactState.UNSUPPORTED else "Failed"
        return f"{what}: {artifact.error.message}"
    return extension(artifact.key) if artifact.state is ArtifactState.RENDERED else STATE_WORDS[artifact.state]


def extension(key: str) -> str:
    """Return what a key ends in, in capitals."""
    found = EXTENSION.search(key)
    return found[1].upper() if found else "file"


def brought_along(artifact: ArtifactResponse) -> dict[str, Any]:
    """Return an artifact as the scripts of a page read it: without what none of them looks at."""
    told = artifact.model_dump(
        mode="json", exclude=set(UNREAD) | (set() if has_progress(artifact.facts) else {"facts"})
    )
    return {"facts": {}} | told
